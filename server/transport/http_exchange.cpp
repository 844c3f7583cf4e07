#include "transport/http_exchange.hpp"

#include <utility>

#include "bayeux/envelope.hpp"
#include "net/problem.hpp"
#include "transport/form_body.hpp"

namespace twinpane::transport {

HttpExchange::HttpExchange(std::shared_ptr<net::Responder> responder, Origin origin)
    : Outlet(Kind::kExchange), responder_(std::move(responder)), origin_(std::move(origin)) {}

bool HttpExchange::send(std::span<const SharedBytes> messages) {
    net::Response response;
    std::size_t size = 2;
    for (const auto& message : messages) size += message->size() + 1;
    response.body.reserve(size);
    response.body += '[';
    for (const auto& message : messages) {
        if (response.body.size() > 1) response.body += ',';
        response.body += *message;
    }
    response.body += ']';
    response.headers.add("Content-Type", "application/json;charset=UTF-8");
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Content-Type-Options", "nosniff");
    // Secrets (client ids) and other people's text must not share a compressor.
    response.compressible = false;
    respond(std::move(response));
    return true;
}

void HttpExchange::refuse(Code code) {
    respond(net::problem_response(code));
}

void HttpExchange::respond(net::Response response) {
    const auto responder = std::exchange(responder_, nullptr);
    if (!responder) return;
    add_cors_headers(response.headers, origin_);
    responder->respond(std::move(response));
}

RemoteExchange::RemoteExchange(std::shared_ptr<HttpExchange> exchange, Executor& there)
    : Outlet(Kind::kExchange), exchange_(std::move(exchange)), there_(there) {}

bool RemoteExchange::send(std::span<const SharedBytes> messages) {
    if (!exchange_) return false;
    there_.post([exchange = std::exchange(exchange_, nullptr),
                 all = std::vector(messages.begin(), messages.end())] { exchange->send(all); });
    return true;
}

void RemoteExchange::refuse(Code code) {
    if (!exchange_) return;
    there_.post([exchange = std::exchange(exchange_, nullptr), code] { exchange->refuse(code); });
}

namespace {

// Tells the engine when the client goes away before its answer was out. Weak: an answered exchange that
// nobody remembers has nothing to lose.
void watch(net::Responder& responder, bayeux::EngineGroup& engines, unsigned home,
           const std::shared_ptr<bayeux::Outlet>& outlet) {
    responder.on_gone([&engines, home, weak = std::weak_ptr(outlet)]() mutable {
        engines.executor(home).post([&engines, home, weak = std::move(weak)] {
            if (const auto gone = weak.lock()) engines.inlet(home).gone(gone, false);
        });
    });
}

}  // namespace

void serve_post(BayeuxContext& context, net::Side side, net::Request request,
                std::shared_ptr<net::Responder> responder) {
    auto origin = check_origin(request, side, context.allowed);
    if (!origin.allowed) {
        context.refused(Code::kOriginNotAllowed, request.peer);
        return responder->respond(origin_refused());
    }

    bayeux::Peer peer{side == net::Side::kInternal, origin.name, std::move(request.peer)};
    const auto exchange = std::make_shared<HttpExchange>(responder, std::move(origin));
    const auto type = std::string(request.headers.find("Content-Type").value_or(""));
    const auto text = json_of_body(type, std::move(request.body));
    const auto refuse = [&](Code code) {
        context.refused(code, peer.address);
        exchange->refuse(code);
    };
    if (!text) return refuse(text.error().code);
    auto batch = bayeux::parse_batch(*text);
    if (!batch) return refuse(batch.error().code);

    auto& engines = context.engines;
    const auto here = request.loop->index();
    auto home = here;
    if (const auto loop = bayeux::loop_of(batch->client_id());
        !batch->is_handshake() && loop && *loop < engines.size()) {
        home = *loop;
    }
    if (home == here) {
        watch(*responder, engines, home, exchange);
        return engines.inlet(home).receive(*batch, peer, exchange);
    }
    const auto remote = std::make_shared<RemoteExchange>(exchange, engines.executor(here));
    watch(*responder, engines, home, remote);
    engines.executor(home).post(
        [&engines, home, remote, peer = std::move(peer), owned = bayeux::own_text(std::move(*batch), *text)] {
            engines.inlet(home).receive(owned, peer, remote);
        });
}

}  // namespace twinpane::transport
