// The node: the composition root. Reads top to bottom what a node is made of.
#pragma once

#include "app/supervisor.hpp"
#include "app/wires.hpp"

namespace twinpane::app {

// Runs until told to stop. Exit code as in cli.hpp.
int run_node(const LoadedConfig& loaded, const Overrides& overrides, const Wires& wires);

}  // namespace twinpane::app
