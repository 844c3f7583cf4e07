// Browsers count text in UTF-16 units; the mirror holds UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace twinpane::page {

// UTF-16 units of valid UTF-8.
std::size_t utf16_length(std::string_view utf8);

// Byte offset of the character that unit `units` is in, and whether the unit is its second half (surrogate
// pair).
struct Utf16Place {
    std::size_t byte = 0;
    bool inside_pair = false;
};
std::optional<Utf16Place> utf16_find(std::string_view utf8, std::size_t units);

// Replaces `remove` units from `start` by `insert`. False (nothing changed) when the range is beyond the end.
// Half of a pair that stays alone becomes U+FFFD, which is one unit too, so that later positions stay right.
bool utf16_splice(std::string& utf8, std::size_t start, std::size_t remove, std::string_view insert);

// Writes U+FFFD over every escaped surrogate that has no partner ("\ud83d" in JSON text): web pages hold such
// strings, UTF-8 cannot. Same length.
void replace_lone_surrogates(char* json, std::size_t size);

}  // namespace twinpane::page
