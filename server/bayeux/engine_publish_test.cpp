// Subscriptions, broadcasts, services.
#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using ::testing::ElementsAre;
using testing::FakeOutlet;
using testing::Rig;
using namespace std::chrono_literals;

struct Member {
    Member(Rig& rig, std::string_view channel, unsigned loop = 0) : stream(Rig::stream()) {
        id = rig.open(stream, loop);
        if (!channel.empty()) rig.send(stream, Rig::subscribe(id, channel), loop);
        stream->take();
    }
    std::shared_ptr<FakeOutlet> stream;
    std::string id;
};

std::string error_of(const std::shared_ptr<FakeOutlet>& outlet) {
    return outlet->texts.empty() ? "no reply" : Rig::field(outlet->texts.back(), "error");
}

TEST(Subscribe, EchoesWhatCameAStringOrAnArray) {
    Rig rig;
    const auto id = rig.open_over_http();
    EXPECT_THAT(
        rig.post(Rig::subscribe(id, "/a"))->texts,
        ElementsAre(R"({"id":"s","channel":"/meta/subscribe","successful":true,"subscription":"/a"})"));
    const auto many = rig.post(Rig::message(id, "/meta/subscribe", "1", R"(,"subscription":["/a", "/b/*"])"));
    EXPECT_EQ(Rig::field(many->texts.at(0), "subscription"), R"(["/a", "/b/*"])");
    EXPECT_EQ(rig.group.counters().subscriptions, 2U) << "subscribing twice is one subscription";
}

TEST(Subscribe, Errors) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto subscribe = [&](std::string_view more) {
        return error_of(rig.post(Rig::message(id, "/meta/subscribe", "1", more)));
    };
    EXPECT_EQ(subscribe(""), "403::subscription_missing");
    EXPECT_EQ(subscribe(R"(,"subscription":7)"), "403::subscription_invalid");
    EXPECT_EQ(subscribe(R"(,"subscription":[])"), "403::subscription_invalid");
    EXPECT_EQ(subscribe(R"(,"subscription":["/a",{}])"), "403::subscription_invalid");
    EXPECT_EQ(subscribe(R"(,"subscription":"a")"), "405::channel_invalid");
    EXPECT_EQ(subscribe(R"(,"subscription":"/*/a")"), "405::channel_invalid");
    for (const char* channel :
         {"/meta/connect", "/meta/*", "/meta/**", "\\/meta\\/connect\\/", "/closed/x"}) {
        EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, channel))),
                  "403:denied_by_security_policy:subscribe_denied")
            << channel;
    }
    EXPECT_EQ(error_of(rig.post(Rig::subscribe("nobody", "/a"))), "402::session_unknown");
    EXPECT_EQ(Rig::field(rig.post(Rig::subscribe("nobody", "/a"))->texts.at(0), "subscription"), "/a");
}

TEST(Subscribe, ToAServiceSucceedsWithoutEffect) {
    Rig rig;
    Member spy(rig, "/service/**");
    Member other(rig, "/service/x");
    rig.send(other.stream, Rig::publish(other.id, "/service/x", "1"));
    EXPECT_TRUE(spy.stream->take().empty());
    EXPECT_EQ(rig.group.counters().subscriptions, 0U);
}

TEST(Subscribe, IsBoundedPerSession) {
    Rig rig({.max_subscriptions = 2});
    const auto id = rig.open_over_http();
    EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, "/a"))), "");
    EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, "/b"))), "");
    EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, "/c"))), "429:4501,subscriptions:rate_limited");
    EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, "/a"))), "") << "one that is there already is no new one";
}

TEST(Publish, ReachesSubscribersOnceThroughAllPatternsAndThePublisherToo) {
    Rig rig;
    Member all(rig, "/**");
    for (const char* pattern : {"/a/b", "/a/*", "/a/**"})
        rig.send(all.stream, Rig::subscribe(all.id, pattern));
    all.stream->take();
    Member none(rig, "/a/*/c");
    Member shorter(rig, "/a");
    Member publisher(rig, "/a/b");
    rig.send(publisher.stream, Rig::publish(publisher.id, "/a/b/", R"({"n":9007199254740993})", "7"));
    const auto* expected = R"({"channel":"/a/b","data":{"n":9007199254740993}})";
    EXPECT_THAT(all.stream->take(), ElementsAre(expected));
    EXPECT_TRUE(none.stream->take().empty());
    EXPECT_TRUE(shorter.stream->take().empty());
    EXPECT_THAT(publisher.stream->take(),
                ElementsAre(expected, R"({"id":"7","channel":"/a/b","successful":true})"));
    EXPECT_EQ(all.stream->bytes.back(), publisher.stream->bytes[publisher.stream->bytes.size() - 2])
        << "one encoding for all";
}

TEST(Publish, ErrorsAndTheirOrder) {
    Rig rig;
    const auto id = rig.open_over_http();
    const auto publish = [&](std::string_view channel) {
        return error_of(rig.post(Rig::publish(id, channel, "1")));
    };
    EXPECT_EQ(publish("/closed/a"), "403:denied_by_security_policy:publish_denied");
    EXPECT_EQ(publish("/a/*"), "405::channel_invalid");
    EXPECT_EQ(publish("a"), "405::channel_invalid");
    EXPECT_EQ(publish("/meta/other"), "403:denied_by_security_policy:channel_create_denied");
    EXPECT_EQ(error_of(rig.post(R"({"data":1})")), "400::channel_missing");
    EXPECT_EQ(error_of(rig.post(R"({"channel":7,"data":1})")), "400::channel_missing");
    EXPECT_EQ(error_of(rig.post(R"({"channel":"/a","id":"a b"})")), "405::message_id_invalid");
    EXPECT_EQ(error_of(rig.post(R"({"channel":"/a","id":"1","data":1})")), "402::session_unknown");
}

TEST(Publish, WithoutDataCarriesNull) {
    Rig rig;
    Member member(rig, "/a");
    rig.send(member.stream, Rig::message(member.id, "/a", "1"));
    EXPECT_EQ(member.stream->take().at(0), R"({"channel":"/a","data":null})");
}

TEST(Publish, ReachesSubscribersOnAllLoops) {
    Rig rig({}, 3);
    Member here(rig, "/a/*", 0);
    Member there(rig, "/a/b", 1);
    Member elsewhere(rig, "/x", 2);
    rig.send(here.stream, Rig::publish(here.id, "/a/b", "1"), 0);
    EXPECT_EQ(here.stream->take().size(), 2U);
    EXPECT_THAT(there.stream->take(), ElementsAre(R"({"channel":"/a/b","data":1})"));
    EXPECT_TRUE(elsewhere.stream->take().empty());
}

TEST(Publish, IsRefusedWhileAnotherLoopIsTooFarBehind) {
    Rig rig({.broadcast_backlog = 100}, 2);
    Member here(rig, "", 0);
    Member there(rig, "/a", 1);
    const auto publish = [&] {
        const std::string text = Rig::publish(here.id, "/a", "\"" + std::string(60, 'x') + "\"");
        const auto batch = parse_batch(text);
        rig.group.inlet(0).receive(*batch, rig.peer, here.stream);
        return error_of(here.stream);
    };
    EXPECT_EQ(publish(), "");
    EXPECT_EQ(publish(), "429:4501:rate_limited");
    EXPECT_TRUE(there.stream->take().empty());
    rig.drain();
    EXPECT_EQ(there.stream->take().size(), 1U);
    EXPECT_EQ(publish(), "");
}

TEST(Publish, ASessionHasAnAllowanceOfMessages) {
    Rig rig({.publishes_per_second = 10});
    Member one(rig, "/a");
    Member other(rig, "");
    int taken = 0;
    const auto publish = [&](Member& member) {
        rig.send(member.stream, Rig::publish(member.id, "/a", "1"));
        const auto reply = member.stream->take().back();
        if (Rig::field(reply, "successful") == "true") ++taken;
        return Rig::field(reply, "error");
    };
    for (int i = 0; i < 50; ++i) EXPECT_EQ(publish(other), "") << i;
    EXPECT_EQ(one.stream->take().size(), 50U);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(publish(other), "429:4501,publishes:rate_limited") << i;
    EXPECT_TRUE(one.stream->take().empty());
    EXPECT_EQ(publish(one), "") << "each has its own";
    rig.send(other.stream, Rig::publish(other.id, "/service/any", "1"));
    EXPECT_EQ(Rig::field(other.stream->take().back(), "successful"), "true") << "services are not broadcasts";
    rig.advance(1s);
    taken = 0;
    for (int i = 0; i < 50; ++i) publish(other);
    EXPECT_EQ(taken, 10);
    rig.advance(9s);
    taken = 0;
    for (int i = 0; i < 100; ++i) publish(other);
    EXPECT_EQ(taken, 50) << "no more than the burst is saved up";
}

TEST(Publish, ASessionHasAnAllowanceOfBytes) {
    Rig rig({.publish_bytes_per_second = 1000});
    const auto id = rig.open_over_http();
    const auto publish = [&](std::size_t size) {
        return error_of(rig.post(Rig::publish(id, "/a", "\"" + std::string(size - 2, 'x') + "\"")));
    };
    EXPECT_EQ(publish(4000), "");
    EXPECT_EQ(publish(1000), "");
    EXPECT_EQ(publish(1000), "429:4501,publishes:rate_limited");
    EXPECT_EQ(publish(100'000), "429:4501,publishes:rate_limited");
    rig.advance(1s);
    EXPECT_EQ(publish(1000), "");
    EXPECT_EQ(publish(3), "429:4501,publishes:rate_limited");
    rig.advance(5s);
    EXPECT_EQ(publish(20'000), "")
        << "one that is larger than the burst passes, and is paid for by a longer wait";
    rig.advance(5s);
    EXPECT_EQ(publish(1000), "429:4501,publishes:rate_limited");
}

TEST(Publish, AfterUnsubscribeNothingComesAnyMore) {
    Rig rig;
    Member one(rig, "/a");
    Member other(rig, "/a");
    Member third(rig, "/a");
    rig.send(one.stream, Rig::message(one.id, "/meta/unsubscribe", "1", R"(,"subscription":"/a/")"));
    EXPECT_EQ(Rig::field(one.stream->take().at(0), "successful"), "true");
    rig.send(other.stream, Rig::publish(other.id, "/a", "1"));
    EXPECT_TRUE(one.stream->take().empty());
    EXPECT_EQ(other.stream->take().size(), 2U);
    EXPECT_EQ(third.stream->take().size(), 1U);
    EXPECT_EQ(rig.group.counters().subscriptions, 2U);
}

TEST(Publish, ManyJoinsAndLeavesKeepTheListsRight) {
    // Against a plain model: random subscriptions, unsubscriptions and departures.
    Rig rig({.max_subscriptions = 8});
    ::twinpane::testing::SeededRandom random(42);
    std::map<std::string, std::pair<std::shared_ptr<FakeOutlet>, std::map<std::string, bool>>> model;
    Member publisher(rig, "");
    for (int step = 0; step < 2000; ++step) {
        const auto channel = "/c" + std::to_string(random.below(6));
        const auto what = random.below(10);
        if (model.size() < 3 || (what == 0 && model.size() < 20)) {
            Member member(rig, "");
            model[member.id].first = member.stream;
            continue;
        }
        auto it = model.begin();
        std::advance(it, static_cast<long>(random.below(model.size())));
        auto& [stream, channels] = it->second;
        if (what == 1) {
            rig.send(stream, Rig::message(it->first, "/meta/disconnect", "1"));
            model.erase(it);
        } else if (what < 5) {
            rig.send(stream, Rig::subscribe(it->first, channel));
            channels[channel] = true;
        } else if (what < 7) {
            rig.send(stream, Rig::message(it->first, "/meta/unsubscribe", "1",
                                          ",\"subscription\":\"" + channel + "\""));
            channels.erase(channel);
        } else {
            for (auto& [id, entry] : model) entry.first->take();
            rig.send(publisher.stream, Rig::publish(publisher.id, channel, "1"));
            for (auto& [id, entry] : model) {
                ASSERT_EQ(entry.first->take().size(), entry.second.contains(channel) ? 1U : 0U)
                    << "step " << step;
            }
        }
    }
}

// --- services ---

class Recorder final : public ServiceHandler {
  public:
    void on_publish(const Publish& publish, Reply reply) override {
        seen.emplace_back(std::string(publish.channel), std::string(publish.data));
        last_id = publish.id;
        last_from = publish.from;
        EXPECT_NE(publish.principal, nullptr);
        if (on_call) on_call(publish);
        if (keep) {
            replies.push_back(std::move(reply));
        } else {
            reply.ok();
        }
    }
    void on_session_removed(const ClientRef& client, bool) override { removed.push_back(client.id); }

    std::vector<std::pair<std::string, std::string>> seen;
    std::vector<Reply> replies;
    std::vector<std::string> removed;
    std::function<void(const Publish&)> on_call;
    std::string last_id;
    ClientRef last_from;
    bool keep = false;
};

TEST(Service, GetsItsPrefixAndBelowAndTheLongestPrefixWins) {
    Rig rig;
    Recorder wide;
    Recorder narrow;
    rig.engine().service("/service/session/**", wide);
    rig.engine().service("/service/session/create", narrow);
    const auto id = rig.open_over_http();
    rig.post(Rig::publish(id, "/service/session", "1"));
    rig.post(Rig::publish(id, "/service/session/join", "{\"a\" : 2}"));
    rig.post(Rig::publish(id, "/service/session/create", "3"));
    rig.post(Rig::publish(id, "/service/sessions", "4"));
    EXPECT_THAT(wide.seen, ElementsAre(std::pair("/service/session", "1"),
                                       std::pair("/service/session/join", "{\"a\" : 2}")));
    EXPECT_THAT(narrow.seen, ElementsAre(std::pair("/service/session/create", "3")));
    EXPECT_EQ(narrow.last_id, "\"p\"");
    EXPECT_EQ(narrow.last_from, rig.ref(id));
}

TEST(Service, UnknownOnesSucceedWithoutEffect) {
    Rig rig;
    const auto id = rig.open_over_http();
    EXPECT_THAT(rig.post(Rig::publish(id, "/service/nobody", "1"))->texts,
                ElementsAre(R"({"id":"p","channel":"/service/nobody","successful":true})"));
}

TEST(Service, FailuresBecomeNumberedErrors) {
    Rig rig;
    Recorder service;
    service.keep = true;
    rig.engine().service("/service/x", service);
    const auto id = rig.open_over_http();
    const auto outlet = rig.post(Rig::publish(id, "/service/x", "1"));
    EXPECT_TRUE(outlet->texts.empty());
    service.replies[0].fail(Error{Code::kSequenceGap, "not for the client"}, "17");
    EXPECT_THAT(outlet->texts, ElementsAre(R"({"id":"p","channel":"/service/x","successful":false,)"
                                           R"("error":"409:4301,17:sequence_gap"})"));
}

TEST(Service, ADroppedReplyCountsAsInternalError) {
    Rig rig;
    Recorder service;
    service.keep = true;
    rig.engine().service("/service/x", service);
    const auto id = rig.open_over_http();
    const auto outlet = rig.post(Rig::publish(id, "/service/x", "1"));
    service.replies.clear();
    EXPECT_EQ(error_of(outlet), "500:5000:internal");
}

TEST(Service, LateRepliesOfOneHttpRequestKeepTheOrderOfTheRequests) {
    Rig rig;
    Recorder service;
    service.keep = true;
    rig.engine().service("/service/x", service);
    const auto id = rig.open_over_http();
    const auto outlet = rig.post("[" + Rig::publish(id, "/service/x", "1", "1") + "," +
                                 Rig::publish(id, "/service/y", "1", "2") + "," +
                                 Rig::publish(id, "/service/x", "1", "3") + "]");
    service.replies[1].ok();
    EXPECT_TRUE(outlet->texts.empty());
    service.replies[0].ok();
    ASSERT_EQ(outlet->texts.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(Rig::field(outlet->texts[i], "id"), std::to_string(i + 1));
}

TEST(Service, ARemoteCallIsAnsweredWithItsOwnId) {
    Rig rig;
    Recorder service;
    service.on_call = [&](const Publish& publish) {
        rig.engine().deliver(publish.from, publish.channel, R"({"answer":1})", publish.id);
    };
    rig.engine().service("/service/x", service);
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::publish(id, "/service/x", "{}", "42"));
    EXPECT_THAT(stream->take(),
                ElementsAre(R"({"id":"42","channel":"/service/x","data":{"answer":1},"successful":true})",
                            R"({"id":"42","channel":"/service/x","successful":true})"));
}

TEST(Service, MayDisconnectItsCallerFromWithinTheCall) {
    Rig rig;
    Recorder service;
    service.on_call = [&](const Publish& publish) { rig.engine().disconnect(publish.from); };
    rig.engine().service("/service/x", service);
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream,
             "[" + Rig::publish(id, "/service/x", "1", "1") + "," + Rig::publish(id, "/a", "1", "2") + "]");
    const auto texts = stream->take();
    ASSERT_EQ(texts.size(), 3U);
    EXPECT_EQ(Rig::field(texts[0], "channel"), "/meta/disconnect");
    EXPECT_EQ(Rig::field(texts[1], "successful"), "true");
    EXPECT_EQ(Rig::field(texts[2], "error"), "402::session_unknown");
    EXPECT_THAT(service.removed, ElementsAre(id));
}

TEST(Service, RepliesMayOutliveTheEngine) {
    Recorder service;
    service.keep = true;
    {
        Rig rig;
        rig.engine().service("/service/x", service);
        rig.post(Rig::publish(rig.open_over_http(), "/service/x", "1"));
    }
    service.replies[0].ok();
    EXPECT_EQ(service.seen.size(), 1U);
}

}  // namespace
}  // namespace twinpane::bayeux
