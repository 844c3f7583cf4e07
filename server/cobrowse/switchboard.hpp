// The only thing that loops share: which engine, service and shard live on which loop, and the way there.
#pragma once

#include <atomic>
#include <utility>
#include <vector>

#include "base/executor.hpp"
#include "bayeux/engine.hpp"

namespace twinpane::cobrowse {

class Service;
class Shard;

struct Station {
    Executor* executor = nullptr;
    bayeux::Engine* engine = nullptr;
    Service* service = nullptr;
    Shard* shard = nullptr;
};

// Filled before the loops run, read-only afterwards. Stations outlive every task that run() lets through.
class Switchboard {
  public:
    explicit Switchboard(unsigned loops) : stations_(loops) {}

    unsigned loops() const { return static_cast<unsigned>(stations_.size()); }
    Station& at(unsigned loop) { return stations_[loop]; }

    // Calls task(station of `to`) on loop `to`: at once when the caller is there already, else by post, in
    // order.
    template <typename F>
    void run(unsigned from, unsigned to, F task) {
        if (closed_.load(std::memory_order_relaxed)) return;
        if (from == to) {
            task(stations_[to]);
        } else {
            post(to, std::move(task));
        }
    }

    // The same, always later.
    template <typename F>
    void post(unsigned to, F task) {
        if (closed_.load(std::memory_order_relaxed)) return;
        stations_[to].executor->post([this, to, task = std::move(task)]() mutable {
            if (!closed_.load(std::memory_order_relaxed)) task(stations_[to]);
        });
    }

    // Nothing runs any more; called when the loops have stopped, before the stations go.
    void close() { closed_ = true; }

  private:
    std::vector<Station> stations_;
    std::atomic<bool> closed_{false};
};

}  // namespace twinpane::cobrowse
