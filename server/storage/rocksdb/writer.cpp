#include "storage/rocksdb/writer.hpp"

#include <utility>

namespace twinpane::storage {

namespace {

// A group is one fsync: large enough to share it well, small enough that nobody waits long behind it.
constexpr std::size_t kGroupCalls = 1024;
constexpr std::size_t kGroupBytes = 8U << 20U;

}  // namespace

Writer::Writer(std::unique_ptr<Database> database, RocksOptions options)
    : options_(options), database_(std::move(database)), thread_([this] { work(); }) {}

void Writer::push(std::unique_ptr<Call> call) {
    Error refused;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) {
            refused = {.code = Code::kShuttingDown, .context = "the store is closed"};
        } else if (queue_.size() >= options_.max_queued_calls ||
                   queued_bytes_ + call->bytes > options_.max_queued_bytes) {
            refused = {.code = Code::kStoreFailed,
                       .context = "the disk does not keep up: the store's queue is full"};
        } else {
            queued_bytes_ += call->bytes;
            queue_.push_back(std::move(call));
        }
    }
    if (call) {
        call->finish(&refused);
    } else {
        wake_.notify_one();
    }
}

void Writer::work() {
    while (true) {
        Group group = take();
        if (group.empty()) return;
        commit(std::move(group));
    }
}

// Waits for calls; empty when the store closes and nothing is left.
Writer::Group Writer::take() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    Group group;
    std::size_t bytes = 0;
    while (!queue_.empty() && group.size() < kGroupCalls && bytes < kGroupBytes) {
        bytes += queue_.front()->bytes;
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    queued_bytes_ -= bytes;
    return group;
}

void Writer::commit(Group group) {
    Result<void> committed;
    bool wrote = false;
    {
        Database::Transaction transaction(*database_);
        for (const auto& call : group) call->run(transaction);
        wrote = transaction.wrote();
        if (wrote) committed = transaction.commit();
    }
    {
        const std::lock_guard lock(mutex_);
        stats_.calls += group.size();
        stats_.commits += wrote && committed ? 1 : 0;
        if (wrote) stats_.failing = !committed;
    }
    // Reads of a group that failed may have seen its writes, so they fail with it.
    for (const auto& call : group) call->finish(committed ? nullptr : &committed.error());
}

RocksStorage::Stats Writer::stats() const {
    const std::lock_guard lock(mutex_);
    RocksStorage::Stats stats = stats_;
    stats.queued_calls = queue_.size();
    stats.queued_bytes = queued_bytes_;
    return stats;
}

void Writer::close() {
    const std::lock_guard once(close_mutex_);
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    database_.reset();
}

}  // namespace twinpane::storage
