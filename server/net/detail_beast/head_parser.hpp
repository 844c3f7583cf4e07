// Beast's HTTP parser behind a plain interface. The only folder that includes Beast: a unit with it is slow
// to compile. It sees heads that the wall (request_wall.hpp) has let through, nothing else.
#pragma once

#include <string>
#include <string_view>

#include "net/http.hpp"

namespace twinpane::net::detail_beast {

struct ParsedHead {
    std::string method;
    std::string target;
    Headers headers;
};

// Parses a whole head, empty line included. False when Beast refuses what the wall took.
bool parse_head(std::string_view head, ParsedHead& out);

}  // namespace twinpane::net::detail_beast
