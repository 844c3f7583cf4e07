#include <string>

#include "clock.hpp"
#include "flock.hpp"
#include "probe.hpp"
#include "scenarios.hpp"

namespace twinpane::load {

namespace {

constexpr unsigned kFirst = 200;  // open before the first weighing, so that code and pools are in memory

// Sessions that do nothing: a held connect and one subscription each, on a channel of its own.
class Idle final : public Flock {
  public:
    using Flock::Flock;

    bool run_all(Report& report) {
        Probe probe(options_.pid);
        add_some(kFirst);
        if (!open_all() || !settle()) return false;
        const auto before = probe.resident_kib();
        add_some(options_.count);
        if (!open_all() || !settle()) return false;
        const auto after = probe.resident_kib();
        probe.begin();
        if (!settle()) return false;
        report.add("sessions", std::uint64_t{options_.count});
        report.add("rss_before_kib", before);
        report.add("rss_after_kib", after);
        report.add("kib_per_session",
                   (static_cast<double>(after) - static_cast<double>(before)) / options_.count);
        report.add("share", static_cast<double>(probe.cpu_ns()) / 1e9 / options_.seconds);
        return true;
    }

  private:
    void add_some(unsigned count) {
        for (unsigned i = 0; i < count; ++i) add({"/idle/" + std::to_string(sessions_.size())});
    }
    // Lets the server come to rest, and its connects be held.
    bool settle() {
        reactor_.at(now_ns() + static_cast<std::uint64_t>(options_.seconds * 1e9),
                    [this] { reactor_.stop(); });
        return run();
    }
};

}  // namespace

bool run_idle(const Options& options, Report& report) {
    return Idle(options).run_all(report);
}

}  // namespace twinpane::load
