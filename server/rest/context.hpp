// What the REST handlers work with. Built by app, lives as long as the routes; read-only once the loops run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "cobrowse/cobrowse.hpp"
#include "observe/log.hpp"
#include "resource/signer.hpp"
#include "resource/store.hpp"
#include "rest/login_guard.hpp"
#include "rest/passwords.hpp"
#include "rest/tokens.hpp"
#include "storage/ports.hpp"

namespace twinpane::rest {

struct Settings {
    std::string node = "node1";
    std::string public_url;     // origin of the public listener as customers reach it; no trailing slash
    std::string internal_url;   // origin of the internal listener as agents reach it: the desk's
    std::string viewer_origin;  // origin of its own for the page view; leads to the internal listener
    std::string version = TWINPANE_VERSION;
    Millis access_ttl{15 * 60'000};
    Millis refresh_ttl{12 * 3'600'000};
    std::size_t max_resource = 5U << 20U;  // bytes of one upload

    // "/cobrowse" and the sticky one of this node.
    std::vector<std::string> bases() const { return {"/cobrowse", "/cobrowse/n/" + node}; }
};

// One loop's own things, in the order of the server's loops; the ports complete on that loop.
struct LoopParts {
    Executor& executor;
    storage::Accounts& accounts;
    storage::History& history;
};

struct RestContext {
    RestContext(Settings s, std::vector<LoopParts> l, cobrowse::Cobrowse& c, resource::Store& r,
                const resource::Signer& g, const AccessTokens& t, PasswordWorkers& w, const Clock& k,
                Random& n, observe::Log& o)
        : settings(std::move(s)),
          loops(std::move(l)),
          cobrowse(c),
          resources(r),
          signer(g),
          tokens(t),
          passwords(w),
          clock(k),
          random(n),
          log(o),
          guard(loops.front().executor, k) {}

    Settings settings;
    std::vector<LoopParts> loops;
    cobrowse::Cobrowse& cobrowse;
    resource::Store& resources;
    const resource::Signer& signer;
    const AccessTokens& tokens;
    PasswordWorkers& passwords;
    const Clock& clock;
    Random& random;  // from any loop
    observe::Log& log;
    LoginGuard guard;
};

}  // namespace twinpane::rest
