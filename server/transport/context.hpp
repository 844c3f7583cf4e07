// What all connections of the transports share. Internal to transport.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "bayeux/engine_group.hpp"
#include "net/deflater.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::transport {

// "[a,b]"
std::string json_array(std::span<const SharedBytes> messages);

// Remembers the frames of the last message, so that a message for many receivers is framed once, and
// compressed once: fan-out hands the same message to one connection after the other. One per loop.
class FrameCache {
  public:
    // `deflate_bits`: WebSocket::deflate_bits of the receiver. What comes back is compressed only if that
    // allows it, the message is large enough and may be (see Compression).
    SharedBytes frame_of(const SharedBytes& message, int deflate_bits = 0, bool services_too = false);

  private:
    struct Packed {
        bool tried = false;
        SharedBytes frame;  // null: not worth it
    };

    SharedBytes message_, plain_;
    std::array<Packed, net::Deflater::kMostBits - net::Deflater::kLeastBits + 1> packed_;
    net::Deflater deflater_;
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
