// `twinpane serve`: a small process that starts the node (and the demo shop, if one is configured), starts it
// again when it dies, owns the signals and says READY. It holds no session, so it has little reason to fail
// itself.
//
// The node is a child in a process group of its own. It inherits two pipes: on one it reports ("ready",
// ports, first account), the other it only watches: when the supervisor is gone, even by kill -9, the node
// stops by itself.
//
// SIGHUP makes the node read its certificates again; but when the terminal it was started from is gone, it
// stops, as a program at a terminal does.
#pragma once

#include <string>

#include "config/config.hpp"

namespace twinpane::app {

struct Overrides {
    int public_port = -1;  // -1: as configured
    int internal_port = -1;
    int demo_port = -1;
    std::string data;
};

// Applies the overrides and prints the problems; ports also change the port of public.url, internal.url and
// viewer.origin where those name a *.localhost host.
struct LoadedConfig {
    bool good = false;
    config::Config config;
    std::string path;  // absolute
};
LoadedConfig load_config(const std::string& path);

// Runs until SIGINT or SIGTERM. Returns the process's exit code: 0 after a clean stop, the node's own code
// when it never came up.
int supervise(const LoadedConfig& loaded, const Overrides& overrides);

}  // namespace twinpane::app
