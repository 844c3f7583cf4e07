// A keyed hash: names and ids come from a stranger's browser, who must not be able to choose colliding ones.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace twinpane::page {

// Mixes all bits of `value` under `key`.
constexpr std::uint64_t keyed_hash(std::uint64_t value, std::uint64_t key) {
    std::uint64_t h = value ^ key;
    h = (h ^ (h >> 30U)) * 0xBF58476D1CE4E5B9U;
    h = (h ^ (h >> 27U)) * 0x94D049BB133111EBU;
    return (h ^ (h >> 31U)) + key;
}

inline std::uint64_t keyed_hash(std::string_view text, std::uint64_t key) {
    std::uint64_t h = keyed_hash(text.size(), key);
    while (text.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), sizeof word);
        h = keyed_hash(h ^ word, key);
        text.remove_prefix(sizeof word);
    }
    std::uint64_t rest = 0;
    if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
    return keyed_hash(h ^ rest, key);
}

struct KeyedStringHash {
    std::uint64_t key = 0;
    std::size_t operator()(std::string_view text) const { return keyed_hash(text, key); }
};

}  // namespace twinpane::page
