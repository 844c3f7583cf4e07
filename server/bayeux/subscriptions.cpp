#include "bayeux/subscriptions.hpp"

#include <algorithm>

namespace twinpane::bayeux {

bool Subscriptions::add(Session& session, std::string_view channel) {
    const auto known = std::ranges::any_of(session.subscriptions,
                                           [&](const auto& entry) { return entry.channel->name == channel; });
    if (known) return false;
    auto found = channels_.find(channel);
    if (found == channels_.end()) {
        found = channels_.try_emplace(std::string(channel)).first;
        found->second.name = channel;
    }
    auto& list = found->second.subscribers;
    list.push_back({&session, static_cast<std::uint32_t>(session.subscriptions.size())});
    session.subscriptions.push_back({&found->second, static_cast<std::uint32_t>(list.size() - 1)});
    ++count_;
    return true;
}

bool Subscriptions::remove(Session& session, std::string_view channel) {
    for (std::uint32_t slot = 0; slot < session.subscriptions.size(); ++slot) {
        if (session.subscriptions[slot].channel->name != channel) continue;
        erase(session, slot);
        return true;
    }
    return false;
}

void Subscriptions::remove_all(Session& session) {
    while (!session.subscriptions.empty()) {
        erase(session, static_cast<std::uint32_t>(session.subscriptions.size() - 1));
    }
}

// Both lists are kept dense by moving their last entry into the hole, and telling the moved entry's
// counterpart.
void Subscriptions::erase(Session& session, std::uint32_t slot) {
    auto* channel = session.subscriptions[slot].channel;
    const auto index = session.subscriptions[slot].index;

    auto& list = channel->subscribers;
    if (index + 1 != list.size()) {
        list[index] = list.back();
        list[index].session->subscriptions[list[index].slot].index = index;
    }
    list.pop_back();

    auto& own = session.subscriptions;
    if (slot + 1 != own.size()) {
        own[slot] = own.back();
        own[slot].channel->subscribers[own[slot].index].slot = slot;
    }
    own.pop_back();

    --count_;
    if (list.empty()) channels_.erase(channels_.find(channel->name));
}

}  // namespace twinpane::bayeux
