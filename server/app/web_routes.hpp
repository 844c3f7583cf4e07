// The built web files on their listeners: customer script on the public one; desk and view on the internal
// one, each on its own host name only.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "net/http.hpp"
#include "rest/routes.hpp"

namespace twinpane::app {

struct WebOrigins {
    std::string desk;    // internal.url
    std::string viewer;  // viewer.origin; empty: no view is served
};

void mount_script(net::RouteTable& routes, const std::filesystem::path& web);

// kConfigInvalid when files are missing.
Result<void> mount_desk_and_view(net::RouteTable& routes, const std::filesystem::path& web,
                                 const WebOrigins& origins, rest::RestContext& rest);

}  // namespace twinpane::app
