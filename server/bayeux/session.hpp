// One Bayeux session, as plain state: the engine gives it its life. It knows its queue, its way out to the
// client (a stream or held connects) and its subscriptions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bucket.hpp"
#include "base/executor.hpp"
#include "bayeux/engine.hpp"
#include "bayeux/extensions.hpp"
#include "bayeux/hooks.hpp"
#include "bayeux/link.hpp"
#include "bayeux/queue.hpp"
#include "bayeux/round.hpp"

namespace twinpane::bayeux {

struct Channel;

// A connect that waits for its answer.
struct HeldConnect {
    Answer answer;
    std::string id;  // JSON
    bool advise = false;
    Millis interval{0};
    std::optional<TimeSync> timesync;
    Millis until{0};  // when it is answered at the latest, once it is held
    TimerId timer = 0;
    std::string browser;       // counted among the held connects of that browser
    std::uint64_t serial = 0;  // to be told from later ones
};

// The times of a session: those of the transport that it last connected by.
struct Timing {
    Millis timeout{0}, interval{0}, max_interval{0};
};

class Session : public std::enable_shared_from_this<Session> {
  public:
    static constexpr Millis kNever = Millis::max();

    // Where this session stands in a channel's list and the channel in this session's; see Subscriptions.
    struct Subscription {
        Channel* channel = nullptr;
        std::uint32_t index = 0;
    };

    enum class State : std::uint8_t {
        kAlive,
        kLeaving,  // disconnected by the server while no connect was there to say so: waits for the next one
        kGone,
    };

    ClientRef ref;
    std::shared_ptr<const Principal> principal;
    bool internal = false;  // shook hands on the internal listener; usable from there only
    std::string browser;    // Peer::browser of its handshake
    State state = State::kAlive;

    bool connected = false;     // a connect has been seen
    bool link_up = true;        // as the services were told
    bool connect_only = false;  // messages leave with connects only, on a stream too
    Outlet::Kind last_connect = Outlet::Kind::kExchange;
    std::shared_ptr<Outlet> stream;
    std::unique_ptr<HeldConnect> held;
    bool advise = false;  // the next connect's answer takes back an advice that was for one time
    MessageQueue queue;
    TimerId lazy_timer = 0;
    std::optional<bool> broadcast_to_publisher;  // its own setting

    Timing timing;
    // Expiry. The timer may be older than the deadline; it is looked at when it fires.
    Millis deadline = kNever;
    Millis timer_at = kNever;
    TimerId timer = 0;
    Millis interval{0};  // the client's own, of its last connect, or its transport's

    Millis last_activity{0};  // for the activity extension

    Bucket publishes, publish_bytes;  // what it may still broadcast
    bool flush_posted = false;
    std::vector<Subscription> subscriptions;
    std::vector<std::shared_ptr<Extension>> extensions;
    std::uint64_t stamp = 0;  // the last broadcast that reached this session

    bool alive() const { return state == State::kAlive; }
    SessionInfo info() const { return {ref, *principal, internal}; }
    // Messages go out at once.
    bool direct() const { return stream && !connect_only; }
};

}  // namespace twinpane::bayeux
