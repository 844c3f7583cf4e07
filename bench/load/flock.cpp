#include "flock.hpp"

#include <cstdio>

#include "clock.hpp"

namespace twinpane::load {

Session& Flock::add(std::vector<std::string> channels, std::string bare_path) {
    Session::Plan plan{options_.transport, std::move(channels),
                       options_.transport == Transport::kBare ? std::move(bare_path) : std::string()};
    return *sessions_.emplace_back(
        std::make_unique<Session>(reactor_, options_.target, std::move(plan), *this));
}

void Flock::open_more() {
    while (opened_ < sessions_.size() && opened_ - ready_ < kAtOnce) sessions_[opened_++]->open();
}

void Flock::on_ready(Session&) {
    if (!opening_) return;
    ++ready_;
    // Not from here: opening may fail, and fail into this very call.
    reactor_.at(now_ns(), [this] {
        open_more();
        if (opening_ && ready_ == sessions_.size()) reactor_.stop();
    });
}

void Flock::on_failed(Session&, std::string_view why) {
    if (!failed_) std::fprintf(stderr, "a session failed: %.*s\n", static_cast<int>(why.size()), why.data());
    failed_ = true;
    reactor_.stop();
}

bool Flock::open_all() {
    opening_ = true;
    deadline_ = now_ns() + kPatience;
    reactor_.at(deadline_, [this] {
        if (opening_ && now_ns() >= deadline_) reactor_.stop();
    });
    open_more();
    while (!failed_ && ready_ < sessions_.size() && now_ns() < deadline_) reactor_.run();
    opening_ = false;
    if (!failed_ && ready_ < sessions_.size())
        std::fprintf(stderr, "%zu of %zu sessions were ready in time\n", ready_, sessions_.size());
    return !failed_ && ready_ == sessions_.size();
}

bool Flock::run() {
    if (!failed_) reactor_.run();
    return !failed_;
}

}  // namespace twinpane::load
