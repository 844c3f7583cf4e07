// Puts the Bayeux engines onto net: a WebSocket and HTTP long-polling under each path that is mounted.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bayeux/engine_group.hpp"
#include "net/http.hpp"

namespace twinpane::transport {

// May a page of `origin` (as in the Origin header: scheme, host, port) use that side? Requests without the
// header, from programs that are no browsers, are served without asking. Called on every loop at the same
// time.
using OriginAllowed = std::function<bool(net::Side side, std::string_view origin)>;

// Told when a transport message was refused before the engine saw it. Every loop.
using OnRefused = std::function<void(Code code, std::string_view peer)>;

struct BayeuxLimits {
    std::size_t max_message = 1U << 20U;  // a WebSocket message, or an HTTP body
    // What one connection may have on its way to or from a session on another loop, each way; then it is cut.
    std::size_t max_in_flight = 4U << 20U;
};

struct BayeuxContext;  // transport's own

// One for the whole program, whatever the number of sides and paths. The group has an engine for each loop of
// the server, in order. It outlives the server's run, and the routes that it is mounted on.
class Bayeux {
  public:
    Bayeux(bayeux::EngineGroup& engines, OriginAllowed allowed, BayeuxLimits limits = {},
           OnRefused on_refused = {});
    ~Bayeux();
    Bayeux(const Bayeux&) = delete;
    Bayeux& operator=(const Bayeux&) = delete;

    // Serves each of `paths` ("/cobrowse/cometd") and everything below it: WebSocket on the path itself, POST
    // and OPTIONS on all. `side` must be the one that the table is listened with. Before the server runs.
    void mount(net::RouteTable& routes, net::Side side, const std::vector<std::string>& paths);

  private:
    std::shared_ptr<BayeuxContext> context_;
};

}  // namespace twinpane::transport
