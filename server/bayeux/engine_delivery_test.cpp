// The switches of delivery: lazy messages, publishers' own broadcasts, browsers with several tabs, activity,
// validation.
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

// --- lazy ---

EngineOptions lazy_options() {
    EngineOptions options;
    options.lazy_channels = {"/lazy/**", "/one", "no channel"};
    return options;
}

struct Listener {
    Listener(Rig& rig, const std::shared_ptr<FakeOutlet>& outlet, std::string_view channels)
        : stream(outlet) {
        id = outlet->kind() == Outlet::Kind::kStream ? rig.open(outlet) : rig.open_over_http();
        rig.post(Rig::message(id, "/meta/subscribe", "s", ",\"subscription\":" + std::string(channels)));
        if (stream->kind() == Outlet::Kind::kStream) {
            rig.send(stream, Rig::connect(id, "held"));
        } else {
            stream = rig.post(Rig::connect(id, "held"));
        }
    }
    std::shared_ptr<FakeOutlet> stream;
    std::string id;
};

std::vector<std::string> data_of(const std::vector<std::string>& texts) {
    std::vector<std::string> data;
    for (const auto& text : texts) {
        if (const auto one = Rig::field(text, "data"); !one.empty()) data.push_back(one);
    }
    return data;
}

TEST(Lazy, AMessageWaitsForTheNextThatIsNot) {
    for (const bool http : {false, true}) {
        Rig rig(lazy_options());
        Listener listener(rig, http ? Rig::exchange() : Rig::stream(), R"(["/lazy/**","/one","/other"])");
        const auto publisher = rig.open_over_http();
        rig.post(Rig::publish(publisher, "/lazy/a/b", "1"));
        rig.post(Rig::publish(publisher, "/one", "2"));
        EXPECT_THAT(listener.stream->texts, IsEmpty());
        rig.post(Rig::publish(publisher, "/other", "3"));
        EXPECT_THAT(data_of(listener.stream->take()), ElementsAre("1", "2", "3"));
    }
}

TEST(Lazy, AMessageLeavesAfterMaxLazyTimeout) {
    for (const bool http : {false, true}) {
        Rig rig(lazy_options());
        Listener listener(rig, http ? Rig::exchange() : Rig::stream(), R"("/one")");
        const auto publisher = rig.open_over_http();
        rig.post(Rig::publish(publisher, "/one", "1"));
        rig.advance(3s);
        rig.post(Rig::publish(publisher, "/one", "2"));
        rig.advance(1'999ms);
        EXPECT_THAT(listener.stream->texts, IsEmpty());
        rig.advance(1ms);
        EXPECT_THAT(data_of(listener.stream->take()), ElementsAre("1", "2"));
    }
}

TEST(Lazy, DoesNotCountForAConnectToBeHeld) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.engine().deliver_lazy(rig.ref(id), encode_message("/service/x", "1"));
    const auto held = rig.post(Rig::connect(id, "2"));
    EXPECT_THAT(held->texts, IsEmpty());
    rig.advance(30s);
    ASSERT_EQ(held->texts.size(), 2U) << "it leaves with the flush, whatever the reason of that";
}

TEST(Lazy, ATimeoutThatFindsNobodyAnswersTheNextConnectAtOnce) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.engine().deliver_lazy(rig.ref(id), encode_message("/service/x", "1"));
    rig.advance(5s);
    EXPECT_EQ(rig.post(Rig::connect(id, "2"))->texts.size(), 2U);
}

TEST(Lazy, LeavesBeforeTheConnectsAnswerOnAWebSocket) {
    Rig rig({.timeout = 2s});
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    rig.engine().deliver_lazy(rig.ref(id), encode_message("/service/x", "1"));
    EXPECT_THAT(stream->texts, IsEmpty());
    rig.advance(2s);
    const auto texts = stream->take();
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(Rig::field(texts[0], "data"), "1");
}

TEST(Lazy, APileIsSentLongBeforeTheSessionWouldBeCut) {
    Rig rig({.queue_messages = 10});
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(rig.engine().deliver_lazy(rig.ref(id), encode_message("/service/x", "1")));
    }
    EXPECT_GE(stream->take().size(), 995U);
    EXPECT_EQ(rig.engine().sessions(), 1U);
}

TEST(Lazy, WithAcknowledgementsItIsReplayedLikeEverythingElse) {
    Rig rig;
    const auto id = Rig::field(rig.handshake_reply(Rig::exchange(), R"(,"ext":{"ack":true})"), "clientId");
    rig.post(Rig::connect(id, "1", R"(,"ext":{"ack":0})"));
    rig.engine().deliver_lazy(rig.ref(id), encode_message("/service/x", "1"));
    const auto held = rig.post(Rig::connect(id, "2", R"(,"ext":{"ack":1})"));
    EXPECT_THAT(held->texts, IsEmpty());
    rig.engine().deliver(rig.ref(id), "/service/x", "2");
    rig.drain();
    EXPECT_THAT(data_of(held->take()), ElementsAre("1", "2"));
    EXPECT_THAT(data_of(rig.post(Rig::connect(id, "3", R"(,"ext":{"ack":1})"))->texts),
                ElementsAre("1", "2"));
}

TEST(Lazy, LeavesNoTimerBehind) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.engine().deliver_lazy(rig.ref(id), encode_message("/service/x", "1"));
    rig.send(stream, Rig::message(id, "/meta/disconnect", "1"));
    EXPECT_EQ(rig.loop().pending_timers(), 0U);
}

// --- publishers ---

TEST(BroadcastToPublisher, OffSparesThePublisherAlone) {
    Rig rig({.broadcast_to_publisher = false}, 2);
    const auto one = Rig::stream();
    const auto id = rig.open(one, 0);
    rig.send(one, Rig::subscribe(id, "/a"), 0);
    const auto other = Rig::stream();
    const auto other_id = rig.open(other, 0);
    rig.send(other, Rig::subscribe(other_id, "/a"), 0);
    const auto far = Rig::stream();
    const auto far_id = rig.open(far, 1);
    rig.send(far, Rig::subscribe(far_id, "/a"), 1);
    for (const auto& stream : {one, other, far}) stream->take();
    rig.send(one, Rig::publish(id, "/a", "1"), 0);
    EXPECT_THAT(one->take(), ElementsAre(R"({"id":"p","channel":"/a","successful":true})"));
    EXPECT_EQ(other->take().size(), 1U);
    EXPECT_EQ(far->take().size(), 1U);
}

// --- advice ---

TEST(HandshakeReconnect, AdviceCarriesMaxInterval) {
    Rig rig({.handshake_reconnect = true});
    const std::string expected = R"({"reconnect":"retry","interval":0,"timeout":30000,"maxInterval":10000})";
    const auto shaken = rig.handshake_reply(Rig::exchange(), "");
    EXPECT_EQ(Rig::field(shaken, "advice"), expected);
    const auto id = Rig::field(shaken, "clientId");
    EXPECT_EQ(Rig::field(rig.post(Rig::connect(id, "1"))->texts.at(0), "advice"), expected);
}

// --- several tabs of one browser ---

struct Tabs {
    explicit Tabs(EngineOptions options = {}, unsigned loops = 1) : rig(std::move(options), loops) {
        rig.peer.origin = "https://a.example";
        rig.peer.browser = "cookie";
        rig.peer.browser_bound = true;
    }
    std::shared_ptr<FakeOutlet> poll(const std::string& id, std::string_view message_id) {
        return rig.post(Rig::connect(id, message_id), rig.ref(id).loop);
    }
    Rig rig;
};

TEST(Browser, OneConnectIsHeldAndFurtherTabsPollFromTimeToTime) {
    Tabs tabs;
    const auto one = tabs.rig.open_over_http();
    const auto two = tabs.rig.open_over_http();
    const auto held = tabs.poll(one, "1");
    EXPECT_THAT(held->texts, IsEmpty());
    const auto surplus = tabs.poll(two, "2");
    ASSERT_EQ(surplus->texts.size(), 1U);
    EXPECT_EQ(Rig::field(surplus->texts[0], "successful"), "true");
    EXPECT_EQ(Rig::field(surplus->texts[0], "advice"),
              R"({"reconnect":"retry","interval":2000,"timeout":30000,"multiple-clients":true})");
    // The pause is part of its life.
    tabs.rig.advance(11'999ms);
    EXPECT_EQ(tabs.rig.engine().sessions(), 2U);
    // Once it is alone its connect is held again, and its answer takes the pause back.
    tabs.rig.gone(held);
    const auto alone = tabs.poll(two, "3");
    EXPECT_THAT(alone->texts, IsEmpty());
    tabs.rig.engine().deliver(tabs.rig.ref(two), "/service/x", "1");
    tabs.rig.drain();
    ASSERT_EQ(alone->texts.size(), 2U);
    EXPECT_EQ(Rig::field(alone->texts[1], "advice"), Rig::kAdvice);
}

TEST(Browser, SurplusTabsGetTheirMessagesWhenTheyPoll) {
    Tabs tabs;
    const auto one = tabs.rig.open_over_http();
    const auto two = tabs.rig.open_over_http();
    tabs.poll(one, "1");
    tabs.rig.engine().deliver(tabs.rig.ref(two), "/service/x", "1");
    EXPECT_EQ(tabs.poll(two, "2")->texts.size(), 2U);
}

TEST(Browser, ItsConnectsAreCountedOverAllLoops) {
    Tabs tabs({.max_sessions_per_browser = 2}, 3);
    std::vector<std::shared_ptr<FakeOutlet>> polls;
    for (unsigned i = 0; i < 3; ++i) polls.push_back(tabs.poll(tabs.rig.open_over_http(i), "1"));
    EXPECT_EQ(polls[0]->texts.size() + polls[1]->texts.size() + polls[2]->texts.size(), 1U);
    tabs.rig.advance(60s);
    // All have gone, and nothing is counted any more.
    for (unsigned i = 0; i < 2; ++i) {
        EXPECT_THAT(tabs.poll(tabs.rig.open_over_http(i), "1")->texts, IsEmpty());
    }
}

TEST(Browser, ATabsOwnSecondConnectIsNotAnotherTab) {
    Tabs tabs;
    const auto id = tabs.rig.open_over_http();
    const auto older = tabs.poll(id, "1");
    const auto newer = tabs.poll(id, "2");
    EXPECT_EQ(older->refused, Code::kWrongState);
    EXPECT_THAT(newer->texts, IsEmpty());
}

TEST(Browser, WithoutAnIntervalSurplusTabsAreSentAway) {
    Tabs tabs({.multi_session_interval = 0ms});
    const auto one = tabs.rig.open_over_http();
    const auto two = tabs.rig.open_over_http();
    tabs.poll(one, "1");
    const auto surplus = tabs.poll(two, "2")->texts.at(0);
    EXPECT_EQ(Rig::field(surplus, "successful"), "false");
    EXPECT_EQ(Rig::field(surplus, "error"), "429:4501,multiple_clients:rate_limited");
    EXPECT_EQ(Rig::field(surplus, "advice"),
              R"({"reconnect":"none","interval":0,"timeout":30000,"multiple-clients":true})");
}

TEST(Browser, ANegativeNumberMeansAny) {
    Tabs tabs({.max_sessions_per_browser = -1});
    for (int i = 0; i < 5; ++i) EXPECT_THAT(tabs.poll(tabs.rig.open_over_http(), "1")->texts, IsEmpty());
}

TEST(Browser, WebSocketsAreNotCounted) {
    Tabs tabs;
    for (int i = 0; i < 2; ++i) {
        const auto stream = Rig::stream();
        const auto id = tabs.rig.open(stream);
        tabs.rig.send(stream, Rig::connect(id, "1"));
        EXPECT_THAT(stream->texts, IsEmpty());
    }
    EXPECT_THAT(tabs.poll(tabs.rig.open_over_http(), "1")->texts, IsEmpty());
}

TEST(Browser, ASessionIsUnknownToOtherBrowsers) {
    Tabs tabs;
    auto& peer = tabs.rig.peer;
    const auto id = tabs.rig.open_over_http();
    const auto publish = [&] { return error_of(tabs.rig.post(Rig::publish(id, "/a", "1"))); };
    for (const char* other : {"", "cookiE", "cooki", "cookie2"}) {
        peer.browser = other;
        EXPECT_EQ(publish(), "402::session_unknown") << other;
        EXPECT_EQ(error_of(tabs.poll(id, "1")), "402::session_unknown") << other;
    }
    peer.browser = "cookie";
    EXPECT_EQ(publish(), "");
    // Programs that are no browsers need no cookie, and a WebSocket proves itself by the id alone.
    peer.browser = "";
    peer.origin = "";
    EXPECT_EQ(publish(), "");
    peer.origin = "https://a.example";
    const auto stream = Rig::stream();
    tabs.rig.send(stream, Rig::publish(id, "/a", "1"));
    EXPECT_EQ(error_of(stream), "");
    // Without cookie mode nothing is compared.
    peer.browser_bound = false;
    EXPECT_EQ(publish(), "");
}

// --- activity ---

EngineOptions activity_options(ExtensionOptions::Activity mode) {
    EngineOptions options;
    options.extensions.max_inactivity = 60s;
    options.extensions.activity = mode;
    return options;
}

TEST(Activity, ASessionWithNothingButHeartbeatsIsEnded) {
    for (const bool http : {false, true}) {
        Rig rig(activity_options(ExtensionOptions::Activity::kClient));
        const auto stream = http ? Rig::exchange() : Rig::stream();
        const auto id = rig.open(stream);
        std::vector<std::string> texts;
        for (int i = 0; i < 3; ++i) {
            const auto held = http ? Rig::exchange() : stream;
            rig.send(held, Rig::connect(id, "c" + std::to_string(i)));
            rig.advance(20s);
            EXPECT_EQ(rig.engine().sessions(), i < 2 ? 1U : 0U);
            rig.engine().deliver(rig.ref(id), "/service/x", "1");  // what it gets does not count
            rig.drain();
            texts = held->take();
        }
        ASSERT_EQ(texts.size(), 2U) << http;
        EXPECT_EQ(Rig::field(Rig::field(texts[0], "advice"), "reconnect"), "none");
        EXPECT_EQ(Rig::field(texts[1], "channel"), "/meta/disconnect");
        EXPECT_EQ(rig.engine().sessions(), 0U);
    }
}

TEST(Activity, IsNoticedDuringAHold) {
    auto options = activity_options(ExtensionOptions::Activity::kClient);
    options.timeout = 100s;
    Rig rig(options);
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "1"));
    rig.advance(50s);
    rig.send(stream, Rig::publish(id, "/a", "1"));
    stream->take();
    rig.advance(59'999ms);
    EXPECT_EQ(rig.engine().sessions(), 1U);
    EXPECT_EQ(stream->take().size(), 1U) << "the hold itself is over after 100 s";
    rig.send(stream, Rig::connect(id, "2"));
    rig.advance(1ms);
    EXPECT_EQ(rig.engine().sessions(), 0U);
    EXPECT_EQ(stream->take().size(), 2U);
}

TEST(Activity, OfTheServerCountsInClientServerMode) {
    Rig rig(activity_options(ExtensionOptions::Activity::kClientServer));
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    for (int i = 0; i < 10; ++i) {
        rig.send(stream, Rig::connect(id, "c"));
        rig.engine().deliver(rig.ref(id), "/service/x", "1");
        rig.advance(30s);
    }
    EXPECT_EQ(rig.engine().sessions(), 1U);
    for (int i = 0; i < 2; ++i) {
        rig.send(stream, Rig::connect(id, "c"));
        rig.advance(30s);
    }
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

// --- validation ---

TEST(Validation, CanBeOffButFormIsCheckedStill) {
    Rig rig({.validate_fields = false});
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::subscribe(id,
                                    "/gr\xc3\xbc\xc3\x9f"
                                    "e:%?"));
    EXPECT_EQ(error_of(stream), "");
    stream->take();
    rig.send(stream, Rig::publish(id,
                                  "/gr\xc3\xbc\xc3\x9f"
                                  "e:%?",
                                  "1", "a-b c"));
    const auto texts = stream->take();
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(Rig::field(texts[1], "id"), "a-b c");
    for (const char* channel : {"a", "/", "//a", "/a//b", "/a/*/b"}) {
        rig.send(stream, Rig::publish(id, channel, "1"));
        EXPECT_EQ(error_of(stream), "405::channel_invalid") << channel;
    }
    rig.send(stream, R"({"channel":"/a","id":{}})");
    EXPECT_EQ(error_of(stream), "405::message_id_invalid");
    rig.send(stream, R"({"channel":"/a","id":")" + std::string(200, 'x') + "\"}");
    EXPECT_EQ(error_of(stream), "405::message_id_invalid");
}

TEST(Validation, IsOnUnlessToldOtherwise) {
    Rig rig;
    const auto id = rig.open_over_http();
    EXPECT_EQ(error_of(rig.post(Rig::publish(id, "/a:b", "1"))), "405::channel_invalid");
    EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, "/a:b"))), "405::channel_invalid");
    EXPECT_EQ(error_of(rig.post(Rig::message(id, "/meta/unsubscribe", "1", R"(,"subscription":"/a:b")"))),
              "405::channel_invalid");
    EXPECT_EQ(error_of(rig.post(Rig::publish(id, "/a", "1", "a-b"))), "405::message_id_invalid");
}

}  // namespace
}  // namespace twinpane::bayeux
