// What a session asks of its shard, and what it is given. Everything on the session's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/random.hpp"
#include "bayeux/engine.hpp"
#include "cobrowse/config.hpp"
#include "cobrowse/stats.hpp"
#include "observe/log.hpp"
#include "page/mirror.hpp"
#include "storage/ports.hpp"

namespace twinpane::cobrowse {

// To clients, wherever they are. Messages to one client keep their order.
class Outlet {
  public:
    virtual ~Outlet() = default;
    virtual void deliver(const bayeux::ClientRef& to, std::string_view channel, std::string data) = 0;
    // A batch, encoded once for all. May be left out when the viewer is slow; then viewer_ready() comes
    // later.
    virtual void relay(const bayeux::ClientRef& to, SharedBytes message) = 0;
    // Delivers `event` to a viewer that was left out, and relays to it again.
    virtual void resume(const bayeux::ClientRef& to, std::string event) = 0;
    // The client no longer speaks for `user_id` of this session.
    virtual void unbind(const bayeux::ClientRef& client, const std::string& token,
                        const std::string& user_id) = 0;
    // The session knows a participant by the hash of this user token.
    virtual void user_added(const std::string& token_hash, const std::string& session_token) = 0;
    // The session has ended and its record is closed: forget it (not before the call has returned).
    virtual void finished(const storage::SessionRecord& record) = 0;
};

using MirrorFactory = std::function<std::unique_ptr<page::Mirror>(page::MirrorLimits)>;

struct Surroundings {
    const Config& config;
    const Clock& clock;
    Timers& timers;
    Random& random;
    storage::LiveRegistry& live;
    storage::SessionCloser& closer;
    const MirrorFactory& mirror;
    observe::Log& log;
    Stats& stats;
    Outlet& outlet;
    unsigned loop = 0;
};

}  // namespace twinpane::cobrowse
