// The answer to one request, given on the session's loop, wherever the client is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace twinpane::cobrowse {

// The participant a Bayeux session speaks for.
struct Binding {
    std::string token;  // of the session
    unsigned loop = 0;  // that runs the session
    std::string user_id;
    int role = 0;
    bool operator==(const Binding&) const = default;
};

struct Outcome {
    std::optional<Error> error;
    std::string args;                // of the error
    std::string data;                // JSON of the answer message; empty: the receipt alone
    std::optional<Binding> binding;  // the client speaks for this participant from now on
};

// Completes exactly once; dropped unanswered it counts as kInternal.
class Answer {
  public:
    using Done = std::move_only_function<void(Outcome)>;

    explicit Answer(Done done) : done_(std::move(done)) {}
    Answer(Answer&& other) noexcept : done_(std::exchange(other.done_, nullptr)) {}
    Answer& operator=(Answer&&) = delete;
    ~Answer() {
        if (done_) fail(Code::kInternal, "request dropped unanswered");
    }

    void ok(std::string data = {}) { finish(Outcome{{}, {}, std::move(data), {}}); }
    void bind(std::string data, Binding binding) {
        finish(Outcome{{}, {}, std::move(data), std::move(binding)});
    }
    void fail(Code code, std::string context = {}, std::string args = {}) {
        fail(Error{code, std::move(context)}, std::move(args));
    }
    void fail(Error error, std::string args = {}) {
        finish(Outcome{std::move(error), std::move(args), {}, {}});
    }

  private:
    void finish(Outcome outcome) {
        if (auto done = std::exchange(done_, nullptr)) done(std::move(outcome));
    }

    Done done_;
};

}  // namespace twinpane::cobrowse
