#include "app/echo_route.hpp"

#include <memory>
#include <vector>

#include "net/deflater.hpp"
#include "net/problem.hpp"
#include "net/ws_codec.hpp"

namespace twinpane::app {

namespace {

using Deflaters = std::vector<net::Deflater>;  // by loop

class Echo final : public net::WebSocketHandler {
  public:
    Echo(std::shared_ptr<net::WebSocket> socket, std::shared_ptr<Deflaters> deflaters)
        : socket_(std::move(socket)), deflaters_(std::move(deflaters)) {}

    void on_message(std::string_view text) override { send(net::Opcode::kText, text); }
    void on_binary(std::string_view bytes) override { send(net::Opcode::kBinary, bytes); }
    void on_close(std::uint16_t) override { socket_.reset(); }

  private:
    void send(net::Opcode opcode, std::string_view payload) {
        SharedBytes frame;
        if (socket_->deflates()) {
            auto& deflater = deflaters_->at(socket_->loop().index());
            frame = deflater.frame(opcode, payload, socket_->deflate_bits());
        }
        socket_->send(frame ? std::move(frame) : net::encode_frame(opcode, payload));
    }

    std::shared_ptr<net::WebSocket> socket_;
    const std::shared_ptr<Deflaters> deflaters_;
};

}  // namespace

void mount_echo(net::RouteTable& routes, const std::string& path, transport::OriginAllowed allowed,
                std::size_t max_message, bool deflate, std::size_t loops) {
    const auto deflaters = std::make_shared<Deflaters>();
    constexpr std::size_t kAlways = 0;
    for (std::size_t i = 0; i < loops; ++i) deflaters->emplace_back(kAlways);
    routes.upgrade(
        path,
        [=](const net::Request& request, std::shared_ptr<net::WebSocket> socket) -> net::UpgradeDecision {
            if (const auto origin = request.headers.find("Origin"); origin && !allowed(request.side, *origin))
                return {net::UpgradeRefusal{net::problem_response(Code::kOriginNotAllowed)}, {}};
            net::UpgradeAccept accept;
            accept.handler = std::make_shared<Echo>(std::move(socket), deflaters);
            accept.max_message = max_message;
            accept.deflate = deflate;
            return {std::nullopt, std::move(accept)};
        });
}

}  // namespace twinpane::app
