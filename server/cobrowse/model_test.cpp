// Random interleavings: several sessions on several loops, loops that lag behind each other, connections that
// drop, a store that fails now and then. Whatever happens, the rules below hold.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "cobrowse/testing/scene.hpp"

namespace twinpane::cobrowse::testing {
namespace {

struct Party {
    bayeux::ClientRef ref;
    unsigned session = 0;
    int role = 0;
    std::string account;
    std::string user_token;
    std::string user_id;
    std::int64_t e = 0, s = 0;  // customer: what it may send next
    bool gave_consent = false;  // customer: what it said last
    std::string ask;            // customer: request id it knows of
    std::size_t read = 0;       // of the inbox
    bool ended = false;         // told so
};

class Model {
  public:
    explicit Model(std::uint64_t seed) : rng_(seed), world_(3, test_config(), seed) {
        (*world_.nodes)[5] = {true, page::Privacy::kShown, "p", "", ""};
    }

    void run(int steps) {
        for (unsigned i = 0; i < 3; ++i) {
            parties_.push_back({world_.customer(pick(3)).ref(), i, 1, "", "", "", 0, 0, false, "", 0, false});
            const auto account = "agent" + std::to_string(i);
            parties_.push_back(
                {world_.agent(pick(3), account).ref(), i, 2, account, "", "", 0, 0, false, "", 0, false});
            parties_.push_back(
                {world_.agent(pick(3), account).ref(), i, 3, account, "", "", 0, 0, false, "", 0, false});
        }
        for (int step = 0; step < steps; ++step) {
            act(parties_[pick(parties_.size())]);
            // Some loops get their turn, in any order; others wait.
            for (unsigned turns = pick(3); turns > 0; --turns) world_.loop(pick(3)).drain();
            if (pick(40) == 0) world_.loop(pick(3)).drain();
            if (pick(60) == 0) world_.store.fail_next(1);
            if (pick(30) == 0) world_.advance(Millis{static_cast<int>(pick(3000))});
            for (auto& party : parties_) read(party);
        }
        world_.store.fail_next(0);
        world_.settle();
        for (auto& party : parties_) read(party);
        check();
    }

    std::map<std::string, int> seen;  // how often what was delivered, so that the test is known to reach it

  private:
    std::size_t pick(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(rng_);
    }
    User user(Party& party) { return {world_, party.ref}; }

    void publish(Party& party, std::string_view channel, std::string_view data) {
        receipts_.push_back(world_.engine(party.ref.loop).publish(party.ref, channel, data, "\"x\""));
    }
    void verb(Party& party, const std::string& name, const json::value& data) {
        publish(party, "/service/session/" + name, serialize(data));
    }
    std::string canary(unsigned session) { return "canary-of-" + std::to_string(session); }

    void reconnect(Party& party) {
        world_.engine(party.ref.loop).remove(party.ref, pick(2) == 0);
        party.ref =
            party.role == 1 ? world_.customer(pick(3)).ref() : world_.agent(pick(3), party.account).ref();
        party.read = 0;
        if (party.user_token.empty()) return;
        json::object request{{"userToken", party.user_token}};
        if (party.role == 1 && pick(2) == 0 && party.e != 0)
            request["page"] = {{"e", party.e}, {"s", party.s}};
        verb(party, "rejoin", request);
    }

    void act(Party& party) {
        auto& customer = parties_[party.session * 3];
        if (party.user_token.empty()) {
            if (party.role == 1 && tokens_[party.session].empty())
                return verb(party, "create", json::object{});
            if (!tokens_[party.session].empty()) {
                verb(party, "join", {{"sessionToken", tokens_[party.session]}, {"role", party.role}});
            }
            return;
        }
        const auto what = pick(100);
        if (what < 8) return reconnect(party);
        if (what < 9) return verb(party, "exit", {{"userToken", party.user_token}});
        if (party.role == 1) {
            if (what < 20) {
                party.gave_consent = pick(4) != 0;
                return verb(party, "consent", {{"allow", party.gave_consent}});
            }
            if (what < 35 && !party.ask.empty()) {
                return verb(party, "mode", {{"answer", party.ask}, {"allow", pick(3) != 0}});
            }
            if (what < 40) return verb(party, "mode", {{"want", "pointer"}});
            if (party.e == 0) return;
            ++party.s;
            const auto url = "https://shop.example/" + canary(party.session);
            return publish(party, kPageChannel,
                           party.s == 1 ? page_batch(party.e, 1, url)
                                        : batch(party.e, party.s, "[21,\"" + canary(party.session) + "\"]"));
        }
        if (party.role == 2) {
            if (what < 30) return verb(party, "mode", {{"want", what < 25 ? "write" : "pointer"}});
            const auto e = pick(5) == 0 ? customer.e + 1 : std::max<std::int64_t>(customer.e, 1);
            return publish(party, kActChannel,
                           cobrowse::testing::act(e, pick(2) == 0 ? "[1,0,0,0,0,0]" : "[3,5,0,0,0,1,0]"));
        }
        if (what < 11) verb(party, "stop", {{"userToken", party.user_token}});
    }

    // What a well-behaved client takes from its messages; and what it must never see.
    void read(Party& party) {
        if (!world_.engine(party.ref.loop).has(party.ref)) return;
        auto& inbox = world_.engine(party.ref.loop).client(party.ref).inbox;
        for (; party.read < inbox.size(); ++party.read) {
            const auto& message = inbox[party.read];
            for (unsigned other = 0; other < 3; ++other) {
                if (other != party.session) {
                    ASSERT_EQ(message.raw.find(canary(other)), std::string::npos) << "another session's page";
                }
            }
            const auto& data = message.data.as_object();
            ++seen[message.channel];
            if (message.channel == kPageChannel) {
                ASSERT_EQ(party.role, 2);
            } else if (message.channel == kActChannel) {
                ASSERT_EQ(party.role, 1);
                ASSERT_EQ(std::string(data.at("from").as_string()), parties_[party.session * 3 + 1].user_id);
            } else if (message.channel == "/service/session/create") {
                tokens_[party.session] = data.at("sessionToken").as_string();
            } else if (message.channel == "/service/session/join" ||
                       message.channel == "/service/session/rejoin") {
                party.user_token = data.at("userToken").as_string();
                party.user_id = data.at("userId").as_string();
                if (party.role == 1)
                    begin(party, data.at("page").at("e").as_int64(), data.at("page").at("next").as_int64());
            } else if (message.channel == kEventChannel) {
                ASSERT_FALSE(party.ended) << "after the end there is nothing to say";
                event(party, data);
            }
        }
    }
    void begin(Party& party, std::int64_t e, std::int64_t next) {
        ASSERT_GE(e, party.e) << "epochs grow";
        party.e = e;
        party.s = next - 1;
    }
    void event(Party& party, const json::object& data) {
        const std::string type(data.at("type").as_string());
        ++seen[type];
        if (type == "deactivated") party.ended = true;
        if (party.role != 1) return;
        if (type == "page" && data.at("do").as_string() == "begin") begin(party, data.at("e").as_int64(), 1);
        if (type == "page" && data.at("do").as_string() == "stop") party.e = 0;
        if (type == "mode" && data.at("state").as_string() == "asked")
            party.ask = data.at("requestId").as_string();
    }

    void check() {
        for (const auto& receipt : receipts_) ASSERT_TRUE(receipt->done);
        for (unsigned i = 0; i < 3; ++i) {
            if (const auto session = world_.session(tokens_[i])) {
                if (!session->ended() && session->record().mode == "write") {
                    EXPECT_TRUE(session->record().consent);
                }
            }
        }
        // In the end every session is over: one record each, nothing live, nothing counted, nothing kept.
        world_.advance(Millis{4'000'000});
        EXPECT_EQ(world_.stats().sessions, 0U);
        EXPECT_EQ(world_.stats().participants, 0U);
        EXPECT_TRUE(world_.store.live_sessions().empty());
        EXPECT_EQ(world_.store.ended_sessions().size(), world_.stats().created);
        for (const auto& record : world_.store.ended_sessions()) {
            EXPECT_FALSE(record.end_reason.empty());
            for (std::size_t i = 1; i < record.events.size(); ++i) {
                EXPECT_LE(record.events[i - 1].at_ms, record.events[i].at_ms);
            }
            for (const auto& visit : record.pages)
                EXPECT_LE(visit.entered_ms + visit.duration_ms, record.ended_ms);
        }
        for (auto& party : parties_) world_.engine(party.ref.loop).remove(party.ref, true);
        world_.settle();
        for (unsigned i = 0; i < 3; ++i) {
            EXPECT_EQ(world_.node().service(i).clients(), 0U);
            EXPECT_EQ(world_.loop(i).pending_timers(), 0U);
        }
    }

    std::mt19937_64 rng_;
    World world_;
    std::vector<Party> parties_;
    std::map<unsigned, std::string> tokens_;
    std::vector<std::shared_ptr<FakeEngine::Receipt>> receipts_;
};

TEST(Model, RulesHoldUnderRandomInterleavings) {
    std::map<std::string, int> seen;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        Model model(seed);
        model.run(600);
        for (const auto& [what, count] : model.seen) seen[what] += count;
        if (::testing::Test::HasFailure()) return;
    }
    for (const auto* what : {"/service/page", "/service/act", "joined", "left", "presence", "consent", "page",
                             "mode", "deactivated"}) {
        EXPECT_GT(seen[what], 20) << what << " was hardly reached";
    }
}

}  // namespace
}  // namespace twinpane::cobrowse::testing
