// The request target, taken apart once. Whatever could be read as another path by a proxy, a file system or a
// later decoder is refused rather than repaired.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace twinpane::net {

struct Target {
    std::string
        path;  // percent-decoded once; begins with '/'; no empty or dot segments; one trailing '/' may stay
    std::string query;  // as sent, without '?'
};

// Nothing when the target is not in origin form, or its path holds a dot segment, an empty segment, an
// encoded slash, a backslash, a control character (plain or encoded), a bad escape, or is not UTF-8 once
// decoded.
std::optional<Target> parse_target(std::string_view target);

}  // namespace twinpane::net
