// The configuration, turned into the arguments of the parts.
#pragma once

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
resource::Limits resource_limits(const config::Config& config);
// Without the functions (resource_url, resources_done); node.cpp adds them.
cobrowse::Config cobrowse_config(const config::Config& config);

// As configured; 0 means one per core.
unsigned loop_count(const config::Config& config);

}  // namespace twinpane::app
