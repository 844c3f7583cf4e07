#include "page/utf16.hpp"

#include <cstdint>
#include <cstring>

namespace twinpane::page {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}
bool is_four_bytes(char c) {
    return static_cast<unsigned char>(c) >= 0xF0U;
}

std::size_t character_bytes(char lead) {
    const auto c = static_cast<unsigned char>(lead);
    return c < 0x80U ? 1 : c < 0xE0U ? 2 : c < 0xF0U ? 3 : 4;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The unit of the escape `\uXXXX` at `at`, or -1.
int escaped_unit(const char* at, const char* end) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    int unit = 0;
    for (int i = 2; i < 6; ++i) {
        const int digit = hex_digit(at[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

bool is_high(int unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(int unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

}  // namespace

std::size_t utf16_length(std::string_view utf8) {
    std::size_t units = 0;
    for (const char c : utf8)
        units += static_cast<std::size_t>(!is_continuation(c)) + (is_four_bytes(c) ? 1 : 0);
    return units;
}

std::optional<Utf16Place> utf16_find(std::string_view utf8, std::size_t units) {
    std::size_t at = 0;
    while (units > 0) {
        if (at >= utf8.size()) return std::nullopt;
        const std::size_t bytes = character_bytes(utf8[at]);
        if (bytes == 4) {
            if (units == 1) return Utf16Place{.byte = at, .inside_pair = true};
            --units;
        }
        --units;
        at += bytes;
    }
    return Utf16Place{.byte = at};
}

bool utf16_splice(std::string& utf8, std::size_t start, std::size_t remove, std::string_view insert) {
    const auto from = utf16_find(utf8, start);
    if (!from) return false;
    const std::string_view tail = std::string_view(utf8).substr(from->byte);
    const auto to = utf16_find(tail, remove + (from->inside_pair ? 1 : 0));
    if (!to) return false;
    if (!from->inside_pair && !to->inside_pair) {
        utf8.replace(from->byte, to->byte, insert);
        return true;
    }
    std::string middle;
    if (from->inside_pair) middle += kReplacement;
    middle += insert;
    if (to->inside_pair) middle += kReplacement;
    utf8.replace(from->byte, to->byte + (to->inside_pair ? 4 : 0), middle);
    return true;
}

void replace_lone_surrogates(char* json, std::size_t size) {
    const char* const end = json + size;
    char* at = json;
    while ((at = static_cast<char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)))) != nullptr) {
        const int unit = escaped_unit(at, end);
        if (is_high(unit) && is_low(escaped_unit(at + 6, end))) {
            at += 12;
        } else if (is_high(unit) || is_low(unit)) {
            std::memcpy(at + 2, "fffd", 4);
            at += 6;
        } else {
            at += 2;  // the backslash and what it escapes, which may be a backslash
            if (at >= end) return;
        }
    }
}

}  // namespace twinpane::page
