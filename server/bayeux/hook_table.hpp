// What has been registered with one engine. Internal.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bayeux/channel.hpp"
#include "bayeux/hooks.hpp"

namespace twinpane::bayeux {

// Objects by the channel or pattern that they are registered on.
template <typename T>
class PatternMap {
  public:
    void add(std::string_view channel, T& object) { map_[std::string(channel)].push_back(&object); }
    bool empty() const { return map_.empty(); }
    bool has(std::string_view channel) const { return map_.contains(channel); }
    // Those that concern `channel`; for a pattern, those of every channel that it could reach.
    std::vector<T*> find(std::string_view channel, bool wild) {
        std::vector<T*> found;
        const auto take = [&found](const std::vector<T*>& some) {
            found.insert(found.end(), some.begin(), some.end());
        };
        if (wild) {
            for (const auto& [pattern, some] : map_) {
                if (overlap(pattern, channel)) take(some);
            }
        } else if (!map_.empty()) {
            for_each_pattern(channel, scratch_, [&](std::string_view pattern) {
                if (const auto at = map_.find(pattern); at != map_.end()) take(at->second);
            });
        }
        return found;
    }

  private:
    std::unordered_map<std::string, std::vector<T*>, StringHash, std::equal_to<>> map_;
    std::string scratch_;
};

struct HookTable {
    std::vector<Extension*> extensions;
    std::vector<SessionListener*> session_listeners;
    PatternMap<ChannelListener> channel_listeners;
    PatternMap<Authorizer> authorizers;
};

}  // namespace twinpane::bayeux
