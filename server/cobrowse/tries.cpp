#include "cobrowse/tries.hpp"

namespace twinpane::cobrowse {

Tries::Entry& Tries::entry_of(const std::string& name, Millis now) {
    if (const auto found = entries_.find(name); found != entries_.end()) return found->second;
    if (entries_.size() >= rules_.max_names) {
        entries_.erase(order_.front());
        order_.pop_front();
    }
    order_.push_back(name);
    auto& entry = entries_[name];
    entry.window_start = now;
    entry.order = std::prev(order_.end());
    return entry;
}

bool Tries::locked(const std::string& name) const {
    const auto found = entries_.find(name);
    return found != entries_.end() && found->second.locked_until > clock_.monotonic();
}

bool Tries::book(const std::string& name) {
    if (name.empty()) return true;
    const auto now = clock_.monotonic();
    auto& entry = entry_of(name, now);
    if (entry.locked_until > now) return false;
    if (entry.locked_until != Millis{0} || now - entry.window_start >= rules_.window) {
        entry.window_start = now;
        entry.count = 0;
        entry.locked_until = Millis{0};
    }
    if (entry.count >= rules_.per_window) {
        entry.locked_until = now + rules_.lock_out;
        return false;
    }
    ++entry.count;
    return true;
}

void Tries::take_back(const std::string& name) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return;
    auto& entry = found->second;
    if (entry.count > 0) --entry.count;
    if (entry.count == 0 && entry.locked_until == Millis{0}) {
        order_.erase(entry.order);
        entries_.erase(found);
    }
}

}  // namespace twinpane::cobrowse
