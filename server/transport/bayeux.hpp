// Puts the Bayeux engines onto net: WebSocket, HTTP long-polling and callback-polling under each path that is
// mounted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
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
    // A WebSocket that belongs to no session for so long is closed with 4504.
    Millis unbound{10'000};
};

// Cookie mode. Over HTTP the sessions that a browser makes are bound to a cookie that it gets with its first
// handshake. Requests without an Origin come from programs; they are trusted by their client id alone and
// their cookies are not looked at.
struct BrowserCookie {
    std::string name = "BAYEUX_BROWSER";
    std::string domain = {};  // empty: the host alone
    std::string path = "/";
    std::int64_t max_age = -1;  // seconds; negative: until the browser ends
    bool secure = true;
    bool http_only = true;
    std::string same_site = "Lax";  // empty: the attribute is left out
    bool partitioned = false;
    // The cookie serves the multi-tab rule only; a client id is believed without it.
    bool trust_client_session = false;
    bool operator==(const BrowserCookie&) const = default;
};

// permessage-deflate on WebSockets. A compressed frame's length depends on all of its content, so whoever can
// choose one part of it and see lengths on the wire can guess the rest. Answers to meta messages (they hold
// the client id) are therefore never compressed, and messages of /service/** only when asked for.
struct Compression {
    bool offered = false;   // agree when the client offers it
    bool services = false;  // messages of /service/** too
};

struct BayeuxOptions {
    // One transport. What is off is not there: 404 or 405.
    struct One {
        bool on = true;
        std::optional<std::size_t> max_message = std::nullopt;  // instead of BayeuxLimits::max_message
        bayeux::OutletRules rules = {};
    };
    One websocket, long_polling, callback_polling{.on = false};

    std::string callback_parameter = "jsonp";
    std::size_t callback_max_length = 64;
    std::optional<BrowserCookie> cookie = std::nullopt;  // none: cookies are never looked at
    Random* random = nullptr;                            // for the cookie's values; needed with one. Any loop
    // Status of a connect over HTTP that a newer one has replaced.
    int replaced_connect_status = 409;
    std::size_t messages_per_frame = 1;
    // The sub-protocol that WebSocket clients must offer. Empty: whatever is offered first is selected.
    std::string sub_protocol = {};
    Compression compression = {};
};

struct BayeuxContext;  // transport's own

// One for the whole program, whatever the number of sides and paths. The group has an engine for each loop of
// the server, in order. It outlives the server's run, and the routes that it is mounted on.
class Bayeux {
  public:
    Bayeux(bayeux::EngineGroup& engines, OriginAllowed allowed, BayeuxLimits limits = {},
           OnRefused on_refused = {}, BayeuxOptions options = {});
    ~Bayeux();
    Bayeux(const Bayeux&) = delete;
    Bayeux& operator=(const Bayeux&) = delete;

    // Serves each of `paths` ("/cobrowse/cometd") and everything below it: WebSocket on the path itself;
    // POST, OPTIONS and, for callback-polling, GET on all. `side` must be the one that the table is listened
    // with. Before the server runs.
    void mount(net::RouteTable& routes, net::Side side, const std::vector<std::string>& paths);

  private:
    std::shared_ptr<BayeuxContext> context_;
};

}  // namespace twinpane::transport
