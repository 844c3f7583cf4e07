#include "transport/cors.hpp"

#include <algorithm>

#include "net/problem.hpp"
#include "net/text.hpp"

namespace twinpane::transport {

namespace {

// Of "a, b, c" what are names, so that they can be repeated. Users give their clients headers of their own,
// and Faye's sends Pragma; nothing here believes a header that only a page could send.
std::string header_names(std::string_view wanted) {
    constexpr std::size_t kMost = 1000;
    std::string out;
    wanted = wanted.substr(0, kMost);
    while (!wanted.empty()) {
        const auto end = std::min(wanted.find(','), wanted.size());
        const auto name = net::trim(wanted.substr(0, end));
        wanted.remove_prefix(std::min(end + 1, wanted.size()));
        if (!net::is_token(name)) continue;
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
        if (!net::equal_no_case(name, "origin")) continue;
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
            header_names(request.headers.find("Access-Control-Request-Headers").value_or(""));
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
