// One TCP connection to the server under load. It speaks WebSocket (RFC 6455, client role, no extensions) or
// HTTP/1.1, as much of either as load needs.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "reactor.hpp"

namespace twinpane::load {

struct Target {
    ::sockaddr_in address{};
    std::string host;  // with the port, for the Host header
    std::string path;
    std::uint16_t port = 0;
};

class Wire final : public Reactor::Handler {
  public:
    class Owner {
      public:
        virtual ~Owner() = default;
        // Connected; a WebSocket: upgraded.
        virtual void on_open(Wire& wire) = 0;
        // One whole text or binary message.
        virtual void on_text(Wire& wire, std::string_view text) = 0;
        virtual void on_response(Wire& wire, int status, std::string_view body) = 0;
        // Refused, broken or closed by the peer. It may be opened again.
        virtual void on_closed(Wire& wire) = 0;
    };

    Wire(Reactor& reactor, const Target& target, Owner& owner)
        : reactor_(reactor), target_(target), owner_(owner) {}
    ~Wire() override { close(); }

    void open_http();
    void open_websocket(std::string_view path);
    bool is_open() const { return state_ == State::kOpen; }
    // Queued until flush().
    void text(std::string_view payload);
    void post(std::string_view body);
    void flush();
    // Ends the connection with a reset, as a machine that goes away would. The owner is not told.
    void close();

    void on_event(std::uint32_t events) override;

  private:
    enum class State : std::uint8_t { kClosed, kConnecting, kUpgrading, kOpen };

    void open();
    void connected();
    void read();
    void feed(std::string_view bytes);
    std::size_t take(std::string_view bytes);  // how many bytes it understood
    std::size_t take_frame(std::string_view bytes);
    std::size_t take_response(std::string_view bytes);
    void frame(unsigned opcode, std::string_view payload);
    void lost();

    Reactor& reactor_;
    const Target& target_;
    Owner& owner_;
    int socket_ = -1;
    State state_ = State::kClosed;
    bool websocket_ = false;
    bool waits_to_write_ = false;
    std::string path_;     // of the WebSocket
    std::string pending_;  // what came of an unfinished message
    std::string out_;
    std::string cookies_;  // what the server set, sent back with every request
};

}  // namespace twinpane::load
