#include "cobrowse/keeper.hpp"

#include <utility>

namespace twinpane::cobrowse {

void Keeper::save(storage::Done<void> done) {
    if (closed_) {
        if (done) done(fail(Code::kSessionEnded, "the record is closed"));
        return;
    }
    waiting_.push_back(std::move(done));
    if (!in_flight_) start();
}

void Keeper::close(storage::Done<void> done) {
    closed_ = true;
    closing_ = std::move(done);
    if (!in_flight_) start();
}

void Keeper::start() {
    if (record_ == nullptr) return;
    in_flight_ = true;
    flying_ = std::exchange(waiting_, {});
    if (closed_) flying_.push_back(std::exchange(closing_, nullptr));
    auto finish = [self = shared_from_this()](Result<void> result) { self->finished(std::move(result)); };
    if (closed_) {
        closer_.close(*record_, std::move(finish));
    } else {
        live_.put(*record_, std::move(finish));
    }
}

void Keeper::finished(Result<void> result) {
    in_flight_ = false;
    // What is told now may ask for the next write; it starts below at the latest.
    for (auto& done : std::exchange(flying_, {})) {
        if (done) done(result);
    }
    if (!in_flight_ && (!waiting_.empty() || closing_)) start();
}

}  // namespace twinpane::cobrowse
