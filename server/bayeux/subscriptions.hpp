// Who listens where, on one loop. A channel is a contiguous list of sessions; joining and leaving cost the
// same however long the list is.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bayeux/channel.hpp"
#include "bayeux/session.hpp"

namespace twinpane::bayeux {

struct Channel {
    struct Entry {
        Session* session = nullptr;
        std::uint32_t slot = 0;  // in the session's list
    };
    std::string name;
    std::vector<Entry> subscribers;
};

class Subscriptions {
  public:
    // `channel` is normalised. True if it is new. A channel is made by its first subscription.
    bool add(Session& session, std::string_view channel);
    // True if there was one. A channel without subscribers is forgotten.
    bool remove(Session& session, std::string_view channel);
    void remove_all(Session& session);

    // Calls `deliver` once for each session that a message on `channel` concerns, through whatever patterns.
    // `deliver` must not add or remove subscriptions.
    template <typename Deliver>
    void for_each(std::string_view channel, Deliver&& deliver) {
        if (channels_.empty()) return;
        ++stamp_;
        for_each_pattern(channel, scratch_, [&](std::string_view pattern) {
            const auto found = channels_.find(pattern);
            if (found == channels_.end()) return;
            for (const auto& entry : found->second.subscribers) {
                if (entry.session->stamp == stamp_) continue;
                entry.session->stamp = stamp_;
                deliver(*entry.session);
            }
        });
    }

    std::size_t channels() const { return channels_.size(); }
    std::size_t size() const { return count_; }

  private:
    void erase(Session& session, std::uint32_t slot);

    std::unordered_map<std::string, Channel, StringHash, std::equal_to<>> channels_;
    std::string scratch_;
    std::uint64_t stamp_ = 0;
    std::size_t count_ = 0;
};

}  // namespace twinpane::bayeux
