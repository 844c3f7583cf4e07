// Bodies in another character set than UTF-8, as their Content-Type says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace twinpane::transport {

enum class Charset : std::uint8_t {
    kUtf8,    // and US-ASCII
    kLatin1,  // ISO-8859-1: what Java programs take when they are not told otherwise
    kUtf16,   // with a byte order mark, or big-endian
    kUtf16Le,
    kUtf16Be,
};

// The one that a Content-Type names; UTF-8 if it names none, nothing if it is one that is not known here.
std::optional<Charset> charset_of(std::string_view content_type);

// `bytes` as UTF-8, at most twice as long (UTF-8 itself is passed on unchecked). Error kBadJson: not of that
// character set.
Result<std::string> to_utf8(Charset charset, std::string bytes);

}  // namespace twinpane::transport
