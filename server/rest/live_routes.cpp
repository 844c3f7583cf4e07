// Sessions that live: create one, find its node, fetch the page that it shows.
#include "rest/call.hpp"
#include "rest/page_stream.hpp"
#include "rest/routes.hpp"

namespace twinpane::rest {

namespace {
namespace json = boost::json;

constexpr std::string_view kSessions = "/rest/live/sessions";

json::object view_json(const RestContext& context, net::Side side, const cobrowse::SessionView& view) {
    const auto& settings = context.settings;
    const auto& origin = side == net::Side::kPublic ? settings.public_url : settings.internal_url;
    return {{"sessionToken", view.token},
            {"sessionServerName", settings.node},
            {"sessionServerUrl", origin + context.cobrowse.config().base}};
}

void create(Call call) {
    const auto body = call.json_body();
    if (!body) return call.fail(body.error());
    cobrowse::CreateRequest request;
    if (const auto* site = body->if_contains("site"); site != nullptr && !site->is_null()) {
        if (!site->is_string()) return call.fail(Code::kBadField, "site");
        request.site = site->as_string();
    }
    const bool internal = call.request.side == net::Side::kInternal;
    const bayeux::Peer peer{internal, std::string(call.request.headers.find("Origin").value_or("")),
                            call.request.peer};
    auto& service = call.service();
    // A back end may create for a customer's page, so the customer joins from either side.
    service.create(request, peer, cobrowse::Birth::kAnywhere,
                   [call = std::move(call)](Result<cobrowse::SessionView> created) mutable {
                       if (!created) return call.fail(created.error());
                       call.answer(201, view_json(call.ctx, call.request.side, *created));
                   });
}

void create_inside(Call call) {
    if (const auto agent = call.agent(); !agent) return call.fail(agent.error());
    create(std::move(call));
}

void look_up(Call call, const Agent& agent, const std::string& token) {
    auto& service = call.service();
    const auto address = call.request.peer;
    service.look_up(token, agent.id, address,
                    [call = std::move(call)](Result<cobrowse::SessionView> found) mutable {
                        if (!found) return call.fail(found.error());
                        auto answer = view_json(call.ctx, call.request.side, *found);
                        answer["state"] = found->state;
                        answer["site"] = found->site;
                        call.answer(200, answer);
                    });
}

void page(Call call, const Agent& agent, const std::string& token) {
    const std::string user_token(call.request.headers.find("X-Twinpane-User").value_or(""));
    auto& service = call.service();
    service.snapshot(token, user_token, agent.id,
                     [call = std::move(call)](Result<cobrowse::Snapshot> lines) mutable {
                         if (!lines) return call.fail(lines.error());
                         stream_page(std::move(call), std::move(*lines));
                     });
}

net::Handler get(RestContext& context, const std::string& prefix) {
    return on_host(context, Host::kDesk, [prefix](Call call) {
        const auto agent = call.agent();
        if (!agent) return call.fail(agent.error());
        const auto segments = segments_below(call.request.path, prefix);
        if (segments.size() == 1) return look_up(std::move(call), *agent, segments[0]);
        if (segments.size() == 2 && segments[1] == "page") return page(std::move(call), *agent, segments[0]);
        call.fail(Code::kNotFound, "live");
    });
}
}  // namespace

void mount_live_public(net::RouteTable& routes, RestContext& context) {
    for (const auto& base : context.settings.bases()) {
        const auto path = base + std::string(kSessions);
        routes.exact("POST", path, for_sites(context, create), {.max_body = 4U << 10U});
        routes.exact("OPTIONS", path, preflight(context, "POST"));
    }
}

void mount_live_internal(net::RouteTable& routes, RestContext& context) {
    for (const auto& base : context.settings.bases()) {
        const auto path = base + std::string(kSessions);
        routes.exact("POST", path, on_host(context, Host::kDesk, create_inside), {.max_body = 4U << 10U});
        routes.prefix("GET", path, get(context, path));
    }
}

}  // namespace twinpane::rest
