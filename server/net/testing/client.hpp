// Blocking clients for tests: a socket that sends what it is told, an HTTP reader and a WebSocket client
// side. Every wait ends after kPatience with a failure value, never by hanging.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/testing/tls.hpp"

namespace twinpane::net::testing {

inline constexpr std::chrono::seconds kPatience{20};

struct Reply {
    int status = 0;  // 0: the connection ended or fell silent before a whole answer
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  // chunks joined, as sent otherwise
    // The first header of that name, without case; empty when there is none.
    std::string header(std::string_view name) const;
};

class Client {
  public:
    // Connects to 127.0.0.1. `receive_buffer` > 0 makes a reader that is soon full.
    explicit Client(std::uint16_t port, int receive_buffer = 0);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    Client(Client&& other) noexcept
        : socket_(std::exchange(other.socket_, -1)),
          tls_(std::move(other.tls_)),
          buffer_(std::move(other.buffer_)) {}

    bool connected() const { return socket_ >= 0; }
    // Everything from now on goes through TLS. False: the handshake failed.
    bool start_tls(const TlsShape& shape = {});
    TlsLayer* tls() { return tls_.get(); }
    int socket() const { return socket_; }
    // False when the peer has cut the connection.
    bool send(std::string_view bytes);
    // Without waiting: how much the kernel took.
    std::size_t send_some(std::string_view bytes);
    // Reads one answer. `to_head`: it has no body whatever its headers say.
    Reply read_reply(bool to_head = false);
    // Sends "METHOD target HTTP/1.1" with Host, the headers (each with CRLF) and the body, and reads the
    // answer.
    Reply request(std::string_view method, std::string_view target, std::string_view headers = {},
                  std::string_view body = {});
    // Exactly `size` bytes, or fewer when the connection ends.
    std::string read_exactly(std::size_t size);
    // Everything until the peer ends the connection; nothing if it does not in time.
    std::optional<std::string> read_to_end();
    // True when the peer ends the connection (in order or by reset); what it sends before is thrown away.
    bool ended() { return read_to_end().has_value(); }
    void shutdown_write();
    void close();
    // Ends the connection with a reset.
    void reset();

  private:
    bool fill();  // false: ended or silent (see timed_out_)
    int socket_ = -1;
    std::unique_ptr<TlsLayer> tls_;
    std::string buffer_;
    bool timed_out_ = false;
};

// A frame as a client sends it, with every rule breakable.
struct FrameShape {
    bool final = true;
    bool masked = true;
    unsigned reserved = 0;                                       // 3 bits
    int length_bytes = -1;                                       // 0, 2 or 8; -1: the minimal form
    std::optional<std::uint64_t> claimed_length = std::nullopt;  // instead of the real one
};
std::string client_frame(unsigned opcode, std::string_view payload, const FrameShape& shape = {});

struct Frame {
    bool valid = false;  // false: the connection ended or fell silent
    bool final = false;
    unsigned reserved = 0;  // 3 bits
    unsigned opcode = 0;
    std::string payload;
    // Of a close frame; 1005 when empty.
    unsigned close_code() const;
};

class WsClient {
  public:
    // Opens ws://127.0.0.1:port/path; see status().
    WsClient(std::uint16_t port, std::string_view path, std::string_view headers = {},
             int receive_buffer = 0);
    // The same over a connection that is there, with TLS perhaps.
    WsClient(Client connection, std::string_view path, std::string_view headers = {});
    int status() const { return reply_.status; }
    const Reply& reply() const { return reply_; }

    bool send_text(std::string_view text) { return raw.send(client_frame(1, text)); }
    bool send_close(std::uint16_t code, std::string_view reason = {});
    Frame read_frame();
    // The next text message, answering pings on the way; nothing when the connection ends or closes.
    std::optional<std::string> read_text();

    Client raw;

  private:
    void open(std::string_view path, std::string_view headers);
    Reply reply_;
};

}  // namespace twinpane::net::testing
