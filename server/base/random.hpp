// Randomness as an argument, so that tests can repeat a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace twinpane {

class Random {
  public:
    virtual ~Random() = default;
    // Fills `out`. SystemRandom: from the kernel's CSPRNG; aborts if the kernel has none. Any thread.
    virtual void fill(std::span<std::byte> out) = 0;
    // Uniform in [0, bound), without modulo bias. bound > 0.
    std::uint64_t below(std::uint64_t bound);
};

class SystemRandom final : public Random {
  public:
    void fill(std::span<std::byte> out) override;
};

// Lower-case hex of `bytes` random bytes; 16 bytes make a 128-bit id.
std::string random_hex(Random& random, std::size_t bytes);
// RFC 9562 version 4.
std::string random_uuid(Random& random);

// Compares in time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace twinpane
