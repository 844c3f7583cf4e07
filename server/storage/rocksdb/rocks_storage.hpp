// The embedded store: all ports on one RocksDB in one folder. No RocksDB type shows here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/result.hpp"
#include "storage/ports.hpp"

namespace twinpane::storage {

struct RocksOptions {
    // Calls that wait for the disk: beyond either bound a call fails at once with kStoreFailed.
    std::size_t max_queued_calls = 65'536;
    std::size_t max_queued_bytes = 64U << 20U;
    std::size_t cache_bytes = 16U << 20U;
    std::size_t write_buffer_bytes = 8U << 20U;  // per column family
    // For dropping refresh tokens that ran out; null: the system's clock. Lives longer than the storage.
    const Clock* clock = nullptr;
};

class RocksStorage {
  public:
    // Opens or creates the store in folder `path` (0700; its files 0600) and starts the writer thread.
    // Blocks: seconds at most. kStoreFailed, with the reason for the operator, when the folder cannot be
    // used, another process has it open, it is damaged, or its schema is one that this program does not know.
    static Result<std::unique_ptr<RocksStorage>> open(const std::string& path, RocksOptions options = {});

    // close(), if that has not been done.
    ~RocksStorage();
    RocksStorage(const RocksStorage&) = delete;
    RocksStorage& operator=(const RocksStorage&) = delete;

    // Ports that complete on `executor`, which has to live until close() has returned. All are of one store:
    // calls of one thread take effect in their order. They may outlive the storage; calls then fail with
    // kShuttingDown. Any thread may call; writes of all are committed in groups, one fsync for each.
    std::unique_ptr<LiveRegistry> live(Executor& executor);
    std::unique_ptr<History> history(Executor& executor);
    std::unique_ptr<SessionCloser> closer(Executor& executor);
    std::unique_ptr<Accounts> accounts(Executor& executor);

    struct Stats {
        std::uint64_t calls = 0;    // completed
        std::uint64_t commits = 0;  // groups written, each with one fsync
        std::size_t queued_calls = 0;
        std::size_t queued_bytes = 0;
        bool failing = false;  // the last commit failed
    };
    Stats stats() const;

    // Finishes the calls that are queued, posts their completions and closes the files. Blocks. May be
    // repeated.
    void close();

  private:
    class Impl;
    explicit RocksStorage(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace twinpane::storage
