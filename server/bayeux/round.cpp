#include "bayeux/round.hpp"

#include "bayeux/session.hpp"

namespace twinpane::bayeux {

Round::Round(std::shared_ptr<Outlet> outlet, std::size_t slots)
    : outlet_(std::move(outlet)), replies_(slots), open_(slots) {}

void Round::fill(std::size_t slot, SharedBytes reply, SharedBytes after) {
    replies_[slot] = std::move(reply);
    if (after) last_.push_back(std::move(after));
    if (--open_ != 0) return;
    std::vector<SharedBytes> all = std::move(first_);
    if (const auto session = carried_.lock(); session && !session->direct() && !outlet_->is_gone()) {
        const auto queue = session->queue.take(outlet_);
        all.insert(all.end(), queue.begin(), queue.end());
    }
    all.insert(all.end(), replies_.begin(), replies_.end());
    all.insert(all.end(), last_.begin(), last_.end());
    outlet_->send(all);
}

bool Answer::fill(SharedBytes reply, std::vector<SharedBytes> before, SharedBytes after) const {
    if (round) {
        if (!before.empty()) round->add_first(std::move(before));
        round->fill(slot, std::move(reply), std::move(after));
        return true;
    }
    // Whether a stream still took the reply does not matter to most: an overflow closes it, and Inlet::gone
    // tells.
    if (before.empty() && !after) return outlet->send({&reply, 1});
    before.push_back(std::move(reply));
    if (after) before.push_back(std::move(after));
    return outlet->send(before);
}

bool Answer::fill_before(SharedBytes reply, std::span<const SharedBytes> after) const {
    if (round) {
        round->add_last(after);
        round->fill(slot, std::move(reply));
        return true;
    }
    std::vector<SharedBytes> all{std::move(reply)};
    all.insert(all.end(), after.begin(), after.end());
    return outlet->send(all);
}

}  // namespace twinpane::bayeux
