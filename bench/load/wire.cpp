#include "wire.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace twinpane::load {

namespace {
constexpr std::array<unsigned char, 4> kMask{0x37, 0xfa, 0x21, 0x3d};

void append_masked(std::string& out, std::string_view payload) {
    std::array<unsigned char, 8> eight{};
    for (std::size_t i = 0; i < 8; ++i) eight[i] = kMask[i % 4];
    std::uint64_t key = 0;
    std::memcpy(&key, eight.data(), sizeof key);
    const auto begin = out.size();
    out.append(payload);
    char* at = out.data() + begin;
    std::size_t left = payload.size();
    for (; left >= 8; left -= 8, at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        word ^= key;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < left; ++i)
        at[i] = static_cast<char>(static_cast<unsigned char>(at[i]) ^ kMask[i % 4]);
}

// The value of a header field in a head, lower-case name given with its colon; empty if it is not there.
std::string_view field(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        if (line.size() < name.size() || ::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
        auto value = line.substr(name.size());
        while (value.starts_with(' ')) value.remove_prefix(1);
        return value;
    }
    return {};
}
}  // namespace

void Wire::open_http() {
    websocket_ = false;
    open();
}

void Wire::open_websocket(std::string_view path) {
    websocket_ = true;
    path_ = path;
    open();
}

void Wire::open() {
    close();
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return lost();
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    state_ = State::kConnecting;
    const int done =
        ::connect(socket_, reinterpret_cast<const ::sockaddr*>(&target_.address), sizeof target_.address);
    if (done != 0 && errno != EINPROGRESS) return lost();
    reactor_.add(socket_, EPOLLIN | EPOLLOUT, *this);
}

void Wire::connected() {
    reactor_.modify(socket_, EPOLLIN, *this);
    if (!websocket_) {
        state_ = State::kOpen;
        return owner_.on_open(*this);
    }
    state_ = State::kUpgrading;
    out_.append("GET ").append(path_).append(" HTTP/1.1\r\nHost: ").append(target_.host);
    out_ +=
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    flush();
}

void Wire::text(std::string_view payload) {
    frame(1, payload);
}

void Wire::frame(unsigned opcode, std::string_view payload) {
    out_.push_back(static_cast<char>(0x80U | opcode));
    const auto size = payload.size();
    if (size < 126) {
        out_.push_back(static_cast<char>(0x80U | size));
    } else if (size <= 0xFFFF) {
        out_.push_back(static_cast<char>(0x80U | 126U));
        out_.push_back(static_cast<char>(size >> 8U));
        out_.push_back(static_cast<char>(size & 0xFFU));
    } else {
        out_.push_back(static_cast<char>(0x80U | 127U));
        for (int shift = 56; shift >= 0; shift -= 8)
            out_.push_back(static_cast<char>(size >> static_cast<unsigned>(shift) & 0xFFU));
    }
    for (const auto byte : kMask) out_.push_back(static_cast<char>(byte));
    append_masked(out_, payload);
}

void Wire::post(std::string_view body) {
    out_.append("POST ").append(target_.path).append(" HTTP/1.1\r\nHost: ").append(target_.host);
    out_.append("\r\nContent-Type: application/json;charset=UTF-8\r\n");
    if (!cookies_.empty()) out_.append("Cookie: ").append(cookies_).append("\r\n");
    out_.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

void Wire::flush() {
    if (socket_ < 0 || waits_to_write_ || out_.empty()) return;
    const auto sent = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return;  // the read side will tell
    out_.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    if (out_.empty()) return;
    waits_to_write_ = true;
    reactor_.modify(socket_, EPOLLIN | EPOLLOUT, *this);
}

void Wire::close() {
    if (socket_ < 0) return;
    const ::linger reset{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ::close(std::exchange(socket_, -1));
    state_ = State::kClosed;
    waits_to_write_ = false;
    pending_.clear();
    out_.clear();
}

void Wire::lost() {
    close();
    state_ = State::kClosed;
    owner_.on_closed(*this);
}

void Wire::on_event(std::uint32_t events) {
    if (socket_ < 0) return;
    if (state_ == State::kConnecting) {
        int error = 0;
        ::socklen_t size = sizeof error;
        ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) return lost();
        if ((events & EPOLLOUT) != 0) connected();
        return;
    }
    if ((events & EPOLLOUT) != 0 && waits_to_write_) {
        waits_to_write_ = false;
        reactor_.modify(socket_, EPOLLIN, *this);
        flush();
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read();
}

void Wire::read() {
    const auto buffer = reactor_.buffer();
    const auto got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return lost();
    feed({buffer.data(), static_cast<std::size_t>(got)});
}

void Wire::feed(std::string_view bytes) {
    if (!pending_.empty()) {
        std::string all = std::move(pending_);
        pending_ = {};
        all.append(bytes);
        const auto taken = take(all);
        if (socket_ >= 0 && taken < all.size()) pending_ = all.substr(taken);
        return;
    }
    const auto taken = take(bytes);
    if (socket_ >= 0 && taken < bytes.size()) pending_.assign(bytes.substr(taken));
}

std::size_t Wire::take(std::string_view bytes) {
    std::size_t taken = 0;
    while (socket_ >= 0 && taken < bytes.size()) {
        const auto rest = bytes.substr(taken);
        std::size_t step = 0;
        if (state_ == State::kUpgrading) {
            const auto end = rest.find("\r\n\r\n");
            if (end == std::string_view::npos) break;
            if (!rest.starts_with("HTTP/1.1 101")) {
                lost();
                break;
            }
            step = end + 4;
            state_ = State::kOpen;
            owner_.on_open(*this);
        } else {
            step = websocket_ ? take_frame(rest) : take_response(rest);
        }
        if (step == 0) break;
        taken += step;
    }
    return taken;
}

std::size_t Wire::take_frame(std::string_view bytes) {
    if (bytes.size() < 2) return 0;
    const auto at = [&](std::size_t i) {
        return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]));
    };
    std::size_t head = 2;
    std::uint64_t size = at(1) & 0x7FU;
    if (size >= 126) {
        head += size == 126 ? 2 : 8;
        if (bytes.size() < head) return 0;
        size = 0;
        for (std::size_t i = 2; i < head; ++i) size = size << 8U | at(i);
    }
    if (bytes.size() - head < size) return 0;
    const auto payload = bytes.substr(head, size);
    switch (at(0)) {
        case 0x81:
        case 0x82:
            owner_.on_text(*this, payload);
            break;
        case 0x89:
            frame(10, payload);
            flush();
            break;
        case 0x8A:
            break;
        default:  // a close, or a fragment, which no server sends for messages of this size
            lost();
    }
    return head + size;
}

std::size_t Wire::take_response(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const auto head = bytes.substr(0, end + 2);
    int status = 0;
    std::from_chars(head.data() + 9, head.data() + 12, status);
    if (const auto cookie = field(head, "set-cookie:"); !cookie.empty())
        cookies_ = cookie.substr(0, cookie.find(';'));
    const auto body = bytes.substr(end + 4);
    if (field(head, "transfer-encoding:") != "chunked") {
        std::size_t size = 0;
        const auto length = field(head, "content-length:");
        std::from_chars(length.data(), length.data() + length.size(), size);
        if (body.size() < size) return 0;
        owner_.on_response(*this, status, body.substr(0, size));
        return end + 4 + size;
    }
    std::string whole;
    for (std::size_t next = 0;;) {
        const auto line = body.find("\r\n", next);
        if (line == std::string_view::npos) return 0;
        std::size_t size = 0;
        std::from_chars(body.data() + next, body.data() + line, size, 16);
        if (body.size() < line + 2 + size + 2) return 0;
        whole.append(body.substr(line + 2, size));
        next = line + 2 + size + 2;
        if (size != 0) continue;
        owner_.on_response(*this, status, whole);
        return end + 4 + next;
    }
}

}  // namespace twinpane::load
