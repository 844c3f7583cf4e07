#include "transport/browser_cookie.hpp"

#include <algorithm>

namespace twinpane::transport {

namespace {
constexpr std::size_t kBytes = 16;
}

std::string new_browser(Random& random) {
    return random_hex(random, kBytes);
}

std::string browser_of(const net::Request& request, const BrowserCookie& cookie) {
    const auto value = request.cookie(cookie.name).value_or("");
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return value.size() == 2 * kBytes && std::ranges::all_of(value, hex) ? std::string(value) : std::string();
}

std::string set_cookie(const BrowserCookie& cookie, std::string_view value) {
    std::string out = cookie.name;
    out.append("=").append(value);
    if (!cookie.domain.empty()) out += "; Domain=" + cookie.domain;
    if (!cookie.path.empty()) out += "; Path=" + cookie.path;
    if (cookie.max_age >= 0) out += "; Max-Age=" + std::to_string(cookie.max_age);
    if (cookie.secure) out += "; Secure";
    if (cookie.http_only) out += "; HttpOnly";
    if (!cookie.same_site.empty()) out += "; SameSite=" + cookie.same_site;
    if (cookie.partitioned) out += "; Partitioned";
    return out;
}

}  // namespace twinpane::transport
