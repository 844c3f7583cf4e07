#include "net/request_wall.hpp"

#include <algorithm>
#include <utility>

#include "net/text.hpp"

namespace twinpane::net {

namespace {
constexpr std::size_t kMaxMethod = 32;

struct Seen {
    bool host = false, length = false, encoding = false, expect = false;
};

bool is_field_value_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

// host [":" port]; what a user could not have typed is refused.
bool is_host(std::string_view host) {
    if (host.empty() || host.size() > 255) return false;
    if (host.front() == '[') {
        const auto end = host.find(']');
        if (end == std::string_view::npos || end < 3) return false;
        const auto inside = host.substr(1, end - 1);
        if (!std::all_of(inside.begin(), inside.end(),
                         [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; })) {
            return false;
        }
        host.remove_prefix(end + 1);
        if (host.empty()) return true;
        if (host.front() != ':') return false;
    } else {
        const auto end = std::min(host.find(':'), host.size());
        if (end == 0) return false;
        const auto name = host.substr(0, end);
        if (!std::all_of(name.begin(), name.end(), [](char c) {
                return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
            })) {
            return false;
        }
        host.remove_prefix(end);
        if (host.empty()) return true;
    }
    host.remove_prefix(1);
    return host.size() <= 5 && std::all_of(host.begin(), host.end(), is_digit);
}

Fault check_request_line(std::string_view line, Framing& out) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) return "The request line has not three parts.";
    const auto method = line.substr(0, first);
    if (!is_token(method) || method.size() > kMaxMethod) return "The method is malformed.";
    const auto target = line.substr(first + 1, last - first - 1);
    if (target.empty() || !std::all_of(target.begin(), target.end(), [](char c) {
            return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
        })) {
        return "The request target is malformed.";
    }
    const auto version = line.substr(last + 1);
    if (version == "HTTP/1.1") {
        out.minor_version = 1;
    } else if (version == "HTTP/1.0") {
        out.minor_version = 0;
        out.close = true;
    } else {
        return "Only HTTP/1.1 and HTTP/1.0 are spoken here.";
    }
    return std::nullopt;
}

Fault check_length(std::string_view value, Framing& out) {
    // 18 digits stay below 2^63.
    if (value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), is_digit)) {
        return "Content-Length is malformed.";
    }
    for (const char c : value)
        out.content_length = out.content_length * 10 + static_cast<std::uint64_t>(c - '0');
    out.has_content_length = true;
    return std::nullopt;
}

Fault check_field(std::string_view line, Seen& seen, Framing& out) {
    if (line.front() == ' ' || line.front() == '\t') return "Folded header lines are not taken.";
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return "A header line has no colon.";
    const auto name = line.substr(0, colon);
    if (!is_token(name)) return "A header name is malformed.";
    const auto value = trim(line.substr(colon + 1));
    if (!std::all_of(value.begin(), value.end(), is_field_value_char))
        return "A header value holds control characters.";
    if (equal_no_case(name, "host")) {
        if (std::exchange(seen.host, true)) return "There are two Host headers.";
        if (!is_host(value)) return "The Host header is malformed.";
    } else if (equal_no_case(name, "content-length")) {
        if (std::exchange(seen.length, true)) return "There are two Content-Length headers.";
        return check_length(value, out);
    } else if (equal_no_case(name, "transfer-encoding")) {
        if (std::exchange(seen.encoding, true)) return "There are two Transfer-Encoding headers.";
        if (!equal_no_case(value, "chunked")) return "Transfer-Encoding may only be chunked.";
        out.chunked = true;
    } else if (equal_no_case(name, "connection")) {
        if (list_has(value, "close")) out.close = true;
    } else if (equal_no_case(name, "expect")) {
        if (std::exchange(seen.expect, true) || !equal_no_case(value, "100-continue")) {
            return "Expect may only be 100-continue.";
        }
        out.expects_continue = true;
    }
    return std::nullopt;
}
}  // namespace

Fault scan_head(std::string_view bytes, std::size_t scanned, const HeadLimits& limits, std::size_t& length) {
    length = 0;
    if (!bytes.empty() && !is_token_char(bytes.front())) return "This is not an HTTP request.";
    // An end that straddles the old border begins up to three bytes before it.
    auto at = bytes.find('\n', scanned);
    while (at != std::string_view::npos) {
        if (at == 0 || bytes[at - 1] != '\r') return "A line ends without a carriage return.";
        if (at >= 3 && bytes[at - 2] == '\n') {
            if (at + 1 > limits.max_head) break;
            length = at + 1;
            return std::nullopt;
        }
        at = bytes.find('\n', at + 1);
    }
    if (std::max(bytes.size(), at == std::string_view::npos ? 0 : at + 1) > limits.max_head) {
        return "The head of the request is too large.";
    }
    return std::nullopt;
}

Fault check_head(std::string_view head, const HeadLimits& limits, Framing& out) {
    out = {};
    Seen seen;
    bool is_request_line = true;
    while (true) {
        const auto end = head.find("\r\n");
        if (end == std::string_view::npos) return "The head of the request is cut off.";
        const auto line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
            return "A header line holds control characters.";
        }
        if (line.empty() && !is_request_line) break;
        const auto fault = is_request_line ? check_request_line(line, out) : check_field(line, seen, out);
        if (fault) return fault;
        if (!is_request_line && ++out.fields > limits.max_fields) return "There are too many header lines.";
        is_request_line = false;
    }
    if (!head.empty()) return "The head of the request is malformed.";
    if (out.minor_version == 1 && !seen.host) return "The Host header is missing.";
    if (out.chunked && out.minor_version == 0) return "HTTP/1.0 has no Transfer-Encoding.";
    if (out.chunked && seen.length) return "Content-Length and Transfer-Encoding exclude each other.";
    if (!out.has_body() || out.minor_version == 0) out.expects_continue = false;
    return std::nullopt;
}

}  // namespace twinpane::net
