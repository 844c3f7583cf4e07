// Section 4 of the page stream: what both sides sum up over (id, parent id) of all live nodes.
#pragma once

#include <cstdint>

namespace twinpane::page {

constexpr std::uint32_t mix(std::uint32_t a, std::uint32_t b) {
    std::uint32_t h = (a * 0x9E3779B1U) ^ (b * 0x85EBCA6BU);
    h ^= h >> 15U;
    h *= 0x2C1B3C6DU;
    h ^= h >> 12U;
    h *= 0x297A2D39U;
    h ^= h >> 15U;
    return h;
}

}  // namespace twinpane::page
