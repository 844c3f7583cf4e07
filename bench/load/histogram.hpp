// Latencies in log-linear buckets: 64 per power of two, so a percentile is off by 1.6 % at most.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace twinpane::load {

class Histogram {
  public:
    void add(std::uint64_t ns) {
        ++buckets_[index(ns)];
        ++count_;
        if (ns > max_) max_ = ns;
    }
    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }
    void clear() { *this = {}; }

    // The value below which a share `p` (0 to 1) lies, by nearest rank; 0 when there is none.
    std::uint64_t percentile(double p) const {
        const auto rank = static_cast<std::uint64_t>(p * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > rank || (seen != 0 && seen == count_)) return middle(i);
        }
        return 0;
    }

  private:
    static constexpr unsigned kBits = 6;
    static constexpr std::uint64_t kPerPower = 1U << kBits;

    static std::size_t index(std::uint64_t value) {
        if (value < kPerPower) return value;
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
        return (shift + 1) * kPerPower + (value >> shift) - kPerPower;
    }
    static std::uint64_t middle(std::size_t bucket) {
        if (bucket < kPerPower) return bucket;
        const auto shift = bucket / kPerPower - 1;
        return ((bucket % kPerPower + kPerPower) << shift) + ((std::uint64_t{1} << shift) >> 1U);
    }

    std::array<std::uint64_t, (64 - kBits + 1) * kPerPower> buckets_{};
    std::uint64_t count_ = 0, max_ = 0;
};

}  // namespace twinpane::load
