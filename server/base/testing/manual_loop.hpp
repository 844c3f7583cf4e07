// A loop for tests: an Executor, Timers and a Clock whose time moves only when the test says so, and a Random
// with a seed. Single-threaded, except for post().
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <random>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/random.hpp"

namespace twinpane::testing {

class ManualLoop final : public Executor, public Timers, public Clock {
  public:
    void post(Task task) override {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }

    TimerId after(Millis delay, Task task) override {
        const auto id = ++last_timer_;
        timers_.emplace(std::pair(now_ + std::max(delay, Millis{0}), id), std::move(task));
        return id;
    }

    void cancel(TimerId id) override {
        std::erase_if(timers_, [id](const auto& entry) { return entry.first.second == id; });
    }

    Millis monotonic() const override { return now_; }
    std::int64_t unix_ms() const override { return 1'700'000'000'000 + now_.count(); }

    // Runs everything that is posted, and what that posts, until nothing is left.
    void drain() {
        while (true) {
            Task task;
            {
                const std::lock_guard lock(mutex_);
                if (tasks_.empty()) return;
                task = std::move(tasks_.front());
                tasks_.pop_front();
            }
            task();
        }
    }

    // Moves time forward, running due timers in order, each followed by drain().
    void advance(Millis by) {
        const auto until = now_ + by;
        drain();
        while (!timers_.empty() && timers_.begin()->first.first <= until) {
            auto node = timers_.extract(timers_.begin());
            now_ = std::max(now_, node.key().first);
            node.mapped()();
            drain();
        }
        now_ = until;
    }

    std::size_t pending_timers() const { return timers_.size(); }

  private:
    std::mutex mutex_;
    std::deque<Task> tasks_;
    std::map<std::pair<Millis, TimerId>, Task> timers_;
    TimerId last_timer_ = 0;
    Millis now_{1000};
};

class SeededRandom final : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed = 1) : engine_(seed) {}
    void fill(std::span<std::byte> out) override {
        for (auto& b : out) b = static_cast<std::byte>(engine_());
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace twinpane::testing
