// The kinds of load. Each runs to its end and fills the report; false: it could not be run, with the reason
// on standard error.
#pragma once

#include "options.hpp"
#include "report.hpp"

namespace twinpane::load {

bool run_echo(const Options& options, Report& report);
bool run_publish(const Options& options, Report& report);
bool run_fanout(const Options& options, Report& report);
bool run_rooms(const Options& options, Report& report);
bool run_idle(const Options& options, Report& report);
bool run_reconnect(const Options& options, Report& report);

}  // namespace twinpane::load
