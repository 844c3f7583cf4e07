// The configuration, turned into the arguments of the parts.
#pragma once

#include <string>
#include <vector>

#include "bayeux/engine_group.hpp"
#include "cobrowse/config.hpp"
#include "config/config.hpp"
#include "net/server.hpp"
#include "resource/store.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::app {

net::Limits net_limits(const config::Config& config);
bayeux::EngineOptions engine_options(const config::Config& config);
transport::BayeuxLimits bayeux_limits(const config::Config& config);
// Without BayeuxOptions::random.
transport::BayeuxOptions bayeux_options(const config::Config& config);
// cometd.paths and the sticky path below `base`, each once.
std::vector<std::string> bayeux_paths(const config::Config& config, const std::string& base);
resource::Limits resource_limits(const config::Config& config);
// Without the functions (resource_url, resources_done); node.cpp adds them.
cobrowse::Config cobrowse_config(const config::Config& config);

// As configured; 0 means one per core.
unsigned loop_count(const config::Config& config);

}  // namespace twinpane::app
