#include "bayeux/channel.hpp"

#include <algorithm>

namespace twinpane::bayeux {

namespace {

bool allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view(" !#$()*+-./@_{}~").find(c) != std::string_view::npos;
}

bool below(std::string_view name, std::string_view root) {
    return name.starts_with(root) && (name.size() == root.size() || name[root.size()] == '/');
}

}  // namespace

std::string_view normalise_channel(std::string_view name) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto first = name.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    name = name.substr(first, name.find_last_not_of(kBlanks) - first + 1);
    while (name.size() > 1 && name.back() == '/') name.remove_suffix(1);
    return name;
}

ChannelKind classify_channel(std::string_view name, Characters characters) {
    if (name.size() < 2 || name.size() > kMaxChannelLength || name.front() != '/')
        return ChannelKind::kInvalid;
    bool wild = false;
    std::size_t segments = 0;
    for (std::size_t at = 0; at < name.size();) {
        if (wild || ++segments > kMaxChannelSegments) return ChannelKind::kInvalid;
        const auto next = std::min(name.find('/', at + 1), name.size());
        const auto segment = name.substr(at + 1, next - at - 1);
        if (segment.empty()) return ChannelKind::kInvalid;
        for (const char c : segment) {
            if (characters == Characters::kChecked && !allowed(c)) return ChannelKind::kInvalid;
        }
        wild = segment == "*" || segment == "**";
        at = next;
    }
    if (below(name, "/meta")) return ChannelKind::kMeta;
    if (below(name, "/service")) return ChannelKind::kService;
    return wild ? ChannelKind::kWild : ChannelKind::kBroadcast;
}

bool overlap(std::string_view one, std::string_view other) {
    // A name stands for itself, a pattern for what is one level, or any number of levels, below its base.
    struct Reach {
        explicit Reach(std::string_view name)
            : deep(name.ends_with("/**")), wide(deep || name.ends_with("/*")), base(name) {
            if (wide) base = base.substr(0, base.rfind('/'));
        }
        // Is `name` below the base, and how far?
        bool covers(std::string_view name) const {
            if (!name.starts_with(base) || name.size() <= base.size() || name[base.size()] != '/')
                return false;
            return deep || name.find('/', base.size() + 1) == std::string_view::npos;
        }
        bool deep, wide;
        std::string_view base;
    };
    const Reach a(one);
    const Reach b(other);
    if (!a.wide && !b.wide) return one == other;
    if (!b.wide) return a.covers(other);
    if (!a.wide) return b.covers(one);
    // Two patterns: the same base, or one lies where the other still reaches on.
    return a.base == b.base || (a.deep && a.covers(b.base)) || (b.deep && b.covers(a.base));
}

PatternSet::PatternSet(const std::vector<std::string>& names) {
    for (const auto& name : names) {
        const auto channel = normalise_channel(name);
        if (classify_channel(channel, Characters::kAny) != ChannelKind::kInvalid) names_.emplace(channel);
    }
}

bool PatternSet::matches(std::string_view channel) {
    if (names_.empty()) return false;
    bool found = false;
    for_each_pattern(channel, scratch_,
                     [&](std::string_view pattern) { found = found || names_.contains(pattern); });
    return found;
}

}  // namespace twinpane::bayeux
