// Many sessions that lose their connections in the same moment and come back; or, with --forget, that come
// from another server under ids which this one never saw, are told so and shake hands anew.
#pragma once

#include <random>
#include <string_view>
#include <unordered_map>

#include "flock.hpp"
#include "histogram.hpp"
#include "probe.hpp"

namespace twinpane::load {

// What a storm says on its pipe: these two words, then lines of a name and a number.
inline constexpr std::string_view kStormBegins = "begins", kStormPassed = "passed";

class Storm final : public Flock {
  public:
    Storm(const Options& options, int pipe) : Flock(options), pipe_(pipe) {}

    bool run_all();

    void on_ready(Session& session) override;
    void on_failed(Session& session, std::string_view why) override;

  private:
    static constexpr unsigned kBegunAtOnce = 50;  // connections begun before the others are looked after
    static constexpr std::uint64_t kRetry = 100 * kMillisecond;
    // Full jitter, as the project's own clients have it.
    static constexpr std::uint64_t kFirstBackOff = 500 * kMillisecond, kLongestBackOff = 20 * kSecond;
    static constexpr std::uint64_t kPatience = 60 * kSecond;

    std::uint64_t back_off(unsigned attempt);
    void break_all();
    void come_back(unsigned first);
    void finish();
    void tell(std::string_view text) const;
    void tell(std::string_view name, double value) const;

    const int pipe_;
    Probe probe_{options_.pid};
    std::mt19937_64 random_{20261124};
    std::unordered_map<const Session*, unsigned> attempts_;
    Histogram back_;
    std::uint64_t broken_at_ = 0, failures_ = 0;
    bool finished_ = false;
};

}  // namespace twinpane::load
