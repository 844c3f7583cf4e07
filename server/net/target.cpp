#include "net/target.hpp"

#include <simdjson.h>

#include "net/text.hpp"

namespace twinpane::net {

namespace {
bool is_plain(char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
}

// An escape that would decode to something with a meaning of its own in paths.
bool has_bad_escape(std::string_view path) {
    for (auto at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
        if (path.size() - at < 3) return true;
        const int high = hex_value(path[at + 1]);
        const int low = hex_value(path[at + 2]);
        if (high < 0 || low < 0) return true;
        const int value = high * 16 + low;
        if (value < 0x20 || value == 0x7F || value == '/' || value == '\\') return true;
    }
    return false;
}

bool has_bad_segment(std::string_view path) {
    path.remove_prefix(1);
    while (true) {
        const auto slash = path.find('/');
        const auto segment = path.substr(0, slash);
        if (segment == "." || segment == "..") return true;
        if (slash == std::string_view::npos) return false;
        if (segment.empty()) return true;
        path.remove_prefix(slash + 1);
    }
}
}  // namespace

std::optional<Target> parse_target(std::string_view target) {
    if (target.empty() || target.front() != '/') return std::nullopt;
    for (const char c : target) {
        if (!is_plain(c) || c == '#') return std::nullopt;
    }
    const auto question = target.find('?');
    const auto raw = target.substr(0, question);
    if (raw.find('\\') != std::string_view::npos || has_bad_escape(raw)) return std::nullopt;
    auto path = percent_decode(raw, false);
    if (!path || has_bad_segment(*path)) return std::nullopt;
    if (!simdjson::validate_utf8(path->data(), path->size())) return std::nullopt;
    Target out{std::move(*path), {}};
    if (question != std::string_view::npos) out.query = target.substr(question + 1);
    return out;
}

}  // namespace twinpane::net
