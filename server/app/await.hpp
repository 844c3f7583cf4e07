// Waiting, at start-up only, for a port's completion.
#pragma once

#include <future>
#include <memory>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/result.hpp"

namespace twinpane::app {

// Runs completions at once on the thread that posts them. For ports that are used before the loops run.
class InlineExecutor final : public Executor {
  public:
    void post(Task task) override { task(); }
};

// Calls `start` with a completion and waits for it, at most `patience`; then kTimeout.
template <typename T, typename Start>
Result<T> await(Millis patience, Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    if (future.wait_for(patience) != std::future_status::ready)
        return fail(Code::kTimeout, "the store did not answer");
    return future.get();
}

}  // namespace twinpane::app
