// The HTTP side of opening a WebSocket (RFC 6455 4.2). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace twinpane::net {

// True when the request asks for "Upgrade: websocket".
bool wants_websocket(const Headers& headers);
// The refusal if the opening handshake breaks a rule: 400, or 426 for another version.
std::optional<Response> check_upgrade(const Request& request, int minor_version, bool has_body);
// Sec-WebSocket-Accept for a key.
std::string websocket_accept(std::string_view key);
// 426 for plain requests to a path that only takes WebSockets.
Response upgrade_required();

}  // namespace twinpane::net
