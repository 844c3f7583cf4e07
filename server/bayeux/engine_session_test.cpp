// Sessions: handshake, connect and its hold, expiry, good-bye.
#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using ::testing::ElementsAre;
using testing::FakeOutlet;
using testing::Rig;
using namespace std::chrono_literals;

class Removals final : public ServiceHandler {
  public:
    void on_publish(const Publish&, Reply reply) override { reply.ok(); }
    void on_session_removed(const ClientRef& client, bool timed_out) override {
        removed.emplace_back(client.id, timed_out);
    }
    std::vector<std::pair<std::string, bool>> removed;
};

class Links final : public ServiceHandler {
  public:
    void on_publish(const Publish&, Reply reply) override { reply.ok(); }
    void on_session_removed(const ClientRef&, bool) override {}
    void on_link(const ClientRef& client, bool up) override { told.emplace_back(client.id, up); }
    std::vector<std::pair<std::string, bool>> told;
};

TEST(Handshake, ReplyHasAllThatClientsNeed) {
    Rig rig;
    const auto outlet = Rig::exchange();
    rig.send(outlet, Rig::kHandshake);
    ASSERT_EQ(outlet->texts.size(), 1U);
    const auto& reply = outlet->texts[0];
    EXPECT_EQ(Rig::field(reply, "id"), "h");
    EXPECT_EQ(Rig::field(reply, "channel"), "/meta/handshake");
    EXPECT_EQ(Rig::field(reply, "successful"), "true");
    EXPECT_EQ(Rig::field(reply, "version"), "1.0");
    EXPECT_EQ(Rig::field(reply, "supportedConnectionTypes"),
              R"(["websocket","long-polling","cross-origin-long-polling"])");
    EXPECT_EQ(Rig::field(reply, "advice"), Rig::kAdvice);
    EXPECT_EQ(Rig::field(reply, "clientId").size(), 34U);
}

TEST(Handshake, ClientIdsTellTheirLoopAndAreNeverTheSame) {
    Rig rig({}, 17);
    const auto one = rig.handshake_over_http(16);
    const auto other = rig.handshake_over_http(16);
    EXPECT_EQ(loop_of(one), 16U);
    EXPECT_NE(one, other);
    EXPECT_EQ(loop_of("zz" + one.substr(2)), std::nullopt);
    EXPECT_EQ(loop_of("short"), std::nullopt);
}

TEST(Handshake, DeniedEndsTheClientAndBusyLetsItTryAgain) {
    Rig rig;
    rig.policy.deny = Code::kNotAuthenticated;
    auto reply = rig.post(Rig::kHandshake)->take().at(0);
    EXPECT_EQ(Rig::field(reply, "successful"), "false");
    EXPECT_EQ(Rig::field(reply, "error"), "401:4100:not_authenticated");
    EXPECT_EQ(Rig::field(Rig::field(reply, "advice"), "reconnect"), "none");
    EXPECT_EQ(Rig::field(reply, "clientId"), "");
    rig.policy.deny = Code::kShuttingDown;
    reply = rig.post(Rig::kHandshake)->take().at(0);
    EXPECT_EQ(Rig::field(Rig::field(reply, "advice"), "reconnect"), "handshake");
    EXPECT_EQ(rig.group.counters().handshakes_denied, 2U);
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

TEST(Handshake, ThePolicySeesExtAndPeerAndMayAnswerLater) {
    Rig rig;
    rig.policy.wait = true;
    rig.peer.internal = true;
    rig.peer.origin = "https://a.example";
    const auto outlet = rig.post(R"({"channel":"/meta/handshake","id":"h","ext":{"token":"t"}})");
    EXPECT_EQ(rig.policy.last_ext, R"({"token":"t"})");
    EXPECT_TRUE(rig.policy.last_peer.internal);
    EXPECT_EQ(rig.policy.last_peer.origin, "https://a.example");
    EXPECT_TRUE(outlet->texts.empty());
    rig.policy.waiting.front()(std::make_shared<const Principal>());
    ASSERT_EQ(outlet->texts.size(), 1U);
    EXPECT_EQ(Rig::field(outlet->texts[0], "successful"), "true");
}

TEST(Handshake, ASecondOneOnTheSameConnectionWaitsForTheFirst) {
    Rig rig;
    rig.policy.wait = true;
    const auto stream = Rig::stream();
    rig.send(stream, Rig::kHandshake);
    rig.send(stream, Rig::kHandshake);
    ASSERT_EQ(stream->texts.size(), 1U);
    EXPECT_EQ(Rig::field(stream->texts[0], "error"), "403::handshake_failed");
    EXPECT_EQ(rig.policy.waiting.size(), 1U);
}

TEST(Handshake, BeyondTheLimitOfSessionsIsRefused) {
    Rig rig({.max_sessions = 2});
    rig.handshake_over_http();
    rig.handshake_over_http();
    EXPECT_EQ(Rig::field(rig.post(Rig::kHandshake)->texts.at(0), "error"), "503:5004:too_many_sessions");
    EXPECT_EQ(rig.engine().sessions(), 2U);
}

TEST(Connect, TheFirstIsAnsweredAtOnceWithAdviceAndLaterOnesAreHeld) {
    Rig rig;
    const auto id = rig.handshake_over_http();
    const auto first = rig.post(Rig::connect(id, "1"));
    ASSERT_EQ(first->texts.size(), 1U);
    EXPECT_EQ(Rig::field(first->texts[0], "id"), "1");
    EXPECT_EQ(Rig::field(first->texts[0], "advice"), Rig::kAdvice);
    const auto second = rig.post(Rig::connect(id, "2"));
    rig.advance(29'999ms);
    EXPECT_TRUE(second->texts.empty());
    EXPECT_EQ(rig.group.counters().held, 1U);
    rig.advance(1ms);
    ASSERT_EQ(second->texts.size(), 1U);
    EXPECT_EQ(second->texts[0], R"({"id":"2","channel":"/meta/connect","successful":true})");
    EXPECT_EQ(rig.group.counters().held, 0U);
}

TEST(Connect, TheClientsAdviceHoldsForThatOneConnect) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto at_once = rig.post(Rig::connect(id, "2", R"(,"advice":{"timeout":0})"));
    ASSERT_EQ(at_once->texts.size(), 1U);
    EXPECT_EQ(Rig::field(at_once->texts[0], "advice"), Rig::kAdvice);
    const auto shorter = rig.post(Rig::connect(id, "3", R"(,"advice":{"timeout":500,"interval":3000})"));
    rig.advance(500ms);
    ASSERT_EQ(shorter->texts.size(), 1U);
    rig.advance(12'999ms);  // its own interval and the server's maxInterval
    EXPECT_EQ(rig.engine().sessions(), 1U);
    rig.advance(1ms);
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

TEST(Connect, AClientCannotMakeTheServerHoldLongerThanItWants) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto held = rig.post(Rig::connect(id, "2", R"(,"advice":{"timeout":900000000})"));
    rig.advance(30s);
    EXPECT_EQ(held->texts.size(), 1U);
}

TEST(Connect, NotAloneInItsRequestIsAnsweredAtOnceAndInOrder) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto outlet = rig.post("[" + Rig::connect(id, "2") + "," + Rig::publish(id, "/a", "1", "3") + "]");
    ASSERT_EQ(outlet->texts.size(), 2U);
    EXPECT_EQ(Rig::field(outlet->texts[0], "id"), "2");
    EXPECT_EQ(Rig::field(outlet->texts[1], "id"), "3");
}

TEST(Connect, OfAnUnknownSessionIsToldToShakeHandsAgain) {
    Rig rig;
    const auto reply = rig.post(Rig::connect("00" + std::string(32, 'a'), "1"))->texts.at(0);
    EXPECT_EQ(Rig::field(reply, "error"), "402::session_unknown");
    EXPECT_EQ(Rig::field(reply, "advice"), R"({"reconnect":"handshake","interval":0,"timeout":30000})");
    // Other messages get no advice: it is the connect that decides.
    const auto other = rig.post(Rig::publish("nobody", "/a", "1"))->texts.at(0);
    EXPECT_EQ(Rig::field(other, "error"), "402::session_unknown");
    EXPECT_EQ(Rig::field(other, "advice"), "");
}

TEST(Delivery, OverHttpAHeldConnectIsReleasedWithAllThatTheTurnBrought) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto held = rig.post(Rig::connect(id, "2"));
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "2", "\"9\""));
    rig.drain();
    ASSERT_EQ(held->texts.size(), 3U);
    EXPECT_EQ(held->texts[0], R"({"channel":"/service/x","data":1})");
    EXPECT_EQ(held->texts[1], R"({"id":"9","channel":"/service/x","data":2,"successful":true})");
    EXPECT_EQ(Rig::field(held->texts[2], "channel"), "/meta/connect");
    EXPECT_EQ(held->sends, 1U);
}

TEST(Delivery, TheQueueSurvivesBetweenConnects) {
    Rig rig;
    const auto id = rig.open_over_http();
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    EXPECT_GT(rig.engine().queued_bytes(rig.ref(id)), 0U);
    const auto next = rig.post(Rig::connect(id, "2"));
    ASSERT_EQ(next->texts.size(), 2U);
    EXPECT_EQ(Rig::field(next->texts[0], "data"), "1");
    EXPECT_EQ(rig.engine().queued_bytes(rig.ref(id)), 0U);
}

TEST(Delivery, OverHttpOnlyConnectsCarryMessagesSoThatTheyStayInOrder) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    EXPECT_EQ(rig.post(Rig::publish(id, "/a", "1"))->texts.size(), 1U);
    EXPECT_EQ(rig.post(Rig::connect(id, "2"))->texts.size(), 2U);
}

TEST(Delivery, AnAnswerThatDidNotArriveComesAgainFirst) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.engine().deliver(rig.ref(id), "/service/x", "2");
    const auto lost = rig.post(Rig::connect(id, "2"));
    ASSERT_EQ(lost->texts.size(), 3U);
    rig.engine().deliver(rig.ref(id), "/service/x", "3");
    rig.gone(lost);
    const auto next = rig.post(Rig::connect(id, "3"));
    ASSERT_EQ(next->texts.size(), 4U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(Rig::field(next->texts[i], "data"), std::to_string(i + 1));
}

TEST(Delivery, AnAnswerThatTheClientWentOnFromDoesNotComeAgain) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    const auto arrived = rig.post(Rig::connect(id, "2"));
    const auto held = rig.post(Rig::connect(id, "3"));
    rig.gone(arrived);
    EXPECT_TRUE(held->texts.empty());
}

TEST(Delivery, AClientThatWentAwayDuringTheHoldLosesNothing) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto held = rig.post(Rig::connect(id, "2"));
    rig.gone(held);
    EXPECT_EQ(rig.group.counters().held, 0U);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.drain();
    EXPECT_TRUE(held->texts.empty());
    EXPECT_EQ(rig.post(Rig::connect(id, "3"))->texts.size(), 2U);
}

TEST(Delivery, AWebSocketGetsMessagesAtOnceAndItsConnectStaysHeld) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    EXPECT_THAT(stream->take(), ElementsAre(R"({"channel":"/service/x","data":1})"));
    EXPECT_EQ(rig.group.counters().held, 1U);
    rig.advance(30s);
    EXPECT_THAT(stream->take(), ElementsAre(R"({"id":"2","channel":"/meta/connect","successful":true})"));
}

TEST(Delivery, AWebSocketGetsMessagesBeforeItsFirstConnect) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.handshake(stream);
    EXPECT_EQ(stream->bound_to, id);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    EXPECT_EQ(stream->take().size(), 1U);
}

TEST(Delivery, AnEncodedMessageReachesAllReceiversAsTheSameBytes) {
    Rig rig;
    const auto one = Rig::stream();
    const auto other = Rig::stream();
    const auto message = encode_message("/service/x", "{\"n\":1}");
    for (const auto& stream : {one, other}) {
        const auto id = rig.open(stream);
        EXPECT_TRUE(rig.engine().deliver(rig.ref(id), message));
        EXPECT_EQ(stream->bytes.back(), message);
    }
}

TEST(Queue, BeyondItsBytesTheSessionIsCut) {
    Rig rig({.queue_bytes = 100});
    Removals service;
    rig.engine().service("/service/x", service);
    const auto id = rig.open_over_http();
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "\"" + std::string(60, 'a') + "\""));
    EXPECT_FALSE(rig.engine().deliver(rig.ref(id), "/service/x", "\"" + std::string(60, 'a') + "\""));
    EXPECT_TRUE(service.removed.empty()) << "never from within deliver()";
    EXPECT_FALSE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    rig.drain();
    EXPECT_THAT(service.removed, ElementsAre(std::pair(id, true)));
    EXPECT_EQ(rig.group.counters().sessions_cut, 1U);
    EXPECT_EQ(rig.engine().sessions(), 0U);
    EXPECT_EQ(Rig::field(rig.post(Rig::connect(id, "2"))->texts.at(0), "error"), "402::session_unknown");
}

TEST(Queue, BeyondItsMessagesTheSessionIsCutAndItsHeldConnectAnswered) {
    Rig rig({.queue_messages = 4});
    const auto id = rig.open_over_http();
    const auto held = rig.post(Rig::connect(id, "2"));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    EXPECT_FALSE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    rig.drain();
    ASSERT_EQ(held->texts.size(), 1U);
    EXPECT_EQ(Rig::field(held->texts[0], "error"), "429:4502:queue_full");
    EXPECT_EQ(rig.group.counters().held, 0U);
}

TEST(Link, ServicesHearWhenASessionCannotBeReachedAndWhenItCan) {
    Rig rig;
    Links service;
    rig.engine().service("/service/x", service);
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.drain();
    EXPECT_TRUE(service.told.empty());
    rig.gone(stream);
    rig.drain();
    EXPECT_THAT(service.told, ElementsAre(std::pair(id, false)));
    const auto next = Rig::stream();
    rig.send(next, Rig::connect(id, "3"));
    rig.drain();
    EXPECT_THAT(service.told, ElementsAre(std::pair(id, false), std::pair(id, true)));
}

TEST(Link, APollThatBreaksCountsAndThePauseBetweenTwoDoesNot) {
    Rig rig;
    Links service;
    rig.engine().service("/service/x", service);
    const auto id = rig.open_over_http();
    rig.send(Rig::exchange(), Rig::connect(id, "2"));
    const auto held = Rig::exchange();
    rig.send(held, Rig::connect(id, "3"));
    rig.advance(30s);  // answered
    EXPECT_EQ(held->texts.size(), 1U);
    EXPECT_TRUE(service.told.empty());
    const auto broken = Rig::exchange();
    rig.send(broken, Rig::connect(id, "4"));
    rig.gone(broken);
    rig.drain();
    EXPECT_THAT(service.told, ElementsAre(std::pair(id, false)));
}

TEST(Queue, WhatAClosingStreamDoesNotTakeWaitsForTheNextConnection) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    stream->accepts = false;
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    EXPECT_EQ(rig.group.counters().held, 0U);
    rig.gone(stream);
    const auto next = Rig::stream();
    rig.send(next, Rig::connect(id, "3", R"(,"advice":{"timeout":0})"));
    ASSERT_EQ(next->texts.size(), 2U);
    EXPECT_EQ(Rig::field(next->texts[0], "data"), "1");
}

TEST(Queue, AClosingStreamDoesNotSaveItsSessionFromExpiry) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    stream->accepts = false;
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.advance(10s);
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

TEST(Queue, AConnectionThatOverflowedByItselfCutsItsSession) {
    Rig rig;
    Removals service;
    rig.engine().service("/service/x", service);
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.gone(stream, true);
    EXPECT_EQ(rig.group.counters().sessions_cut, 1U);
    EXPECT_EQ(rig.engine().sessions(), 0U);
    EXPECT_EQ(rig.group.counters().held, 0U);
    EXPECT_THAT(service.removed, ElementsAre(std::pair(id, true)));
}

TEST(Queue, AnOverflowIsNotForgottenWhenTheClientHasComeBackMeanwhile) {
    // Messages are missing between the two connections, so the session must not go on on the second one.
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    stream->accepts = false;
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    const auto next = Rig::exchange();
    rig.send(next, Rig::connect(id, "3"));
    rig.post(Rig::connect(id, "4"));
    const auto held = rig.post(Rig::connect(id, "5"));
    rig.gone(stream, true);
    ASSERT_EQ(held->texts.size(), 1U);
    EXPECT_EQ(Rig::field(held->texts[0], "error"), "429:4502:queue_full");
    EXPECT_EQ(Rig::field(Rig::field(held->texts[0], "advice"), "reconnect"), "handshake");
}

TEST(Expiry, ASessionThatNeverConnectsExpires) {
    Rig rig;
    rig.handshake_over_http();
    rig.advance(9'999ms);
    EXPECT_EQ(rig.engine().sessions(), 1U);
    rig.advance(1ms);
    EXPECT_EQ(rig.engine().sessions(), 0U);
    EXPECT_EQ(rig.group.counters().sessions_expired, 1U);
}

TEST(Expiry, StartsWithTheConnectsAnswerAndServicesHearOfIt) {
    Rig rig;
    Removals service;
    rig.engine().service("/service/a", service);
    rig.engine().service("/service/b", service);
    const auto id = rig.open_over_http();
    rig.post(Rig::connect(id, "2"));
    rig.advance(30s + 9'999ms);
    EXPECT_EQ(rig.engine().sessions(), 1U);
    rig.advance(1ms);
    EXPECT_EQ(rig.engine().sessions(), 0U);
    EXPECT_THAT(service.removed, ElementsAre(std::pair(id, true))) << "once, however many channels it serves";
}

TEST(Expiry, AHeldWebSocketConnectKeepsTheSession) {
    Rig rig({.timeout = 120'000ms});
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.advance(119s);
    EXPECT_EQ(rig.engine().sessions(), 1U);
}

TEST(Expiry, AnyMessageBuysMaxInterval) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.advance(9s);
    rig.post(Rig::publish(id, "/a", "1"));
    rig.advance(9'999ms);
    EXPECT_EQ(rig.engine().sessions(), 1U);
    rig.advance(1ms);
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

TEST(Expiry, AClosedSocketDoesNotEndTheSessionButMaxIntervalDoes) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.gone(stream);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.advance(9'999ms);
    EXPECT_EQ(rig.engine().sessions(), 1U);
    rig.advance(1ms);
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

TEST(Expiry, LeavesNoTimerAndNoGaugeBehind) {
    Rig rig;
    for (int i = 0; i < 10; ++i) {
        const auto stream = Rig::stream();
        const auto id = rig.open(stream);
        rig.send(stream, Rig::subscribe(id, "/a"));
        rig.send(stream, Rig::connect(id, "2"));
        if (i % 2 == 0) rig.send(stream, Rig::message(id, "/meta/disconnect", "3"));
        rig.gone(stream);
    }
    rig.advance(60s);
    EXPECT_EQ(rig.loop().pending_timers(), 0U);
    const auto counters = rig.group.counters();
    EXPECT_EQ(counters.sessions, 0U);
    EXPECT_EQ(counters.held, 0U);
    EXPECT_EQ(counters.subscriptions, 0U);
    EXPECT_EQ(counters.sessions_disconnected, 5U);
    EXPECT_EQ(counters.sessions_expired, 5U);
}

TEST(Disconnect, OnAWebSocketTheHeldConnectIsAnsweredFirst) {
    Rig rig;
    Removals service;
    rig.engine().service("/service/x", service);
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.send(stream, Rig::message(id, "/meta/disconnect", "3"));
    const auto texts = stream->take();
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(Rig::field(texts[0], "channel"), "/meta/connect");
    EXPECT_EQ(Rig::field(texts[0], "successful"), "true");
    EXPECT_EQ(Rig::field(texts[0], "advice"), R"({"reconnect":"none","interval":0,"timeout":30000})");
    EXPECT_EQ(texts[1], R"({"id":"3","channel":"/meta/disconnect","successful":true})");
    EXPECT_EQ(stream->bound_to, "");
    EXPECT_THAT(service.removed, ElementsAre(std::pair(id, false)));
}

TEST(Disconnect, OverHttpTheQueueIsFlushed) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    const auto outlet = rig.post(Rig::message(id, "/meta/disconnect", "3"));
    ASSERT_EQ(outlet->texts.size(), 2U);
    EXPECT_EQ(Rig::field(outlet->texts[0], "data"), "1");
    EXPECT_EQ(Rig::field(outlet->texts[1], "channel"), "/meta/disconnect");
}

TEST(Disconnect, ByTheServerIsPushedBehindTheHeldConnectsAnswer) {
    for (const bool http : {false, true}) {
        Rig rig;
        const auto outlet = http ? Rig::exchange() : Rig::stream();
        const auto id = http ? rig.open_over_http() : rig.open(outlet);
        rig.send(outlet, Rig::connect(id, "2"));
        rig.engine().disconnect(rig.ref(id));
        ASSERT_EQ(outlet->texts.size(), 2U);
        EXPECT_EQ(Rig::field(Rig::field(outlet->texts[0], "advice"), "reconnect"), "none");
        EXPECT_EQ(outlet->texts[1], R"({"channel":"/meta/disconnect","successful":true})");
        EXPECT_EQ(rig.engine().sessions(), 0U);
        EXPECT_FALSE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    }
}

TEST(Disconnect, ByTheServerBetweenConnectsIsToldWithTheNextOne) {
    Rig rig;
    Removals service;
    rig.engine().service("/service/x", service);
    const auto id = rig.open_over_http();
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.engine().disconnect(rig.ref(id));
    rig.drain();
    EXPECT_EQ(service.removed.size(), 1U);
    EXPECT_EQ(rig.engine().sessions(), 0U);
    EXPECT_EQ(Rig::field(rig.post(Rig::publish(id, "/a", "1"))->texts.at(0), "error"),
              "402::session_unknown");
    const auto last = rig.post(Rig::connect(id, "2"));
    ASSERT_EQ(last->texts.size(), 3U);
    EXPECT_EQ(Rig::field(last->texts[0], "data"), "1");
    EXPECT_EQ(Rig::field(Rig::field(last->texts[1], "advice"), "reconnect"), "none");
    EXPECT_EQ(Rig::field(last->texts[2], "channel"), "/meta/disconnect");
    EXPECT_EQ(Rig::field(rig.post(Rig::connect(id, "3"))->texts.at(0), "error"), "402::session_unknown");
    rig.advance(60s);
    EXPECT_EQ(service.removed.size(), 1U);
    EXPECT_EQ(rig.loop().pending_timers(), 0U);
}

TEST(Disconnect, ALeavingSessionWhoseClientNeverComesBackIsForgotten) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.engine().disconnect(rig.ref(id));
    rig.advance(20s);
    EXPECT_EQ(Rig::field(rig.post(Rig::connect(id, "3"))->texts.at(0), "error"), "402::session_unknown");
}

TEST(Shutdown, AnswersWhatIsHeldAndHoldsNoMore) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto held = rig.post(Rig::connect(id, "2"));
    rig.group.begin_shutdown();
    rig.drain();
    ASSERT_EQ(held->texts.size(), 1U);
    EXPECT_EQ(Rig::field(held->texts[0], "advice"),
              R"({"reconnect":"retry","interval":1000,"timeout":30000})");
    EXPECT_EQ(rig.post(Rig::connect(id, "3"))->texts.size(), 1U);
    EXPECT_EQ(Rig::field(rig.post(Rig::kHandshake)->texts.at(0), "error"), "503:5002:shutting_down");
}

}  // namespace
}  // namespace twinpane::bayeux
