#include "net/utf8.hpp"

#include <simdjson.h>

#include <algorithm>

namespace twinpane::net {

namespace {
bool is_continuation(unsigned char byte) {
    return (byte & 0xC0U) == 0x80U;
}

// How many bytes a character has that begins with `lead`; 0: none begins so.
std::size_t length_of(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

// No overlong forms, no surrogates, nothing above U+10FFFF: all decided by the second byte.
bool is_second(unsigned char lead, unsigned char second) {
    if (!is_continuation(second)) return false;
    switch (lead) {
        case 0xE0:
            return second >= 0xA0;
        case 0xED:
            return second <= 0x9F;
        case 0xF0:
            return second >= 0x90;
        case 0xF4:
            return second <= 0x8F;
        default:
            return true;
    }
}
}  // namespace

std::optional<std::size_t> utf8_unfinished(std::string_view text) {
    const auto most = std::min<std::size_t>(3, text.size());
    for (std::size_t back = 1; back <= most; ++back) {
        const auto lead = static_cast<unsigned char>(text[text.size() - back]);
        if (is_continuation(lead)) continue;
        const auto length = length_of(lead);
        if (length == 0) return std::nullopt;
        if (length <= back) return 0;  // finished; the rest is for the full check
        if (back >= 2 && !is_second(lead, static_cast<unsigned char>(text[text.size() - back + 1])))
            return std::nullopt;
        return back;
    }
    return 0;  // only continuation bytes: they belong to something the full check sees
}

bool Utf8Progress::advance(std::string_view whole) {
    const auto fresh = whole.substr(checked_);
    const auto unfinished = utf8_unfinished(fresh);
    if (!unfinished) return false;
    const auto solid = fresh.size() - *unfinished;
    if (!simdjson::validate_utf8(fresh.data(), solid)) return false;
    checked_ += solid;
    return true;
}

}  // namespace twinpane::net
