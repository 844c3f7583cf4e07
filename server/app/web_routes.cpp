#include "app/web_routes.hpp"

#include <memory>

#include "app/paths.hpp"
#include "net/static_files.hpp"

namespace twinpane::app {

namespace {

constexpr std::size_t kMaxShell = 1U << 20U;
constexpr std::string_view kDeskPlaceholder = "{{DESK_ORIGIN}}";

std::string web_socket_of(std::string_view origin) {
    return "ws" + std::string(origin.substr(4));
}

net::Headers common_headers(const std::string& policy) {
    net::Headers headers;
    headers.add("Content-Security-Policy", policy);
    headers.add("Referrer-Policy", "no-referrer");
    headers.add("Cross-Origin-Opener-Policy", "same-origin");
    headers.add("Permissions-Policy", "camera=(), microphone=(), geolocation=(), clipboard-read=()");
    return headers;
}

std::string desk_policy(const WebOrigins& origins) {
    return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
           "font-src 'self'; "
           "connect-src 'self' " +
           web_socket_of(origins.desk) + "; frame-src " +
           (origins.viewer.empty() ? "'none'" : origins.viewer) +
           "; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors 'none'";
}

// The script-less frame inside the shell inherits this, so it is also what keeps the mirrored page from
// asking anybody but Twinpane for anything.
std::string view_policy(const WebOrigins& origins) {
    return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
           "font-src 'self' data:; "
           "media-src 'self'; frame-src 'self'; connect-src 'none'; base-uri 'none'; form-action 'none'; "
           "object-src 'none'; "
           "frame-ancestors " +
           origins.desk;
}

}  // namespace

void mount_script(net::RouteTable& routes, const std::filesystem::path& web) {
    net::StaticOptions options;
    options.prefix = "/cobrowse/js";
    options.cache_control = "public, max-age=300";
    options.headers.add("Cross-Origin-Resource-Policy", "cross-origin");
    options.headers.add("Access-Control-Allow-Origin", "*");  // so that sites may use Subresource Integrity
    routes.prefix("GET", options.prefix, net::static_files(web / "js", options));
}

Result<void> mount_desk_and_view(net::RouteTable& routes, const std::filesystem::path& web,
                                 const WebOrigins& origins, rest::RestContext& rest) {
    net::StaticOptions desk;
    desk.prefix = "/cobrowse/desk";
    desk.headers = common_headers(desk_policy(origins));
    routes.prefix("GET", desk.prefix, rest::desk_only(rest, net::static_files(web / "desk", desk)));
    if (origins.viewer.empty()) return {};

    auto shell = read_file(web / "view/index.html", kMaxShell);
    if (!shell) return fail(Code::kConfigInvalid, "the viewer is not built: " + shell.error().context);
    for (auto at = shell->find(kDeskPlaceholder); at != std::string::npos;
         at = shell->find(kDeskPlaceholder, at)) {
        shell->replace(at, kDeskPlaceholder.size(), origins.desk);
    }
    net::StaticOptions view;
    view.prefix = "/cobrowse/view";
    view.headers = common_headers(view_policy(origins));
    auto files = net::static_files(web / "view", view);
    auto serve = [shell = std::move(*shell), headers = view.headers, files](
                     net::Request request, std::shared_ptr<net::Responder> responder) {
        if (request.path != "/cobrowse/view/" && request.path != "/cobrowse/view/index.html") {
            files(std::move(request), std::move(responder));
            return;
        }
        net::Response response;
        response.headers = headers;
        response.headers.add("Content-Type", "text/html; charset=utf-8");
        response.headers.add("Cache-Control", "no-cache");
        response.headers.add("X-Content-Type-Options", "nosniff");
        response.body = shell;
        responder->respond(std::move(response));
    };
    routes.prefix("GET", view.prefix, rest::viewer_only(rest, std::move(serve)));
    return {};
}

}  // namespace twinpane::app
