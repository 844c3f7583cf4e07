// Time as two readings: a monotonic one for waits and ages, and the wall clock for records.
#pragma once

#include <chrono>
#include <cstdint>

namespace twinpane {

using Millis = std::chrono::milliseconds;

class Clock {
  public:
    virtual ~Clock() = default;
    // Never goes back; the origin is arbitrary. Any thread.
    virtual Millis monotonic() const = 0;
    // Milliseconds since 1970-01-01 UTC; may jump. Any thread.
    virtual std::int64_t unix_ms() const = 0;
};

class SystemClock final : public Clock {
  public:
    Millis monotonic() const override;
    std::int64_t unix_ms() const override;
};

}  // namespace twinpane
