// Keeps one session's record in the store: at most one write under way, the latest state wins, and everybody
// who waits is told after a write that contains what they wait for. On the session's loop only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "storage/ports.hpp"

namespace twinpane::cobrowse {

class Keeper : public std::enable_shared_from_this<Keeper> {
  public:
    // `record` is the session's own, read when a write starts; it lives as long as the keeper's owner, which
    // calls abandon() when it goes.
    Keeper(storage::LiveRegistry& live, storage::SessionCloser& closer, const storage::SessionRecord& record)
        : live_(live), closer_(closer), record_(&record) {}

    // Writes the record as it is now (or later); `done` when that is durable, or with the store's error.
    void save(storage::Done<void> done);
    // The last write: history in, live entry out. Later saves fail with kSessionEnded. When it fails it may
    // be called again.
    void close(storage::Done<void> done);
    // Runs nothing any more.
    void abandon() {
        record_ = nullptr;
        waiting_.clear();
        flying_.clear();
    }
    bool busy() const { return in_flight_; }

  private:
    void start();
    void finished(Result<void> result);

    storage::LiveRegistry& live_;
    storage::SessionCloser& closer_;
    const storage::SessionRecord* record_;
    std::vector<storage::Done<void>> waiting_;  // for the next write
    std::vector<storage::Done<void>> flying_;   // for the one under way
    storage::Done<void> closing_;               // for the closing write
    bool in_flight_ = false;
    bool closed_ = false;
};

}  // namespace twinpane::cobrowse
