// The client's event loop: one thread, one epoll, timers to the nanosecond's schedule (an open-loop load is
// only as honest as its clock).
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <vector>

namespace twinpane::load {

class Reactor {
  public:
    class Handler {
      public:
        virtual ~Handler() = default;
        virtual void on_event(std::uint32_t events) = 0;
    };

    Reactor();
    ~Reactor();
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    // `handler` must outlive the loop's run: an event that is already fetched may still reach it after
    // remove().
    void add(int descriptor, std::uint32_t events, Handler& handler);
    void modify(int descriptor, std::uint32_t events, Handler& handler);
    void remove(int descriptor);
    // Calls `task` at that time of now_ns(), or as soon after as the loop gets to it.
    void at(std::uint64_t time, std::function<void()> task);
    // Until stop().
    void run();
    void stop() { stop_ = true; }
    // Shared by all connections; what is in it is gone with the next read.
    std::span<char> buffer() { return buffer_; }

  private:
    struct Timer {
        std::uint64_t time;
        std::uint64_t order;
        std::function<void()> task;
    };
    struct Later {
        bool operator()(const Timer& a, const Timer& b) const {
            return a.time != b.time ? a.time > b.time : a.order > b.order;
        }
    };
    static constexpr int kTimersPerTurn = 16;
    static constexpr std::size_t kEventsPerTurn = 128;

    void run_timers();

    int epoll_;
    bool stop_ = false;
    std::uint64_t order_ = 0;
    std::priority_queue<Timer, std::vector<Timer>, Later> timers_;
    std::vector<char> buffer_;
};

}  // namespace twinpane::load
