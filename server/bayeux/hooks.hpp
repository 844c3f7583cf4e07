// What a program can hook into an engine, beside its security policy (engine.hpp) and its services. Hooks
// belong to one loop: every call comes on its thread, and a program that runs several loops registers on each
// (EngineGroup::hooks). Where nothing is registered nothing is paid.
//
// Order for a message from a client: extensions (the engine's, then the session's), security policy,
// authorizers, channel listeners, effect. For a message to a client: the session's extensions come last, so
// they have the last word.
//
// A hook may deliver to sessions, disconnect them and publish; it must not throw. Views end with the call.
// JSON that a hook sets is spliced into what clients receive: it must be valid, in UTF-8.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "bayeux/engine.hpp"
#include "bayeux/envelope.hpp"

namespace twinpane::bayeux {

struct SessionInfo {
    const ClientRef& ref;
    const Principal& principal;
    bool internal;
};

// A message from a client on its way in. What is set replaces what the client sent.
class Incoming {
  public:
    explicit Incoming(Message message) : message_(std::move(message)) {}
    std::string_view channel() const { return message_.channel; }  // normalised; not checked yet
    std::string_view data() const { return message_.data; }        // JSON; empty if there is none
    std::string_view ext() const { return message_.ext; }          // likewise
    std::string_view id() const { return message_.id; }            // likewise
    void set_data(std::string json) { message_.data = keep(std::move(json)); }
    void set_ext(std::string json) { message_.ext = keep(std::move(json)); }
    // Adds a field of its own, which travels to subscribers. `name` needs no escaping.
    void add_field(std::string_view name, std::string json);
    const Message& message() const { return message_; }

  private:
    std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }
    Message message_;
    std::list<std::string> kept_;
};

// A message on its way to a client: the whole object, as text.
struct Outgoing {
    std::string channel;
    bool reply = false;  // the answer to a message of the client, not data
    SharedBytes text;    // replace it to change the message; receivers of a broadcast share it otherwise
};

// Sees, changes and deletes messages.
class Extension {
  public:
    virtual ~Extension() = default;
    // False deletes the message: its sender gets 404::message_deleted. `from` is null for a handshake and for
    // senders without a session.
    virtual bool incoming(const SessionInfo* /*from*/, Incoming& /*message*/) { return true; }
    // False deletes the message; a reply that is deleted becomes 404::message_deleted, for a client without
    // an answer would wait. `to` is null for broadcasts, which the engine's extensions see once, on the
    // publisher's loop, and for replies to senders without a session.
    virtual bool outgoing(const SessionInfo* /*to*/, Outgoing& /*message*/) { return true; }
};

// One opinion on one operation.
struct Verdict {
    enum class Kind : std::uint8_t { kGrant, kDeny, kIgnore };
    Kind kind = Kind::kIgnore;
    std::string reason = {};  // of a denial, told to the client: letters, digits and '_'
    static Verdict grant() { return {Kind::kGrant}; }
    static Verdict ignore() { return {}; }
    static Verdict deny(std::string why) { return {Kind::kDeny, std::move(why)}; }
};

// Guards a channel, or all channels of a pattern. What the security policy has let through is done only if no
// authorizer of the channel denies it and, where there are any, at least one grants it; otherwise the answer
// is 403:<reason>:..._denied, with denied_by_not_granting as reason if nobody denied. A subscription to a
// pattern is put to the authorizers of every channel that it could reach.
class Authorizer {
  public:
    virtual ~Authorizer() = default;
    virtual Verdict authorize(const Question& question) = 0;
};

// Sees what is published on a channel, or on all channels of a pattern, services included, before anybody
// gets it. On the publisher's loop only.
class ChannelListener {
  public:
    virtual ~ChannelListener() = default;
    // False vetoes: the publisher gets 404::message_deleted.
    virtual bool on_message(const SessionInfo& from, Incoming& message) = 0;
};

enum class RemovalReason : std::uint8_t {
    kGoodBye,   // its client disconnected
    kEnded,     // the server disconnected it
    kInactive,  // likewise, by the activity extension
    kExpired,   // its client was silent for too long
    kCut,       // its queue was full
};

// Follows the lives of sessions.
class SessionListener {
  public:
    enum class Overflow : std::uint8_t { kCut, kDropMessage };

    virtual ~SessionListener() = default;
    // The session may be delivered to already; EngineOptions::handshake_delivery says when it leaves.
    virtual void on_session_added(const SessionInfo&) {}
    // Once for each session that was added, never from within another call. The id is of no more use.
    virtual void on_session_removed(const ClientRef&, RemovalReason) {}
    // `channel` may be a pattern. Not called for repetitions, nor for the channels of a session that is
    // removed.
    virtual void on_subscribed(const SessionInfo&, std::string_view /*channel*/) {}
    virtual void on_unsubscribed(const SessionInfo&, std::string_view /*channel*/) {}
    // The queue takes no more. The session is cut unless every listener chooses to lose the message instead.
    virtual Overflow on_queue_full(const SessionInfo&, std::size_t /*bytes*/, std::size_t /*messages*/) {
        return Overflow::kCut;
    }
    // A connect is held from now on / is answered or given up.
    virtual void on_held(const SessionInfo&) {}
    virtual void on_released(const SessionInfo&) {}
};

struct SessionSettings {
    // Instead of the engine's option.
    std::optional<bool> broadcast_to_publisher = {};
    // Messages leave with connects only, as with EngineOptions::meta_connect_deliver_only.
    bool meta_connect_deliver_only = false;
};

class Hooks {
  public:
    virtual ~Hooks() = default;

    // Before the first message only. What is registered outlives the engine. Extensions see incoming messages
    // in the order of their registration, outgoing ones in reverse.
    virtual void add(Extension& extension) = 0;
    virtual void add(SessionListener& listener) = 0;
    // `channel` may be a pattern, as in a subscription. False if it is no channel, or a meta channel.
    virtual bool listen(std::string_view channel, ChannelListener& listener) = 0;
    virtual bool authorize(std::string_view channel, Authorizer& authorizer) = 0;

    // At any time, on the loop's thread, for sessions that live here; false if there is no such session.
    virtual bool extend(const ClientRef& client, std::shared_ptr<Extension> extension) = 0;
    virtual bool configure(const ClientRef& client, const SessionSettings& settings) = 0;

    // Publishes as the server: to the subscribers on all loops. No policy, authorizer or listener is asked.
    // Errors: kBadRequest for what is no broadcast channel, kRateLimited when another loop is too far behind.
    virtual Result<void> publish(std::string_view channel, std::string_view data) = 0;
};

}  // namespace twinpane::bayeux
