// A WebSocket echo server on a port of its own, for conformance tools. Prints the port, runs until its
// standard input ends.
#include <cstdio>
#include <iostream>
#include <string>

#include "net/server.hpp"
#include "net/ws_codec.hpp"

namespace {
using namespace twinpane;

class Echo final : public net::WebSocketHandler {
  public:
    explicit Echo(std::shared_ptr<net::WebSocket> socket) : socket_(std::move(socket)) {}
    void on_message(std::string_view text) override { socket_->send(net::encode_text_frame(text)); }
    void on_binary(std::string_view bytes) override { socket_->send(net::encode_binary_frame(bytes)); }
    void on_close(std::uint16_t) override { socket_.reset(); }

  private:
    std::shared_ptr<net::WebSocket> socket_;
};
}  // namespace

int main() {
    net::RouteTable routes;
    routes.upgrade("/", [](const net::Request&, std::shared_ptr<net::WebSocket> socket) {
        net::UpgradeAccept accept;
        accept.handler = std::make_shared<Echo>(std::move(socket));
        accept.max_message = 16U << 20U;
        return net::UpgradeDecision{std::nullopt, std::move(accept)};
    });
    net::Limits limits;
    limits.ws_queue_bytes = 64U << 20U;
    const auto server = net::Server::create(1, limits);
    const auto port = server->listen(net::Side::kPublic, {}, routes);
    if (!port) {
        std::fprintf(stderr, "%s\n", port.error().context.c_str());
        return 1;
    }
    server->run();
    std::printf("%u\n", static_cast<unsigned>(*port));
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
    }
    server->stop(Millis{1000});
    return 0;
}
