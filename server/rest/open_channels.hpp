// Which broadcast channels are open to everybody: names and patterns from the configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twinpane::rest {

// Immutable; any loop.
class OpenChannels {
  public:
    OpenChannels() = default;
    // Each a channel, or a pattern that ends in a segment "*" (one more) or "**" (one or more).
    explicit OpenChannels(std::vector<std::string> patterns);

    // Is every channel that `channel`, a normalised name or a pattern itself, can stand for among the open
    // ones? Never for /meta and /service.
    bool cover(std::string_view channel) const;

  private:
    std::vector<std::string> patterns_;
};

}  // namespace twinpane::rest
