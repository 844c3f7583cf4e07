#include "session.hpp"

#include <array>
#include <charconv>
#include <cstring>

namespace twinpane::load {

namespace {

constexpr char kStamp = '~';  // nothing else in the load has it, so it is quick to find
constexpr std::size_t kStampDigits = 16;

// Calls `take` with each object of a transport message.
template <typename Take>
void each_message(std::string_view text, Take take) {
    std::size_t depth = 0, begin = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{') {
            if (depth++ == 0) begin = i;
        } else if (c == '}' && depth > 0 && --depth == 0) {
            take(text.substr(begin, i + 1 - begin));
        }
    }
}

std::string_view text_field(std::string_view message, std::string_view quoted_name) {
    const auto at = message.find(quoted_name);
    if (at == std::string_view::npos) return {};
    const auto open = message.find('"', at + quoted_name.size());
    if (open == std::string_view::npos) return {};
    return message.substr(open + 1, message.find('"', open + 1) - open - 1);
}

bool has(std::string_view text, std::string_view part) {
    return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

Session::Session(Reactor& reactor, const Target& target, Plan plan, Owner& owner)
    : plan_(std::move(plan)),
      owner_(owner),
      command_(reactor, target, *this),
      connect_(reactor, target, *this) {
    if (plan_.bare_path.empty()) plan_.bare_path = target.path;
}

void Session::open() {
    state_ = State::kOpening;
    if (polls()) {
        command_.open_http();
        connect_.open_http();
    } else {
        command_.open_websocket(plan_.bare_path);
    }
}

void Session::restart() {
    cut();
    client_id_.clear();
    open();
}

unsigned Session::loop() const {
    unsigned loop = 0;
    if (client_id_.size() == 34) std::from_chars(client_id_.data(), client_id_.data() + 2, loop, 16);
    return loop;
}

void Session::cut() {
    state_ = State::kClosed;
    command_.close();
    connect_.close();
}

void Session::on_open(Wire&) {
    if (plan_.transport == Transport::kBare) {
        state_ = State::kReady;
        return owner_.on_ready(*this);
    }
    if (polls() && !(command_.is_open() && connect_.is_open())) return;
    if (client_id_.empty()) {
        shake_hands();
    } else {
        state_ = State::kConnecting;
        connect(false);
    }
}

void Session::send(Wire& wire, std::string_view text) {
    if (polls()) {
        wire.post(text);
    } else {
        wire.text(text);
    }
}

void Session::shake_hands() {
    state_ = State::kHandshaking;
    subscribed_ = false;
    const auto type = polls() ? "long-polling" : "websocket";
    send(command_, R"([{"id":")" + std::to_string(++id_) +
                       R"(","channel":"/meta/handshake","version":"1.0","minimumVersion":"1.0",)" +
                       R"("supportedConnectionTypes":[")" + type +
                       R"("],"advice":{"timeout":60000,"interval":0}}])");
    command_.flush();
}

void Session::connect(bool held) {
    std::string text =
        R"([{"id":")" + std::to_string(++id_) + R"(","channel":"/meta/connect","connectionType":")";
    text.append(polls() ? "long-polling" : "websocket").append("\",\"clientId\":\"").append(client_id_);
    text += held ? "\"}]" : R"(","advice":{"timeout":0}}])";
    auto& wire = polls() ? connect_ : command_;
    send(wire, text);
    wire.flush();
}

void Session::subscribe() {
    state_ = State::kSubscribing;
    std::string text =
        R"([{"id":")" + std::to_string(++id_) + R"(","channel":"/meta/subscribe","clientId":")";
    text.append(client_id_).append("\",\"subscription\":[");
    for (const auto& channel : plan_.channels) {
        if (text.back() != '[') text += ',';
        text.append("\"").append(channel).append("\"");
    }
    send(command_, text + "]}]");
    command_.flush();
}

void Session::publish(std::string_view channel, std::uint64_t due, std::string_view padding) {
    publish_batch({&channel, 1}, due, padding);
}

void Session::publish_batch(std::span<const std::string_view> channels, std::uint64_t due,
                            std::string_view padding) {
    text_.assign("[");
    for (const auto channel : channels) {
        if (text_.size() > 1) text_ += ',';
        append_publish(channel, due, padding);
    }
    text_ += ']';
    send(command_, text_);
}

void Session::append_publish(std::string_view channel, std::uint64_t due, std::string_view padding) {
    std::array<char, kStampDigits> hex{};
    for (std::size_t i = 0; i < hex.size(); ++i)
        hex[hex.size() - 1 - i] = "0123456789abcdef"[due >> (i * 4) & 0xFU];
    text_.append(R"({"channel":")").append(channel).append(R"(","data":{"t":"~)");
    text_.append(hex.data(), hex.size()).append(R"(","p":")").append(padding);
    text_.append(R"("},"clientId":")").append(client_id_).append(R"(","id":")").append(std::to_string(++id_));
    text_ += "\"}";
}

void Session::on_text(Wire&, std::string_view text) {
    take_messages(text);
}

void Session::on_response(Wire&, int status, std::string_view body) {
    if (status != 200) return fail("HTTP status " + std::to_string(status));
    take_messages(body);
}

void Session::take_messages(std::string_view text) {
    bool data = false;
    for (const char* at = text.data();; data = true) {
        const auto left = static_cast<std::size_t>(text.data() + text.size() - at);
        at = static_cast<const char*>(std::memchr(at, kStamp, left));
        if (at == nullptr || text.data() + text.size() - at < static_cast<long>(kStampDigits)) break;
        std::uint64_t due = 0;
        std::from_chars(at + 1, at + 1 + kStampDigits, due, 16);
        at += kStampDigits;
        owner_.on_delivery(*this, due);
    }
    // Answers stand beside data only where a server packs several messages into one text.
    if (data && !has(text, "\"successful\"")) return;
    each_message(text, [this](std::string_view message) { take_message(message); });
}

void Session::take_message(std::string_view message) {
    const auto channel = text_field(message, "\"channel\"");
    const bool successful = has(message, "\"successful\":true");
    if (!channel.starts_with("/meta/")) {
        if (message.find(kStamp) != std::string_view::npos) return;
        return successful ? owner_.on_reply(*this) : fail(message);
    }
    if (channel == "/meta/connect" && !successful && has(message, "\"handshake\"")) return shake_hands();
    if (!successful) return fail(message);
    if (channel == "/meta/handshake") {
        client_id_ = text_field(message, "\"clientId\"");
        state_ = State::kConnecting;
        connect(false);
    } else if (channel == "/meta/connect") {
        const bool first = state_ == State::kConnecting;
        if (first && !subscribed_ && !plan_.channels.empty()) {
            subscribe();
        } else if (first) {
            state_ = State::kReady;
        }
        connect(true);
        if (first && state_ == State::kReady) owner_.on_ready(*this);
    } else if (channel == "/meta/subscribe") {
        state_ = State::kReady;
        subscribed_ = true;
        owner_.on_ready(*this);
    }
}

void Session::on_closed(Wire&) {
    if (state_ != State::kClosed) fail("connection lost");
}

void Session::fail(std::string_view why) {
    cut();
    owner_.on_failed(*this, why);
}

}  // namespace twinpane::load
