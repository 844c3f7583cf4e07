#include "transport/cors.hpp"

#include <algorithm>
#include <cctype>

#include "net/problem.hpp"

namespace twinpane::transport {

namespace {

bool equal_no_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(
        a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// Of "a, b, c" what a client may send: Content-Type, and anything that begins with X-.
std::string allowed_headers(std::string_view wanted) {
    std::string out;
    while (!wanted.empty()) {
        const auto end = std::min(wanted.find(','), wanted.size());
        auto name = wanted.substr(0, end);
        wanted.remove_prefix(std::min(end + 1, wanted.size()));
        while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
        while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
        const bool token = std::ranges::all_of(
            name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
        const bool allowed = equal_no_case(name, "content-type") ||
                             (name.size() > 2 && equal_no_case(name.substr(0, 2), "x-"));
        if (!token || !allowed) continue;
        if (!out.empty()) out += ", ";
        out += name;
    }
    return out;
}

}  // namespace

Origin check_origin(const net::Request& request, net::Side side, const OriginAllowed& allowed) {
    Origin origin;
    std::size_t count = 0;
    for (const auto& [name, value] : request.headers.items()) {
        if (!equal_no_case(name, "origin")) continue;
        ++count;
        origin.name = value;
    }
    if (count == 0) return origin;
    origin.allowed = count == 1 && !origin.name.empty() && allowed(side, origin.name);
    if (!origin.allowed) origin.name.clear();
    return origin;
}

void add_cors_headers(net::Headers& headers, const Origin& origin) {
    headers.add("Vary", "Origin");
    if (origin.name.empty()) return;
    headers.add("Access-Control-Allow-Origin", origin.name);
    headers.add("Access-Control-Allow-Credentials", "true");
}

net::Response preflight(const net::Request& request, const Origin& origin) {
    net::Response response;
    response.status = 204;
    response.headers.add("Allow", "OPTIONS, POST");
    add_cors_headers(response.headers, origin);
    if (!origin.name.empty()) {
        response.headers.add("Access-Control-Allow-Methods", "POST, OPTIONS");
        const auto headers =
            allowed_headers(request.headers.find("Access-Control-Request-Headers").value_or(""));
        if (!headers.empty()) response.headers.add("Access-Control-Allow-Headers", headers);
        response.headers.add("Access-Control-Max-Age", "600");
    }
    return response;
}

net::Response origin_refused() {
    auto response = net::problem_response(Code::kOriginNotAllowed);
    response.headers.add("Vary", "Origin");
    return response;
}

}  // namespace twinpane::transport
