// WebSocket frames (RFC 6455 section 5), server role: an incremental decoder of masked client frames and
// encoders of server frames. Pure: no sockets, no clock, no threads. The only extension is permessage-deflate
// (RFC 7692), where it was agreed on; every other reserved bit must be zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "net/inflater.hpp"
#include "net/utf8.hpp"

namespace twinpane::net {

enum class Opcode : std::uint8_t {
    kContinuation = 0,
    kText = 1,
    kBinary = 2,
    kClose = 8,
    kPing = 9,
    kPong = 10
};

enum CloseCode : std::uint16_t {
    kCloseNormal = 1000,
    kCloseGoingAway = 1001,
    kCloseProtocolError = 1002,
    kCloseNoStatus = 1005,  // never on the wire: the close frame was empty
    kCloseBroken = 1006,    // never on the wire: the connection broke
    kCloseBadData = 1007,
    kCloseTooBig = 1009,
    kCloseInternal = 1011,
};

// True for codes that may stand in a close frame.
bool is_wire_close_code(std::uint16_t code);

// A whole message as one final, unmasked frame: built once, shared by every receiver.
SharedBytes encode_text_frame(std::string_view text);
SharedBytes encode_binary_frame(std::string_view bytes);
// Any opcode; control payloads are cut at 125 bytes.
SharedBytes encode_frame(Opcode opcode, std::string_view payload);
// A final text or binary frame whose payload is compressed already (net/deflater.hpp makes it).
SharedBytes encode_deflated_frame(Opcode opcode, std::string_view packed);
// The reason is cut at 123 bytes, at a character's border. kCloseNoStatus makes an empty frame.
SharedBytes encode_close_frame(std::uint16_t code, std::string_view reason);

// XORs `bytes` with the key, which starts at key[offset % 4]. Masking and unmasking are the same.
void apply_mask(std::span<char> bytes, const std::array<unsigned char, 4>& key, std::size_t offset);

// Receives what the decoder finds. Each call returns false to stop the decoder for good.
class FrameSink {
  public:
    virtual ~FrameSink() = default;
    // Whole messages; text is valid UTF-8. The view ends with the call; at least 64 readable bytes follow it
    // if they follow the bytes given to feed().
    virtual bool on_text_message(std::string_view text) = 0;
    virtual bool on_binary_message(std::string_view bytes) = 0;
    virtual bool on_ping(std::string_view payload) = 0;
    virtual bool on_pong(std::string_view payload) = 0;
    // kCloseNoStatus when the frame was empty.
    virtual bool on_close_frame(std::uint16_t code, std::string_view reason) = 0;
};

struct ProtocolFailure {
    std::uint16_t code;     // to close with
    std::string_view text;  // static
};

class FrameDecoder {
  public:
    // `inflaters`: takes compressed messages too; the pool outlives the decoder. `max_message` holds for what
    // comes out of them.
    explicit FrameDecoder(std::size_t max_message, InflaterPool* inflaters = nullptr)
        : max_message_(max_message), inflaters_(inflaters) {}

    // Takes all of `bytes`, which it changes (unmasking in place). Returns what is wrong, at the first byte
    // that shows it; after a failure or a stop the decoder ignores everything.
    std::optional<ProtocolFailure> feed(std::span<char> bytes, FrameSink& sink);
    // True when the bytes so far end inside a frame or a fragmented message.
    bool in_message() const { return head_have_ > 0 || in_payload_ || fragmented_; }
    // Bytes held for an unfinished message.
    std::size_t held_bytes() const { return message_.capacity(); }

  private:
    using Outcome = std::optional<ProtocolFailure>;

    Outcome read_head(std::span<char>& bytes);
    Outcome check_first_byte(unsigned char byte);
    Outcome check_second_byte(unsigned char byte);
    Outcome begin_payload();
    Outcome read_payload(std::span<char>& bytes, FrameSink& sink);
    Outcome read_control(std::span<char> chunk, FrameSink& sink);
    Outcome read_data(std::span<char> chunk, FrameSink& sink);
    Outcome read_deflated(std::span<char> chunk, FrameSink& sink);
    Outcome end_data_frame(FrameSink& sink);
    void deliver(std::string_view whole, FrameSink& sink);
    std::size_t room() const;
    Outcome deliver_control(std::string_view payload, FrameSink& sink);
    Outcome deliver_close(std::string_view payload, FrameSink& sink);
    void end_frame();
    void drop_message();
    bool is_control() const { return static_cast<unsigned>(opcode_) >= 8; }

    const std::size_t max_message_;
    InflaterPool* const inflaters_;
    bool stopped_ = false;

    std::array<unsigned char, 14> head_{};
    std::uint8_t head_have_ = 0, head_need_ = 2;
    bool in_payload_ = false;
    bool final_ = false;
    bool reserved1_ = false;
    Opcode opcode_ = Opcode::kText;
    std::array<unsigned char, 4> key_{};
    std::uint64_t payload_size_ = 0, payload_have_ = 0;

    std::array<char, 125> control_{};
    std::string message_;  // of an unfinished or fragmented message
    bool fragmented_ = false;
    bool deflated_ = false;         // the message is compressed
    InflaterPool::Lease inflater_;  // while a compressed message is under way
    std::size_t packed_ = 0;        // bytes of it so far
    Opcode message_opcode_ = Opcode::kText;
    Utf8Progress utf8_;
};

}  // namespace twinpane::net
