// Where work runs. A loop (net/loop.hpp) is an Executor and Timers; tests use testing/manual_loop.hpp.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.hpp"

namespace twinpane {

using Task = std::move_only_function<void()>;

class Executor {
  public:
    virtual ~Executor() = default;
    // Runs `task` once on the executor's own thread, later, in order of posting. Any thread may post.
    // Tasks posted after the executor has stopped are destroyed without being run.
    virtual void post(Task task) = 0;
};

using TimerId = std::uint64_t;  // 0 is "no timer"

// Coarse timers (resolution some 10 ms). Only on the owner's thread.
class Timers {
  public:
    virtual ~Timers() = default;
    // Calls `task` once, not before `delay` has passed. Returns an id that is never reused.
    virtual TimerId after(Millis delay, Task task) = 0;
    // The task will not run any more; unknown and expired ids are ignored.
    virtual void cancel(TimerId id) = 0;
};

}  // namespace twinpane
