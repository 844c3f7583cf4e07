// A server-side WebSocket connection: decoder in, shared frames out, heartbeat, closing handshake. It takes
// the TCP stream over from the HTTP connection that answered the upgrade. On its loop's thread only. Internal
// to net.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"
#include "net/tcp_stream.hpp"
#include "net/ws_codec.hpp"
#include "net/ws_extension.hpp"

namespace twinpane::net {

class WsConnection final : public WebSocket,
                           public StreamOwner,
                           public FrameSink,
                           public std::enable_shared_from_this<WsConnection> {
  public:
    // Not open yet: what is sent before open() waits for it. The object may simply be dropped instead.
    explicit WsConnection(std::shared_ptr<TcpStream> stream);

    // Takes the stream over. `deflate`: what was agreed on, if anything. `leftover`: bytes that came behind
    // the upgrade request.
    void open(UpgradeAccept accept, std::optional<DeflateTerms> deflate, std::string_view leftover);

    // WebSocket
    bool send(SharedBytes frame) override;
    std::size_t queued_bytes() const override;
    int deflate_bits() const override { return deflate_bits_; }
    void close(std::uint16_t code, std::string_view reason) override;
    Loop& loop() override;

    // StreamOwner; it takes over a stream that is open
    void on_open() override {}
    void on_data(std::span<char> bytes) override;
    void on_eof() override;
    void on_written() override {}
    void on_closed() override;
    void on_drain() override;

    // FrameSink
    bool on_text_message(std::string_view text) override;
    bool on_binary_message(std::string_view bytes) override;
    bool on_ping(std::string_view payload) override;
    bool on_pong(std::string_view payload) override;
    bool on_close_frame(std::uint16_t code, std::string_view reason) override;

  private:
    static constexpr Millis kCloseDeadline{5'000};  // for the peer's half of the closing handshake
    static constexpr Millis kCutDeadline{1'000};    // for a slow reader to take the reason it is cut for

    enum class State : std::uint8_t { kOpening, kOpen, kClosing, kClosed };

    bool fits(std::size_t bytes) const;
    void cut_slow_reader();
    void fail(const ProtocolFailure& failure);
    void heartbeat();
    void set_timer(Millis delay, void (WsConnection::*then)());
    void on_deadline();

    const std::shared_ptr<TcpStream> stream_;
    std::shared_ptr<WebSocketHandler> handler_;
    std::optional<FrameDecoder> decoder_;
    State state_ = State::kOpening;
    std::uint8_t deflate_bits_ = 0;
    std::uint16_t final_code_ = kCloseBroken;  // what on_close will be told
    std::uint16_t sent_code_ = 0;     // in our close frame; the final one once the peer has answered it
    std::vector<SharedBytes> early_;  // sent before open()
    std::size_t early_bytes_ = 0;
    bool early_overflow_ = false;
    std::optional<std::pair<std::uint16_t, std::string>> early_close_;
    TimerId timer_ = 0;
    Millis last_heard_{0};
    bool ping_pending_ = false;
};

}  // namespace twinpane::net
