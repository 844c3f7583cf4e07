// The Bayeux engine as services see it. One Engine per loop; a Bayeux session lives on the engine that shook
// hands with it for its whole life, and its client id says which (ClientRef::loop). No sockets, no clock, no
// threads here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace twinpane::bayeux {

// Who a connection has proved to be. Customers have none of this: kind kAnonymous.
struct Principal {
    enum class Kind : std::uint8_t { kAnonymous, kAgent, kService };
    Kind kind = Kind::kAnonymous;
    std::string id;    // account id
    std::string name;  // shown to people
    std::vector<std::string> roles;
};

// Where a transport message came from.
struct Peer {
    bool internal = false;  // arrived on the internal listener
    std::string origin;     // the Origin header, empty if none
    std::string address;    // remote address
    // In cookie mode: the value of the browser's cookie (a secret: never log it), empty if there is none.
    std::string browser = {};
    // Over HTTP a session that was made under one browser value is unknown to requests with another one or
    // none, unless they have no Origin.
    bool browser_bound = false;
};

// A Bayeux session from anywhere in the process: its id (a secret: never log it) and the loop it lives on.
struct ClientRef {
    std::string id;
    unsigned loop = 0;
    bool operator==(const ClientRef&) const = default;
};

// Completes one publish, exactly once, on the engine's loop. Dropped unanswered it counts as kInternal.
class Reply {
  public:
    using Done = std::move_only_function<void(std::optional<Error>, std::string args)>;
    explicit Reply(Done done) : done_(std::move(done)) {}
    Reply(Reply&& other) noexcept : done_(std::exchange(other.done_, nullptr)) {}
    // What was held before and still open counts as dropped.
    Reply& operator=(Reply&& other) noexcept;
    ~Reply();
    // {"successful":true}
    void ok();
    // {"successful":false,"error":"<class>:<number>[,args]:<name>"}
    void fail(Error error, std::string args = {});

  private:
    Done done_;
};

struct Publish {
    ClientRef from;
    std::shared_ptr<const Principal> principal;  // never null
    Peer peer;
    std::string_view channel;
    std::string_view
        data;  // validated JSON, the bytes as they came; "null" if there was none. Ends with the call.
    std::string_view id;  // the message id as JSON text, for remote calls: pass it to deliver(); may be empty
};

class ServiceHandler {
  public:
    virtual ~ServiceHandler() = default;
    virtual void on_publish(const Publish& publish, Reply reply) = 0;
    // The session is gone: disconnected, expired or cut. `timed_out` when the client did not say good-bye.
    virtual void on_session_removed(const ClientRef& client, bool timed_out) = 0;
    // The session's connection broke and it has no other way to be reached (`up` false), or it can be reached
    // again. It may still expire without coming back. Between two polls a session counts as reachable.
    virtual void on_link(const ClientRef& /*client*/, bool /*up*/) {}
};

enum class Operation : std::uint8_t { kCreate, kSubscribe, kPublish };

// May this be done? Views and references end with the call.
struct Question {
    Operation operation;
    const ClientRef& from;
    const Principal& who;
    const Peer& peer;
    std::string_view channel;  // normalised and well-formed; for subscriptions it may be a pattern
    std::string_view data;     // what is to be published, JSON; empty otherwise
};

// For a policy that must ask elsewhere before it can decide. take() gives what completes the decision: once,
// on the engine's loop, within 30 seconds. Dropped, or late, it counts as no. Until then later messages of
// the same connection wait; more than EngineOptions::queue_bytes of them close it.
class Deferral {
  public:
    using Decide = std::move_only_function<void(bool)>;
    virtual ~Deferral() = default;
    virtual Decide take() = 0;
};

// Decides who may do what. Every call on the engine's loop.
class SecurityPolicy {
  public:
    enum class Decision : std::uint8_t { kYes, kNo, kLater };

    virtual ~SecurityPolicy() = default;
    // Completes once, on the engine's loop. `ext` is the handshake's ext as JSON text ("" if none). The
    // client is told the error by its number, but kRoleNotAllowed as Bayeux's own 403::handshake_denied.
    // Errors of class 500 and above let it try again after a while, others end it.
    virtual void handshake(const Peer& peer, std::string_view ext,
                           std::move_only_function<void(Result<std::shared_ptr<const Principal>>)> done) = 0;
    // May `client` subscribe to / publish on a broadcast channel? (Service channels are not asked.)
    virtual bool may_subscribe(const Principal&, const Peer&, std::string_view channel) = 0;
    virtual bool may_publish(const Principal&, const Peer&, std::string_view channel) = 0;
    // May a subscription or a publish bring a broadcast channel into being? A channel (or pattern) is there
    // while it has a subscriber, on whatever loop, or a hook is registered under exactly its name. Other
    // loops learn of it a moment later. Asked only if decides_creation(), which must not change.
    virtual bool may_create(const Principal&, const Peer&, std::string_view /*channel*/) { return true; }
    virtual bool decides_creation() const { return false; }

    // What the engine calls: answers from the three above, unless a policy knows more, or wants to answer
    // later. kLater: `later` was taken.
    virtual Decision decide(const Question& question, Deferral& /*later*/) {
        const auto& [operation, from, who, peer, channel, data] = question;
        const bool yes = operation == Operation::kCreate      ? may_create(who, peer, channel)
                         : operation == Operation::kSubscribe ? may_subscribe(who, peer, channel)
                                                              : may_publish(who, peer, channel);
        return yes ? Decision::kYes : Decision::kNo;
    }
};

class Engine {
  public:
    virtual ~Engine() = default;

    // Routes publishes on `prefix` and below ("/service/session/**") to `handler`, which outlives the engine.
    // Services under a registered prefix answer for unknown channels themselves; publishes on other
    // /service/* channels succeed without effect. Before the first message only.
    virtual void service(std::string prefix, ServiceHandler& handler) = 0;

    // Sends one data message to one session that lives here, in order. `data` is JSON. `id`: JSON text of the
    // message id the client waits for (remote call), or empty. Returns false if there is no such session (any
    // more) or its queue is full (then it is cut and on_session_removed called later).
    virtual bool deliver(const ClientRef& client, std::string_view channel, std::string_view data,
                         std::string_view id = {}) = 0;
    // The same with a message that is already encoded (encode_message) and shared between receivers.
    virtual bool deliver(const ClientRef& client, const SharedBytes& message) = 0;

    // The same with a lazy message: it waits for the next one that isn't, or EngineOptions::max_lazy_timeout.
    virtual bool deliver_lazy(const ClientRef& client, const SharedBytes& message) {
        return deliver(client, message);
    }

    // Tells the client to go (advice reconnect none) and removes the session.
    virtual void disconnect(const ClientRef& client) = 0;

    // Bytes waiting for that client, for back-pressure; 0 if unknown.
    virtual std::size_t queued_bytes(const ClientRef& client) const = 0;
    virtual std::size_t sessions() const = 0;
};

// {"channel":...,"data":...}, or {"id":...,"channel":...,"data":...,"successful":true} for the answer to a
// remote call.
SharedBytes encode_message(std::string_view channel, std::string_view data, std::string_view id = {});

}  // namespace twinpane::bayeux
