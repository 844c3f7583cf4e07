#include "window.hpp"

namespace twinpane::load {

void Window::start() {
    sending_ = true;
    const auto begin = now_ns() + static_cast<std::uint64_t>(options_.warmup * 1e9);
    reactor_.at(begin, [this] { open(); });
    reactor_.at(begin + static_cast<std::uint64_t>(options_.seconds * 1e9), [this] { close(); });
}

void Window::open() {
    open_ = true;
    opened_at_ = now_ns();
    probe_.begin();
}

void Window::close() {
    cpu_ = probe_.cpu_ns();
    elapsed_ = now_ns() - opened_at_;
    resident_ = probe_.resident_kib();
    open_ = sending_ = false;
    seen_ = arrived_;
    seen_at_ = now_ns();
    drain();
}

void Window::drain() {
    const auto now = now_ns();
    if (arrived_ != seen_) {
        seen_ = arrived_;
        seen_at_ = now;
    }
    if (arrived_ >= expected_ || now > seen_at_ + kPatience) return reactor_.stop();
    reactor_.at(now + 10 * kMillisecond, [this] { drain(); });
}

void Window::report(Report& report) const {
    const auto seconds = static_cast<double>(elapsed_) / 1e9;
    const auto messages = static_cast<double>(messages_);
    const auto ms = [this](double p) { return static_cast<double>(latency_.percentile(p)) / 1e6; };
    report.add("messages", messages_);
    report.add("lost", expected_ - arrived_);
    report.add("per_second", messages / seconds);
    report.add("cpu_us", static_cast<double>(cpu_) / 1e3 / messages);
    report.add("per_core", messages / (static_cast<double>(cpu_) / 1e9));
    report.add("share", static_cast<double>(cpu_) / static_cast<double>(elapsed_));
    report.add("rss_kib", resident_);
    report.add("p50_ms", ms(0.5));
    report.add("p90_ms", ms(0.9));
    report.add("p99_ms", ms(0.99));
    report.add("p999_ms", ms(0.999));
    report.add("max_ms", static_cast<double>(latency_.max()) / 1e6);
}

}  // namespace twinpane::load
