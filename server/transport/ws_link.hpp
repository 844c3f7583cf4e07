// A WebSocket connection as the engines see it. Internal to transport.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/executor.hpp"
#include "bayeux/envelope.hpp"
#include "bayeux/link.hpp"
#include "net/http.hpp"
#include "transport/context.hpp"

namespace twinpane::transport {

class RemoteStream;

// The connection's side: lives on the loop of its connection, and is the outlet for that loop's engine.
// Messages of a session that lives elsewhere are forwarded there, with a RemoteStream as outlet.
class WsLink final : public net::WebSocketHandler,
                     public bayeux::Outlet,
                     public std::enable_shared_from_this<WsLink> {
  public:
    WsLink(std::shared_ptr<BayeuxContext> context, std::shared_ptr<net::WebSocket> socket, bayeux::Peer peer);

    // Closes the connection if it belongs to no session for too long. Once, when it is open.
    void wait_for_session();

    // WebSocketHandler
    void on_message(std::string_view text) override;
    void on_binary(std::string_view bytes) override;
    void on_close(std::uint16_t code) override;

    // Outlet, for the engine of this loop
    bool send(std::span<const SharedBytes> messages) override;
    void refuse(Code code) override;
    const bayeux::OutletRules& rules() const override { return context_->options.websocket.rules; }
    std::size_t queued_bytes() const override;
    void bound(std::string_view client_id) override;
    void unbound() override;

    // For the RemoteStream, on this loop. Of an outlet that is not in use any more they are ignored.
    void remote_bound(const std::shared_ptr<RemoteStream>& remote, const std::string& client_id);
    void remote_unbound(const std::shared_ptr<RemoteStream>& remote);
    void overflow();

  private:
    void forward(unsigned home, bayeux::Batch batch, std::string_view text);
    void drop_remote(bool overflowed);
    void close(std::uint16_t code, Code error);
    void set_bound(std::string_view client_id);

    const std::shared_ptr<BayeuxContext> context_;
    std::shared_ptr<net::WebSocket> socket_;  // null once closed
    const std::shared_ptr<const bayeux::Peer> peer_;
    const unsigned here_;
    std::string bound_;  // the session that this connection carries, wherever it lives
    std::shared_ptr<RemoteStream> remote_;
    unsigned remote_home_ = 0;
    TimerId unbound_timer_ = 0;
    bool closing_ = false;
    bool overflowed_ = false;
};

// The outlet on the loop of the session.
class RemoteStream final : public bayeux::Outlet, public std::enable_shared_from_this<RemoteStream> {
  public:
    RemoteStream(const std::shared_ptr<WsLink>& link, std::shared_ptr<BayeuxContext> context,
                 Executor& there);

    bool send(std::span<const SharedBytes> messages) override;
    void refuse(Code code) override;
    const bayeux::OutletRules& rules() const override { return context_->options.websocket.rules; }
    std::size_t queued_bytes() const override;
    void bound(std::string_view client_id) override;
    void unbound() override;

    // Bytes on their way from the connection to the session's loop; either loop.
    std::atomic<std::size_t> arriving{0};

  private:
    struct Flow {
        std::atomic<std::size_t> leaving{0};  // handed over here, not yet arrived there
        std::atomic<std::size_t> queued{0};   // what the connection had waiting when it was last looked at
        std::atomic<bool> looking{false};
    };
    template <typename Call>
    void on_link(Call call) const;

    const std::weak_ptr<WsLink> link_;  // net keeps it until it is closed
    const std::shared_ptr<BayeuxContext> context_;
    Executor& there_;
    const std::shared_ptr<Flow> flow_ = std::make_shared<Flow>();
    bool closing_ = false;
};

}  // namespace twinpane::transport
