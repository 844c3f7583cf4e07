// How the program makes its engines: one per loop, in one group, so that broadcasts reach every loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/random.hpp"
#include "bayeux/engine.hpp"
#include "bayeux/hooks.hpp"
#include "bayeux/link.hpp"

namespace twinpane::bayeux {

// Which Bayeux extensions are spoken with clients that ask for them.
struct ExtensionOptions {
    bool ack = true;
    bool timesync = true;
    bool timestamp = false;    // a `timestamp` (ISO 8601, UTC) on every message to clients
    Millis max_inactivity{0};  // activity: a session with nothing but connects for so long is ended; 0 never
    // Whose messages count against max_inactivity: the client's alone, or also what is sent to it.
    enum class Activity : std::uint8_t { kClient, kClientServer };
    Activity activity = Activity::kClient;
};

struct EngineOptions {
    Millis timeout{30'000};       // a connect is held that long
    Millis interval{0};           // pause between connects, as advised
    Millis max_interval{10'000};  // silence (beyond `interval`) after which a session is removed
    std::size_t queue_bytes = 1U << 20U;
    std::size_t queue_messages = 4096;
    // Broadcasts of one session in a second; five times that at once. More are refused with 4501. 0: any
    // number.
    std::size_t publishes_per_second = 0;
    std::size_t publish_bytes_per_second = 0;
    std::size_t max_subscriptions = 32;  // channels of one session
    std::size_t max_sessions = 20'000;   // of one engine; more are refused with 5004
    std::size_t broadcast_backlog =
        16U << 20U;  // bytes on their way to one other loop; more are refused with 4501
    // As told to clients. cross-origin-long-polling is Faye's name for long-polling from another origin.
    std::vector<std::string> connection_types{"websocket", "long-polling", "cross-origin-long-polling"};

    // Everything to a client goes with answers to its connects, on a WebSocket too: one order for all.
    bool meta_connect_deliver_only = false;
    // What listeners deliver to a session while it shakes hands follows the reply, which counts it in
    // `x-messages`.
    bool handshake_delivery = false;
    // Advice carries `maxInterval`, so that clients shake hands again by themselves.
    bool handshake_reconnect = false;
    // Publishers get their own broadcasts when they are subscribed. A session's own setting goes first.
    bool broadcast_to_publisher = true;
    // Channels, ids and subscriptions keep to CometD's character set. Their form is always checked.
    bool validate_fields = true;
    // A lazy message wakes nobody: it leaves with the next one, or after this time.
    Millis max_lazy_timeout{5'000};
    std::vector<std::string> lazy_channels = {};  // names and patterns whose broadcasts are lazy
    // Held HTTP connects of one Peer::browser; negative for any number. Further ones are answered at once,
    // with the advice to come back after `multi_session_interval`, or not at all if that is not positive.
    int max_sessions_per_browser = 1;
    Millis multi_session_interval{2'000};

    using Extensions = ExtensionOptions;
    Extensions extensions = {};
    // What a session with the ack extension has not acknowledged; beyond it the session is cut (4502).
    std::size_t ack_bytes = 1U << 20U, ack_messages = 4096;
};

// The sum over all engines. `sessions`, `held` and `subscriptions` are gauges.
struct Counters {
    std::uint64_t sessions = 0, held = 0, subscriptions = 0;
    std::uint64_t handshakes = 0, handshakes_denied = 0, messages_in = 0, messages_out = 0;
    std::uint64_t sessions_disconnected = 0, sessions_expired = 0, sessions_cut = 0;
};

// Built before the loops run, destroyed after they have stopped. What is passed to add() outlives the loops'
// run.
class EngineGroup {
  public:
    explicit EngineGroup(EngineOptions options = {});
    ~EngineGroup();
    EngineGroup(const EngineGroup&) = delete;
    EngineGroup& operator=(const EngineGroup&) = delete;

    // The engine of the next loop: the first call makes the engine of loop 0. At most 256.
    Engine& add(Executor& executor, Timers& timers, Clock& clock, Random& random, SecurityPolicy& policy);

    // Fixed once the loops run; the engines and inlets themselves belong to their loops' threads.
    unsigned size() const;
    Engine& at(unsigned loop);
    Inlet& inlet(unsigned loop);
    Executor& executor(unsigned loop);
    Hooks& hooks(unsigned loop);

    // Any thread.
    Counters counters() const;
    // Any thread: answers all held connects and holds no more, so that a stop need not wait for them.
    void begin_shutdown();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace twinpane::bayeux
