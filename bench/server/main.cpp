// The Bayeux server under load: the project's own transports and engines with an open policy and nothing
// above.
//   bench_server PORT LOOPS
// Bayeux at /cometd, a plain WebSocket echo at /echo.
// Prints the port (0 picks one); ends with its standard input.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "bayeux/engine_group.hpp"
#include "net/server.hpp"
#include "net/ws_codec.hpp"
#include "transport/bayeux.hpp"

namespace {

using namespace twinpane;

class OpenPolicy final : public bayeux::SecurityPolicy {
  public:
    void handshake(
        const bayeux::Peer&, std::string_view,
        std::move_only_function<void(Result<std::shared_ptr<const bayeux::Principal>>)> done) override {
        done(std::make_shared<const bayeux::Principal>());
    }
    bool may_subscribe(const bayeux::Principal&, const bayeux::Peer&, std::string_view) override {
        return true;
    }
    bool may_publish(const bayeux::Principal&, const bayeux::Peer&, std::string_view) override {
        return true;
    }
};

class Echo final : public net::WebSocketHandler {
  public:
    explicit Echo(std::shared_ptr<net::WebSocket> socket) : socket_(std::move(socket)) {}
    void on_message(std::string_view text) override { socket_->send(net::encode_text_frame(text)); }
    void on_close(std::uint16_t) override { socket_.reset(); }

  private:
    std::shared_ptr<net::WebSocket> socket_;
};

}  // namespace

int main(int argc, char** argv) {
    const auto wanted = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
    const auto server = net::Server::create(static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 1), {});
    SystemClock clock;
    SystemRandom random;
    OpenPolicy policy;
    net::RouteTable routes;
    bayeux::EngineGroup engines;
    for (auto* loop : server->loops()) engines.add(*loop, *loop, clock, random, policy);
    transport::Bayeux bayeux(engines, [](net::Side, std::string_view) { return true; });
    bayeux.mount(routes, net::Side::kPublic, {"/cometd"});
    routes.upgrade("/echo",
                   [](const net::Request&, std::shared_ptr<net::WebSocket> socket) -> net::UpgradeDecision {
                       net::UpgradeAccept accept;
                       accept.handler = std::make_shared<Echo>(std::move(socket));
                       return {std::nullopt, std::move(accept)};
                   });
    const auto port = server->listen(net::Side::kPublic, {.host = "127.0.0.1", .port = wanted}, routes);
    if (!port) {
        std::fprintf(stderr, "%s\n", port.error().context.c_str());
        return 1;
    }
    server->run();
    std::printf("%u\n", static_cast<unsigned>(*port));
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
    }
    engines.begin_shutdown();
    server->stop(Millis{1000});
    return 0;
}
