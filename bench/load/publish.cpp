#include <string>
#include <unordered_map>
#include <vector>

#include "flock.hpp"
#include "scenarios.hpp"
#include "window.hpp"

namespace twinpane::load {

namespace {

// Pairs of a publisher and a subscriber, each with a channel of its own and one message in flight: the next
// one leaves when the last was delivered and its reply is there.
class Pairs final : public Flock {
  public:
    explicit Pairs(const Options& options)
        : Flock(options),
          window_(reactor_, options),
          padding_(options.size > Session::kDataFrame ? options.size - Session::kDataFrame : 0, 'x'),
          pairs_(options.count) {}

    bool run_all(Report& report) {
        for (unsigned i = 0; i < options_.count; ++i) {
            pairs_[i].channel = "/bench/" + std::to_string(i);
            place(add({}, "/pub" + pairs_[i].channel), i, true);
            place(add({pairs_[i].channel}, "/sub" + pairs_[i].channel), i, false);
        }
        if (!open_all()) return false;
        for (auto& pair : pairs_) send(pair);
        window_.start();
        if (!run()) return false;
        window_.report(report);
        return true;
    }

    void on_ready(Session& session) override {
        // Another connection may come to the loop that is wanted: the kernel deals them out by port.
        const unsigned wanted = options_.across && places_.at(&session).publishes ? 1 : 0;
        if (options_.across && session.loop() != wanted) {
            reactor_.at(now_ns(), [&session] { session.restart(); });
        } else {
            Flock::on_ready(session);
        }
    }
    void on_delivery(Session& session, std::uint64_t due) override {
        window_.arrived(due);
        answered(pairs_[places_.at(&session).pair]);
    }
    void on_reply(Session& session) override { answered(pairs_[places_.at(&session).pair]); }

  private:
    struct Pair {
        Session* publisher = nullptr;
        std::string channel;
        int open = 0;  // delivery and reply that have not come
    };
    struct Place {
        unsigned pair;
        bool publishes;
    };

    void place(Session& session, unsigned pair, bool publishes) {
        if (publishes) pairs_[pair].publisher = &session;
        places_[&session] = {pair, publishes};
    }
    void answered(Pair& pair) {
        if (--pair.open == 0 && window_.sending()) send(pair);
    }
    void send(Pair& pair) {
        pair.open = 2;
        window_.expect();
        pair.publisher->publish(pair.channel, now_ns(), padding_);
        pair.publisher->flush();
    }

    Window window_;
    const std::string padding_;
    std::vector<Pair> pairs_;
    std::unordered_map<const Session*, Place> places_;
};

}  // namespace

bool run_publish(const Options& options, Report& report) {
    return Pairs(options).run_all(report);
}

}  // namespace twinpane::load
