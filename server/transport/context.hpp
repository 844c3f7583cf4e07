// What all connections of the transports share. Internal to transport.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "bayeux/engine_group.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::transport {

// "[a,b]"
std::string json_array(std::span<const SharedBytes> messages);

// Remembers the frame of the last message, so that a message for many receivers is framed once: fan-out hands
// the same message to one connection after the other. One per loop.
class FrameCache {
  public:
    SharedBytes frame_of(const SharedBytes& message);

  private:
    SharedBytes message_, frame_;
};

struct BayeuxContext {
    bayeux::EngineGroup& engines;
    OriginAllowed allowed;
    BayeuxLimits limits;
    std::vector<FrameCache> frames;  // by loop; each touched on its own thread only
    OnRefused on_refused = {};
    BayeuxOptions options = {};

    void refused(Code code, std::string_view peer) const {
        if (on_refused) on_refused(code, peer);
    }
};

}  // namespace twinpane::transport
