// The REST calls of docs/protocol/session.md, put into the two route tables. The context outlives the tables.
#pragma once

#include "net/http.hpp"
#include "rest/context.hpp"

namespace twinpane::rest {

// Public side: create a session, resources of the page, health.
void mount_public(net::RouteTable& routes, RestContext& context);
// Internal side: live, history, auth, desk/config, health; resources for the viewer's host alone.
void mount_internal(net::RouteTable& routes, RestContext& context);

// A handler of somebody else's (static files) that answers only under the desk's or only under the viewer's
// host.
net::Handler desk_only(RestContext& context, net::Handler inner);
net::Handler viewer_only(RestContext& context, net::Handler inner);

// One file per group of calls.
void mount_auth(net::RouteTable& routes, RestContext& context);
void mount_live_public(net::RouteTable& routes, RestContext& context);
void mount_live_internal(net::RouteTable& routes, RestContext& context);
void mount_history(net::RouteTable& routes, RestContext& context);
void mount_uploads(net::RouteTable& routes, RestContext& context);
void mount_resources(net::RouteTable& routes, RestContext& context);

}  // namespace twinpane::rest
