// What transports see of the engine: an Inlet that takes transport messages in, and Outlets through which the
// engine answers. One Inlet per loop; everything here belongs to that loop's thread. A connection that lives
// on another loop is represented by an Outlet that forwards by post.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/errors.hpp"
#include "bayeux/engine.hpp"

namespace twinpane::bayeux {

struct Batch;   // bayeux/envelope.hpp
class Session;  // the engine's own
struct Paused;  // likewise

// The loop that a client id says it lives on; nothing if it has not the form that engines hand out.
std::optional<unsigned> loop_of(std::string_view client_id);

// What a transport does in its own way. What is empty is as EngineOptions has it.
struct OutletRules {
    std::optional<Millis> timeout = {}, interval = {}, max_interval = {};
    std::optional<bool> connect_only = {};  // streams: meta_connect_deliver_only
    // Streams: one that did not shake hands itself may go on with another connection's session.
    bool takes_over = true;
};

class Outlet {
  public:
    enum class Kind : std::uint8_t {
        kStream,    // a WebSocket: any number of messages at any time, until gone
        kExchange,  // an HTTP request: answered exactly once
    };

    explicit Outlet(Kind kind) : kind_(kind) {}
    virtual ~Outlet() = default;
    Outlet(const Outlet&) = delete;
    Outlet& operator=(const Outlet&) = delete;

    Kind kind() const { return kind_; }
    // Stream: sends these messages, in order. Exchange: completes it, the messages are the answer's array.
    // False: the connection is on its way out and took none of them; Inlet::gone will follow and say why.
    virtual bool send(std::span<const SharedBytes> messages) = 0;
    // Completes an exchange with this error; closes a stream with it.
    virtual void refuse(Code code) = 0;
    // Those of its transport; they outlive it.
    virtual const OutletRules& rules() const;
    // Bytes handed over and not yet written.
    virtual std::size_t queued_bytes() const = 0;
    // Streams: the engine now takes this connection for that session's / for nobody's any more.
    virtual void bound(std::string_view /*client_id*/) {}
    virtual void unbound() {}
    // Inlet::gone has been called for it.
    bool is_gone() const { return gone_; }

  private:
    friend class EngineImpl;
    std::weak_ptr<Session> session_;  // whose stream, or whose connect; touched by the engine only
    std::shared_ptr<Paused> paused_;  // messages that wait for a decision
    bool gone_ = false;
    bool handshaking_ = false;
    Kind kind_;
};

class Inlet {
  public:
    virtual ~Inlet() = default;
    // Serves one transport message. The batch is only read during the call. A stream's outlet must be the
    // same object for every message of the connection.
    virtual void receive(const Batch& batch, const Peer& peer, const std::shared_ptr<Outlet>& outlet) = 0;
    // The connection is closed, or went away before the answer was out. `overflowed`: it was closed because
    // its queue was full, so messages are missing and the session can't go on. Unknown outlets are ignored.
    virtual void gone(const std::shared_ptr<Outlet>& outlet, bool overflowed) = 0;
};

}  // namespace twinpane::bayeux
