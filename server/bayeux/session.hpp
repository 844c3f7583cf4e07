// One Bayeux session, as plain state: the engine gives it its life. It knows its queue, its way out to the
// client (a stream or held connects) and its subscriptions.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.hpp"
#include "bayeux/engine.hpp"
#include "bayeux/link.hpp"

namespace twinpane::bayeux {

class Round;
struct Channel;

// A connect that waits for its answer.
struct HeldConnect {
    std::shared_ptr<Round> round;
    std::size_t slot = 0;
    std::shared_ptr<Outlet> outlet;
    std::string id;  // JSON
    bool advise = false;
    Millis interval{0};
    TimerId timer = 0;
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
    State state = State::kAlive;

    bool connected = false;  // a connect has been seen
    Outlet::Kind last_connect = Outlet::Kind::kExchange;
    std::shared_ptr<Outlet> stream;  // when set, messages go there at once
    std::unique_ptr<HeldConnect> held;

    // Expiry. The timer may be older than the deadline; it is looked at when it fires.
    Millis deadline = kNever;
    Millis timer_at = kNever;
    TimerId timer = 0;
    Millis interval{0};  // the client's own, of its last connect, or the engine's

    bool flush_posted = false;
    std::vector<Subscription> subscriptions;
    std::uint64_t stamp = 0;  // the last broadcast that reached this session

    bool alive() const { return state == State::kAlive; }

    // The queue: what waits while there is no stream.
    bool has_queue() const { return !queue_.empty(); }
    std::size_t queue_bytes() const { return queue_bytes_; }
    std::size_t queue_messages() const { return queue_.size(); }
    void push(SharedBytes message);
    // Empties the queue. For an exchange the messages are remembered until confirm() or take_back().
    std::vector<SharedBytes> take_queue(const std::shared_ptr<Outlet>& exchange);
    // The client has shown that the last exchange's answer arrived.
    void confirm();
    // If `exchange` was the last one answered: its messages go back to the head of the queue.
    bool take_back(const std::shared_ptr<Outlet>& exchange);

  private:
    std::deque<SharedBytes> queue_;
    std::size_t queue_bytes_ = 0;
    std::vector<SharedBytes> unconfirmed_;
    std::shared_ptr<Outlet> unconfirmed_by_;
};

}  // namespace twinpane::bayeux
