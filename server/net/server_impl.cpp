#include <sys/resource.h>

#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <mutex>

#include "net/acceptor.hpp"
#include "net/loop_impl.hpp"
#include "net/server.hpp"
#include "net/tls_context.hpp"

namespace twinpane::net {

namespace {
using boost::asio::ip::tcp;

// Descriptors that are not connections: store files, logs, listening sockets.
constexpr std::size_t kReservedDescriptors = 512;

// Raises the soft limit of open files to the hard one; returns how many connections that leaves room for.
std::size_t raise_open_files() {
    ::rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024 - 256;
    if (limit.rlim_cur < limit.rlim_max) {
        const auto before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
    }
    const auto files = static_cast<std::size_t>(std::min<::rlim_t>(limit.rlim_cur, 1U << 20U));
    return files > 2 * kReservedDescriptors ? files - kReservedDescriptors : files / 2;
}

Result<tcp::endpoint> resolve(const ListenAddress& address) {
    boost::system::error_code ec;
    const auto literal = boost::asio::ip::make_address(address.host, ec);
    if (!ec) return tcp::endpoint(literal, address.port);
    boost::asio::io_context io;
    const auto found = tcp::resolver(io).resolve(address.host, std::to_string(address.port),
                                                 tcp::resolver::passive | tcp::resolver::numeric_service, ec);
    if (ec || found.empty())
        return fail(Code::kBadRequest, "can't resolve the listen address " + address.host);
    return found.begin()->endpoint();
}

class ServerImpl final : public Server {
  public:
    ServerImpl(unsigned loops, const Limits& limits, const OnRefused& on_refused)
        : admission_(std::make_shared<Admission>(std::min(limits.max_connections, raise_open_files()))) {
        for (unsigned i = 0; i < std::max(1U, loops); ++i)
            loops_.push_back(std::make_shared<LoopImpl>(i, limits, on_refused));
    }
    ~ServerImpl() override { stop(Millis{0}); }

    std::vector<Loop*> loops() override {
        std::vector<Loop*> out;
        for (const auto& loop : loops_) out.push_back(loop.get());
        return out;
    }

    Result<std::uint16_t> listen(Side side, const ListenAddress& address, const RouteTable& routes) override;
    Result<void> reload_tls() override;
    void run() override;
    void stop(Millis drain) override;
    Stats stats() const override;

  private:
    Result<void> probe(const tcp::endpoint& at);

    const std::shared_ptr<Admission> admission_;
    std::vector<std::shared_ptr<LoopImpl>> loops_;
    struct TlsListener {
        TlsFiles files;
        std::vector<std::pair<std::shared_ptr<LoopImpl>, std::shared_ptr<Acceptor>>> acceptors;
    };

    std::vector<std::pair<std::shared_ptr<LoopImpl>, std::shared_ptr<Acceptor>>> acceptors_;
    std::vector<TlsListener> tls_listeners_;
    bool running_ = false, stopped_ = false;
};

// SO_REUSEPORT would let us share a port with another process of the same user without noticing. A first bind
// without it says whether anybody listens there.
Result<void> ServerImpl::probe(const tcp::endpoint& at) {
    static const RouteTable kNoRoutes;
    const auto acceptor = std::make_shared<Acceptor>(loops_.front(), admission_, Side::kPublic, kNoRoutes);
    const auto opened = acceptor->open(at, false);
    acceptor->close();
    if (!opened) return std::unexpected(opened.error());
    return {};
}

Result<std::uint16_t> ServerImpl::listen(Side side, const ListenAddress& address, const RouteTable& routes) {
    auto at = resolve(address);
    if (!at) return std::unexpected(at.error());
    TlsContext tls;
    if (address.tls) {
        auto made = make_tls_context(*address.tls);
        if (!made) return fail(Code::kBadCertificate, std::move(made.error().reason));
        tls = std::move(*made);
    }
    const bool shared = loops_.size() > 1;
    if (shared && at->port() != 0) {
        if (const auto free = probe(*at); !free) return std::unexpected(free.error());
    }
    std::vector<std::pair<std::shared_ptr<LoopImpl>, std::shared_ptr<Acceptor>>> opened;
    for (const auto& loop : loops_) {
        const auto acceptor = std::make_shared<Acceptor>(loop, admission_, side, routes);
        const auto local = acceptor->open(*at, shared);
        if (!local) return std::unexpected(local.error());
        at->port(local->port());  // the first one picks, the others join it
        acceptor->set_tls(tls);
        opened.emplace_back(loop, acceptor);
    }
    for (auto& [loop, acceptor] : opened) {
        loop->post([acceptor = acceptor] { acceptor->start(); });
        acceptors_.emplace_back(loop, acceptor);
    }
    if (address.tls) tls_listeners_.push_back({*address.tls, std::move(opened)});
    return at->port();
}

Result<void> ServerImpl::reload_tls() {
    std::vector<TlsContext> fresh;
    for (const auto& listener : tls_listeners_) {
        auto made = make_tls_context(listener.files);
        if (!made) return fail(Code::kBadCertificate, std::move(made.error().reason));
        fresh.push_back(std::move(*made));
    }
    for (std::size_t i = 0; i < fresh.size(); ++i) {
        for (const auto& [loop, acceptor] : tls_listeners_[i].acceptors)
            loop->post([acceptor = acceptor, tls = fresh[i]] { acceptor->set_tls(tls); });
    }
    return {};
}

void ServerImpl::run() {
    if (running_ || stopped_) return;
    running_ = true;
    for (const auto& loop : loops_) loop->start();
}

void ServerImpl::stop(Millis drain) {
    if (stopped_) return;
    stopped_ = true;
    for (const auto& [loop, acceptor] : acceptors_) {
        loop->post([acceptor = acceptor] { acceptor->close(); });
    }
    for (const auto& loop : loops_) {
        loop->post([loop = loop.get()] { loop->drain_streams(); });
    }
    if (running_) admission_->wait_until_empty(drain);
    for (const auto& loop : loops_) loop->request_stop();
    for (const auto& loop : loops_) loop->join();
    acceptors_.clear();
    tls_listeners_.clear();
}

Stats ServerImpl::stats() const {
    Stats sum;
    for (const auto& loop : loops_) {
        const auto& counters = loop->counters();
        sum.connections += counters.connections.load(std::memory_order_relaxed);
        sum.websockets += counters.websockets.load(std::memory_order_relaxed);
        sum.requests += counters.requests.load(std::memory_order_relaxed);
        sum.bytes_in += counters.bytes_in.load(std::memory_order_relaxed);
        sum.bytes_out += counters.bytes_out.load(std::memory_order_relaxed);
        sum.refused += counters.refused.load(std::memory_order_relaxed);
    }
    return sum;
}
}  // namespace

std::unique_ptr<Server> Server::create(unsigned loops, Limits limits, OnRefused on_refused) {
    return std::make_unique<ServerImpl>(loops, limits, on_refused);
}

}  // namespace twinpane::net
