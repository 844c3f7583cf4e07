// Where the answers to one transport message go. A stream gets each as it is ready; an exchange gets all
// together, in the order of the requests, once the last is there.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "bayeux/link.hpp"

namespace twinpane::bayeux {

// The answers to one exchange.
class Round {
  public:
    Round(std::shared_ptr<Outlet> outlet, std::size_t slots);

    // Answers one request, once. `after` goes behind all replies, if given.
    void fill(std::size_t slot, SharedBytes reply, SharedBytes after = {});
    // The answer shall bring what waits for `session`, before the replies. Over HTTP a session's messages
    // leave with connects (and the farewell) only: two answers on two connections could overtake each other.
    void carry_queue_of(const std::shared_ptr<Session>& session) { carried_ = session; }
    // Messages that go before the replies, or behind them.
    void add_first(std::vector<SharedBytes> messages) { first_ = std::move(messages); }
    void add_last(std::span<const SharedBytes> messages) {
        last_.insert(last_.end(), messages.begin(), messages.end());
    }

    std::size_t slots() const { return replies_.size(); }

  private:
    std::shared_ptr<Outlet> outlet_;
    std::vector<SharedBytes> replies_;
    std::vector<SharedBytes> first_, last_;
    std::size_t open_;
    std::weak_ptr<Session> carried_;
};

// The place of one answer.
struct Answer {
    std::shared_ptr<Outlet> outlet;
    std::shared_ptr<Round> round;  // exchanges only
    std::size_t slot = 0;

    bool alone() const { return !round || round->slots() == 1; }
    // Gives the answer, once, with `before` ahead of it and `after` behind. False: a stream took none of it.
    bool fill(SharedBytes reply, std::vector<SharedBytes> before = {}, SharedBytes after = {}) const;
    // The same with any number behind it.
    bool fill_before(SharedBytes reply, std::span<const SharedBytes> after) const;
};

}  // namespace twinpane::bayeux
