// The error strings of the protocol, each where it belongs, and what the two common clients rely on.
#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using ::testing::ElementsAre;
using testing::FakeOutlet;
using ::testing::IsEmpty;
using testing::Rig;
using namespace std::chrono_literals;

std::string error_of(const std::shared_ptr<FakeOutlet>& outlet) {
    return outlet->texts.empty() ? "no reply" : Rig::field(outlet->texts.back(), "error");
}

// A session and its errors.
struct Client {
    Client() : id(rig.open_over_http()) {}
    std::string say(std::string_view channel, std::string_view more) {
        return error_of(rig.post(Rig::message(id, channel, "1", more)));
    }
    std::string subscribe(std::string_view channel) {
        return error_of(rig.post(Rig::subscribe(id, channel)));
    }
    std::string publish(std::string_view channel) {
        return error_of(rig.post(Rig::publish(id, channel, "1")));
    }
    Rig rig;
    std::string id;
};

TEST(Errors, ChannelMissing) {
    Client client;
    EXPECT_EQ(error_of(client.rig.post("{\"clientId\":\"" + client.id + "\",\"data\":1}")),
              "400::channel_missing");
}

TEST(Errors, SessionUnknown) {
    Client client;
    for (const char* from : {"", "nobody", "00"}) {
        for (const char* channel : {"/a", "/service/x", "/meta/connect", "/meta/subscribe",
                                    "/meta/unsubscribe", "/meta/disconnect", "/meta/other"}) {
            const auto reply = client.rig.post(Rig::message(from, channel, "7"))->texts.at(0);
            EXPECT_EQ(Rig::field(reply, "error"), "402::session_unknown") << from << channel;
            EXPECT_EQ(Rig::field(reply, "id"), "7");
            EXPECT_EQ(Rig::field(reply, "channel"), channel);
            EXPECT_EQ(Rig::field(reply, "advice").empty(), std::string_view(channel) != "/meta/connect");
        }
    }
}

TEST(Errors, HandshakeDenied) {
    Rig rig;
    rig.policy.deny = Code::kRoleNotAllowed;
    const auto reply = rig.post(Rig::kHandshake)->texts.at(0);
    EXPECT_EQ(Rig::field(reply, "error"), "403::handshake_denied");
    EXPECT_EQ(Rig::field(Rig::field(reply, "advice"), "reconnect"), "none");
}

TEST(Errors, HandshakeFailed) {
    Rig rig;
    rig.policy.wait = true;
    const auto stream = Rig::stream();
    rig.send(stream, Rig::kHandshake);
    rig.send(stream, Rig::kHandshake);
    EXPECT_EQ(error_of(stream), "403::handshake_failed");
}

TEST(Errors, SubscriptionMissing) {
    Client client;
    EXPECT_EQ(client.say("/meta/subscribe", ""), "403::subscription_missing");
    EXPECT_EQ(client.say("/meta/unsubscribe", ""), "403::subscription_missing");
}

TEST(Errors, SubscriptionInvalid) {
    Client client;
    for (const char* subscription : {"7", "null", "true", "{}", "[]", "[7]", "[[\"/a\"]]", "[\"/a\",null]"}) {
        const auto more = ",\"subscription\":" + std::string(subscription);
        EXPECT_EQ(client.say("/meta/subscribe", more), "403::subscription_invalid") << subscription;
        EXPECT_EQ(client.say("/meta/unsubscribe", more), "403::subscription_invalid") << subscription;
    }
    EXPECT_EQ(client.rig.group.counters().subscriptions, 0U) << "checked before any is made";
}

// Ends the session that asks, in the middle of its question.
class Trap final : public Authorizer, public SessionListener {
  public:
    explicit Trap(Rig& rig) : rig_(rig) {}
    Verdict authorize(const Question& question) override {
        rig_.engine().disconnect(question.from);
        return Verdict::grant();
    }
    void on_unsubscribed(const SessionInfo& session, std::string_view) override {
        rig_.engine().disconnect(session.ref);
    }

  private:
    Rig& rig_;
};

TEST(Errors, SubscribeFailed) {
    Client client;
    Trap trap(client.rig);
    client.rig.group.hooks(0).authorize("/a", trap);
    EXPECT_EQ(client.subscribe("/a"), "403::subscribe_failed");
    EXPECT_EQ(client.rig.group.counters().subscriptions, 0U);
}

TEST(Errors, UnsubscribeFailed) {
    Client client;
    Trap trap(client.rig);
    client.rig.group.hooks(0).add(static_cast<SessionListener&>(trap));
    client.subscribe("/a");
    EXPECT_EQ(client.say("/meta/unsubscribe", R"(,"subscription":"/a")"), "403::unsubscribe_failed");
}

TEST(Errors, CreateDenied) {
    Client client;
    client.rig.policy.creation = true;
    client.rig.policy.may_not_create = "/a";
    EXPECT_EQ(client.subscribe("/a"), "403:denied_by_security_policy:create_denied");
    EXPECT_EQ(client.publish("/a"), "403:denied_by_security_policy:channel_create_denied");
}

TEST(Errors, SubscribeDeniedAndPublishDenied) {
    Client client;
    EXPECT_EQ(client.subscribe("/closed"), "403:denied_by_security_policy:subscribe_denied");
    EXPECT_EQ(client.publish("/closed"), "403:denied_by_security_policy:publish_denied");
}

TEST(Errors, ChannelInvalid) {
    Client client;
    for (const char* channel : {"a", "/", "/a//b", "/**/a", "/a/*/b", "/a%", "/a:b", "/*", "/**"}) {
        EXPECT_EQ(client.publish(channel), "405::channel_invalid") << channel;
    }
    for (const char* channel : {"a", "/", "/a//b", "/**/a", "/a/*/b", "/a%", "/a:b"}) {
        EXPECT_EQ(client.subscribe(channel), "405::channel_invalid") << channel;
    }
}

TEST(Errors, MessageIdInvalid) {
    Client client;
    for (const char* id : {R"("")", R"("a b")", R"("a-1")", "{}", "null", "[1]"}) {
        const auto outlet = client.rig.post("{\"channel\":\"/a\",\"clientId\":\"" + client.id +
                                            "\",\"id\":" + std::string(id) + "}");
        EXPECT_EQ(error_of(outlet), "405::message_id_invalid") << id;
        EXPECT_EQ(Rig::field(outlet->texts.at(0), "id"), "") << "what is no id is not echoed";
    }
}

TEST(Errors, TheFirstBadSubscriptionStopsAndLeavesTheEarlierOnes) {
    Client client;
    EXPECT_EQ(client.say("/meta/subscribe", R"(,"subscription":["/a","/closed","/b"])"),
              "403:denied_by_security_policy:subscribe_denied");
    EXPECT_EQ(client.rig.group.counters().subscriptions, 1U);
}

// --- what CometD's JavaScript client depends on ---

TEST(CometdClient, SuccessfulRepliesNeverAdviseAHandshake) {
    // It throws and stops.
    Rig rig({.multi_session_interval = 0ms});
    const auto id = rig.open_over_http();
    std::vector<std::string> replies;
    const auto collect = [&](const std::shared_ptr<FakeOutlet>& outlet) {
        for (auto& text : outlet->take()) replies.push_back(std::move(text));
    };
    collect(rig.post(Rig::connect(id, "1", R"(,"advice":{"timeout":0})")));
    collect(rig.post(Rig::connect("nobody", "1")));
    rig.engine().disconnect(rig.ref(id));
    collect(rig.post(Rig::connect(id, "2")));
    rig.group.begin_shutdown();
    rig.drain();
    collect(rig.post(Rig::kHandshake));
    ASSERT_EQ(replies.size(), 5U);
    for (const auto& reply : replies) {
        const auto reconnect = Rig::field(Rig::field(reply, "advice"), "reconnect");
        EXPECT_EQ(reconnect == "handshake", Rig::field(reply, "successful") == "false") << reply;
    }
}

TEST(CometdClient, AnHttpAnswerHasAMessageForEveryMessage) {
    Client client;
    const auto outlet = client.rig.post("[" + Rig::publish(client.id, "/a", "1", "1") + "," + "{}," +
                                        Rig::subscribe(client.id, "bad", "3") + "]");
    EXPECT_EQ(outlet->texts.size(), 3U);
}

TEST(CometdClient, ConnectRepliesEchoTheIdAsItCame) {
    Client client;
    const auto outlet = client.rig.post("{\"channel\":\"/meta/connect\",\"clientId\":\"" + client.id +
                                        R"(","id":"0017","advice":{"timeout":0}})");
    EXPECT_EQ(json::member(outlet->texts.at(0), "id"), "\"0017\"");
}

TEST(CometdClient, APublishReplyHasNoDataAndADataMessageAlwaysHas) {
    Client client;
    client.subscribe("/a");
    const auto reply = client.rig.post(Rig::message(client.id, "/a", "1"))->texts.at(0);
    EXPECT_FALSE(json::member(reply, "data"));
    EXPECT_EQ(json::member(reply, "successful"), "true");
    const auto message = client.rig.post(Rig::connect(client.id, "2"))->texts.at(0);
    EXPECT_EQ(json::member(message, "data"), "null");
    EXPECT_FALSE(json::member(message, "successful"));
}

TEST(CometdClient, MessagesMayComeBeforeTheFirstConnect) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.handshake(stream);
    rig.send(stream, "[" + Rig::subscribe(id, "/a", "1") + "," + Rig::publish(id, "/a", "1", "2") + "]");
    EXPECT_EQ(stream->take().size(), 3U) << "and what is published comes back at once";
}

TEST(CometdClient, ReloadFindsItsSessionOnANewWebSocket) {
    // It replays the old handshake for itself: the server sees a new socket, the old id, and a first connect
    // that asks not to be held.
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::subscribe(id, "/a"));
    rig.send(stream, Rig::connect(id, "2"));
    rig.gone(stream);
    const auto publisher = rig.open_over_http();
    rig.post(Rig::publish(publisher, "/a", "1"));
    const auto next = Rig::stream();
    rig.send(next, Rig::connect(id, "1", R"(,"advice":{"timeout":0})"));
    const auto texts = next->take();
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(Rig::field(texts[0], "data"), "1");
    EXPECT_EQ(Rig::field(texts[1], "successful"), "true");
    EXPECT_NE(Rig::field(texts[1], "advice"), "");
}

// --- where Faye's client differs ---

TEST(FayeClient, ShakesHandsOverHttpAndGoesOnAWebSocketThatWasIdle) {
    Rig rig;
    const auto probe = Rig::stream();
    rig.send(probe, "[]");
    rig.advance(60s);
    const auto id = rig.handshake_over_http();
    rig.send(probe, Rig::connect(id, "1"));
    EXPECT_EQ(Rig::field(probe->take().at(0), "successful"), "true");
    EXPECT_EQ(probe->bound_to, id);
}

TEST(FayeClient, SendsNoMinimumVersionAndBase36Ids) {
    Rig rig;
    const auto reply =
        rig.post(R"([{"channel":"/meta/handshake","version":"1.0","id":"1z9",)"
                 R"("supportedConnectionTypes":["websocket","eventsource","long-polling","in-process"]}])")
            ->texts.at(0);
    EXPECT_EQ(Rig::field(reply, "successful"), "true");
    EXPECT_EQ(Rig::field(reply, "id"), "1z9");
}

TEST(FayeClient, TakesForAReplyOnlyWhatHasSuccessful) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::subscribe(id, "/a"));
    rig.send(stream, Rig::publish(id, "/a", "1", "a1"));
    const auto texts = stream->take();
    ASSERT_EQ(texts.size(), 3U);
    EXPECT_TRUE(json::member(texts[0], "successful"));
    EXPECT_FALSE(json::member(texts[1], "successful"));
    EXPECT_TRUE(json::member(texts[2], "successful"));
}

TEST(FayeClient, BatchesPublishesWithAConnectThatAsksNotToBeHeld) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.post(Rig::subscribe(id, "/a"));
    const auto outlet =
        rig.post("[" + Rig::publish(id, "/a", "1", "1") + "," + Rig::publish(id, "/a", "2", "2") + "," +
                 Rig::connect(id, "3", R"(,"advice":{"timeout":0})") + "]");
    ASSERT_EQ(outlet->texts.size(), 5U);
    EXPECT_EQ(Rig::field(outlet->texts[1], "data"), "2");
    EXPECT_EQ(Rig::field(outlet->texts[4], "id"), "3");
}

TEST(FayeClient, SendsAgainWhatGotNoReplyAndIsServedAgain) {
    // Its publishes are not idempotent, but its meta messages are.
    Rig rig;
    const auto id = rig.open_over_http();
    for (int i = 0; i < 2; ++i) EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, "/a", "s1"))), "");
    EXPECT_EQ(rig.group.counters().subscriptions, 1U);
    EXPECT_EQ(error_of(rig.post(Rig::message(id, "/meta/unsubscribe", "u", R"(,"subscription":"/a")"))), "");
    EXPECT_EQ(error_of(rig.post(Rig::message(id, "/meta/unsubscribe", "u", R"(,"subscription":"/a")"))), "");
}

// --- two clients with one id, overtaken connects, stale sessions ---

TEST(Overtaken, AnOlderConnectThatArrivesLateTakesTheHoldAndLosesNothing) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto newer = rig.post(Rig::connect(id, "3"));
    const auto late = rig.post(Rig::connect(id, "2"));
    EXPECT_EQ(newer->refused, Code::kWrongState);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.drain();
    EXPECT_EQ(late->texts.size(), 2U);
    rig.gone(late);  // nobody waits for it
    EXPECT_EQ(rig.post(Rig::connect(id, "4"))->texts.size(), 2U);
}

TEST(Overtaken, TheSameConnectTwiceIsHeldOnce) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.send(stream, Rig::connect(id, "2"));
    EXPECT_EQ(rig.group.counters().held, 1U);
    rig.advance(30s);
    EXPECT_EQ(stream->take().size(), 1U);
}

TEST(Overtaken, ADisconnectOvertakesTheConnect) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.post(Rig::message(id, "/meta/disconnect", "3"));
    const auto late = rig.post(Rig::connect(id, "2"));
    EXPECT_EQ(error_of(late), "402::session_unknown");
    EXPECT_EQ(rig.group.counters().held, 0U);
}

TEST(Overtaken, TwoPollingClientsWithOneIdTakeTurns) {
    Rig rig;
    const auto id = rig.open_over_http();
    auto held = rig.post(Rig::connect(id, "1"));
    for (int i = 0; i < 10; ++i) {
        const auto other = rig.post(Rig::connect(id, "1"));
        EXPECT_EQ(held->refused, Code::kWrongState);
        held = other;
    }
    EXPECT_EQ(rig.group.counters().held, 1U);
    EXPECT_EQ(rig.engine().sessions(), 1U);
}

TEST(Overtaken, AHandshakeThatNamesAnExpiredOrLivingSessionMakesANewOne) {
    Rig rig;
    const auto old = rig.open_over_http();
    const auto shake = [&] { return rig.handshake_reply(Rig::exchange(), ",\"clientId\":\"" + old + "\""); };
    const auto beside = Rig::field(shake(), "clientId");
    EXPECT_NE(beside, old);
    EXPECT_EQ(rig.engine().sessions(), 2U);
    rig.advance(60s);
    const auto after = shake();
    EXPECT_EQ(Rig::field(after, "successful"), "true");
    EXPECT_NE(Rig::field(after, "clientId"), old);
    EXPECT_EQ(error_of(rig.post(Rig::connect(old, "1"))), "402::session_unknown");
}

TEST(Overtaken, ASecondSocketsDeathDoesNotTouchTheFirst) {
    Rig rig;
    const auto one = Rig::stream();
    const auto id = rig.open(one);
    const auto two = Rig::stream();
    rig.send(two, Rig::connect(id, "2"));
    rig.send(one, Rig::connect(id, "3"));  // back on the first
    two->take();
    rig.gone(two);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    EXPECT_EQ(one->take().size(), 1U);
    EXPECT_EQ(rig.group.counters().held, 1U);
}

}  // namespace
}  // namespace twinpane::bayeux
