#include "rest/open_channels.hpp"

#include <algorithm>

namespace twinpane::rest {

namespace {

bool below(std::string_view channel, std::string_view prefix) {
    return channel == prefix || (channel.starts_with(prefix) && channel[prefix.size()] == '/');
}

// Does `pattern` stand for all that `channel` does?
bool covers(std::string_view pattern, std::string_view channel) {
    if (pattern == channel) return true;
    if (pattern.ends_with("/**")) {
        // "/a/**": everything that goes on after "/a/", patterns too.
        const auto base = pattern.substr(0, pattern.size() - 2);
        return channel.size() > base.size() && channel.starts_with(base);
    }
    if (pattern.ends_with("/*")) {
        // "/a/*": one segment after "/a/"; "**" would be more than one.
        const auto base = pattern.substr(0, pattern.size() - 1);
        if (channel.size() <= base.size() || !channel.starts_with(base)) return false;
        const auto rest = channel.substr(base.size());
        return rest != "**" && !rest.contains('/');
    }
    return false;
}

}  // namespace

OpenChannels::OpenChannels(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

bool OpenChannels::cover(std::string_view channel) const {
    if (below(channel, "/meta") || below(channel, "/service")) return false;
    return std::ranges::any_of(patterns_, [&](const auto& pattern) { return covers(pattern, channel); });
}

}  // namespace twinpane::rest
