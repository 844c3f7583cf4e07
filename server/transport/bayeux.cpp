#include "transport/bayeux.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/problem.hpp"
#include "net/text.hpp"
#include "transport/browser_cookie.hpp"
#include "transport/context.hpp"
#include "transport/cors.hpp"
#include "transport/http_exchange.hpp"
#include "transport/ws_link.hpp"

namespace twinpane::transport {

namespace {

// The sub-protocols that the client offers, each a token.
std::vector<std::string> offered_protocols(const net::Request& request) {
    std::vector<std::string> out;
    for (const auto& [name, value] : request.headers.items()) {
        if (!net::equal_no_case(name, "Sec-WebSocket-Protocol")) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(','), rest.size());
            const auto offer = net::trim(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (net::is_token(offer)) out.emplace_back(offer);
        }
    }
    return out;
}

// The one to answer with: the one that must be, or the first, since browsers fail a connection whose offer is
// not answered and Bayeux has no name of its own. Nothing: refused.
std::optional<std::string> select_protocol(const net::Request& request, const std::string& wanted) {
    const auto offers = offered_protocols(request);
    if (wanted.empty()) return offers.empty() ? std::string() : offers.front();
    if (std::ranges::find(offers, wanted) == offers.end()) return std::nullopt;
    return wanted;
}

}  // namespace

std::string json_array(std::span<const SharedBytes> messages) {
    std::size_t size = 2;
    for (const auto& message : messages) size += message->size() + 1;
    std::string out;
    out.reserve(size);
    out += '[';
    for (const auto& message : messages) {
        if (out.size() > 1) out += ',';
        out += *message;
    }
    return out += ']';
}

Bayeux::Bayeux(bayeux::EngineGroup& engines, OriginAllowed allowed, BayeuxLimits limits, OnRefused on_refused,
               BayeuxOptions options)
    : context_(std::make_shared<BayeuxContext>(BayeuxContext{engines, std::move(allowed), limits,
                                                             std::vector<FrameCache>(engines.size()),
                                                             std::move(on_refused), std::move(options)})) {}

Bayeux::~Bayeux() = default;

void Bayeux::mount(net::RouteTable& routes, net::Side side, const std::vector<std::string>& paths) {
    const auto post = [context = context_, side](net::Request request,
                                                 std::shared_ptr<net::Responder> responder) {
        serve_post(*context, side, std::move(request), std::move(responder));
    };
    const auto get = [context = context_, side](net::Request request,
                                                std::shared_ptr<net::Responder> responder) {
        serve_get(*context, side, std::move(request), std::move(responder));
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
        auto protocol = select_protocol(request, context->options.sub_protocol);
        if (!protocol) {
            context->refused(Code::kBadRequest, request.peer);
            return {net::UpgradeRefusal{net::problem_response(Code::kBadRequest, "sub-protocol")}, {}};
        }
        bayeux::Peer peer{side == net::Side::kInternal, std::move(origin.name), request.peer};
        if (context->options.cookie && !peer.origin.empty()) {
            peer.browser = browser_of(request, *context->options.cookie);
            peer.browser_bound = !context->options.cookie->trust_client_session;
        }
        net::UpgradeAccept accept;
        const auto link = std::make_shared<WsLink>(context, std::move(socket), std::move(peer));
        link->wait_for_session();
        accept.handler = link;
        accept.protocol = std::move(*protocol);
        accept.max_message = context->options.websocket.max_message.value_or(context->limits.max_message);
        accept.deflate = context->options.compression.offered;
        return {std::nullopt, std::move(accept)};
    };
    const auto& on = context_->options;
    const auto max_body = on.long_polling.max_message.value_or(context_->limits.max_message);
    for (const auto& path : paths) {
        if (on.long_polling.on) routes.prefix("POST", path, post, {.max_body = max_body});
        if (on.callback_polling.on) routes.prefix("GET", path, get);
        if (on.long_polling.on || on.callback_polling.on) routes.prefix("OPTIONS", path, options);
        if (!on.websocket.on) continue;
        routes.upgrade(path, upgrade);
        routes.upgrade(path + "/", upgrade);
    }
}

}  // namespace twinpane::transport
