// Security policy, authorizers, extensions and listeners.
#include "bayeux/channel.hpp"
#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using ::testing::ElementsAre;
using testing::FakeOutlet;
using ::testing::IsEmpty;
using testing::Rig;
using ::testing::StartsWith;
using namespace std::chrono_literals;

std::string error_of(const std::shared_ptr<FakeOutlet>& outlet) {
    return outlet->texts.empty() ? "no reply" : Rig::field(outlet->texts.back(), "error");
}

struct Member {
    Member(Rig& rig, std::string_view channel, unsigned loop = 0) : stream(Rig::stream()) {
        id = rig.open(stream, loop);
        if (!channel.empty()) rig.send(stream, Rig::subscribe(id, channel), loop);
        stream->take();
    }
    std::shared_ptr<FakeOutlet> stream;
    std::string id;
};

// --- security policy ---

TEST(Policy, DecidesWhoMayCreateAndAChannelIsThereWhileItHasSubscribers) {
    Rig rig({}, 2);
    rig.policy.creation = true;
    Member owner(rig, "", 0);
    Member guest(rig, "", 1);
    const auto subscribe = [&](Member& who, std::string_view channel, unsigned loop) {
        who.stream->take();
        rig.send(who.stream, Rig::subscribe(who.id, channel), loop);
        return error_of(who.stream);
    };
    const auto publish = [&](Member& who, std::string_view channel, unsigned loop) {
        who.stream->take();
        rig.send(who.stream, Rig::publish(who.id, channel, "1"), loop);
        return error_of(who.stream);
    };
    rig.policy.may_not_create = "/rooms";
    EXPECT_EQ(subscribe(guest, "/rooms/1", 1), "403:denied_by_security_policy:create_denied");
    EXPECT_EQ(publish(guest, "/rooms/1", 1), "403:denied_by_security_policy:channel_create_denied");
    EXPECT_EQ(subscribe(guest, "/other", 1), "");
    rig.policy.may_not_create = "/none";
    EXPECT_EQ(subscribe(owner, "/rooms/1", 0), "");
    rig.policy.may_not_create = "/rooms";
    EXPECT_EQ(publish(guest, "/rooms/1", 1), "") << "it is there, on another loop";
    EXPECT_EQ(subscribe(guest, "/rooms/1", 1), "");
    rig.send(owner.stream, Rig::message(owner.id, "/meta/unsubscribe", "u", R"(,"subscription":"/rooms/1")"),
             0);
    EXPECT_EQ(publish(owner, "/rooms/1", 0), "") << "one subscriber is left";
    rig.send(guest.stream, Rig::message(guest.id, "/meta/disconnect", "d"), 1);
    EXPECT_EQ(publish(owner, "/rooms/1", 0), "403:denied_by_security_policy:channel_create_denied");
}

TEST(Policy, MayAnswerLaterAndTheConnectionsMessagesKeepTheirOrder) {
    Rig rig;
    Member one(rig, "");
    Member other(rig, "");
    rig.policy.later = true;
    rig.send(one.stream, "[" +
                             Rig::message(one.id, "/meta/subscribe", "1", R"(,"subscription":["/a","/b"])") +
                             "," + Rig::publish(one.id, "/service/x", "1", "2") + "]");
    rig.send(one.stream, Rig::publish(one.id, "/service/x", "1", "3"));
    EXPECT_THAT(one.stream->texts, IsEmpty());
    rig.send(other.stream, Rig::publish(other.id, "/service/x", "1"));
    EXPECT_EQ(other.stream->take().size(), 1U) << "other connections do not wait";
    ASSERT_EQ(rig.policy.decisions.size(), 1U);
    rig.policy.decisions[0](true);
    rig.drain();
    EXPECT_THAT(one.stream->texts, IsEmpty());
    ASSERT_EQ(rig.policy.decisions.size(), 2U);
    EXPECT_THAT(rig.policy.asked, ElementsAre("/a", "/b"));
    rig.policy.decisions[1](true);
    rig.drain();
    const auto texts = one.stream->take();
    ASSERT_EQ(texts.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(Rig::field(texts[i], "id"), std::to_string(i + 1));
        EXPECT_EQ(Rig::field(texts[i], "successful"), "true");
    }
    EXPECT_EQ(rig.group.counters().subscriptions, 2U);
    EXPECT_EQ(rig.loop().pending_timers(), 2U) << "one per session";
}

TEST(Policy, MayAnswerFromWithinTheQuestion) {
    Rig rig;
    Member one(rig, "");
    rig.policy.later = rig.policy.at_once = true;
    rig.send(one.stream, Rig::publish(one.id, "/a", "1"));
    EXPECT_EQ(error_of(one.stream), "");
    EXPECT_EQ(one.stream->take().size(), 1U);
}

TEST(Policy, ALateNoRefusesAndTheNextMessageIsAskedAboutAnew) {
    Rig rig;
    const auto id = rig.open_over_http();
    rig.policy.later = true;
    const auto outlet =
        rig.post("[" + Rig::publish(id, "/a", "1", "1") + "," + Rig::publish(id, "/a", "1", "2") + "]");
    rig.policy.decisions.at(0)(false);
    rig.drain();
    EXPECT_THAT(outlet->texts, IsEmpty());
    rig.policy.decisions.at(1)(true);
    rig.drain();
    ASSERT_EQ(outlet->texts.size(), 2U);
    EXPECT_EQ(Rig::field(outlet->texts[0], "error"), "403:denied_by_security_policy:publish_denied");
    EXPECT_EQ(Rig::field(outlet->texts[1], "successful"), "true");
}

TEST(Policy, ADecisionThatIsDroppedOrLateCountsAsNo) {
    for (const bool dropped : {true, false}) {
        Rig rig;
        const auto stream = Rig::stream();
        const auto id = rig.open(stream);
        rig.send(stream, Rig::connect(id, "held"));
        rig.policy.later = true;
        rig.send(stream, Rig::publish(id, "/a", "1"));
        if (dropped) {
            rig.policy.decisions.clear();
            rig.drain();
        } else {
            rig.advance(29'999ms);
            EXPECT_THAT(stream->texts, IsEmpty());
            rig.advance(1ms);
        }
        EXPECT_THAT(error_of(stream), StartsWith("403:denied_by_security_policy")) << dropped;
        rig.policy.decisions.clear();
        stream->take();
        rig.drain();
        EXPECT_THAT(stream->texts, IsEmpty());
    }
}

TEST(Policy, AClientThatGoesAwayOrPilesUpMeanwhileHarmsNobody) {
    Rig rig({.queue_bytes = 4096});
    rig.policy.later = true;
    Member gone(rig, "");
    rig.send(gone.stream, Rig::publish(gone.id, "/a", "1"));
    rig.gone(gone.stream);
    Member pile(rig, "");
    rig.send(pile.stream, Rig::publish(pile.id, "/a", "1"));
    for (int i = 0; i < 100 && !pile.stream->refused; ++i) {
        rig.send(pile.stream, Rig::publish(pile.id, "/a", "1"));
    }
    EXPECT_EQ(pile.stream->refused, Code::kRateLimited);
    rig.gone(pile.stream);
    for (auto& decide : rig.policy.decisions) decide(true);
    rig.advance(60s);
    EXPECT_EQ(rig.loop().pending_timers(), 0U);
    EXPECT_EQ(rig.engine().sessions(), 0U);
}

// --- authorizers ---

class Guard final : public Authorizer {
  public:
    explicit Guard(Verdict verdict) : verdict_(std::move(verdict)) {}
    Verdict authorize(const Question& question) override {
        asked.emplace_back(question.operation, std::string(question.channel));
        return verdict_;
    }
    std::vector<std::pair<Operation, std::string>> asked;

  private:
    Verdict verdict_;
};

TEST(Authorizer, AtLeastOneMustGrantAndNoneMayDeny) {
    Rig rig;
    Guard ignores(Verdict::ignore());
    Guard grants(Verdict::grant());
    Guard denies(Verdict::deny("not_yours"));
    auto& hooks = rig.group.hooks(0);
    EXPECT_TRUE(hooks.authorize("/a/**", ignores));
    EXPECT_TRUE(hooks.authorize("/a/b/", grants));
    EXPECT_TRUE(hooks.authorize("/a/b/*", grants));
    EXPECT_TRUE(hooks.authorize("/a/b/c", denies));
    const auto id = rig.open_over_http();
    const auto publish = [&](std::string_view channel) {
        return error_of(rig.post(Rig::publish(id, channel, "1")));
    };
    const auto subscribe = [&](std::string_view channel) {
        return error_of(rig.post(Rig::subscribe(id, channel)));
    };
    EXPECT_EQ(publish("/elsewhere"), "") << "nobody guards it";
    EXPECT_EQ(publish("/a/x"), "403:denied_by_not_granting:channel_create_denied");
    EXPECT_EQ(subscribe("/a/x"), "403:denied_by_not_granting:create_denied");
    EXPECT_EQ(publish("/a/b"), "");
    EXPECT_EQ(publish("/a/b/d"), "");
    EXPECT_EQ(subscribe("/a/b/d"), "");
    EXPECT_EQ(publish("/a/b/c"), "403:not_yours:publish_denied");
    EXPECT_EQ(subscribe("/a/b/c"), "403:not_yours:subscribe_denied");
    EXPECT_THAT(denies.asked, ElementsAre(std::pair(Operation::kPublish, "/a/b/c"),
                                          std::pair(Operation::kSubscribe, "/a/b/c")))
        << "a channel with an authorizer of its own is there already";
    EXPECT_EQ(publish("/closed/x"), "403:denied_by_security_policy:publish_denied")
        << "the policy goes first";
    EXPECT_FALSE(hooks.authorize("/meta/subscribe", grants));
    EXPECT_FALSE(hooks.authorize("a", grants));
}

TEST(Authorizer, AWildcardSubscriptionIsPutToAllThatItWouldReach) {
    // Or a subscription to /** would lead around all of them.
    Rig rig;
    Guard denies(Verdict::deny("secret"));
    rig.group.hooks(0).authorize("/secret/*", denies);
    const auto id = rig.open_over_http();
    for (const char* channel : {"/**", "/secret/**", "/secret/*", "/*/", "/secret/x"}) {
        EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, channel))), std::string_view(channel) == "/*/" ? ""
                                                                   : std::string_view(channel) == "/secret/*"
                                                                       ? "403:secret:subscribe_denied"
                                                                       : "403:secret:create_denied")
            << channel;
    }
    EXPECT_EQ(error_of(rig.post(Rig::subscribe(id, "/secret/x/*"))), "");
}

TEST(Authorizer, AReasonCannotBreakTheErrorsForm) {
    Rig rig;
    Guard denies(Verdict::deny("a:b,\"c"));
    rig.group.hooks(0).authorize("/a", denies);
    EXPECT_EQ(error_of(rig.post(Rig::publish(rig.open_over_http(), "/a", "1"))),
              "403:denied_by_authorizer:publish_denied");
}

TEST(Authorizer, OverlapOfPatterns) {
    const std::pair<const char*, const char*> meet[] = {
        {"/a", "/a"},     {"/a/*", "/a/b"},      {"/a/**", "/a/b/c"}, {"/**", "/a"},
        {"/**", "/a/*"},  {"/a/*", "/a/**"},     {"/a/**", "/a/b/*"}, {"/**", "/**"},
        {"/a/*", "/a/*"}, {"/a/**", "/a/b/c/**"}};
    for (const auto& [one, other] : meet) {
        EXPECT_TRUE(overlap(one, other)) << one << ' ' << other;
        EXPECT_TRUE(overlap(other, one)) << one << ' ' << other;
    }
    const std::pair<const char*, const char*> apart[] = {
        {"/a", "/b"},       {"/a/*", "/a"},    {"/a/**", "/a"}, {"/a/*", "/a/b/c"},
        {"/a/*", "/a/b/*"}, {"/a/*", "/ab/c"}, {"/*", "/a/*"},  {"/a/**", "/ab/**"}};
    for (const auto& [one, other] : apart) {
        EXPECT_FALSE(overlap(one, other)) << one << ' ' << other;
        EXPECT_FALSE(overlap(other, one)) << one << ' ' << other;
    }
}

// --- extensions ---

// Writes its name on all that passes, and may delete what is on a channel.
class Marker final : public Extension {
  public:
    explicit Marker(std::string name) : name_(std::move(name)) {}
    bool incoming(const SessionInfo* from, Incoming& message) override {
        seen.push_back((from != nullptr ? "in " : "in ? ") + std::string(message.channel()));
        if (message.channel() == delete_in) return false;
        message.add_field("in-" + name_, std::to_string(message.data().size()));
        if (message.data() == "\"old\"") message.set_data("\"new\"");
        return true;
    }
    bool outgoing(const SessionInfo* to, Outgoing& message) override {
        seen.push_back((to != nullptr ? "out " : "out ? ") + message.channel +
                       (message.reply ? " reply" : ""));
        if (message.channel == delete_out) return false;
        message.text = share("{\"out-" + name_ + "\":1," + message.text->substr(1));
        return true;
    }
    std::vector<std::string> seen;
    std::string delete_in, delete_out;

  private:
    std::string name_;
};

TEST(Extension, SeesAndChangesWhatComesAndGoes) {
    Rig rig;
    Marker marker("a");
    rig.group.hooks(0).add(marker);
    Member member(rig, "/x");
    EXPECT_THAT(marker.seen,
                ElementsAre("in ? /meta/handshake", "out /meta/handshake reply", "in /meta/connect",
                            "out /meta/connect reply", "in /meta/subscribe", "out /meta/subscribe reply"));
    marker.seen.clear();
    rig.send(member.stream, Rig::publish(member.id, "/x", "\"old\"", "7"));
    EXPECT_THAT(member.stream->take(),
                ElementsAre(R"({"out-a":1,"channel":"/x","data":"new","in-a":5})",
                            R"({"out-a":1,"id":"7","channel":"/x","successful":true})"));
    EXPECT_THAT(marker.seen, ElementsAre("in /x", "out ? /x", "out /x reply"));
    marker.seen.clear();
    rig.engine().deliver(rig.ref(member.id), "/service/y", "1");
    EXPECT_THAT(marker.seen, ElementsAre("out /service/y"));
}

TEST(Extension, MayDeleteAMessageAndItsSenderIsTold) {
    Rig rig;
    Marker marker("a");
    rig.group.hooks(0).add(marker);
    Member member(rig, "/x");
    marker.delete_in = "/x";
    rig.send(member.stream, Rig::publish(member.id, "/x", "1", "7"));
    auto texts = member.stream->take();
    ASSERT_EQ(texts.size(), 1U);
    EXPECT_EQ(Rig::field(texts[0], "error"), "404::message_deleted");
    EXPECT_EQ(Rig::field(texts[0], "id"), "7");
    marker.delete_in = "/meta/subscribe";
    rig.send(member.stream, Rig::subscribe(member.id, "/z"));
    EXPECT_EQ(error_of(member.stream), "404::message_deleted");
    EXPECT_EQ(rig.group.counters().subscriptions, 1U);
    marker.delete_in = "/meta/handshake";
    EXPECT_EQ(error_of(rig.post(Rig::kHandshake)), "404::message_deleted");
    EXPECT_EQ(rig.engine().sessions(), 1U);
}

TEST(Extension, OutgoingDataThatItDeletesIsNotSentAndAReplyBecomesAnError) {
    Rig rig;
    Marker marker("a");
    rig.group.hooks(0).add(marker);
    Member member(rig, "/x");
    marker.delete_out = "/x";
    rig.send(member.stream, Rig::publish(member.id, "/x", "1", "7"));
    EXPECT_THAT(
        member.stream->take(),
        ElementsAre(R"({"id":"7","channel":"/x","successful":false,"error":"404::message_deleted"})"));
    marker.delete_out = "/service/y";
    EXPECT_TRUE(rig.engine().deliver(rig.ref(member.id), "/service/y", "1"));
    EXPECT_THAT(member.stream->take(), IsEmpty());
}

TEST(Extension, OfASessionSeesThatSessionsMessagesOnlyAndAfterTheEngines) {
    Rig rig;
    Marker engines("e");
    rig.group.hooks(0).add(engines);
    Member one(rig, "/x");
    Member other(rig, "/x");
    const auto own = std::make_shared<Marker>("s");
    EXPECT_TRUE(rig.group.hooks(0).extend(rig.ref(one.id), own));
    EXPECT_FALSE(rig.group.hooks(0).extend(rig.ref("nobody"), own));
    rig.send(other.stream, Rig::publish(other.id, "/x", "1"));
    EXPECT_THAT(own->seen, ElementsAre("out /x"));
    EXPECT_EQ(one.stream->take().at(0), R"({"out-s":1,"out-e":1,"channel":"/x","data":1,"in-e":1})");
    EXPECT_EQ(other.stream->take().at(0), R"({"out-e":1,"channel":"/x","data":1,"in-e":1})");
    own->delete_out = "/x";
    rig.send(other.stream, Rig::publish(other.id, "/x", "1"));
    EXPECT_THAT(one.stream->take(), IsEmpty());
    EXPECT_EQ(other.stream->take().size(), 2U);
    own->delete_in = "/x";
    rig.send(one.stream, Rig::publish(one.id, "/x", "1"));
    EXPECT_EQ(error_of(one.stream), "404::message_deleted");
}

TEST(Extension, MayDisconnectAndPublishInTheMiddleOfABroadcast) {
    class Meddler final : public Extension {
      public:
        Meddler(Rig& rig, std::vector<std::string>& ids) : rig_(rig), ids_(ids) {}
        bool outgoing(const SessionInfo*, Outgoing& message) override {
            if (message.channel != "/x" || message.reply) return true;
            for (const auto& id : std::exchange(ids_, {})) {
                EXPECT_TRUE(rig_.group.hooks(0).publish("/x", "\"also\""));
                rig_.engine().disconnect(rig_.ref(id));
            }
            return true;
        }

      private:
        Rig& rig_;
        std::vector<std::string>& ids_;
    };
    Rig rig;
    Member one(rig, "/x");
    Member two(rig, "/x");
    Member three(rig, "/**");
    std::vector<std::string> ids{one.id, two.id};
    for (const auto* member : {&one, &two, &three}) {
        rig.group.hooks(0).extend(rig.ref(member->id), std::make_shared<Meddler>(rig, ids));
    }
    rig.send(three.stream, Rig::publish(three.id, "/x", "1"));
    EXPECT_EQ(rig.engine().sessions(), 1U);
    EXPECT_EQ(three.stream->take().size(), 4U) << "the message, its reply, and two more";
}

// --- listeners ---

class Recorder final : public SessionListener, public ChannelListener {
  public:
    void on_session_added(const SessionInfo& session) override {
        log.push_back("added");
        if (on_added) on_added(session);
    }
    void on_session_removed(const ClientRef&, RemovalReason reason) override { reasons.push_back(reason); }
    void on_subscribed(const SessionInfo&, std::string_view channel) override {
        log.push_back("+" + std::string(channel));
    }
    void on_unsubscribed(const SessionInfo&, std::string_view channel) override {
        log.push_back("-" + std::string(channel));
    }
    Overflow on_queue_full(const SessionInfo&, std::size_t, std::size_t messages) override {
        full = messages;
        return overflow;
    }
    void on_held(const SessionInfo&) override { log.emplace_back("held"); }
    void on_released(const SessionInfo&) override { log.emplace_back("released"); }
    bool on_message(const SessionInfo& from, Incoming& message) override {
        EXPECT_FALSE(from.ref.id.empty());
        log.push_back(std::string(message.channel()) + "=" + std::string(message.data()));
        if (message.data() == "1") message.set_data("2");
        return message.data() != "\"veto\"";
    }
    std::vector<std::string> log;
    std::vector<RemovalReason> reasons;
    std::function<void(const SessionInfo&)> on_added;
    Overflow overflow = Overflow::kCut;
    std::size_t full = 0;
};

TEST(Listener, FollowsSessionsAndTheirSubscriptions) {
    Rig rig;
    Recorder listener;
    rig.group.hooks(0).add(static_cast<SessionListener&>(listener));
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::message(id, "/meta/subscribe", "1", R"(,"subscription":["/a","/a","/service/x"])"));
    rig.send(stream, Rig::message(id, "/meta/unsubscribe", "1", R"(,"subscription":["/a","/b"])"));
    rig.send(stream, Rig::connect(id, "2"));
    rig.advance(30s);
    EXPECT_THAT(listener.log, ElementsAre("added", "+/a", "-/a", "held", "released"));
}

TEST(Listener, LearnsWhyASessionWentAndOnlyOnce) {
    EngineOptions options;
    options.queue_messages = 1;
    options.extensions.max_inactivity = 50s;
    Rig rig(options);
    Recorder listener;
    rig.group.hooks(0).add(static_cast<SessionListener&>(listener));
    const auto good_bye = rig.open_over_http();
    rig.post(Rig::message(good_bye, "/meta/disconnect", "1"));
    rig.engine().disconnect(rig.ref(rig.open_over_http()));
    const auto cut = rig.open_over_http();
    for (int i = 0; i < 2; ++i) rig.engine().deliver(rig.ref(cut), "/service/x", "1");
    EXPECT_EQ(listener.full, 1U);
    rig.drain();
    const auto idle = Rig::stream();
    const auto idle_id = rig.open(idle);
    rig.open_over_http();
    rig.send(idle, Rig::connect(idle_id, "2"));
    rig.advance(30s);
    rig.send(idle, Rig::connect(idle_id, "3"));
    rig.advance(30s);
    EXPECT_THAT(listener.reasons,
                ElementsAre(RemovalReason::kGoodBye, RemovalReason::kEnded, RemovalReason::kCut,
                            RemovalReason::kExpired, RemovalReason::kInactive));
}

TEST(Listener, MayLoseAMessageRatherThanTheSession) {
    Rig rig({.queue_messages = 1});
    Recorder listener;
    listener.overflow = SessionListener::Overflow::kDropMessage;
    rig.group.hooks(0).add(static_cast<SessionListener&>(listener));
    const auto id = rig.open_over_http();
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    EXPECT_FALSE(rig.engine().deliver(rig.ref(id), "/service/x", "2"));
    const auto next = rig.post(Rig::connect(id, "2"));
    ASSERT_EQ(next->texts.size(), 2U);
    EXPECT_EQ(Rig::field(next->texts[0], "data"), "1");
    EXPECT_EQ(rig.group.counters().sessions_cut, 0U);
}

TEST(Listener, OfAChannelSeesChangesAndVetoesWhatIsPublished) {
    Rig rig;
    Recorder listener;
    auto& hooks = rig.group.hooks(0);
    EXPECT_TRUE(hooks.listen("/a/**", static_cast<ChannelListener&>(listener)));
    EXPECT_TRUE(hooks.listen("/service/x", static_cast<ChannelListener&>(listener)));
    EXPECT_FALSE(hooks.listen("/meta/connect", static_cast<ChannelListener&>(listener)));
    Member member(rig, "/**");
    rig.send(member.stream, Rig::publish(member.id, "/a/b", "1"));
    EXPECT_EQ(member.stream->take().at(0), R"({"channel":"/a/b","data":2})");
    rig.send(member.stream, Rig::publish(member.id, "/a/b", "\"veto\""));
    EXPECT_EQ(error_of(member.stream), "404::message_deleted");
    EXPECT_EQ(member.stream->take().size(), 1U);
    rig.send(member.stream, Rig::publish(member.id, "/service/x", "\"veto\""));
    EXPECT_EQ(error_of(member.stream), "404::message_deleted");
    rig.send(member.stream, Rig::publish(member.id, "/b", "1"));
    EXPECT_THAT(listener.log, ElementsAre("/a/b=1", "/a/b=\"veto\"", "/service/x=\"veto\""));
}

// --- what is delivered while a session shakes hands ---

TEST(HandshakeDelivery, FollowsTheReplyWhichCountsIt) {
    for (const bool http : {false, true}) {
        Rig rig({.handshake_delivery = true});
        Recorder listener;
        listener.on_added = [&](const SessionInfo& session) {
            rig.engine().deliver(session.ref, "/service/x", "1");
            rig.engine().deliver(session.ref, "/service/x", "2");
        };
        rig.group.hooks(0).add(static_cast<SessionListener&>(listener));
        const auto outlet = http ? Rig::exchange() : Rig::stream();
        rig.send(outlet, Rig::kHandshake);
        ASSERT_EQ(outlet->texts.size(), 3U) << http;
        EXPECT_EQ(Rig::field(outlet->texts[0], "x-messages"), "2");
        EXPECT_EQ(Rig::field(outlet->texts[2], "data"), "2");
        if (!http) continue;
        rig.gone(outlet);  // it never arrived
        const auto id = Rig::field(outlet->texts[0], "clientId");
        EXPECT_EQ(rig.post(Rig::connect(id, "1"))->texts.size(), 3U);
    }
}

TEST(HandshakeDelivery, WithAcknowledgementsNamesTheBatch) {
    Rig rig({.handshake_delivery = true});
    Recorder listener;
    listener.on_added = [&](const SessionInfo& session) {
        rig.engine().deliver(session.ref, "/service/x", "1");
    };
    rig.group.hooks(0).add(static_cast<SessionListener&>(listener));
    const auto outlet = Rig::exchange();
    rig.send(outlet, R"({"channel":"/meta/handshake","id":"h","ext":{"ack":true}})");
    ASSERT_EQ(outlet->texts.size(), 2U);
    EXPECT_EQ(Rig::field(outlet->texts[0], "ext"), R"({"ack":{"enabled":true,"batch":1}})");
    EXPECT_EQ(Rig::field(outlet->texts[0], "x-messages"), "1");
    const auto id = Rig::field(outlet->texts[0], "clientId");
    EXPECT_EQ(rig.post(Rig::connect(id, "1", R"(,"ext":{"ack":0})"))->texts.size(), 2U)
        << "lost: it comes again";
    EXPECT_EQ(rig.post(Rig::connect(id, "2", R"(,"ext":{"ack":1},"advice":{"timeout":0})"))->texts.size(),
              1U);
}

TEST(HandshakeDelivery, OffAMessageWaitsForTheFirstConnectOrFollowsOnTheSocket) {
    Rig rig;
    Recorder listener;
    listener.on_added = [&](const SessionInfo& session) {
        rig.engine().deliver(session.ref, "/service/x", "1");
    };
    rig.group.hooks(0).add(static_cast<SessionListener&>(listener));
    const auto poll = Rig::exchange();
    rig.send(poll, Rig::kHandshake);
    ASSERT_EQ(poll->texts.size(), 1U);
    EXPECT_EQ(Rig::field(poll->texts[0], "x-messages"), "");
    EXPECT_EQ(rig.post(Rig::connect(Rig::field(poll->texts[0], "clientId"), "1"))->texts.size(), 2U);
    const auto stream = Rig::stream();
    rig.send(stream, Rig::kHandshake);
    ASSERT_EQ(stream->texts.size(), 2U);
    EXPECT_EQ(Rig::field(stream->texts[0], "channel"), "/meta/handshake");
    EXPECT_EQ(stream->sends, 2U) << "the handshake reply goes alone";
}

// --- settings and server-side publishing ---

TEST(Hooks, ASessionsSettingsGoBeforeTheEngines) {
    Rig rig;
    Member member(rig, "/a");
    EXPECT_TRUE(rig.group.hooks(0).configure(
        rig.ref(member.id), {.broadcast_to_publisher = false, .meta_connect_deliver_only = true}));
    rig.send(member.stream, Rig::publish(member.id, "/a", "1"));
    EXPECT_EQ(member.stream->take().size(), 1U);
    rig.engine().deliver(rig.ref(member.id), "/service/x", "1");
    EXPECT_THAT(member.stream->texts, IsEmpty());
    EXPECT_TRUE(rig.group.hooks(0).configure(rig.ref(member.id), {}));
    EXPECT_EQ(member.stream->take().size(), 1U) << "what waited leaves";
    EXPECT_FALSE(rig.group.hooks(0).configure(rig.ref("nobody"), {}));
}

TEST(Hooks, TheServerPublishesToAllLoops) {
    Rig rig({}, 2);
    Member here(rig, "/a/*", 0);
    Member there(rig, "/a/b", 1);
    EXPECT_TRUE(rig.group.hooks(0).publish("/a/b", "{\"n\":1}"));
    rig.drain();
    EXPECT_THAT(here.stream->take(), ElementsAre(R"({"channel":"/a/b","data":{"n":1}})"));
    EXPECT_EQ(there.stream->take().size(), 1U);
    for (const char* channel : {"/a/*", "/meta/x", "/service/x", "a"}) {
        EXPECT_EQ(rig.group.hooks(0).publish(channel, "1").error().code, Code::kBadRequest) << channel;
    }
}

}  // namespace
}  // namespace twinpane::bayeux
