#include "net/ws_codec.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace twinpane::net {

namespace {
constexpr std::size_t kMaxControl = 125;
constexpr std::size_t kPadding = 64;
constexpr unsigned char kFinal = 0x80;
constexpr unsigned char kReserved = 0x70;
constexpr unsigned char kDeflated = 0x40;
constexpr unsigned char kMasked = 0x80;

std::optional<ProtocolFailure> protocol_error(std::string_view text) {
    return ProtocolFailure{kCloseProtocolError, text};
}

std::optional<ProtocolFailure> too_large() {
    return ProtocolFailure{kCloseTooBig, "the message is too large"};
}
std::optional<ProtocolFailure> bad_text() {
    return ProtocolFailure{kCloseBadData, "the text is not UTF-8"};
}

std::uint64_t big_endian(std::span<const unsigned char> bytes) {
    std::uint64_t value = 0;
    for (const auto byte : bytes) value = (value << 8U) | byte;
    return value;
}

void append_head(std::string& out, Opcode opcode, std::size_t size, unsigned char bits = kFinal) {
    out.push_back(static_cast<char>(bits | static_cast<unsigned char>(opcode)));
    int length_bytes = 0;
    if (size < 126) {
        out.push_back(static_cast<char>(size));
    } else if (size <= 0xFFFF) {
        out.push_back(126);
        length_bytes = 2;
    } else {
        out.push_back(127);
        length_bytes = 8;
    }
    for (int shift = (length_bytes - 1) * 8; shift >= 0; shift -= 8) {
        out.push_back(
            static_cast<char>((static_cast<std::uint64_t>(size) >> static_cast<unsigned>(shift)) & 0xFFU));
    }
}
}  // namespace

bool is_wire_close_code(std::uint16_t code) {
    if (code >= 3000 && code <= 4999) return true;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

SharedBytes encode_frame(Opcode opcode, std::string_view payload) {
    if (static_cast<unsigned>(opcode) >= 8) payload = payload.substr(0, kMaxControl);
    std::string frame;
    frame.reserve(payload.size() + 10);
    append_head(frame, opcode, payload.size());
    frame.append(payload);
    return share(std::move(frame));
}

SharedBytes encode_deflated_frame(Opcode opcode, std::string_view packed) {
    std::string frame;
    frame.reserve(packed.size() + 10);
    append_head(frame, opcode, packed.size(), kFinal | kDeflated);
    frame.append(packed);
    return share(std::move(frame));
}

SharedBytes encode_text_frame(std::string_view text) {
    return encode_frame(Opcode::kText, text);
}
SharedBytes encode_binary_frame(std::string_view bytes) {
    return encode_frame(Opcode::kBinary, bytes);
}

SharedBytes encode_close_frame(std::uint16_t code, std::string_view reason) {
    if (code == kCloseNoStatus) return encode_frame(Opcode::kClose, {});
    if (reason.size() > kMaxControl - 2) {
        reason = reason.substr(0, kMaxControl - 2);
        reason.remove_suffix(utf8_unfinished(reason).value_or(0));
    }
    std::string payload;
    payload.push_back(static_cast<char>(code >> 8U));
    payload.push_back(static_cast<char>(code & 0xFFU));
    payload.append(reason);
    return encode_frame(Opcode::kClose, payload);
}

void apply_mask(std::span<char> bytes, const std::array<unsigned char, 4>& key, std::size_t offset) {
    std::array<unsigned char, 8> turned{};
    for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(offset + i) % 4];
    std::uint64_t wide_key = 0;
    std::memcpy(&wide_key, turned.data(), sizeof wide_key);
    char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        word ^= wide_key;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < left; ++i)
        at[i] = static_cast<char>(static_cast<unsigned char>(at[i]) ^ turned[i]);
}

FrameDecoder::Outcome FrameDecoder::feed(std::span<char> bytes, FrameSink& sink) {
    // An empty payload is worked off without a byte left in the buffer.
    while (!stopped_ && (!bytes.empty() || (in_payload_ && payload_size_ == 0))) {
        const auto failure = in_payload_ ? read_payload(bytes, sink) : read_head(bytes);
        if (failure) {
            stopped_ = true;
            drop_message();
            return failure;
        }
    }
    if (stopped_) drop_message();
    return std::nullopt;
}

FrameDecoder::Outcome FrameDecoder::read_head(std::span<char>& bytes) {
    while (head_have_ < head_need_) {
        if (bytes.empty()) return std::nullopt;
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes = bytes.subspan(1);
        head_[head_have_++] = byte;
        if (head_have_ > 2) continue;
        if (const auto failure = head_have_ == 1 ? check_first_byte(byte) : check_second_byte(byte))
            return failure;
    }
    return begin_payload();
}

FrameDecoder::Outcome FrameDecoder::check_first_byte(unsigned char byte) {
    const auto reserved = static_cast<unsigned>(byte & kReserved);
    if (reserved != 0 && (reserved != kDeflated || inflaters_ == nullptr))
        return protocol_error("a reserved bit is set");
    reserved1_ = reserved != 0;
    final_ = (byte & kFinal) != 0;
    const auto opcode = static_cast<unsigned>(byte & 0x0FU);
    if ((opcode > 2 && opcode < 8) || opcode > 10) return protocol_error("unknown opcode");
    opcode_ = static_cast<Opcode>(opcode);
    if (reserved1_ && (is_control() || opcode_ == Opcode::kContinuation))
        return protocol_error("only the first frame of a message says that it is compressed");
    if (is_control()) {
        if (!final_) return protocol_error("a control frame is fragmented");
    } else if (opcode_ == Opcode::kContinuation) {
        if (!fragmented_) return protocol_error("nothing to continue");
    } else if (fragmented_) {
        return protocol_error("a new message inside a fragmented one");
    }
    return std::nullopt;
}

FrameDecoder::Outcome FrameDecoder::check_second_byte(unsigned char byte) {
    if ((byte & kMasked) == 0) return protocol_error("the frame is not masked");
    const auto size = static_cast<unsigned>(byte & 0x7FU);
    if (is_control() && size > kMaxControl) return protocol_error("a control frame is too long");
    head_need_ = static_cast<std::uint8_t>(2 + 4 + (size == 126 ? 2 : size == 127 ? 8 : 0));
    return std::nullopt;
}

FrameDecoder::Outcome FrameDecoder::begin_payload() {
    const auto key_at = static_cast<std::size_t>(head_need_) - 4;
    payload_size_ = head_[1] & 0x7FU;
    if (key_at > 2) {
        payload_size_ = big_endian(std::span(head_).subspan(2, key_at - 2));
        if (payload_size_ >> 63U != 0) return protocol_error("the length has its high bit set");
        if (payload_size_ < (key_at == 4 ? 126U : 0x10000U))
            return protocol_error("the length is not minimal");
    }
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(key_at), 4, key_.begin());
    if (!is_control()) {
        if (opcode_ != Opcode::kContinuation) {
            message_opcode_ = opcode_;
            deflated_ = reserved1_;
            packed_ = 0;
            utf8_.reset();
        }
        if (payload_size_ > room()) return too_large();
        if (deflated_ && !inflater_) inflater_ = inflaters_->take();
    }
    head_have_ = 0;
    head_need_ = 2;
    payload_have_ = 0;
    in_payload_ = true;
    return std::nullopt;
}

// What the message may still bring. Compressed bytes have a bound of their own, for those that nothing comes
// out of; what can't be compressed grows by less than an eighth.
std::size_t FrameDecoder::room() const {
    const auto most = deflated_ ? max_message_ + max_message_ / 8 + 1024 : max_message_;
    const auto so_far = deflated_ ? packed_ : message_.size();
    return most - std::min(most, so_far);
}

FrameDecoder::Outcome FrameDecoder::read_payload(std::span<char>& bytes, FrameSink& sink) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(payload_size_ - payload_have_, bytes.size()));
    const auto chunk = bytes.first(size);
    bytes = bytes.subspan(size);
    apply_mask(chunk, key_, static_cast<std::size_t>(payload_have_ % 4));
    return is_control() ? read_control(chunk, sink) : read_data(chunk, sink);
}

FrameDecoder::Outcome FrameDecoder::read_control(std::span<char> chunk, FrameSink& sink) {
    std::copy(chunk.begin(), chunk.end(), control_.begin() + static_cast<std::ptrdiff_t>(payload_have_));
    payload_have_ += chunk.size();
    if (payload_have_ < payload_size_) return std::nullopt;
    const std::string_view payload(control_.data(), static_cast<std::size_t>(payload_size_));
    end_frame();
    return deliver_control(payload, sink);
}

FrameDecoder::Outcome FrameDecoder::deliver_control(std::string_view payload, FrameSink& sink) {
    if (opcode_ == Opcode::kClose) return deliver_close(payload, sink);
    const bool go_on = opcode_ == Opcode::kPing ? sink.on_ping(payload) : sink.on_pong(payload);
    stopped_ = !go_on;
    return std::nullopt;
}

FrameDecoder::Outcome FrameDecoder::deliver_close(std::string_view payload, FrameSink& sink) {
    stopped_ = true;  // nothing may follow
    if (payload.empty()) {
        sink.on_close_frame(kCloseNoStatus, {});
        return std::nullopt;
    }
    if (payload.size() == 1) return protocol_error("the close frame has half a code");
    const auto code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8U |
                                                 static_cast<unsigned char>(payload[1]));
    if (!is_wire_close_code(code)) return protocol_error("this close code may not be sent");
    const auto reason = payload.substr(2);
    if (!simdjson::validate_utf8(reason.data(), reason.size())) {
        return ProtocolFailure{kCloseBadData, "the close reason is not UTF-8"};
    }
    sink.on_close_frame(code, reason);
    return std::nullopt;
}

FrameDecoder::Outcome FrameDecoder::read_data(std::span<char> chunk, FrameSink& sink) {
    if (deflated_) return read_deflated(chunk, sink);
    const bool text = message_opcode_ == Opcode::kText;
    if (!fragmented_ && final_ && payload_have_ == 0 && chunk.size() == payload_size_) {
        // The usual case: one frame, all of it here. Nothing is copied.
        end_frame();
        if (text && !simdjson::validate_utf8(chunk.data(), chunk.size())) return bad_text();
        deliver(std::string_view(chunk.data(), chunk.size()), sink);
        return std::nullopt;
    }
    message_.append(chunk.data(), chunk.size());
    payload_have_ += chunk.size();
    if (text && !utf8_.advance(message_)) return bad_text();
    return payload_have_ < payload_size_ ? std::nullopt : end_data_frame(sink);
}

FrameDecoder::Outcome FrameDecoder::read_deflated(std::span<char> chunk, FrameSink& sink) {
    payload_have_ += chunk.size();
    packed_ += chunk.size();
    const bool last = final_ && payload_have_ == payload_size_;
    auto state = inflater_->feed(std::string_view(chunk.data(), chunk.size()), message_, max_message_);
    if (last && state == Inflater::State::kGood) state = inflater_->finish(message_, max_message_);
    switch (state) {
        case Inflater::State::kGood:
            break;
        case Inflater::State::kTooLarge:
            return too_large();
        case Inflater::State::kBad:
            return ProtocolFailure{kCloseBadData, "the compressed message is malformed"};
        case Inflater::State::kNoMemory:
            return ProtocolFailure{kCloseInternal, "no memory to inflate the message"};
    }
    if (last) inflater_.reset();
    if (message_opcode_ == Opcode::kText && !utf8_.advance(message_)) return bad_text();
    return payload_have_ < payload_size_ ? std::nullopt : end_data_frame(sink);
}

FrameDecoder::Outcome FrameDecoder::end_data_frame(FrameSink& sink) {
    end_frame();
    if (!final_) {
        fragmented_ = true;
        return std::nullopt;
    }
    if (message_opcode_ == Opcode::kText && !utf8_.complete(message_)) return bad_text();
    fragmented_ = false;
    const auto size = message_.size();
    message_.append(kPadding, '\0');
    const std::string whole = std::exchange(message_, {});  // an idle connection holds no buffer
    deliver(std::string_view(whole.data(), size), sink);
    return std::nullopt;
}

void FrameDecoder::deliver(std::string_view whole, FrameSink& sink) {
    const bool text = message_opcode_ == Opcode::kText;
    stopped_ = !(text ? sink.on_text_message(whole) : sink.on_binary_message(whole));
}

void FrameDecoder::end_frame() {
    in_payload_ = false;
}

void FrameDecoder::drop_message() {
    release(message_);
    inflater_.reset();
    fragmented_ = false;
}

}  // namespace twinpane::net
