#include "cobrowse/text.hpp"

#include <algorithm>
#include <cctype>

namespace twinpane::cobrowse {

std::string clean_text(std::string_view text, std::size_t max) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7F) {
            out.push_back(c);
        } else if ((c == '\n' || c == '\r' || c == '\t') && !out.empty() && out.back() != ' ') {
            // Words of different lines stay apart.
            out.push_back(' ');
        }
    }
    if (out.size() > max) {
        auto end = max;
        // Never between the bytes of one UTF-8 character.
        while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
        out.resize(end);
    }
    const auto first = out.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

std::string strip_query(std::string_view url) {
    return std::string(url.substr(0, url.find_first_of("?#")));
}

std::string origin_of(std::string_view url) {
    std::string lower(url.substr(0, std::min<std::size_t>(url.size(), 2048)));
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    std::size_t scheme = 0;
    std::string_view default_port;
    if (lower.starts_with("https://")) {
        scheme = 8;
        default_port = ":443";
    } else if (lower.starts_with("http://")) {
        scheme = 7;
        default_port = ":80";
    } else {
        return {};
    }
    const auto end = std::min(lower.find_first_of("/?#", scheme), lower.size());
    auto authority = lower.substr(scheme, end - scheme);
    // Anything a browser may read differently than we do (user info, back slashes, blanks, escapes) has no
    // origin.
    const bool plain = !authority.empty() && std::ranges::all_of(authority, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
    });
    if (!plain) return {};
    if (authority.ends_with(default_port)) authority.resize(authority.size() - default_port.size());
    return lower.substr(0, scheme) + authority;
}

}  // namespace twinpane::cobrowse
