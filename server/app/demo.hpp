// The demo shop: a web site of its own on its own port, so that everything is tried across sites as on a real
// one.
#pragma once

#include "app/supervisor.hpp"
#include "app/wires.hpp"

namespace twinpane::app {

// Serves <web.root>/demo on 127.0.0.1:port until told to stop, with the script of the node at public.url
// under `public_port`. Exit code as in cli.hpp.
int run_demo(const LoadedConfig& loaded, int port, int public_port, const Wires& wires);

}  // namespace twinpane::app
