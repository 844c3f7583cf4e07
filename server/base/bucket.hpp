// A token bucket: so many units a second, and a burst. Not thread-safe.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace twinpane {

class Bucket {
  public:
    Bucket() = default;
    Bucket(double per_second, double burst) : rate_(per_second), burst_(burst), level_(burst) {}

    // Time until `amount` is there; zero: it is.
    Millis wait(double amount, Millis now) {
        refill(now);
        const auto missing = std::min(amount, burst_) - level_;
        if (missing <= 0) return Millis{0};
        return Millis{static_cast<Millis::rep>(missing / rate_ * 1000.0) + 1};
    }
    // May go below zero for an amount larger than the burst: it is paid back by waiting longer afterwards.
    void take(double amount) { level_ -= amount; }

  private:
    void refill(Millis now) {
        if (now > last_)
            level_ = std::min(burst_, level_ + rate_ * static_cast<double>((now - last_).count()) / 1000.0);
        last_ = std::max(last_, now);
    }

    double rate_ = 1;
    double burst_ = 1;
    double level_ = 1;
    Millis last_{0};
};

}  // namespace twinpane
