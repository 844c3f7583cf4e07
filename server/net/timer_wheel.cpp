#include "net/timer_wheel.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace twinpane::net {

namespace {
std::uint64_t tick_of(Millis time) {
    return static_cast<std::uint64_t>(std::max<Millis::rep>(time.count(), 0)) /
           static_cast<std::uint64_t>(TimerWheel::kTick.count());
}
constexpr Millis kLongest{Millis::rep{1} << 40};  // 34 years: keeps the sum from overflowing
}  // namespace

TimerWheel::TimerWheel(Millis now) : current_(tick_of(now)) {}

TimerId TimerWheel::insert(Millis now, Millis delay, Task task) {
    std::uint32_t index = free_;
    if (index != kNone) {
        free_ = nodes_[index].next;
    } else {
        if (nodes_.size() >= (std::size_t{1} << kIndexBits)) std::abort();  // a leak of timers, not a load
        index = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
    }
    Node& node = nodes_[index];
    node.task = std::move(task);
    node.id = (++sequence_ << kIndexBits) | index;
    const auto due = tick_of(now + std::clamp(delay, Millis{0}, kLongest)) + 1;
    node.due = std::max(due, current_ + 1);
    const auto id = node.id;
    link(index, static_cast<std::uint32_t>(node.due % kSlots));
    ++size_;
    return id;
}

void TimerWheel::cancel(TimerId id) {
    const auto index = static_cast<std::uint32_t>(id & ((std::uint64_t{1} << kIndexBits) - 1));
    if (id == 0 || index >= nodes_.size() || nodes_[index].id != id) return;
    const Task dropped = release(index);  // destroyed last: its destructor may come back here
}

void TimerWheel::advance(Millis now) {
    const auto target = tick_of(now);
    if (target <= current_) return;
    if (size_ > 0) {
        const auto steps = std::min<std::uint64_t>(target - current_, kSlots);
        for (std::uint64_t tick = current_ + 1; tick <= current_ + steps; ++tick) {
            collect(static_cast<std::uint32_t>(tick % kSlots), target);
        }
    }
    current_ = target;
    while (lists_[kExpired].head != kNone) {
        Task task = release(lists_[kExpired].head);
        task();
    }
}

std::optional<Millis> TimerWheel::next() const {
    if (size_ == 0) return std::nullopt;
    const auto start = static_cast<std::uint32_t>((current_ + 1) % kSlots);
    // From `start` around the wheel, a word of slots at a time; the first word is looked at in two halves.
    for (std::uint32_t step = 0; step <= kSlots / 64; ++step) {
        const auto word = (start / 64 + step) % (kSlots / 64);
        auto bits = occupied_[word];
        const auto below_start = (std::uint64_t{1} << (start % 64)) - 1;
        if (step == 0) bits &= ~below_start;
        if (step == kSlots / 64) bits &= below_start;
        if (bits == 0) continue;
        const auto slot = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
        const auto distance = (slot + kSlots - start) % kSlots;
        return Millis{static_cast<Millis::rep>(current_ + 1 + distance) * kTick.count()};
    }
    return Millis{static_cast<Millis::rep>(current_ + 1) * kTick.count()};  // only expired ones are left
}

void TimerWheel::clear() {
    while (size_ > 0) {
        std::vector<Task> dropped;
        for (std::uint32_t index = 0; index < nodes_.size(); ++index) {
            if (nodes_[index].list != kNone) dropped.push_back(release(index));
        }
    }
}

void TimerWheel::link(std::uint32_t index, std::uint32_t list) {
    Node& node = nodes_[index];
    List& to = lists_[list];
    node.list = list;
    node.prev = to.tail;
    node.next = kNone;
    (to.tail == kNone ? to.head : nodes_[to.tail].next) = index;
    to.tail = index;
    if (list < kSlots) occupied_[list / 64] |= std::uint64_t{1} << (list % 64);
}

void TimerWheel::unlink(std::uint32_t index) {
    Node& node = nodes_[index];
    List& from = lists_[node.list];
    (node.prev == kNone ? from.head : nodes_[node.prev].next) = node.next;
    (node.next == kNone ? from.tail : nodes_[node.next].prev) = node.prev;
    if (from.head == kNone && node.list < kSlots) {
        occupied_[node.list / 64] &= ~(std::uint64_t{1} << (node.list % 64));
    }
    node.list = kNone;
}

Task TimerWheel::release(std::uint32_t index) {
    unlink(index);
    Node& node = nodes_[index];
    node.id = 0;
    node.next = free_;
    free_ = index;
    --size_;
    return std::move(node.task);
}

void TimerWheel::collect(std::uint32_t slot, std::uint64_t target) {
    for (auto index = lists_[slot].head; index != kNone;) {
        const auto next = nodes_[index].next;
        if (nodes_[index].due <= target) {
            unlink(index);
            link(index, kExpired);
        }
        index = next;
    }
}

}  // namespace twinpane::net
