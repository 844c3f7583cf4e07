// Group commit: calls of all ports wait in one bounded queue; a thread takes what has gathered, runs it as
// one transaction and completes the calls when it is on the disk. Internal to rocksdb.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/executor.hpp"
#include "base/result.hpp"
#include "storage/ports.hpp"
#include "storage/rocksdb/database.hpp"
#include "storage/rocksdb/rocks_storage.hpp"

namespace twinpane::storage {

class Writer {
  public:
    Writer(std::unique_ptr<Database> database, RocksOptions options);
    ~Writer() { close(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // Queues `work`: Result<T>(Database::Transaction&), run on the writer's thread; it checks before it
    // writes, so that a failing call leaves no trace in the group. `done` gets the result on `executor` after
    // the group's commit. `bytes`: what the call holds in memory.
    template <typename T, typename Work>
    void submit(Executor& executor, std::size_t bytes, Done<T> done, Work work) {
        push(std::make_unique<CallOf<T, Work>>(executor, bytes, std::move(done), std::move(work)));
    }

    RocksStorage::Stats stats() const;
    void close();

  private:
    class Call {
      public:
        explicit Call(std::size_t size) : bytes(size + sizeof(Call)) {}
        virtual ~Call() = default;
        virtual void run(Database::Transaction& transaction) = 0;
        // Posts the completion: with `error`, if there is one, else with what run() came to.
        virtual void finish(const Error* error) = 0;

        const std::size_t bytes;
    };

    template <typename T, typename Work>
    class CallOf final : public Call {
      public:
        CallOf(Executor& executor, std::size_t size, Done<T> done, Work work)
            : Call(size), executor_(executor), done_(std::move(done)), work_(std::move(work)) {}

        void run(Database::Transaction& transaction) override { result_ = work_(transaction); }

        void finish(const Error* error) override {
            if (error != nullptr) result_ = std::unexpected(*error);
            executor_.post([done = std::move(done_), result = std::move(result_)]() mutable {
                done(std::move(result));
            });
        }

      private:
        Executor& executor_;
        Done<T> done_;
        Work work_;
        Result<T> result_ = fail(Code::kStoreFailed, "not run");
    };

    using Group = std::deque<std::unique_ptr<Call>>;

    void push(std::unique_ptr<Call> call);
    void work();
    Group take();
    void commit(Group group);

    const RocksOptions options_;
    std::unique_ptr<Database> database_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Group queue_;
    std::size_t queued_bytes_ = 0;
    bool closing_ = false;
    RocksStorage::Stats stats_;

    std::mutex close_mutex_;
    std::thread thread_;
};

}  // namespace twinpane::storage
