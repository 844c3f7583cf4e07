// What goes wrong between two connections of one session, and at the wrong moment: each a defect that some
// Bayeux server had.
#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using ::testing::ElementsAre;
using testing::FakeOutlet;
using testing::Rig;
using namespace std::chrono_literals;

std::string error_of(const std::shared_ptr<FakeOutlet>& outlet) {
    return outlet->texts.empty() ? "no reply" : Rig::field(outlet->texts.back(), "error");
}

TEST(Race, ADuplicateConnectCancelsTheOlderOneOverHttp) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto older = rig.post(Rig::connect(id, "2"));
    const auto newer = rig.post(Rig::connect(id, "3"));
    EXPECT_EQ(older->refused, Code::kWrongState);
    EXPECT_TRUE(older->texts.empty());
    EXPECT_EQ(rig.group.counters().held, 1U);
    rig.gone(older);  // its connection closes later, which is the newer one's business no more
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.drain();
    EXPECT_EQ(newer->texts.size(), 2U);
}

TEST(Race, ADuplicateConnectOnAWebSocketReplacesTheOlderOneSilently) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.advance(20s);
    rig.send(stream, Rig::connect(id, "3"));
    rig.advance(29'999ms);
    EXPECT_TRUE(stream->texts.empty());
    rig.advance(1ms);
    EXPECT_THAT(stream->take(), ElementsAre(R"({"id":"3","channel":"/meta/connect","successful":true})"));
}

TEST(Race, TwoClientsWithOneSessionIdTheLastOneHasIt) {
    Rig rig;
    const auto first = Rig::stream();
    const auto id = rig.open(first);
    rig.send(first, Rig::connect(id, "2"));
    const auto second = Rig::stream();
    rig.send(second, Rig::connect(id, "3"));
    EXPECT_EQ(first->bound_to, "");
    EXPECT_EQ(second->bound_to, id);
    first->take();
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    EXPECT_TRUE(first->take().empty());
    EXPECT_EQ(second->take().size(), 1U);
    rig.gone(first);
    rig.advance(30s);
    EXPECT_EQ(second->take().size(), 1U) << "the connect held on the second socket is not the first one's";
}

TEST(Race, AConnectionIsBoundToOneSession) {
    Rig rig;
    const auto other = rig.open_over_http();
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::publish(other, "/a", "1"));
    EXPECT_EQ(error_of(stream), "402::session_unknown");
    rig.send(stream, Rig::publish(id, "/a", "1"));
    EXPECT_EQ(error_of(stream), "");
    // Mixed in one transport message: only the session's own.
    const auto mixed =
        rig.post("[" + Rig::publish(other, "/a", "1") + "," + Rig::publish(id, "/a", "1") + "]");
    EXPECT_EQ(Rig::field(mixed->texts.at(0), "successful"), "true");
    EXPECT_EQ(Rig::field(mixed->texts.at(1), "error"), "402::session_unknown");
}

TEST(Race, ANewHandshakeOnAConnectionBindsTheNewSession) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto old_id = rig.open(stream);
    rig.send(stream, Rig::connect(old_id, "2"));
    const auto new_id = rig.handshake(stream);
    EXPECT_NE(old_id, new_id);
    EXPECT_EQ(stream->bound_to, new_id);
    rig.send(stream, Rig::connect(new_id, "3"));
    EXPECT_EQ(Rig::field(stream->take().at(0), "successful"), "true");
    rig.engine().deliver(rig.ref(old_id), "/service/x", "1");
    EXPECT_TRUE(stream->take().empty()) << "the old session's messages are not the new one's";
    rig.advance(10s);
    EXPECT_EQ(rig.group.counters().sessions_expired, 2U)
        << "the old one, and the new one whose connect was answered";
}

TEST(Race, AnExpiredSessionsConnectionServesANewHandshake) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.advance(10s);
    EXPECT_EQ(stream->bound_to, "");
    rig.send(stream, Rig::connect(id, "2"));
    EXPECT_EQ(error_of(stream), "402::session_unknown");
    stream->take();
    EXPECT_NE(rig.handshake(stream), "");
}

TEST(Race, ASessionMovesFromHttpToWebSocketAndBack) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto held = rig.post(Rig::connect(id, "2"));
    rig.gone(held);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    const auto stream = Rig::stream();
    rig.send(stream, Rig::connect(id, "3", R"(,"advice":{"timeout":0})"));
    auto texts = stream->take();
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(Rig::field(texts[0], "data"), "1");
    EXPECT_EQ(Rig::field(texts[1], "advice"), Rig::kAdvice);
    // Back: the socket is half-open, the client polls.
    const auto poll = rig.post(Rig::connect(id, "4"));
    EXPECT_EQ(stream->bound_to, "");
    rig.engine().deliver(rig.ref(id), "/service/x", "2");
    rig.drain();
    EXPECT_TRUE(stream->take().empty());
    ASSERT_EQ(poll->texts.size(), 2U);
    EXPECT_EQ(Rig::field(poll->texts[0], "data"), "2");
    rig.gone(stream);
    EXPECT_EQ(rig.engine().sessions(), 1U);
}

TEST(Race, AnIdleProbeConnectionHarmsNobody) {
    Rig rig;
    const auto probe = Rig::stream();
    rig.send(probe, "[]");
    EXPECT_TRUE(probe->texts.empty());
    rig.gone(probe);
    EXPECT_EQ(rig.post("[]")->sends, 1U);
}

TEST(Race, CloseRacesHandshake) {
    Rig rig;
    rig.policy.wait = true;
    const auto stream = Rig::stream();
    rig.send(stream, Rig::kHandshake);
    rig.gone(stream);
    rig.policy.waiting.front()(std::make_shared<const Principal>());
    EXPECT_TRUE(stream->texts.empty());
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

TEST(Race, CloseRacesConnect) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto late = Rig::exchange();
    rig.gone(late);
    rig.send(late, Rig::connect(id, "2", R"(,"advice":{"timeout":0})"));
    // Whatever became of that answer, the messages are still there.
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    const auto lost = Rig::exchange();
    rig.gone(lost);
    rig.send(lost, Rig::connect(id, "3"));
    EXPECT_EQ(rig.post(Rig::connect(id, "4"))->texts.size(), 2U);
}

TEST(Race, UnsubscribeRacesSubscribeInOneMessage) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, "[" + Rig::subscribe(id, "/a", "1") + "," +
                         Rig::message(id, "/meta/unsubscribe", "2", R"(,"subscription":"/a")") + "," +
                         Rig::subscribe(id, "/a", "3") + "," + Rig::publish(id, "/a", "1", "4") + "]");
    EXPECT_EQ(stream->take().size(), 5U);
    EXPECT_EQ(rig.group.counters().subscriptions, 1U);
}

TEST(Race, BroadcastDuringClose) {
    Rig rig;
    std::vector<std::pair<std::string, std::shared_ptr<FakeOutlet>>> members;
    for (int i = 0; i < 5; ++i) {
        auto stream = Rig::stream();
        auto id = rig.open(stream);
        rig.send(stream, Rig::subscribe(id, "/a"));
        stream->take();
        members.emplace_back(std::move(id), std::move(stream));
    }
    members[1].second->accepts = false;
    members[3].second->accepts = false;
    rig.gone(members[2].second);
    rig.send(members[0].second, Rig::publish(members[0].first, "/a", "1"));
    EXPECT_EQ(members[0].second->take().size(), 2U);
    EXPECT_EQ(members[4].second->take().size(), 1U);
    rig.gone(members[1].second);
    rig.gone(members[3].second, true);
    EXPECT_EQ(rig.group.counters().sessions_cut, 1U);
    EXPECT_EQ(rig.group.counters().subscriptions, 4U);
    for (const int late : {1, 2}) {  // they come back and have missed nothing
        const auto& [id, stream] = members[static_cast<std::size_t>(late)];
        stream->take();
        EXPECT_EQ(rig.post(Rig::connect(id, "9"))->texts.size(), 2U);
    }
}

TEST(Race, ABroadcastThatCutsSessionsReachesTheOthers) {
    Rig rig({.queue_messages = 1});
    std::vector<std::string> polling;
    for (int i = 0; i < 3; ++i) {
        polling.push_back(rig.open_over_http());
        rig.post(Rig::subscribe(polling.back(), "/a"));
    }
    rig.post(Rig::connect(polling[1], "c", R"(,"advice":{"timeout":0})"));
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::subscribe(id, "/a"));
    stream->take();
    for (int i = 0; i < 2; ++i) rig.send(stream, Rig::publish(id, "/a", "1"));
    EXPECT_EQ(stream->take().size(), 4U);
    EXPECT_EQ(rig.group.counters().sessions_cut, 3U);
    EXPECT_EQ(rig.group.counters().subscriptions, 1U);
}

TEST(Race, TimerFiresAfterClose) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.send(stream, Rig::message(id, "/meta/disconnect", "3"));
    rig.gone(stream);
    stream->take();
    rig.advance(60s);
    EXPECT_TRUE(stream->take().empty());
}

TEST(Race, TimerFiresAfterTheEngineIsGone) {
    ::twinpane::testing::ManualLoop loop;
    {
        ::twinpane::testing::SeededRandom random;
        testing::FakePolicy policy;
        EngineGroup group;
        group.add(loop, loop, loop, random, policy);
        const auto batch = parse_batch(Rig::kHandshake);
        group.inlet(0).receive(*batch, {}, Rig::exchange());
        EXPECT_EQ(group.at(0).sessions(), 1U);
    }
    loop.advance(60s);
    EXPECT_EQ(loop.pending_timers(), 0U);
}

TEST(Race, CountersDoNotDriftOnDoubleRemove) {
    Rig rig({.queue_messages = 1});
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.gone(stream);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.engine().deliver(rig.ref(id), "/service/x", "2");  // cut, carried out later
    rig.engine().disconnect(rig.ref(id));
    rig.gone(stream, true);
    rig.advance(60s);
    const auto counters = rig.group.counters();
    EXPECT_EQ(counters.sessions, 0U);
    EXPECT_EQ(counters.sessions_cut, 1U);
    EXPECT_EQ(counters.sessions_disconnected, 0U);
}

TEST(Race, AnInternalSessionIsOfNoUseOnThePublicSide) {
    Rig rig;
    rig.peer.internal = true;
    const auto id = rig.open_over_http();
    rig.peer.internal = false;
    EXPECT_EQ(error_of(rig.post(Rig::publish(id, "/a", "1"))), "402::session_unknown");
    EXPECT_EQ(error_of(rig.post(Rig::connect(id, "2"))), "402::session_unknown");
    rig.peer.internal = true;
    EXPECT_EQ(error_of(rig.post(Rig::publish(id, "/a", "1"))), "");
}

TEST(Race, MetaNamesAreRecognisedHoweverTheyAreWritten) {
    Rig rig;
    const auto spy = Rig::stream();
    const auto spy_id = rig.open(spy);
    rig.send(spy, Rig::subscribe(spy_id, "/**"));
    spy->take();
    const auto id = rig.open_over_http();
    EXPECT_EQ(rig.post(Rig::message(id, "\\/m\\u0065ta\\/connect\\/", "2", R"(,"advice":{"timeout":0})"))
                  ->texts.size(),
              1U);
    EXPECT_EQ(error_of(rig.post(Rig::publish(id, "/meta", "1"))),
              "403:denied_by_security_policy:channel_create_denied");
    EXPECT_TRUE(spy->take().empty());
}

}  // namespace
}  // namespace twinpane::bayeux
