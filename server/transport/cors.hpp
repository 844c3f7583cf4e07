// Which pages may talk to the transports, and the headers that tell their browsers so.
#pragma once

#include <optional>
#include <string>

#include "net/http.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::transport {

// What the Origin header of a request comes to.
struct Origin {
    bool allowed = true;
    std::string name;  // empty if the request had none, or is not allowed
};

// More than one Origin header is not allowed.
Origin check_origin(const net::Request& request, net::Side side, const OriginAllowed& allowed);

// For an allowed origin: it may read the answer, with credentials. Always: answers differ by origin.
void add_cors_headers(net::Headers& headers, const Origin& origin);

// The answer to OPTIONS. An allowed page may send whatever headers its browser asks for.
net::Response preflight(const net::Request& request, const Origin& origin);

// The numbered refusal of a page that is not on the list.
net::Response origin_refused();

}  // namespace twinpane::transport
