// Co-browsing on all loops of a node: one Service and one Shard per loop, wired together. What app builds.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "cobrowse/config.hpp"
#include "cobrowse/outlet.hpp"
#include "cobrowse/service.hpp"
#include "cobrowse/shard.hpp"
#include "cobrowse/stats.hpp"
#include "cobrowse/switchboard.hpp"

namespace twinpane::cobrowse {

// One loop's own things; the ports complete on that loop. All outlive the Cobrowse.
struct LoopParts {
    Executor& executor;
    Timers& timers;
    bayeux::Engine& engine;
    storage::LiveRegistry& live;
    storage::SessionCloser& closer;
};

class Cobrowse {
  public:
    // Registers its services with the engines; so before the first message. `random`, `clock`, `log` are used
    // from all loops. At most 256 loops.
    Cobrowse(Config config, const Clock& clock, Random& random, MirrorFactory mirror, observe::Log& log,
             const std::vector<LoopParts>& loops);
    // When the loops have stopped.
    ~Cobrowse();
    Cobrowse(const Cobrowse&) = delete;
    Cobrowse& operator=(const Cobrowse&) = delete;

    // Hands the node's stored sessions to their loops, live again with everybody away. Any thread; before
    // clients come in. `done` runs on the first loop when all of them are back.
    void restore(std::vector<storage::SessionRecord> records, std::move_only_function<void()> done = {});

    // For REST; to be used on that loop only.
    Service& service(unsigned loop) { return *services_[loop]; }
    Shard& shard(unsigned loop) { return *shards_[loop]; }
    const Config& config() const { return config_; }
    const Stats& stats() const { return stats_; }

  private:
    Config config_;
    MirrorFactory mirror_;
    Stats stats_;
    Switchboard board_;
    std::vector<std::unique_ptr<Service>> services_;
    std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace twinpane::cobrowse
