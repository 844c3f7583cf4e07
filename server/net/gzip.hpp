// gzip for answers, and when to use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace twinpane::net {

// Below this an answer fits into one packet anyway.
inline constexpr std::size_t kGzipFrom = 1024;

// The whole of `plain` as one gzip member. `level` 1 (fast) to 9 (small). Nothing if zlib fails (memory).
std::optional<std::string> gzip(std::string_view plain, int level);
// The reverse, for tests and for bodies stored compressed; nothing if malformed or longer than `limit`.
std::optional<std::string> gunzip(std::string_view packed, std::size_t limit);

// True when the Accept-Encoding of `headers` takes gzip.
bool accepts_gzip(const Headers& headers);
// True for types that shrink: text, JSON, scripts, SVG, fonts that are not compressed already.
bool is_compressible_type(std::string_view content_type);

}  // namespace twinpane::net
