#include "storm.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

namespace twinpane::load {

bool Storm::run_all() {
    for (unsigned i = 0; i < options_.count; ++i) add({"/idle/" + std::to_string(i)});
    if (!options_.forget && !open_all()) return false;
    reactor_.at(now_ns() + static_cast<std::uint64_t>(options_.warmup * 1e9), [this] { break_all(); });
    return run();
}

void Storm::on_ready(Session& session) {
    if (broken_at_ == 0) return Flock::on_ready(session);
    back_.add(now_ns() - broken_at_);
    if (back_.count() == options_.count) finish();
}

void Storm::on_failed(Session& session, std::string_view why) {
    if (broken_at_ == 0) return Flock::on_failed(session, why);
    ++failures_;
    const auto wait = options_.jitter ? back_off(++attempts_[&session]) : kRetry;
    reactor_.at(now_ns() + wait, [&session] { session.open(); });
}

std::uint64_t Storm::back_off(unsigned attempt) {
    const auto most = std::min(kLongestBackOff, kFirstBackOff << std::min(attempt, 10U));
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random_);
}

void Storm::break_all() {
    probe_.begin();
    tell(kStormBegins);
    for (auto& session : sessions_) {
        session->cut();
        if (options_.forget) session->forge_id();
    }
    broken_at_ = now_ns();
    reactor_.at(broken_at_ + kPatience, [this] { finish(); });
    if (!options_.jitter) return come_back(0);
    for (auto& session : sessions_) {
        reactor_.at(broken_at_ + back_off(0), [one = session.get()] { one->open(); });
    }
}

void Storm::come_back(unsigned first) {
    const auto end = std::min(first + kBegunAtOnce, options_.count);
    for (auto i = first; i < end; ++i) sessions_[i]->open();
    if (end < options_.count) reactor_.at(now_ns(), [this, end] { come_back(end); });
}

void Storm::finish() {
    if (finished_) return;
    finished_ = true;
    const auto cpu = probe_.cpu_ns();
    tell(kStormPassed);
    const auto seconds = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e9; };
    tell("sessions", options_.count);
    tell("back_p50_s", seconds(back_.percentile(0.5)));
    tell("back_max_s", seconds(back_.max()));
    tell("missing", static_cast<double>(options_.count - back_.count()));
    tell("failed_attempts", static_cast<double>(failures_));
    tell("cpu_us_per_reconnect", static_cast<double>(cpu) / 1e3 / options_.count);
    reactor_.stop();
}

void Storm::tell(std::string_view text) const {
    const auto line = std::string(text) + "\n";
    [[maybe_unused]] const auto written = ::write(pipe_, line.data(), line.size());
}

void Storm::tell(std::string_view name, double value) const {
    tell(std::string(name) + " " + std::to_string(value));
}

}  // namespace twinpane::load
