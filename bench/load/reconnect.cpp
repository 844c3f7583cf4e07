#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "live.hpp"
#include "scenarios.hpp"
#include "storm.hpp"

namespace twinpane::load {

// Two processes: the storm's is busy with its own ten thousand connections, and what a live session waits for
// there would be laid at the server's door.
bool run_reconnect(const Options& options, Report& report) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return false;
    const auto child = ::fork();
    if (child < 0) return false;
    if (child == 0) {
        ::close(ends[0]);
        ::_exit(Storm(options, ends[1]).run_all() ? 0 : 1);
    }
    ::close(ends[1]);
    const bool good = Live(options, ends[0]).run_all(report);
    ::close(ends[0]);  // a storm that nobody listens to any more ends with its next word
    int status = 0;
    ::waitpid(child, &status, 0);
    return good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace twinpane::load
