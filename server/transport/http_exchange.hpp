// One long-polling request on its way through an engine. Internal to transport.
#pragma once

#include <memory>
#include <span>

#include "base/executor.hpp"
#include "bayeux/link.hpp"
#include "net/http.hpp"
#include "transport/context.hpp"
#include "transport/cors.hpp"

namespace twinpane::transport {

// The request's side: lives on the loop of its connection.
class HttpExchange final : public bayeux::Outlet {
  public:
    HttpExchange(std::shared_ptr<net::Responder> responder, Origin origin);

    bool send(std::span<const SharedBytes> messages) override;
    void refuse(Code code) override;
    std::size_t queued_bytes() const override { return 0; }

  private:
    void respond(net::Response response);

    std::shared_ptr<net::Responder> responder_;  // null once answered
    const Origin origin_;
};

// The same on the loop of its session, when that is another one: forwards the answer.
class RemoteExchange final : public bayeux::Outlet {
  public:
    RemoteExchange(std::shared_ptr<HttpExchange> exchange, Executor& there);

    bool send(std::span<const SharedBytes> messages) override;
    void refuse(Code code) override;
    std::size_t queued_bytes() const override { return 0; }

  private:
    std::shared_ptr<HttpExchange> exchange_;  // null once answered
    Executor& there_;
};

// Serves one POST: checks, parses, and hands it to the engine of its session.
void serve_post(BayeuxContext& context, net::Side side, net::Request request,
                std::shared_ptr<net::Responder> responder);

}  // namespace twinpane::transport
