#include <algorithm>
#include <tuple>

#include "net/http.hpp"

namespace twinpane::net {

namespace {
// "/a/" and "/a" name the same prefix.
std::string without_trailing_slash(std::string path) {
    if (!path.empty() && path.back() == '/') path.pop_back();
    return path;
}

bool matches(std::string_view entry, bool is_prefix, std::string_view path) {
    if (!is_prefix) return entry == path;
    return path.starts_with(entry) && (path.size() == entry.size() || path[entry.size()] == '/');
}
}  // namespace

void RouteTable::exact(std::string method, std::string path, Handler handler, RouteLimits limits) {
    entries_.push_back({std::move(method), std::move(path), std::move(handler), limits, false});
}

void RouteTable::prefix(std::string method, std::string path, Handler handler, RouteLimits limits) {
    entries_.push_back(
        {std::move(method), without_trailing_slash(std::move(path)), std::move(handler), limits, true});
}

void RouteTable::upgrade(std::string path, UpgradeHandler handler) {
    upgrades_.emplace_back(std::move(path), std::move(handler));
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path, bool wants_upgrade) const {
    Match match;
    for (const auto& [upgrade_path, handler] : upgrades_) {
        if (upgrade_path != path) continue;
        match.upgrade_only = true;
        if (!wants_upgrade) break;
        match.upgrade = &handler;
        match.upgrade_only = false;
        return match;
    }
    const Entry* best = nullptr;
    bool best_is_get_for_head = false;
    for (const auto& entry : entries_) {
        if (!matches(entry.path, entry.is_prefix, path)) continue;
        match.allowed.push_back(entry.method);
        const bool get_for_head = method == "HEAD" && entry.method == "GET";
        if (entry.method != method && !get_for_head) continue;
        const auto rank = [](const Entry& e, bool substitute) {
            return std::tuple(!e.is_prefix, e.path.size(), !substitute);
        };
        if (best == nullptr || rank(entry, get_for_head) > rank(*best, best_is_get_for_head)) {
            best = &entry;
            best_is_get_for_head = get_for_head;
        }
    }
    if (best != nullptr) {
        match.handler = &best->handler;
        match.limits = best->limits;
        match.allowed.clear();
        match.upgrade_only = false;
        return match;
    }
    if (std::ranges::find(match.allowed, "GET") != match.allowed.end()) match.allowed.emplace_back("HEAD");
    std::ranges::sort(match.allowed);
    match.allowed.erase(std::unique(match.allowed.begin(), match.allowed.end()), match.allowed.end());
    if (!match.allowed.empty()) match.upgrade_only = false;
    return match;
}

}  // namespace twinpane::net
