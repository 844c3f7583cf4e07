#include "live.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "storm.hpp"

namespace twinpane::load {

void Live::StormPipe::watch() {
    live_.reactor_.add(descriptor_, EPOLLIN, *this);
}

void Live::StormPipe::on_event(std::uint32_t) {
    std::array<char, 4096> part;  // NOLINT: filled by read
    const auto got = ::read(descriptor_, part.data(), part.size());
    if (got > 0) {
        live_.course_.append(part.data(), static_cast<std::size_t>(got));
        if (live_.begun_at_ == 0 && live_.course_.find(kStormBegins) != std::string::npos)
            live_.begun_at_ = now_ns();
        if (live_.passed_at_ == 0 && live_.course_.find(kStormPassed) != std::string::npos)
            live_.passed_at_ = now_ns();
        return;
    }
    live_.reactor_.remove(descriptor_);
    live_.over_ = true;
    // What is still on its way.
    live_.reactor_.at(now_ns() + kSecond, [live = &live_] { live->reactor_.stop(); });
}

bool Live::run_all(Report& report) {
    for (unsigned i = 0; i < options_.live; ++i) add({"/live/" + std::to_string(i)});
    if (!open_all()) return false;
    const auto start = now_ns();
    for (unsigned i = 0; i < options_.live; ++i) send(i, start + kPeriod * (i + 1) / options_.live);
    storm_.watch();
    if (!run()) return false;
    if (passed_at_ == 0) {
        std::fputs("the storm's process failed\n", stderr);
        return false;
    }
    // "name value" lines.
    std::istringstream lines(course_);
    std::string name;
    double value = 0;
    while (lines >> name) {
        if (name != kStormBegins && name != kStormPassed && lines >> value) report.add(name, value);
    }
    const auto ms = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e6; };
    report.add("live_before_p99_ms", ms(calm_.percentile(0.99)));
    report.add("live_p50_ms", ms(stormy_.percentile(0.5)));
    report.add("live_p99_ms", ms(stormy_.percentile(0.99)));
    report.add("live_max_ms", ms(stormy_.max()));
    report.add("live_messages", stormy_.count());
    report.add("live_lost", sent_ - arrived_);
    return true;
}

void Live::on_delivery(Session&, std::uint64_t due) {
    ++arrived_;
    if (begun_at_ == 0) {
        calm_.add(now_ns() - due);
    } else if (passed_at_ == 0 || due < passed_at_) {
        stormy_.add(now_ns() - due);
    }
}

void Live::send(unsigned index, std::uint64_t due) {
    reactor_.at(due, [this, index, due] {
        if (over_) return;
        ++sent_;
        sessions_[index]->publish("/live/" + std::to_string(index), due, {});
        sessions_[index]->flush();
        send(index, due + kPeriod);
    });
}

}  // namespace twinpane::load
