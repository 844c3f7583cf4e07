// One Bayeux session under load: shakes hands, keeps a connect held, subscribes, publishes. Speaks what every
// server of the field understands, over WebSocket or long-polling (two connections, as a browser has them).
// kBare speaks to bench/baseline: the same frames, no protocol.
//
// Every message published carries the time it was due; on_delivery() hands that back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire.hpp"

namespace twinpane::load {

enum class Transport : std::uint8_t { kWebSocket, kLongPolling, kBare };

class Session final : public Wire::Owner {
  public:
    class Owner {
      public:
        virtual ~Owner() = default;
        // Subscribed, with a connect held; also when it is back.
        virtual void on_ready(Session& session) = 0;
        virtual void on_delivery(Session& session, std::uint64_t due) = 0;
        virtual void on_reply(Session& session) = 0;
        virtual void on_failed(Session& session, std::string_view why) = 0;
    };
    struct Plan {
        Transport transport = Transport::kWebSocket;
        std::vector<std::string> channels;  // to subscribe to
        std::string bare_path;              // kBare: "/pub/NAME" or "/sub/NAME"
    };

    Session(Reactor& reactor, const Target& target, Plan plan, Owner& owner);

    // Connects. A session that was cut comes back under the client id it has, or a new one if the server does
    // not know it.
    void open();
    // Forgets the client id: as after a fail-over to a server that never saw it.
    void forge_id() { client_id_.assign(34, '0'); }
    // The loop that this session lives on, as Twinpane's client ids tell; 0 for other servers.
    unsigned loop() const;
    // The connection breaks.
    void cut();
    bool ready() const { return state_ == State::kReady; }
    const std::string& client_id() const { return client_id_; }

    // A new session on a new connection.
    void restart();

    // A transport message of its own for one message, or one for all of `channels`. Queued until flush().
    // `padding` is in the data, to give it a size.
    void publish(std::string_view channel, std::uint64_t due, std::string_view padding);
    void publish_batch(std::span<const std::string_view> channels, std::uint64_t due,
                       std::string_view padding);
    void flush() { command_.flush(); }
    // Bytes that publish() adds around the padding inside "data".
    static constexpr std::size_t kDataFrame = sizeof(R"({"t":"~0123456789abcdef","p":""})") - 1;

    void on_open(Wire& wire) override;
    void on_text(Wire& wire, std::string_view text) override;
    void on_response(Wire& wire, int status, std::string_view body) override;
    void on_closed(Wire& wire) override;

  private:
    enum class State : std::uint8_t { kClosed, kOpening, kHandshaking, kConnecting, kSubscribing, kReady };

    bool polls() const { return plan_.transport == Transport::kLongPolling; }
    void send(Wire& wire, std::string_view text);
    void shake_hands();
    void connect(bool held);
    void subscribe();
    void append_publish(std::string_view channel, std::uint64_t due, std::string_view padding);
    void take_messages(std::string_view text);
    void take_message(std::string_view message);
    void fail(std::string_view why);

    Plan plan_;
    Owner& owner_;
    Wire command_;
    Wire connect_;  // long-polling only
    State state_ = State::kClosed;
    bool subscribed_ = false;
    std::string client_id_;
    std::uint64_t id_ = 0;
    std::string text_;  // of the message being written
};

}  // namespace twinpane::load
