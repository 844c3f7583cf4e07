#include <string>

#include "flock.hpp"
#include "scenarios.hpp"
#include "window.hpp"

namespace twinpane::load {

namespace {

constexpr const char* kChannel = "/bench/all";

// One publisher, many subscribers: a burst of messages, the next one when everybody has all of the last.
class Fanout final : public Flock {
  public:
    explicit Fanout(const Options& options)
        : Flock(options),
          window_(reactor_, options),
          padding_(options.size > Session::kDataFrame ? options.size - Session::kDataFrame : 0, 'x') {}

    bool run_all(Report& report) {
        publisher_ = &add({}, std::string("/pub") + kChannel);
        for (unsigned i = 0; i < options_.count; ++i) add({kChannel}, std::string("/sub") + kChannel);
        if (!open_all()) return false;
        window_.start();
        send();
        if (!run()) return false;
        window_.report(report);
        return true;
    }

    void on_delivery(Session&, std::uint64_t due) override {
        window_.arrived(due);
        if (--open_ == 0 && window_.sending()) send();
    }

  private:
    void send() {
        const auto now = now_ns();
        open_ = std::uint64_t{options_.count} * options_.burst;
        window_.expect(open_);
        for (unsigned i = 0; i < options_.burst; ++i) publisher_->publish(kChannel, now, padding_);
        publisher_->flush();
    }

    Window window_;
    const std::string padding_;
    Session* publisher_ = nullptr;
    std::uint64_t open_ = 0;
};

}  // namespace

bool run_fanout(const Options& options, Report& report) {
    return Fanout(options).run_all(report);
}

}  // namespace twinpane::load
