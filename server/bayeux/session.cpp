#include "bayeux/session.hpp"

namespace twinpane::bayeux {

void Session::push(SharedBytes message) {
    queue_bytes_ += message->size();
    queue_.push_back(std::move(message));
}

std::vector<SharedBytes> Session::take_queue(const std::shared_ptr<Outlet>& exchange) {
    std::vector<SharedBytes> taken(std::make_move_iterator(queue_.begin()),
                                   std::make_move_iterator(queue_.end()));
    queue_.clear();
    queue_bytes_ = 0;
    if (exchange && !taken.empty()) {
        unconfirmed_ = taken;
        unconfirmed_by_ = exchange;
    }
    return taken;
}

void Session::confirm() {
    unconfirmed_.clear();
    unconfirmed_by_.reset();
}

bool Session::take_back(const std::shared_ptr<Outlet>& exchange) {
    if (!unconfirmed_by_ || unconfirmed_by_ != exchange) return false;
    for (auto it = unconfirmed_.rbegin(); it != unconfirmed_.rend(); ++it) {
        queue_bytes_ += (*it)->size();
        queue_.push_front(std::move(*it));
    }
    confirm();
    return true;
}

}  // namespace twinpane::bayeux
