// Resources of shared pages: uploads by the customer's browser, reads under a signed URL on the viewer's
// host.
#include "rest/call.hpp"
#include "rest/routes.hpp"

namespace twinpane::rest {

namespace {
namespace json = boost::json;

constexpr std::size_t kQueryBytes = 128U << 10U;

// Calls go(call, scope) if the user token may upload now.
void with_scope(Call call, std::function<void(Call, std::string)> go) {
    const std::string user_token(call.request.headers.find("X-Twinpane-User").value_or(""));
    auto& service = call.service();
    service.upload_scope(user_token,
                         [call = std::move(call), go = std::move(go)](Result<std::string> scope) mutable {
                             if (!scope) return call.fail(scope.error());
                             go(std::move(call), std::move(*scope));
                         });
}

void missing(Call call) {
    auto body = call.json_body();
    if (!body) return call.fail(body.error());
    const auto* hashes = body->if_contains("hashes");
    if (hashes == nullptr) return call.fail(Code::kMissingField, "hashes");
    if (!hashes->is_array()) return call.fail(Code::kBadField, "hashes");
    std::vector<std::string> names;
    for (const auto& hash : hashes->as_array()) {
        if (!hash.is_string()) return call.fail(Code::kBadField, "hashes");
        names.emplace_back(hash.as_string());
    }
    with_scope(std::move(call), [names = std::move(names)](Call again, const std::string& scope) {
        const auto lacking = again.ctx.resources.missing(scope, names);
        if (!lacking) return again.fail(lacking.error());
        again.answer(200, {{"missing", json::value_from(*lacking)}});
    });
}

net::Handler put(RestContext& context, const std::string& prefix) {
    return for_sites(context, [prefix](Call call) {
        const auto segments = segments_below(call.request.path, prefix);
        if (segments.size() != 1) return call.fail(Code::kNotFound, "resource");
        with_scope(std::move(call), [hash = segments[0]](Call again, const std::string& scope) {
            const std::string type(again.request.headers.find("Content-Type").value_or(""));
            const auto kept = again.ctx.resources.put(scope, hash, type, std::move(again.request.body));
            if (!kept) return again.fail(kept.error());
            again.answer_empty(204);
        });
    });
}

net::Handler get(RestContext& context, const std::string& prefix) {
    return on_host(context, Host::kViewer, [prefix](Call call) {
        const auto path = segments_below(call.request.path, prefix);
        if (path.size() != 4) return call.fail(Code::kNotFound, "resource");
        const auto now = call.ctx.clock.unix_ms();
        if (!call.ctx.signer.verify(path[0], path[1], path[2], now))
            return call.fail(Code::kNotFound, "signature");
        const auto found = call.ctx.resources.get(path[0], path[3]);
        if (!found) return call.fail(Code::kNotFound, "resource");
        net::Response response;
        response.headers.add("Content-Type", found->type);
        // Named by its hash, so it never changes; for this agent alone. An SVG opened by itself can do
        // nothing.
        response.headers.add("Cache-Control", "private, max-age=43200, immutable");
        response.headers.add("Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; sandbox");
        response.headers.add("Cross-Origin-Resource-Policy", "same-origin");
        call.add_common(response.headers);
        response.body = *found->bytes;
        call.responder->respond(std::move(response));
    });
}
}  // namespace

void mount_uploads(net::RouteTable& routes, RestContext& context) {
    for (const auto& base : context.settings.bases()) {
        const auto path = base + "/resource";
        routes.exact("POST", path + "/missing", for_sites(context, missing), {.max_body = kQueryBytes});
        routes.exact("OPTIONS", path + "/missing", preflight(context, "POST"));
        routes.prefix("PUT", path, put(context, path), {.max_body = context.settings.max_resource});
        routes.prefix("OPTIONS", path, preflight(context, "PUT"));
    }
}

void mount_resources(net::RouteTable& routes, RestContext& context) {
    for (const auto& base : context.settings.bases()) {
        const auto path = base + "/resource";
        routes.prefix("GET", path, get(context, path));
    }
}

}  // namespace twinpane::rest
