#include "bayeux/round.hpp"

namespace twinpane::bayeux {

Round::Round(std::shared_ptr<Outlet> outlet, std::size_t slots)
    : outlet_(std::move(outlet)), replies_(slots), open_(slots) {}

void Round::fill(std::size_t slot, SharedBytes reply, SharedBytes after) {
    if (outlet_->kind() == Outlet::Kind::kStream) {
        // Whether it still took the reply does not matter here: an overflow closes it, and Inlet::gone tells.
        const SharedBytes both[] = {std::move(reply), std::move(after)};
        outlet_->send(std::span(both, both[1] ? 2 : 1));
        return;
    }
    replies_[slot] = std::move(reply);
    if (after) last_.push_back(std::move(after));
    if (--open_ != 0) return;
    std::vector<SharedBytes> all = std::move(first_);
    if (const auto session = carried_.lock(); session && !session->stream && !outlet_->is_gone()) {
        const auto queue = session->take_queue(outlet_);
        all.insert(all.end(), queue.begin(), queue.end());
    }
    all.insert(all.end(), replies_.begin(), replies_.end());
    all.insert(all.end(), last_.begin(), last_.end());
    outlet_->send(all);
}

}  // namespace twinpane::bayeux
