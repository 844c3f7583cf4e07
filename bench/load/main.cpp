// A load client for Bayeux and WebSocket servers: one scenario per run, one line of JSON as its result.
#include <sched.h>
#include <sys/resource.h>

#include <cstdio>
#include <map>
#include <string_view>

#include "scenarios.hpp"

int main(int argc, char** argv) {
    using namespace twinpane::load;
    const auto options = parse_options(argc, argv);
    if (!options) return 2;
    using Run = bool (*)(const Options&, Report&);
    static const std::map<std::string_view, Run> kScenarios{
        {"echo", run_echo},   {"publish", run_publish}, {"fanout", run_fanout},
        {"rooms", run_rooms}, {"idle", run_idle},       {"reconnect", run_reconnect}};
    const auto scenario = kScenarios.find(options->scenario);
    if (scenario == kScenarios.end()) {
        std::fprintf(stderr, "no such scenario: %s\n", options->scenario.c_str());
        return 2;
    }
    if (options->pid == 0) {
        std::fprintf(stderr, "nobody listens on port %u\n", options->target.port);
        return 1;
    }
    if (options->cpu >= 0) {
        ::cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<unsigned>(options->cpu), &set);
        ::sched_setaffinity(0, sizeof set, &set);
    }
    ::rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    Report report;
    if (!scenario->second(*options, report)) return 1;
    report.print();
    return 0;
}
