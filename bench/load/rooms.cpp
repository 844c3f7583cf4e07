#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "flock.hpp"
#include "scenarios.hpp"
#include "window.hpp"

namespace twinpane::load {

namespace {

constexpr unsigned kRooms = 100;
constexpr unsigned kRoomsPerClient = 10;
constexpr unsigned kBatch = 10;

// The chat load of CometD's authors: every client is in ten rooms; in turn one of them publishes a batch of
// ten messages to rooms of its own. On a schedule that waits for nobody: latency counts from the time a
// message was due, so a server that stalls pays for every message that fell into the stall. The draw is the
// same in every run.
class Rooms final : public Flock {
  public:
    explicit Rooms(const Options& options)
        : Flock(options),
          window_(reactor_, options),
          padding_(options.size > Session::kDataFrame ? options.size - Session::kDataFrame : 0, 'x') {}

    bool run_all(Report& report) {
        std::array<unsigned, kRooms> all{};
        std::iota(all.begin(), all.end(), 0U);
        for (unsigned room = 0; room < kRooms; ++room) names_.push_back("/chat/room/" + std::to_string(room));
        for (unsigned i = 0; i < options_.count; ++i) {
            std::shuffle(all.begin(), all.end(), random_);
            std::vector<std::string> channels;
            for (unsigned j = 0; j < kRoomsPerClient; ++j) {
                ++members_[all[j]];
                channels.push_back(names_[all[j]]);
            }
            rooms_.emplace_back(all.begin(), all.begin() + kRoomsPerClient);
            add(std::move(channels));
        }
        if (!open_all()) return false;
        interval_ = kSecond * kBatch / options_.rate;
        due_ = now_ns() + interval_;
        window_.start();
        reactor_.at(due_, [this] { send(); });
        if (!run()) return false;
        window_.report(report);
        report.add("rate", static_cast<std::uint64_t>(options_.rate));
        return true;
    }

    void on_delivery(Session&, std::uint64_t due) override { window_.arrived(due); }

  private:
    void send() {
        if (!window_.sending()) return;
        const auto client = random_() % options_.count;
        std::array<std::string_view, kBatch> channels;
        for (auto& channel : channels) {
            const auto room = rooms_[client][random_() % kRoomsPerClient];
            channel = names_[room];
            window_.expect(members_[room]);
        }
        sessions_[client]->publish_batch(channels, due_, padding_);
        sessions_[client]->flush();
        due_ += interval_;
        reactor_.at(due_, [this] { send(); });
    }

    Window window_;
    const std::string padding_;
    std::mt19937 random_{20261124};
    std::vector<std::string> names_;
    std::vector<std::vector<unsigned>> rooms_;  // by client
    std::array<unsigned, kRooms> members_{};
    std::uint64_t interval_ = 0, due_ = 0;
};

}  // namespace

bool run_rooms(const Options& options, Report& report) {
    return Rooms(options).run_all(report);
}

}  // namespace twinpane::load
