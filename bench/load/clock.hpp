// One clock for the whole client: what it stamps into a message it compares on arrival.
#pragma once

#include <cstdint>
#include <ctime>

namespace twinpane::load {

// Nanoseconds, monotonic.
inline std::uint64_t now_ns() {
    ::timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
}

inline constexpr std::uint64_t kMillisecond = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000'000'000;

}  // namespace twinpane::load
