#include "net/acceptor.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/http_connection.hpp"
#include "net/problem.hpp"
#include "net/tcp_stream.hpp"

namespace twinpane::net {

namespace {
using boost::asio::ip::tcp;

std::string name_of(const tcp::endpoint& endpoint) {
    const auto address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
           std::to_string(endpoint.port());
}

bool set_option(int socket, int level, int name, int value) {
    return ::setsockopt(socket, level, name, &value, sizeof value) == 0;
}

// A peer that vanished without a word shows within about a minute, even when we have nothing to send.
void set_connection_options(int socket) {
    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

// Best effort, without a connection object: the point is to spend nothing.
void send_full(int socket, std::string_view date) {
    const auto response = problem_response(Code::kTooManySessions, "Too many connections; try again later.");
    const AnswerForm form{.close = true};
    auto answer =
        response_head(response.status, response.headers, response.body.size(), form, date).value_or("");
    answer += response.body;
    [[maybe_unused]] const auto sent =
        ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(socket, SHUT_WR);
}
}  // namespace

bool Admission::enter() {
    if (connections_.fetch_add(1) < most_) return true;
    leave();
    return false;
}

void Admission::leave() {
    if (connections_.fetch_sub(1) > 1) return;
    const std::lock_guard lock(mutex_);  // the waiter must not miss it between its look and its sleep
    empty_.notify_all();
}

void Admission::wait_until_empty(Millis at_most) {
    std::unique_lock lock(mutex_);
    empty_.wait_for(lock, at_most, [this] { return connections_.load() == 0; });
}

Acceptor::Acceptor(std::shared_ptr<LoopImpl> loop, std::shared_ptr<Admission> admission, Side side,
                   const RouteTable& routes)
    : loop_(std::move(loop)),
      admission_(std::move(admission)),
      side_(side),
      routes_(routes),
      acceptor_(loop_->io()) {}

Result<tcp::endpoint> Acceptor::open(const tcp::endpoint& at, bool shared) {
    boost::system::error_code ec;
    acceptor_.open(at.protocol(), ec);
    const auto socket = acceptor_.native_handle();
    if (!ec) {
        set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
        if (shared && !set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1))
            ec.assign(errno, boost::system::system_category());
    }
    if (!ec) acceptor_.bind(at, ec);
    if (!ec) acceptor_.listen(boost::asio::socket_base::max_listen_connections, ec);
    if (!ec) acceptor_.non_blocking(true, ec);
    if (ec == boost::asio::error::address_in_use) {
        return fail(Code::kBadRequest, name_of(at) + " is in use by another program");
    }
    if (ec) return fail(Code::kBadRequest, "can't listen on " + name_of(at) + ": " + ec.message());
    return acceptor_.local_endpoint();
}

void Acceptor::start() {
    wait();
}

void Acceptor::close() {
    loop_->cancel(pause_timer_);
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

void Acceptor::wait() {
    acceptor_.async_wait(tcp::acceptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& ec) {
                             if (ec || !self->acceptor_.is_open()) return;
                             self->accept_ready();
                         });
}

void Acceptor::accept_ready() {
    for (int i = 0; i < kBatch; ++i) {
        ::sockaddr_storage address{};
        ::socklen_t length = sizeof address;
        const int socket = ::accept4(acceptor_.native_handle(), reinterpret_cast<::sockaddr*>(&address),
                                     &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket >= 0) {
            tcp::endpoint peer;
            peer.resize(length);
            std::memcpy(peer.data(), &address, length);
            take(socket, peer);
            pause_ = kFirstPause;
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return back_off();
        // The peer is gone already, or a signal came: the next one.
    }
    wait();
}

// Descriptors or memory are exhausted. Accepting again at once would spin; the backlog holds the callers.
void Acceptor::back_off() {
    bump(loop_->counters().refused);
    pause_timer_ = loop_->after(pause_, [this] { wait(); });
    pause_ = std::min(pause_ * 2, kLongestPause);
}

void Acceptor::take(int socket, const tcp::endpoint& peer) {
    if (!admission_->enter()) {
        bump(loop_->counters().refused);
        if (!tls_) send_full(socket, loop_->http_date());
        ::close(socket);
        return;
    }
    set_connection_options(socket);
    boost::system::error_code ec;
    TcpStream::Socket wrapped(loop_->io());
    wrapped.assign(peer.protocol(), socket, ec);
    if (ec) {
        admission_->leave();
        ::close(socket);
        return;
    }
    std::unique_ptr<TlsSession> tls;
    if (tls_) {
        tls = TlsSession::create(loop_->tls(), *tls_);
        if (!tls) return admission_->leave();
    }
    auto address = peer.address();
    // ::ffff:127.0.0.1 is 127.0.0.1 that came through a socket for both families.
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    }
    const auto stream = std::make_shared<TcpStream>(
        loop_, std::move(wrapped), address.to_string(), [admission = admission_] { admission->leave(); },
        std::move(tls));
    const auto connection = std::make_shared<HttpConnection>(stream, side_, routes_);
    stream->start(connection);
}

}  // namespace twinpane::net
