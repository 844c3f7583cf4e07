// The two pipes between the supervisor and a child.
#pragma once

#include <functional>
#include <string_view>

namespace twinpane::app {

struct Wires {
    int ready_fd = -1;  // the child writes its reports here; -1: started by hand, nobody listens
    int life_fd = -1;   // end of file here: the supervisor is gone

    void report(std::string_view line) const;
    // Blocks until SIGTERM, SIGINT or the end of the life pipe; runs `on_hang_up` here at each SIGHUP
    // meanwhile. Call block_signals() before any thread is made.
    void wait_for_stop(const std::function<void()>& on_hang_up) const;
    static void block_signals();
};

}  // namespace twinpane::app
