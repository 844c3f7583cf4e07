// One event loop: one thread, one io_context, one timer wheel. Everything that a loop owns is touched on its
// thread only; other threads reach it by post(), which wakes the loop once per batch.
#pragma once

#include <memory>

#include "base/executor.hpp"

namespace twinpane::net {

// Something with bytes to write. It marks itself dirty during a turn and is flushed once at the turn's end,
// outside the handler queue, so that everything queued in the turn leaves in one gathered write.
class Flushable {
  public:
    virtual ~Flushable() = default;
    virtual void flush() = 0;

  private:
    friend class LoopImpl;
    bool in_flush_list_ = false;  // the loop's own: listed for the end of this turn
};

class Loop : public Executor, public Timers {
  public:
    ~Loop() override = default;

    // 0 .. number of loops - 1.
    virtual unsigned index() const = 0;
    // True on the loop's own thread.
    virtual bool is_here() const = 0;
    // Flushes `what` at the end of this turn. On the loop's thread; idempotent within a turn. The caller
    // keeps `what` alive until then.
    virtual void flush_at_end(std::shared_ptr<Flushable> what) = 0;
};

}  // namespace twinpane::net
