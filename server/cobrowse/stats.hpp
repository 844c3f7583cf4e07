// Counters of all loops together, for metrics and tests. Any thread reads and adds; gauges go back to zero.
#pragma once

#include <atomic>
#include <cstdint>

namespace twinpane::cobrowse {

struct Stats {
    using Counter = std::atomic<std::uint64_t>;
    Counter sessions{0};      // gauge: live now
    Counter participants{0};  // gauge: connected now
    Counter created{0};
    Counter restored{0};
    Counter ended{0};
    Counter wrong_codes{0};
    Counter locked_out{0};
    Counter code_alarms{0};  // minutes with a hundred wrong codes
    Counter batches{0};      // folded
    Counter batch_bytes{0};
    Counter duplicates{0};      // batches folded before
    Counter relayed{0};         // batches handed to a viewer
    Counter relays_skipped{0};  // viewer too slow
    Counter viewers_resumed{0};
    Counter values_stripped{0};  // second wall of masking
    Counter page_orders{0};      // new page lives the node asked for
    Counter rate_limited{0};
    Counter acts{0};
    Counter acts_refused{0};
    Counter paints{0};  // viewers' reports
    Counter snapshots{0};
    Counter store_failures{0};
};

}  // namespace twinpane::cobrowse
