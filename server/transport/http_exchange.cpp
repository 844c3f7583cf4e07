#include "transport/http_exchange.hpp"

#include <optional>
#include <utility>

#include "bayeux/envelope.hpp"
#include "net/problem.hpp"
#include "transport/browser_cookie.hpp"
#include "transport/callback.hpp"
#include "transport/form_body.hpp"

namespace twinpane::transport {

HttpExchange::HttpExchange(std::shared_ptr<net::Responder> responder, AnswerForm form)
    : Outlet(Kind::kExchange), responder_(std::move(responder)), form_(std::move(form)) {}

bool HttpExchange::send(std::span<const SharedBytes> messages) {
    net::Response response;
    response.body = json_array(messages);
    if (form_.callback.empty()) {
        response.headers.add("Content-Type", "application/json;charset=UTF-8");
    } else {
        response.body = callback_script(form_.callback, response.body);
        response.headers.add("Content-Type", "text/javascript;charset=UTF-8");
        // Whoever opens the address itself gets a file, not a page.
        response.headers.add("Content-Disposition", "attachment; filename=bayeux.txt");
    }
    if (!form_.set_cookie.empty()) response.headers.add("Set-Cookie", form_.set_cookie);
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Content-Type-Options", "nosniff");
    // Secrets (client ids) and other people's text must not share a compressor.
    response.compressible = false;
    respond(std::move(response));
    return true;
}

void HttpExchange::refuse(Code code) {
    // The only state that an engine finds wrong: the request was a connect, and a newer one is there.
    respond(net::problem_response(code, {}, code == Code::kWrongState ? form_.replaced_status : 0));
}

void HttpExchange::respond(net::Response response) {
    const auto responder = std::exchange(responder_, nullptr);
    if (!responder) return;
    add_cors_headers(response.headers, form_.origin);
    responder->respond(std::move(response));
}

RemoteExchange::RemoteExchange(std::shared_ptr<HttpExchange> exchange, Executor& there)
    : Outlet(Kind::kExchange), rules_(exchange->rules()), exchange_(std::move(exchange)), there_(there) {}

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

// Cookie mode: which browser this is. One that shakes hands for the first time gets its cookie.
void know_browser(const BayeuxContext& context, const net::Request& request, bool handshake,
                  bayeux::Peer& peer, AnswerForm& form) {
    const auto& cookie = context.options.cookie;
    if (!cookie || peer.origin.empty()) return;
    peer.browser_bound = !cookie->trust_client_session;
    peer.browser = browser_of(request, *cookie);
    if (!peer.browser.empty() || !handshake) return;
    peer.browser = new_browser(*context.options.random);
    form.set_cookie = set_cookie(*cookie, peer.browser);
}

// A request whose Bayeux messages are `text`, or that is refused with its error.
void serve(BayeuxContext& context, net::Side side, net::Request& request, const Result<std::string>& text,
           AnswerForm form, std::shared_ptr<net::Responder> responder) {
    bayeux::Peer peer{side == net::Side::kInternal, form.origin.name, request.peer};
    auto batch = text ? bayeux::parse_batch(*text) : std::unexpected(text.error());
    if (batch) know_browser(context, request, batch->is_handshake(), peer, form);
    const auto exchange = std::make_shared<HttpExchange>(responder, std::move(form));
    if (!batch) {
        context.refused(batch.error().code, peer.address);
        return exchange->refuse(batch.error().code);
    }

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

// The answer's form; nothing if the page may not ask at all, which is answered here.
std::optional<AnswerForm> admit(const BayeuxContext& context, const BayeuxOptions::One& transport,
                                net::Side side, const net::Request& request, net::Responder& responder) {
    auto origin = check_origin(request, side, context.allowed);
    if (!origin.allowed) {
        context.refused(Code::kOriginNotAllowed, request.peer);
        responder.respond(origin_refused());
        return std::nullopt;
    }
    return AnswerForm{.origin = std::move(origin),
                      .replaced_status = context.options.replaced_connect_status,
                      .transport = transport};
}

}  // namespace

void serve_post(BayeuxContext& context, net::Side side, net::Request request,
                std::shared_ptr<net::Responder> responder) {
    auto form = admit(context, context.options.long_polling, side, request, *responder);
    if (!form) return;
    const auto type = std::string(request.headers.find("Content-Type").value_or(""));
    const auto text = json_of_body(type, std::move(request.body));
    serve(context, side, request, text, std::move(*form), std::move(responder));
}

void serve_get(BayeuxContext& context, net::Side side, net::Request request,
               std::shared_ptr<net::Responder> responder) {
    auto form = admit(context, context.options.callback_polling, side, request, *responder);
    if (!form) return;
    const auto& options = context.options;
    // net lets GET serve HEAD; here both change what is waiting, and nobody would see the answer.
    if (request.method != "GET") {
        auto refusal = net::problem_response(Code::kMethodNotAllowed);
        refusal.headers.add("Allow", "GET, OPTIONS, POST");
        return responder->respond(std::move(refusal));
    }
    Result<std::string> text = fail(Code::kBadRequest, "callback");
    const auto callback = request.query_value(options.callback_parameter).value_or("");
    if (valid_callback(callback, options.callback_max_length)) {
        text = json_of_query(request.query);
        if (text &&
            text->size() > options.callback_polling.max_message.value_or(context.limits.max_message)) {
            text = fail(Code::kMessageTooLarge);
        }
        form->callback = callback;
    }
    serve(context, side, request, text, std::move(*form), std::move(responder));
}

}  // namespace twinpane::transport
