#include "cobrowse/config.hpp"

#include <algorithm>

namespace twinpane::cobrowse {

bool allows_origin(const Site& site, std::string_view origin) {
    return std::ranges::find(site.origins, origin) != site.origins.end();
}

const Site* Config::find_site(std::string_view name) const {
    const auto found = std::ranges::find_if(sites, [&](const Site& site) { return site.name == name; });
    return found == sites.end() ? nullptr : &*found;
}

const Site* Config::find_site_of_origin(std::string_view origin) const {
    const auto found =
        std::ranges::find_if(sites, [&](const Site& site) { return allows_origin(site, origin); });
    return found == sites.end() ? nullptr : &*found;
}

}  // namespace twinpane::cobrowse
