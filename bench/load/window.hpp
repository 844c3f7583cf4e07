// The measured part of a run: warm-up, then the window in which messages, latencies and the server's CPU are
// counted, then a wait for what is still on its way, so that a lost message shows as lost.
#pragma once

#include <cstdint>

#include "clock.hpp"
#include "histogram.hpp"
#include "options.hpp"
#include "probe.hpp"
#include "reactor.hpp"
#include "report.hpp"

namespace twinpane::load {

class Window {
  public:
    Window(Reactor& reactor, const Options& options)
        : reactor_(reactor), options_(options), probe_(options.pid) {}

    // Begins the warm-up. The reactor is stopped when all is over.
    void start();
    // Messages may be sent: warm-up and window, not the wait after it.
    bool sending() const { return sending_; }
    // So many deliveries must follow.
    void expect(std::uint64_t deliveries = 1) { expected_ += deliveries; }
    // One of them, due (or sent) at that time.
    void arrived(std::uint64_t due) {
        ++arrived_;
        if (!open_) return;
        ++messages_;
        latency_.add(now_ns() - due);
    }
    // messages, lost, per_second, cpu_us (of the server, per message), per_core (messages per second of its
    // CPU), share (of one core), rss_kib, latencies in ms.
    void report(Report& report) const;

  private:
    static constexpr std::uint64_t kPatience = 5 * kSecond;  // without a delivery

    void open();
    void close();
    void drain();

    Reactor& reactor_;
    const Options& options_;
    Probe probe_;
    Histogram latency_;
    bool sending_ = false, open_ = false;
    std::uint64_t expected_ = 0, arrived_ = 0, messages_ = 0;
    std::uint64_t opened_at_ = 0, elapsed_ = 0, cpu_ = 0, resident_ = 0;
    std::uint64_t seen_ = 0, seen_at_ = 0;
};

}  // namespace twinpane::load
