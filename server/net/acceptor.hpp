// One listening socket on one loop. Internal to net.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "base/result.hpp"
#include "net/http.hpp"
#include "net/loop_impl.hpp"
#include "net/tls_context.hpp"

namespace twinpane::net {

// What all loops of one server share: how many connections there are, and how many there may be. Any thread.
class Admission {
  public:
    explicit Admission(std::size_t most) : most_(most) {}

    // False when the server is full; else leave() must follow once.
    bool enter();
    void leave();
    void wait_until_empty(Millis at_most);

  private:
    const std::size_t most_;
    std::atomic<std::size_t> connections_{0};
    std::mutex mutex_;
    std::condition_variable empty_;
};

class Acceptor final : public std::enable_shared_from_this<Acceptor> {
  public:
    Acceptor(std::shared_ptr<LoopImpl> loop, std::shared_ptr<Admission> admission, Side side,
             const RouteTable& routes);

    // Binds and listens. With `shared`, several sockets of this process may hold the same port.
    Result<boost::asio::ip::tcp::endpoint> open(const boost::asio::ip::tcp::endpoint& at, bool shared);
    // On the loop's thread from here on.
    void start();
    void close();
    // Connections accepted from now on speak TLS so; nothing: in clear.
    void set_tls(TlsContext context) { tls_ = std::move(context); }

  private:
    static constexpr int kBatch = 64;  // accepted per event, for fairness
    static constexpr Millis kFirstPause{50};
    static constexpr Millis kLongestPause{1'000};

    void wait();
    void accept_ready();
    void back_off();
    void take(int socket, const boost::asio::ip::tcp::endpoint& peer);

    const std::shared_ptr<LoopImpl> loop_;
    const std::shared_ptr<Admission> admission_;
    const Side side_;
    const RouteTable& routes_;
    boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
        acceptor_;
    TlsContext tls_;
    Millis pause_ = kFirstPause;
    TimerId pause_timer_ = 0;
};

}  // namespace twinpane::net
