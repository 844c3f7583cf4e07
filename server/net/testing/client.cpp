#include "net/testing/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "net/text.hpp"

namespace twinpane::net::testing {

std::string Reply::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (equal_no_case(key, name)) return value;
    }
    return {};
}

Client::Client(std::uint16_t port, int receive_buffer) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0)
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const ::timeval patience{kPatience.count(), 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0) close();
}

Client::~Client() {
    close();
}

bool Client::start_tls(const TlsShape& shape) {
    tls_ = std::make_unique<TlsLayer>(socket_, shape);
    return tls_->connected();
}

bool Client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent =
            tls_ ? tls_->send(bytes) : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (!tls_ && sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::size_t Client::send_some(std::string_view bytes) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool Client::fill() {
    std::array<char, 65536> part;  // NOLINT: filled by recv
    while (true) {
        const auto got =
            tls_ ? tls_->receive(part.data(), part.size()) : ::recv(socket_, part.data(), part.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) timed_out_ = true;
        if (got <= 0) return false;
        buffer_.append(part.data(), static_cast<std::size_t>(got));
        return true;
    }
}

std::string Client::read_exactly(std::size_t size) {
    while (buffer_.size() < size && fill()) {
    }
    auto out = buffer_.substr(0, size);
    buffer_.erase(0, out.size());
    return out;
}

std::optional<std::string> Client::read_to_end() {
    while (fill()) {
    }
    if (timed_out_) return std::nullopt;
    return std::exchange(buffer_, {});
}

Reply Client::read_reply(bool to_head) {
    Reply reply;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) return {};
    }
    const auto head = read_exactly(end + 4);
    const auto line_end = head.find("\r\n");
    std::from_chars(head.data() + 9, head.data() + 12, reply.status);
    for (auto at = line_end + 2; at + 2 < head.size();) {
        const auto stop = head.find("\r\n", at);
        const auto colon = head.find(':', at);
        reply.headers.emplace_back(
            head.substr(at, colon - at),
            std::string(trim(std::string_view(head).substr(colon + 1, stop - colon - 1))));
        at = stop + 2;
    }
    if (to_head || reply.status < 200 || reply.status == 204 || reply.status == 304) return reply;
    if (const auto length = reply.header("Content-Length"); !length.empty()) {
        const auto size = std::stoul(length);
        reply.body = read_exactly(size);
        if (reply.body.size() < size) reply.status = 0;
    } else if (reply.header("Transfer-Encoding") == "chunked") {
        while (true) {
            std::size_t stop = 0;
            while ((stop = buffer_.find("\r\n")) == std::string::npos) {
                if (!fill()) return {};
            }
            const auto size = std::stoul(read_exactly(stop + 2), nullptr, 16);
            const auto part = read_exactly(size + 2);
            if (part.size() < size + 2) return {};
            reply.body += part.substr(0, size);
            if (size == 0) break;
        }
    } else {
        reply.body = read_to_end().value_or("");
    }
    return reply;
}

Reply Client::request(std::string_view method, std::string_view target, std::string_view headers,
                      std::string_view body) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text.append("\r\n").append(body);
    if (!send(text)) return {};
    return read_reply(method == "HEAD");
}

void Client::shutdown_write() {
    ::shutdown(socket_, SHUT_WR);
}

void Client::close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

void Client::reset() {
    const ::linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

std::string client_frame(unsigned opcode, std::string_view payload, const FrameShape& shape) {
    constexpr std::string_view kKey = "\x37\xfa\x21\x3d";
    std::string out;
    out.push_back(static_cast<char>((shape.final ? 0x80U : 0U) | shape.reserved << 4U | opcode));
    const std::uint64_t length = shape.claimed_length.value_or(payload.size());
    int bytes = shape.length_bytes;
    if (bytes < 0) bytes = length < 126 ? 0 : length <= 0xFFFF ? 2 : 8;
    const unsigned mask_bit = shape.masked ? 0x80U : 0U;
    out.push_back(static_cast<char>(mask_bit | (bytes == 0 ? length : bytes == 2 ? 126U : 127U)));
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        out.push_back(static_cast<char>(length >> static_cast<unsigned>(shift) & 0xFFU));
    }
    if (!shape.masked) return out.append(payload);
    out.append(kKey);
    for (std::size_t i = 0; i < payload.size(); ++i)
        out.push_back(static_cast<char>(payload[i] ^ kKey[i % 4]));
    return out;
}

unsigned Frame::close_code() const {
    if (payload.size() < 2) return 1005;
    return static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8U |
           static_cast<unsigned char>(payload[1]);
}

WsClient::WsClient(std::uint16_t port, std::string_view path, std::string_view headers, int receive_buffer)
    : raw(port, receive_buffer) {
    open(path, headers);
}

WsClient::WsClient(Client connection, std::string_view path, std::string_view headers)
    : raw(std::move(connection)) {
    open(path, headers);
}

void WsClient::open(std::string_view path, std::string_view headers) {
    std::string text;
    text.append("GET ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n");
    text.append("Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
    text.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n").append(headers).append("\r\n");
    if (raw.send(text)) reply_ = raw.read_reply();
}

bool WsClient::send_close(std::uint16_t code, std::string_view reason) {
    std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
    return raw.send(client_frame(8, payload.append(reason)));
}

Frame WsClient::read_frame() {
    Frame frame;
    const auto head = raw.read_exactly(2);
    if (head.size() < 2) return frame;
    frame.final = (static_cast<unsigned char>(head[0]) & 0x80U) != 0;
    frame.reserved = static_cast<unsigned char>(head[0]) >> 4U & 7U;
    frame.opcode = static_cast<unsigned char>(head[0]) & 0x0FU;
    std::uint64_t length = static_cast<unsigned char>(head[1]);
    if (length >= 126) {
        const auto more = raw.read_exactly(length == 126 ? 2 : 8);
        length = 0;
        for (const char c : more) length = length << 8U | static_cast<unsigned char>(c);
    }
    frame.payload = raw.read_exactly(static_cast<std::size_t>(length));
    frame.valid = frame.payload.size() == length;
    return frame;
}

std::optional<std::string> WsClient::read_text() {
    while (true) {
        auto frame = read_frame();
        if (!frame.valid || frame.opcode == 8) return std::nullopt;
        if (frame.opcode == 9) raw.send(client_frame(10, frame.payload));
        if (frame.opcode == 1) return std::move(frame.payload);
    }
}

}  // namespace twinpane::net::testing
