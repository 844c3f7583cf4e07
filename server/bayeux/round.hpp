// The answers to one transport message. A stream gets each as it is ready; an exchange gets all together, in
// the order of the requests, once the last is there.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "bayeux/link.hpp"
#include "bayeux/session.hpp"

namespace twinpane::bayeux {

class Round {
  public:
    Round(std::shared_ptr<Outlet> outlet, std::size_t slots);

    // Answers one request, once. `after` goes out behind it (exchange: behind all replies), if given.
    void fill(std::size_t slot, SharedBytes reply, SharedBytes after = {});
    // The exchange's answer shall bring what waits for `session`, before the replies. Over HTTP a session's
    // messages leave with connects (and the farewell) only: two answers on two connections could overtake
    // each other.
    void carry_queue_of(const std::shared_ptr<Session>& session) { carried_ = session; }
    // Exchange: messages that go before the replies.
    void add_first(std::vector<SharedBytes> messages) { first_ = std::move(messages); }

    std::size_t slots() const { return replies_.size(); }

  private:
    std::shared_ptr<Outlet> outlet_;
    std::vector<SharedBytes> replies_;
    std::vector<SharedBytes> first_, last_;
    std::size_t open_;
    std::weak_ptr<Session> carried_;
};

}  // namespace twinpane::bayeux
