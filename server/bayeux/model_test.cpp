// Random scripts against a model: a client that loses its connections, repeats itself, changes its transport
// and loses acknowledgements sees every message once and in order, whatever happens. The model is two lists
// that must be equal.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <random>
#include <set>

#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using testing::FakeOutlet;
using testing::Rig;
using namespace std::chrono_literals;

// What the network may do to it, a client of the ack extension puts right, so it is held to the strictest
// measure. A client without it can lose what was in flight when a connection broke; it is held to the rest:
// no message twice, none out of order, and none lost that was not in flight.
class Script {
  public:
    Script(std::uint64_t seed, bool acknowledging)
        : random_(seed), acknowledging_(acknowledging), rig_({.timeout = 5s}, 2) {}

    // Empty, or what went wrong.
    std::string run() {
        const auto shaken =
            rig_.handshake_reply(Rig::exchange(), acknowledging_ ? R"(,"ext":{"ack":true})" : "");
        id_ = Rig::field(shaken, "clientId");
        const auto steps = 10 + below(50);
        for (std::uint64_t i = 0; i < steps && wrong_.empty(); ++i) step();
        settle();
        if (!wrong_.empty()) return wrong_;
        if (rig_.engine().sessions() != 1) return "the session did not survive";
        std::deque<int> expected;
        for (int n = 1; n <= sent_; ++n) {
            if (!lost_.contains(n)) expected.push_back(n);
        }
        return expected == got_ ? ""
                                : "the lists differ: " + list(expected) + " sent, " + list(got_) + " got";
    }
    std::string trace() const { return trace_; }

  private:
    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
    void note(std::string what) { trace_ += what + ' '; }

    void step() {
        switch (below(12)) {
            case 0:
            case 1:
            case 2:
            case 3:
                return send();
            case 4:
            case 5:
                return connect(false);
            case 6:
                return connect(true);
            case 7:
                return change_transport();
            case 8:
                return drop();
            case 9:
                return repeat();
            case 10:
                return lose_answer();
            default:
                note("wait");
                rig_.advance(Millis{static_cast<long>(below(900))});
                read();
        }
    }

    // The server has news.
    void send() {
        note("send");
        const auto several = 1 + below(3);
        for (std::uint64_t i = 0; i < several; ++i) {
            const auto message = encode_message("/service/n", std::to_string(++sent_));
            const auto taken = below(4) == 0 ? rig_.engine().deliver_lazy(rig_.ref(id_), message)
                                             : rig_.engine().deliver(rig_.ref(id_), message);
            if (!taken) wrong_ = "refused";
        }
        if (below(2) == 0) rig_.drain();  // or it gathers with what comes next in this turn
        read();
    }

    // The client connects, unless it waits for an answer.
    void connect(bool at_once) {
        read();
        if (waiting_) return;
        note(at_once ? "ask" : "connect");
        if (streaming_ && !stream_) stream_ = Rig::stream();
        const auto previous = std::exchange(asked_, streaming_ ? stream_ : Rig::exchange());
        waiting_ = true;
        last_connect_ = connect_text(at_once || first_);
        first_ = false;
        rig_.send(asked_, last_connect_);
        // The connection of an answer that was read may close at any time later.
        if (previous && previous->kind() == Outlet::Kind::kExchange && below(2) == 0) rig_.gone(previous);
        read();
    }

    std::string connect_text(bool at_once) {
        std::string more = at_once ? R"(,"advice":{"timeout":0})" : "";
        if (acknowledging_) more += ",\"ext\":{\"ack\":" + std::to_string(batch_) + "}";
        return Rig::connect(id_, "c" + std::to_string(++connects_), more);
    }

    // The client goes on over the other transport, and leaves the old connection as it is or closes it.
    void change_transport() {
        read();
        note("change");
        if (streaming_ && stream_) break_connection(stream_);
        if (!streaming_ && waiting_) break_connection(asked_);
        streaming_ = !streaming_;
        connect(below(2) == 0);
    }

    // The connection breaks; what was written to it and not read is gone.
    void drop() {
        note("drop");
        if (below(2) == 0) read();
        if (stream_) {
            break_connection(stream_);
        } else if (waiting_) {
            break_connection(asked_);
        }
    }

    // The same connect once more: a client, or a proxy, that got no answer in its time.
    void repeat() {
        read();
        if (!waiting_) return;
        note("repeat");
        if (!streaming_) {
            const auto older = std::exchange(asked_, Rig::exchange());
            rig_.send(asked_, last_connect_);
            if (!older->refused && older->texts.empty()) wrong_ = "an overtaken connect hangs";
            rig_.gone(older);
        } else {
            rig_.send(asked_, last_connect_);
        }
        read();
    }

    // An answer is on its way and the connection breaks before it is read: the acknowledgement never comes.
    void lose_answer() {
        read();
        connect(false);
        if (!waiting_) return;
        note("lose");
        rig_.engine().deliver(rig_.ref(id_), "/service/n", std::to_string(++sent_));
        rig_.drain();
        break_connection(streaming_ ? stream_ : asked_);
    }

    void break_connection(std::shared_ptr<FakeOutlet> outlet) {
        // Over HTTP the server keeps an answer until the client has gone on. What was written to a WebSocket
        // is only kept for those who acknowledge.
        const bool remembered = acknowledging_ || outlet->kind() == Outlet::Kind::kExchange;
        for (const auto& text : outlet->take()) {
            if (!remembered && json::member(text, "data")) lost_.insert(std::stoi(Rig::field(text, "data")));
        }
        rig_.gone(outlet);
        if (stream_ == outlet) stream_.reset();
        if (asked_ == outlet) waiting_ = false;
    }

    // The client reads what has arrived.
    void read() {
        for (const auto& outlet : {stream_, asked_ != stream_ ? asked_ : nullptr}) {
            if (!outlet) continue;
            std::vector<int> batch;
            for (const auto& text : outlet->take()) {
                if (const auto data = Rig::field(text, "data"); !data.empty()) {
                    batch.push_back(std::stoi(data));
                } else if (Rig::field(text, "successful") != "true") {
                    wrong_ = "an error: " + text;
                } else {
                    if (acknowledging_) {
                        batch_ =
                            static_cast<unsigned>(std::stoul(Rig::field(Rig::field(text, "ext"), "ack")));
                    }
                    if (outlet == asked_) waiting_ = false;
                }
            }
            got_.insert(got_.end(), batch.begin(), batch.end());
        }
    }

    // In the end everything arrives.
    void settle() {
        note("settle");
        for (int i = 0; i < 4 && wrong_.empty(); ++i) {
            connect(true);
            rig_.advance(6s);
            read();
        }
    }

    static std::string list(const std::deque<int>& numbers) {
        std::string text;
        for (const int n : numbers) text += std::to_string(n) + ' ';
        return text;
    }

    ::twinpane::testing::SeededRandom random_;
    const bool acknowledging_;
    Rig rig_;
    std::string id_, last_connect_, wrong_, trace_;
    std::shared_ptr<FakeOutlet> stream_, asked_;
    bool streaming_ = false, waiting_ = false, first_ = true;
    unsigned batch_ = 0;
    int connects_ = 0, sent_ = 0;
    std::deque<int> got_;
    std::set<int> lost_;
};

// TWINPANE_MODEL_SEED repeats one run, TWINPANE_MODEL_SCRIPTS makes a longer one.
std::uint64_t setting(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

void run_scripts(bool acknowledging) {
    const auto first = setting("TWINPANE_MODEL_SEED", static_cast<std::uint64_t>(std::random_device{}()));
    const auto scripts = setting("TWINPANE_MODEL_SCRIPTS", 5'000);
    std::printf("model: %llu scripts from seed %llu\n", static_cast<unsigned long long>(scripts),
                static_cast<unsigned long long>(first));
    for (std::uint64_t i = 0; i < scripts; ++i) {
        Script script(first + i, acknowledging);
        const auto wrong = script.run();
        ASSERT_EQ(wrong, "") << "TWINPANE_MODEL_SEED=" << first + i << "\n" << script.trace();
    }
}

TEST(Model, WithAcknowledgementsEveryMessageComesOnceAndInOrder) {
    run_scripts(true);
}

TEST(Model, WithoutThemOnlyWhatWasWrittenToABrokenSocketIsMissing) {
    run_scripts(false);
}

}  // namespace
}  // namespace twinpane::bayeux
