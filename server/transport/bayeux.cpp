#include "transport/bayeux.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "transport/context.hpp"
#include "transport/cors.hpp"
#include "transport/http_exchange.hpp"
#include "transport/ws_link.hpp"

namespace twinpane::transport {

namespace {

// The first sub-protocol that the client offers: browsers fail a connection whose offer is not answered, and
// Bayeux has no name of its own for it.
std::string offered_protocol(const net::Request& request) {
    auto offer = request.headers.find("Sec-WebSocket-Protocol").value_or("");
    offer = offer.substr(0, offer.find(','));
    while (!offer.empty() && offer.back() == ' ') offer.remove_suffix(1);
    const auto is_token = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
    };
    return std::ranges::all_of(offer, is_token) ? std::string(offer) : std::string();
}

}  // namespace

Bayeux::Bayeux(bayeux::EngineGroup& engines, OriginAllowed allowed, BayeuxLimits limits, OnRefused on_refused)
    : context_(std::make_shared<BayeuxContext>(BayeuxContext{engines, std::move(allowed), limits,
                                                             std::vector<FrameCache>(engines.size()),
                                                             std::move(on_refused)})) {}

Bayeux::~Bayeux() = default;

void Bayeux::mount(net::RouteTable& routes, net::Side side, const std::vector<std::string>& paths) {
    const auto post = [context = context_, side](net::Request request,
                                                 std::shared_ptr<net::Responder> responder) {
        serve_post(*context, side, std::move(request), std::move(responder));
    };
    const auto options = [context = context_, side](const net::Request& request,
                                                    const std::shared_ptr<net::Responder>& responder) {
        const auto origin = check_origin(request, side, context->allowed);
        responder->respond(origin.allowed ? preflight(request, origin) : origin_refused());
    };
    const auto upgrade = [context = context_, side](
                             const net::Request& request,
                             std::shared_ptr<net::WebSocket> socket) -> net::UpgradeDecision {
        auto origin = check_origin(request, side, context->allowed);
        if (!origin.allowed) {
            context->refused(Code::kOriginNotAllowed, request.peer);
            return {net::UpgradeRefusal{origin_refused()}, {}};
        }
        bayeux::Peer peer{side == net::Side::kInternal, std::move(origin.name), request.peer};
        net::UpgradeAccept accept;
        accept.handler = std::make_shared<WsLink>(context, std::move(socket), std::move(peer));
        accept.protocol = offered_protocol(request);
        accept.max_message = context->limits.max_message;
        return {std::nullopt, std::move(accept)};
    };
    const net::RouteLimits limits{.max_body = context_->limits.max_message};
    for (const auto& path : paths) {
        routes.prefix("POST", path, post, limits);
        routes.prefix("OPTIONS", path, options);
        routes.upgrade(path, upgrade);
        routes.upgrade(path + "/", upgrade);
    }
}

}  // namespace twinpane::transport
