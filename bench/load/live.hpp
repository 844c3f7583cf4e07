// Sessions that go on working while a storm of reconnects passes: each sends itself messages on a schedule.
#pragma once

#include <string>

#include "flock.hpp"
#include "histogram.hpp"
#include "report.hpp"

namespace twinpane::load {

class Live final : public Flock {
  public:
    // `storm`: the reading end of a pipe on which the storm's process tells its course, see storm.hpp.
    Live(const Options& options, int storm) : Flock(options), storm_(*this, storm) {}

    // Until the storm's process has ended. False: something failed.
    bool run_all(Report& report);

    void on_delivery(Session& session, std::uint64_t due) override;

  private:
    static constexpr std::uint64_t kPeriod = 100 * kMillisecond;  // of each session's messages

    class StormPipe final : public Reactor::Handler {
      public:
        StormPipe(Live& live, int descriptor) : live_(live), descriptor_(descriptor) {}
        void watch();
        void on_event(std::uint32_t events) override;

      private:
        Live& live_;
        const int descriptor_;
    };

    void send(unsigned index, std::uint64_t due);

    StormPipe storm_;
    Histogram calm_, stormy_;
    std::string course_;  // what came through the pipe
    std::uint64_t sent_ = 0, arrived_ = 0;
    std::uint64_t begun_at_ = 0, passed_at_ = 0;
    bool over_ = false;
};

}  // namespace twinpane::load
