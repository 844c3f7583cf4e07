// One long-polling or callback-polling request on its way through an engine. Internal to transport.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/executor.hpp"
#include "bayeux/link.hpp"
#include "net/http.hpp"
#include "transport/context.hpp"
#include "transport/cors.hpp"

namespace twinpane::transport {

// How the answer to one request is dressed.
struct AnswerForm {
    Origin origin = {};
    std::string callback = {};            // callback-polling: the function to call; empty: plain JSON
    std::string set_cookie = {};          // cookie mode: what an answer of the engine sets
    int replaced_status = 409;            // of a connect that a newer one replaced
    const BayeuxOptions::One& transport;  // the context's
};

// The request's side: lives on the loop of its connection.
class HttpExchange final : public bayeux::Outlet {
  public:
    HttpExchange(std::shared_ptr<net::Responder> responder, AnswerForm form);

    bool send(std::span<const SharedBytes> messages) override;
    void refuse(Code code) override;
    const bayeux::OutletRules& rules() const override { return form_.transport.rules; }
    std::size_t queued_bytes() const override { return 0; }

  private:
    void respond(net::Response response);

    std::shared_ptr<net::Responder> responder_;  // null once answered
    const AnswerForm form_;
};

// The same on the loop of its session, when that is another one: forwards the answer.
class RemoteExchange final : public bayeux::Outlet {
  public:
    RemoteExchange(std::shared_ptr<HttpExchange> exchange, Executor& there);

    bool send(std::span<const SharedBytes> messages) override;
    void refuse(Code code) override;
    const bayeux::OutletRules& rules() const override { return rules_; }
    std::size_t queued_bytes() const override { return 0; }

  private:
    const bayeux::OutletRules& rules_;
    std::shared_ptr<HttpExchange> exchange_;  // null once answered
    Executor& there_;
};

// Serves one POST: checks, parses, and hands it to the engine of its session.
void serve_post(BayeuxContext& context, net::Side side, net::Request request,
                std::shared_ptr<net::Responder> responder);
// The same for a GET of callback-polling. A script tag sends no Origin, so only one that is there is checked.
void serve_get(BayeuxContext& context, net::Side side, net::Request request,
               std::shared_ptr<net::Responder> responder);

}  // namespace twinpane::transport
