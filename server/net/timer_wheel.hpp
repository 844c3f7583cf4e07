// Coarse timers for one loop: a hashed wheel of 10 ms ticks. Insert and cancel are O(1); no timer of the
// operating system or of Asio per entry. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/executor.hpp"

namespace twinpane::net {

class TimerWheel {
  public:
    static constexpr Millis kTick{10};

    explicit TimerWheel(Millis now);

    // Runs `task` in the first advance() that reaches now + delay; never early, late by two ticks at most.
    // Negative delays count as zero.
    TimerId insert(Millis now, Millis delay, Task task);
    // Unknown and expired ids are ignored. A task may cancel others that are due in the same advance().
    void cancel(TimerId id);
    // Runs what is due. Tasks may insert and cancel. Not re-entrant.
    void advance(Millis now);
    // When advance() has something to look at; empty when no timer is set. Early at times (a turn of the
    // wheel).
    std::optional<Millis> next() const;
    std::size_t size() const { return size_; }
    // Destroys all tasks without running them.
    void clear();

  private:
    static constexpr std::uint32_t kSlots = 4096;  // one turn: 41 s
    static constexpr std::uint32_t kExpired = kSlots;
    static constexpr std::uint32_t kNone = UINT32_MAX;
    static constexpr unsigned kIndexBits = 24;  // at most 16 million timers; the rest of the id is a sequence

    struct Node {
        Task task;
        TimerId id = 0;
        std::uint64_t due = 0;
        std::uint32_t prev = kNone, next = kNone, list = kNone;
    };
    struct List {
        std::uint32_t head = kNone, tail = kNone;
    };

    void link(std::uint32_t index, std::uint32_t list);
    void unlink(std::uint32_t index);
    Task release(std::uint32_t index);
    void collect(std::uint32_t slot, std::uint64_t target);

    std::vector<Node> nodes_;
    std::uint32_t free_ = kNone;
    std::array<List, kSlots + 1> lists_{};
    std::array<std::uint64_t, kSlots / 64> occupied_{};
    std::uint64_t current_ = 0;  // the last tick that was worked off
    std::uint64_t sequence_ = 0;
    std::size_t size_ = 0;
};

}  // namespace twinpane::net
