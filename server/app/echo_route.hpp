// The echo that conformance tools talk to (option unsafe_echo_path).
#pragma once

#include <cstddef>
#include <string>

#include "net/http.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::app {

// A WebSocket on `path` that sends every message back, compressed where that is agreed on. A request with an
// Origin is asked about as on the Bayeux paths. `loops`: of the server that serves the table.
void mount_echo(net::RouteTable& routes, const std::string& path, transport::OriginAllowed allowed,
                std::size_t max_message, bool deflate, std::size_t loops);

}  // namespace twinpane::app
