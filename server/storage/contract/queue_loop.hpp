// An executor whose tasks run on the thread that waits: contract tests drive stores with threads of their
// own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/executor.hpp"
#include "storage/ports.hpp"

namespace twinpane::storage::contract {

class QueueLoop final : public Executor {
  public:
    void post(Task task) override {
        // Notified under the lock: the waiter may run the task and destroy this as soon as it is free.
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        wake_.notify_one();
    }

    // Runs tasks until `ready` holds. Throws when nothing comes for a long time: then a completion was lost.
    template <typename Ready>
    void run_until(Ready ready) {
        while (!ready()) {
            Task task;
            {
                std::unique_lock lock(mutex_);
                if (!wake_.wait_for(lock, std::chrono::seconds(60), [this] { return !tasks_.empty(); })) {
                    throw std::runtime_error("a completion never came");
                }
                task = std::move(tasks_.front());
                tasks_.pop_front();
            }
            task();
        }
    }

    std::size_t waiting() {
        const std::lock_guard lock(mutex_);
        return tasks_.size();
    }

    // Calls `start(done)` and waits for its result.
    template <typename T, typename Start>
    Result<T> await(Start start) {
        std::optional<Result<T>> result;
        start(Done<T>([&result](Result<T> done) { result.emplace(std::move(done)); }));
        run_until([&] { return result.has_value(); });
        return std::move(*result);
    }

  private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> tasks_;
};

}  // namespace twinpane::storage::contract
