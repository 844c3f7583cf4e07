// The strict wall before the HTTP parser: every head is checked here byte by byte first, and what two
// programs could read in two ways is refused. Pure functions, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace twinpane::net {

// Why a head is refused; static text for the client.
using Fault = std::optional<std::string_view>;

// What the head says about the body and the connection.
struct Framing {
    int minor_version = 1;  // HTTP/1.<minor>
    std::uint64_t content_length = 0;
    bool has_content_length = false;
    bool chunked = false;
    bool close = false;  // "Connection: close", or HTTP/1.0
    bool expects_continue = false;
    std::size_t fields = 0;

    bool has_body() const { return chunked || content_length > 0; }
};

struct HeadLimits {
    std::size_t max_head = 16U << 10U;
    std::size_t max_fields = 100;
};

// Looks for the end of a head in `bytes`, of which the first `scanned` have been looked at before. Sets
// `length` to the head's size with its empty line, or to 0 when more bytes are needed. Reports early what
// can't become valid.
Fault scan_head(std::string_view bytes, std::size_t scanned, const HeadLimits& limits, std::size_t& length);

// Checks a whole head, empty line included, and fills `out`.
Fault check_head(std::string_view head, const HeadLimits& limits, Framing& out);

}  // namespace twinpane::net
