#include "base/random.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace twinpane {

std::uint64_t Random::below(std::uint64_t bound) {
    const std::uint64_t limit = bound * (UINT64_MAX / bound);
    std::uint64_t value = 0;
    do {
        fill(std::as_writable_bytes(std::span(&value, 1)));
    } while (value >= limit);
    return value % bound;
}

void SystemRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        const auto got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            std::abort();
        }
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

namespace {
constexpr std::string_view kHex = "0123456789abcdef";

void append_hex(std::string& out, std::span<const std::byte> bytes) {
    for (const auto b : bytes) {
        out.push_back(kHex[std::to_integer<unsigned>(b) >> 4]);
        out.push_back(kHex[std::to_integer<unsigned>(b) & 15U]);
    }
}
}  // namespace

std::string random_hex(Random& random, std::size_t bytes) {
    std::string out;
    out.reserve(bytes * 2);
    std::array<std::byte, 64> buffer{};
    while (bytes > 0) {
        const auto part = std::span(buffer).first(std::min(bytes, buffer.size()));
        random.fill(part);
        append_hex(out, part);
        bytes -= part.size();
    }
    return out;
}

std::string random_uuid(Random& random) {
    std::array<std::byte, 16> raw{};
    random.fill(raw);
    raw[6] = (raw[6] & std::byte{0x0F}) | std::byte{0x40};
    raw[8] = (raw[8] & std::byte{0x3F}) | std::byte{0x80};
    std::string hex;
    append_hex(hex, raw);
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) +
           "-" + hex.substr(20);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    }
    return difference == 0;
}

}  // namespace twinpane
