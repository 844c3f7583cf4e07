#include "rest/routes.hpp"

#include "net/problem.hpp"
#include "rest/call.hpp"

namespace twinpane::rest {

namespace {
net::Handler only(RestContext& context, bool viewer, net::Handler inner) {
    return [&context, viewer, inner = std::move(inner)](net::Request request,
                                                        std::shared_ptr<net::Responder> responder) {
        if (is_viewer_host(context, request) != viewer) {
            return responder->respond(net::problem_response(Code::kNotFound));
        }
        inner(std::move(request), std::move(responder));
    };
}

void health(Call call) {
    call.answer(200, {{"status", "ok"}});
}
}  // namespace

net::Handler desk_only(RestContext& context, net::Handler inner) {
    return only(context, false, std::move(inner));
}
net::Handler viewer_only(RestContext& context, net::Handler inner) {
    return only(context, true, std::move(inner));
}

void mount_public(net::RouteTable& routes, RestContext& context) {
    mount_live_public(routes, context);
    mount_uploads(routes, context);
    // Asked by balancers and monitors, whatever origin they may claim.
    for (const auto& base : context.settings.bases()) {
        routes.exact("GET", base + "/health", on_host(context, Host::kAny, health));
    }
}

void mount_internal(net::RouteTable& routes, RestContext& context) {
    mount_live_internal(routes, context);
    mount_history(routes, context);
    mount_auth(routes, context);
    mount_resources(routes, context);
    for (const auto& base : context.settings.bases()) {
        routes.exact("GET", base + "/health", on_host(context, Host::kAny, health));
        routes.exact("GET", base + "/rest/desk/config", on_host(context, Host::kDesk, [](Call call) {
                         const auto& settings = call.ctx.settings;
                         call.answer(200, {{"viewerOrigin", settings.viewer_origin},
                                           {"publicUrl", settings.public_url},
                                           {"version", settings.version}});
                     }));
    }
}

}  // namespace twinpane::rest
