// The command line. The only unit that knows CLI11.
#pragma once

namespace twinpane::app {

// Exit codes: 0 fine, 1 failed (said on standard error), 2 wrong usage or configuration.
int run_cli(int argc, char** argv);

}  // namespace twinpane::app
