#include "bayeux/queue.hpp"

#include <algorithm>

namespace twinpane::bayeux {

void MessageQueue::push(SharedBytes message, bool lazy) {
    bytes_ += message->size();
    if (!lazy) ++urgent_;
    entries_.push_back({std::move(message), 0, lazy});
}

void MessageQueue::rouse() {
    urgent_ = messages();
    for (auto i = head_; i < entries_.size(); ++i) entries_[i].lazy = false;
}

// The room in front is given back when it is half of the whole: each entry moves once on average.
void MessageQueue::drop_front() {
    auto& entry = entries_[head_++];
    bytes_ -= entry.bytes->size();
    if (!entry.lazy) --urgent_;
    entry.bytes.reset();
    if (empty()) {
        std::vector<Entry>().swap(entries_);  // idle sessions shall own nothing
        head_ = 0;
    } else if (head_ * 2 > entries_.size()) {
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
}

void MessageQueue::insert_front(std::span<const SharedBytes> messages) {
    std::vector<Entry> all;
    all.reserve(messages.size() + this->messages());
    for (const auto& message : messages) {
        bytes_ += message->size();
        ++urgent_;
        all.push_back({message, 0, false});
    }
    std::move(entries_.begin() + static_cast<std::ptrdiff_t>(head_), entries_.end(), std::back_inserter(all));
    entries_ = std::move(all);
    head_ = 0;
}

std::vector<SharedBytes> MessageQueue::take(const std::shared_ptr<Outlet>& exchange) {
    std::vector<SharedBytes> taken;
    taken.reserve(messages());
    for (auto i = head_; i < entries_.size(); ++i) taken.push_back(std::move(entries_[i].bytes));
    std::vector<Entry>().swap(entries_);
    head_ = bytes_ = urgent_ = 0;
    if (exchange && !taken.empty()) {
        unconfirmed_ = taken;
        unconfirmed_by_ = exchange;
    }
    return taken;
}

void MessageQueue::confirm() {
    unconfirmed_.clear();
    unconfirmed_by_.reset();
}

bool MessageQueue::take_back(const std::shared_ptr<Outlet>& exchange) {
    if (!unconfirmed_by_ || unconfirmed_by_ != exchange) return false;
    insert_front(unconfirmed_);
    confirm();
    return true;
}

void MessageQueue::put_back(std::span<const SharedBytes> messages) {
    insert_front(messages);
}

std::uint32_t MessageQueue::close_batch(std::vector<SharedBytes>& messages) {
    rouse();  // should the answer be lost, its lazy messages have waited already
    for (auto i = head_; i < entries_.size(); ++i) {
        if (entries_[i].batch == 0) entries_[i].batch = next_batch_;
        messages.push_back(entries_[i].bytes);
    }
    return next_batch_++;
}

void MessageQueue::acknowledge(std::uint32_t batch) {
    while (!empty() && entries_[head_].batch != 0 && entries_[head_].batch <= batch) drop_front();
}

std::vector<SharedBytes> MessageQueue::take_unsent() {
    if (!acknowledging_) return take(nullptr);
    while (!empty() && entries_[head_].batch != 0) drop_front();
    return take(nullptr);
}

}  // namespace twinpane::bayeux
