#include "net/ws_connection.hpp"

#include <cstring>

#include "net/loop_impl.hpp"

namespace twinpane::net {

namespace {
constexpr auto kCutCode = static_cast<std::uint16_t>(Code::kQueueFull);
}

WsConnection::WsConnection(std::shared_ptr<TcpStream> stream) : stream_(std::move(stream)) {}

void WsConnection::open(UpgradeAccept accept, std::optional<DeflateTerms> deflate,
                        std::string_view leftover) {
    handler_ = std::move(accept.handler);
    deflate_bits_ = static_cast<std::uint8_t>(deflate ? deflate->server_bits : 0);
    decoder_.emplace(accept.max_message, deflate ? &stream_->loop().inflaters() : nullptr);
    state_ = State::kOpen;
    bump(stream_->loop().counters().websockets);
    last_heard_ = stream_->loop().now();
    set_timer(stream_->loop().limits().ws_ping, &WsConnection::heartbeat);
    for (auto& frame : std::exchange(early_, {})) stream_->write(std::move(frame));
    if (early_overflow_) return cut_slow_reader();
    if (const auto early = std::exchange(early_close_, std::nullopt)) close(early->first, early->second);
    if (leftover.empty()) return;
    std::string bytes(leftover.size() + LoopImpl::kPadding, '\0');
    std::memcpy(bytes.data(), leftover.data(), leftover.size());
    on_data(std::span(bytes).first(leftover.size()));
}

Loop& WsConnection::loop() {
    return stream_->loop();
}

std::size_t WsConnection::queued_bytes() const {
    return state_ == State::kOpening ? early_bytes_ : stream_->queued_bytes();
}

bool WsConnection::fits(std::size_t bytes) const {
    const auto& limits = stream_->loop().limits();
    const auto parts = state_ == State::kOpening ? early_.size() : stream_->queued_parts();
    return queued_bytes() + bytes <= limits.ws_queue_bytes && parts < limits.ws_queue_frames;
}

bool WsConnection::send(SharedBytes frame) {
    if (state_ == State::kOpening) {
        if (early_overflow_ || early_close_) return false;
        early_overflow_ = !fits(frame->size());
        if (early_overflow_) return false;
        early_bytes_ += frame->size();
        early_.push_back(std::move(frame));
        return true;
    }
    if (state_ != State::kOpen) return false;
    if (!fits(frame->size())) {
        cut_slow_reader();
        return false;
    }
    stream_->write(std::move(frame));
    return true;
}

// What waits is worth nothing to a reader that far behind; it gets the reason instead, if it reads at all.
void WsConnection::cut_slow_reader() {
    state_ = State::kClosing;
    final_code_ = kCutCode;
    stream_->drop_unsent();
    stream_->write(encode_close_frame(kCutCode, info(Code::kQueueFull).name));
    stream_->close_when_flushed(TcpStream::Linger::kYes);
    set_timer(kCutDeadline, &WsConnection::on_deadline);
}

void WsConnection::close(std::uint16_t code, std::string_view reason) {
    if (!is_wire_close_code(code)) code = kCloseInternal;
    if (state_ == State::kOpening && !early_close_) early_close_.emplace(code, std::string(reason));
    if (state_ != State::kOpen) return;
    state_ = State::kClosing;
    sent_code_ = code;
    stream_->write(encode_close_frame(code, reason));
    set_timer(kCloseDeadline, &WsConnection::on_deadline);
}

void WsConnection::fail(const ProtocolFailure& failure) {
    if (stream_->closing() || stream_->closed()) return;
    stream_->loop().refused(failure.code, stream_->peer(), failure.text);
    state_ = State::kClosing;
    final_code_ = failure.code;
    stream_->write(encode_close_frame(failure.code, failure.text));
    stream_->close_when_flushed(TcpStream::Linger::kYes);
}

void WsConnection::on_data(std::span<char> bytes) {
    last_heard_ = stream_->loop().now();
    ping_pending_ = false;
    if (const auto failure = decoder_->feed(bytes, *this)) fail(*failure);
}

void WsConnection::on_eof() {
    if (state_ == State::kOpen && decoder_ && decoder_->in_message())
        stream_->loop().refused(kCloseBroken, stream_->peer(), "the connection ended inside a message");
    stream_->abort();
}

void WsConnection::on_closed() {
    if (std::exchange(state_, State::kClosed) == State::kClosed) return;
    stream_->loop().cancel(timer_);
    drop(stream_->loop().counters().websockets);
    if (const auto handler = std::move(handler_)) handler->on_close(final_code_);
}

void WsConnection::on_drain() {
    close(kCloseGoingAway, info(Code::kShuttingDown).name);
}

bool WsConnection::on_text_message(std::string_view text) {
    // After our close frame messages are only skipped on the way to the peer's.
    if (state_ == State::kOpen) {
        const auto handler = handler_;
        handler->on_message(text);
    }
    return !stream_->closing();
}

bool WsConnection::on_binary_message(std::string_view bytes) {
    if (state_ == State::kOpen) {
        const auto handler = handler_;
        handler->on_binary(bytes);
    }
    return !stream_->closing();
}

bool WsConnection::on_ping(std::string_view payload) {
    if (state_ == State::kOpen) {
        auto pong = encode_frame(Opcode::kPong, payload);
        if (fits(pong->size())) {
            stream_->write(std::move(pong));
        } else {
            cut_slow_reader();
        }
    }
    return !stream_->closing();
}

bool WsConnection::on_pong(std::string_view) {
    return !stream_->closing();
}

bool WsConnection::on_close_frame(std::uint16_t code, std::string_view) {
    if (state_ == State::kOpen) {
        state_ = State::kClosing;
        final_code_ = code;
        stream_->write(encode_close_frame(code, {}));
    } else if (sent_code_ != 0) {
        final_code_ = sent_code_;
    }
    // Both halves of the handshake are done (or about to leave): the server closes first (RFC 6455 7.1.1).
    stream_->close_when_flushed(TcpStream::Linger::kNo);
    return false;
}

void WsConnection::set_timer(Millis delay, void (WsConnection::*then)()) {
    stream_->loop().cancel(timer_);
    // Cancelled in on_closed, which always comes before the end of this object.
    timer_ = stream_->loop().after(delay, [this, then] { (this->*then)(); });
}

void WsConnection::heartbeat() {
    if (state_ != State::kOpen) return;
    const auto& limits = stream_->loop().limits();
    if (ping_pending_) return stream_->abort();
    const auto idle = stream_->loop().now() - last_heard_;
    if (idle < limits.ws_ping) return set_timer(limits.ws_ping - idle, &WsConnection::heartbeat);
    ping_pending_ = true;
    stream_->write(encode_frame(Opcode::kPing, {}));
    set_timer(limits.ws_pong, &WsConnection::heartbeat);
}

void WsConnection::on_deadline() {
    stream_->abort();
}

}  // namespace twinpane::net
