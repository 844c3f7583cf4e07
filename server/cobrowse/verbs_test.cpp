// Each verb: who may, when, and what everybody is told. On one loop, and across loops.
#include <gtest/gtest.h>

#include "cobrowse/ids.hpp"
#include "cobrowse/testing/scene.hpp"

namespace twinpane::cobrowse::testing {
namespace {

constexpr int code(Code c) {
    return static_cast<int>(c);
}

class Verbs : public ::testing::TestWithParam<Layout> {
  protected:
    Scene scene{GetParam()};
    World& world = scene.world;
    User& customer = scene.customer;
    User& agent = scene.agent;
};

INSTANTIATE_TEST_SUITE_P(Layouts, Verbs,
                         ::testing::Values(Layout{1, 0, 0}, Layout{2, 0, 0}, Layout{2, 0, 1}, Layout{2, 1, 0},
                                           Layout{3, 2, 1}),
                         [](const auto& layout) {
                             return "loops" + std::to_string(layout.param.loops) + "_customer" +
                                    std::to_string(layout.param.customer) + "_agent" +
                                    std::to_string(layout.param.agent);
                         });

TEST_P(Verbs, CreateGivesDigitsOfTheCustomersLoop) {
    ASSERT_EQ(customer.call("create", json::object{}), kOk);
    const std::string token(customer.answer().at("sessionToken").as_string());
    EXPECT_TRUE(is_session_token(token));
    EXPECT_EQ(shard_of_session(token) % world.loops(), GetParam().customer);
    EXPECT_EQ(customer.answer().at("base"), "/cobrowse/n/node1");
    EXPECT_EQ(customer.answer().at("expiresIn"), 600);
    ASSERT_EQ(world.store.live_sessions().size(), 1U) << "stored before it was answered";
    EXPECT_EQ(world.store.live_sessions()[0].site, "shop") << "found by origin";
    EXPECT_EQ(world.store.live_sessions()[0].state, "created");
}

TEST_P(Verbs, CreateChecksSiteAndOrigin) {
    EXPECT_EQ(customer.call("create", {{"site", "nowhere"}}), code(Code::kSiteUnknown));
    EXPECT_EQ(customer.call("create", {{"site", "bank"}}), code(Code::kOriginNotAllowed));
    auto stranger = world.customer(0, "https://shop.example.evil.example");
    EXPECT_EQ(stranger.call("create", json::object{}), code(Code::kOriginNotAllowed));
    auto bare = world.customer(0, "");
    EXPECT_EQ(bare.call("create", json::object{}), code(Code::kSiteUnknown)) << "two sites, no hint";
    EXPECT_EQ(bare.call("create", {{"site", "bank"}}), kOk);
    EXPECT_EQ(customer.call("create", {{"site", 7}}), code(Code::kBadField));
    EXPECT_EQ(customer.publish("/service/session/create", "null"), kOk) << "stock clients send no data";
}

TEST_P(Verbs, CustomerJoinsOnceAndWaits) {
    customer.start();
    const auto& answer = customer.answer();
    EXPECT_EQ(answer.at("userId"), "u1");
    EXPECT_EQ(answer.at("state"), "waiting");
    EXPECT_EQ(answer.at("mode"), "pointer");
    EXPECT_EQ(answer.at("consent"), "none");
    EXPECT_EQ(serialize(answer.at("page")), R"({"e":1,"next":1})");
    EXPECT_EQ(serialize(answer.at("users")), R"([{"userId":"u1","role":1,"name":"Carla"}])");
    EXPECT_EQ(serialize(answer.at("policy")),
              R"({"formValues":"private","mask":[],"allowWrite":true,"allowSubmit":false})");
    EXPECT_EQ(answer.at("grace"), 600);
    EXPECT_EQ(answer.at("resources"), "/cobrowse/n/node1/resource/");
    const auto stored = world.store.live_sessions().at(0);
    EXPECT_EQ(stored.participants.at(0).user_token_hash, hash_secret(customer.user_token));
    EXPECT_EQ(stored.page_epoch, 1U) << "given out, so kept";
    EXPECT_EQ(std::string(answer.at("sessionHistoryId").as_string()), stored.id);

    auto second = world.customer();
    EXPECT_EQ(second.join(customer.session_token, 1), code(Code::kCodeUsed));
    EXPECT_EQ(customer.join(customer.session_token, 1), code(Code::kWrongState))
        << "this client speaks for somebody";
}

TEST_P(Verbs, CustomerJoinsFromTheSideAndSiteOfTheCreator) {
    customer.call("create", json::object{});
    const std::string token(customer.answer().at("sessionToken").as_string());
    EXPECT_EQ(agent.join(token, 1), code(Code::kRoleNotAllowed));
    auto elsewhere = world.customer(0, "https://bank.example");
    EXPECT_EQ(elsewhere.join(token, 1), code(Code::kOriginNotAllowed));
    auto page = world.customer(0);
    EXPECT_EQ(page.join(token, 1), kOk) << "another connection of the same page may";
}

TEST_P(Verbs, AgentJoinsAndTheCustomerIsAsked) {
    customer.start();
    ASSERT_EQ(agent.join(customer.session_token, 2), kOk);
    const auto& answer = agent.answer();
    EXPECT_EQ(answer.at("state"), "waiting");
    EXPECT_EQ(answer.at("consent"), "asked");
    EXPECT_TRUE(answer.at("page").is_null());
    EXPECT_FALSE(answer.contains("policy"));
    EXPECT_EQ(answer.at("users").as_array().size(), 2U);
    EXPECT_EQ(answer.at("users").at(1).at("name"), "Agent anna") << "the account's name, not the one sent";
    const auto events = customer.take();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(serialize(events[0]),
              R"({"v":1,"type":"joined","user":{"userId":"u2","role":2,"name":"Agent anna"}})");
    EXPECT_EQ(
        serialize(events[1]),
        R"({"v":1,"type":"consent","state":"asked","user":{"userId":"u2","role":2,"name":"Agent anna"}})");
    EXPECT_EQ(world.store.live_sessions().at(0).participants.at(1).account_id, "anna");
}

TEST_P(Verbs, OnlyAgentsInsideJoinAsAgentOrController) {
    customer.start();
    auto outsider = world.customer(0, "");
    bayeux::Principal anna;
    anna.kind = bayeux::Principal::Kind::kAgent;
    anna.id = "anna";
    User outside(world, world.engine(0).connect({false, "", "192.0.2.9"}, anna));
    bayeux::Principal service;
    service.kind = bayeux::Principal::Kind::kService;
    User backend(world, world.engine(0).connect({true, "", "192.0.2.8"}, service));
    User nobody(world, world.engine(0).connect({true, "", "192.0.2.7"}, {}));
    for (const int role : {2, 3}) {
        for (auto* user : {&outsider, &outside, &backend, &nobody}) {
            EXPECT_EQ(user->join(customer.session_token, role), code(Code::kRoleNotAllowed));
        }
    }
    EXPECT_EQ(customer.call("join", {{"sessionToken", customer.session_token}, {"role", 4}}),
              code(Code::kBadField));
}

TEST_P(Verbs, TheCodeIsGoodForOneAccountAndItsController) {
    customer.start();
    const auto& token = customer.session_token;
    auto controller = world.agent(0, "anna");
    ASSERT_EQ(controller.join(token, 3), kOk);
    auto other = world.agent(1 % world.loops(), "bert");
    EXPECT_EQ(other.join(token, 2), code(Code::kCodeUsed));
    EXPECT_EQ(other.join(token, 3), code(Code::kCodeUsed));
    ASSERT_EQ(agent.join(token, 2), kOk) << "the controller did not consume it";
    auto second = world.agent(0, "anna");
    EXPECT_EQ(second.join(token, 2), code(Code::kCodeUsed));
    EXPECT_EQ(second.join(token, 3), code(Code::kCodeUsed));
}

TEST_P(Verbs, AgentBeforeTheCustomerIsTooEarly) {
    customer.call("create", json::object{});
    const std::string token(customer.answer().at("sessionToken").as_string());
    EXPECT_EQ(agent.join(token, 2), code(Code::kWrongState));
    EXPECT_EQ(customer.join(token, 1), kOk);
    EXPECT_EQ(agent.join(token, 2), kOk);
}

TEST_P(Verbs, TheCodeRunsOutAfterTenMinutes) {
    customer.start();
    world.advance(Millis{599'000});
    auto controller = world.agent(0, "anna");
    ASSERT_EQ(controller.join(customer.session_token, 3), kOk);
    world.advance(Millis{2'000});
    EXPECT_EQ(agent.join(customer.session_token, 2), code(Code::kCodeExpired));
    const auto event = customer.event("deactivated");
    EXPECT_EQ(event.at("by"), "server");
    EXPECT_EQ(event.at("reason"), "timeout");
    EXPECT_EQ(world.past().end_reason, "timeout");
    EXPECT_EQ(world.stats().sessions, 0U);
}

TEST_P(Verbs, TheCodeRunsOutForTheControllerOfARunningSessionToo) {
    scene.shown();
    world.advance(Millis{601'000});
    auto controller = world.agent(0, "anna");
    EXPECT_EQ(controller.join(customer.session_token, 3), code(Code::kCodeExpired));
    EXPECT_FALSE(scene.session()->ended());
}

TEST_P(Verbs, FiveWrongCodesLockTheAccountOutForTenMinutes) {
    customer.start();
    for (int i = 0; i < 5; ++i) {
        auto hop =
            world.agent(static_cast<unsigned>(i) % world.loops(), "anna", "198.51.100." + std::to_string(i));
        EXPECT_EQ(hop.join(i < 4 ? "99999999" + std::to_string(i) : "x", 2), code(Code::kSessionUnknown));
    }
    EXPECT_EQ(agent.join(customer.session_token, 2), code(Code::kTooManyTries))
        << "even the right one, anywhere";
    EXPECT_EQ(world.stats().wrong_codes, 5U);
    world.advance(Millis{590'000});
    EXPECT_EQ(agent.join(customer.session_token, 2), code(Code::kTooManyTries));
}

TEST_P(Verbs, FiveWrongCodesLockTheAddressOutWhoeverTries) {
    customer.start();
    for (int i = 0; i < 5; ++i) {
        auto one = world.agent(0, "account" + std::to_string(i), "203.0.113.5");
        EXPECT_EQ(one.join("999999999", 2), code(Code::kSessionUnknown));
    }
    auto same_address = world.agent(0, "bert", "203.0.113.5");
    EXPECT_EQ(same_address.join(customer.session_token, 2), code(Code::kTooManyTries));
    EXPECT_EQ(agent.join(customer.session_token, 2), kOk) << "from elsewhere it works";
}

TEST_P(Verbs, ConsentGivenActivatesAndOrdersThePage) {
    scene.waiting();
    customer.take();
    agent.take();
    ASSERT_EQ(customer.call("consent", {{"allow", true}, {"text", "ok?"}}), kOk);
    const auto events = customer.take();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(serialize(events[0]), R"({"v":1,"type":"consent","state":"given"})");
    EXPECT_EQ(serialize(events[1]), R"({"v":1,"type":"page","do":"begin","e":1})")
        << "the epoch of the join is unused";
    EXPECT_EQ(agent.event("consent").at("state"), "given");
    const auto stored = world.store.live_sessions().at(0);
    EXPECT_EQ(stored.state, "active");
    EXPECT_TRUE(stored.consent);
    EXPECT_GT(stored.activated_ms, 0);
    EXPECT_EQ(stored.events.back().detail, R"({"state":"given","text":"ok?"})");
    EXPECT_EQ(customer.call("consent", {{"allow", true}}), kOk);
    EXPECT_TRUE(customer.take().empty()) << "said already";
}

TEST_P(Verbs, ConsentRefusedIsToldAndMayBeGivenLater) {
    scene.waiting();
    agent.take();
    ASSERT_EQ(customer.call("consent", {{"allow", false}}), kOk);
    EXPECT_EQ(agent.event("consent").at("state"), "refused");
    EXPECT_EQ(world.store.live_sessions().at(0).state, "waiting");
    EXPECT_EQ(customer.publish(kPageChannel, page_batch(1, 1)), code(Code::kConsentNeeded));
    ASSERT_EQ(customer.call("consent", {{"allow", true}}), kOk);
    EXPECT_EQ(world.store.live_sessions().at(0).state, "active");
}

TEST_P(Verbs, ConsentTakenBackStopsEverything) {
    scene.write();
    ASSERT_EQ(customer.call("consent", {{"allow", false}}), kOk);
    EXPECT_EQ(customer.event("page").at("do"), "stop");
    EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), code(Code::kConsentNeeded));
    EXPECT_EQ(agent.publish(kActChannel, act(scene.e, "[9,0]")), code(Code::kConsentNeeded));
    EXPECT_EQ(world.store.live_sessions().at(0).mode, "pointer");
    EXPECT_FALSE(world.store.live_sessions().at(0).consent);
    ASSERT_EQ(customer.call("consent", {{"allow", true}}), kOk);
    EXPECT_GT(customer.event("page").at("e").as_int64(), scene.e) << "a fresh page life";
}

TEST_P(Verbs, ConsentIsTheCustomersOnly) {
    customer.start();
    EXPECT_EQ(customer.call("consent", {{"allow", true}}), code(Code::kWrongState)) << "nobody has asked";
    agent.join(customer.session_token, 2);
    EXPECT_EQ(agent.call("consent", {{"allow", true}}), code(Code::kRoleNotAllowed));
    auto controller = world.agent(0, "anna");
    controller.join(customer.session_token, 3);
    EXPECT_EQ(controller.call("consent", {{"allow", true}}), code(Code::kRoleNotAllowed));
    EXPECT_EQ(customer.call("consent", {{"allow", 1}}), code(Code::kBadField));
    EXPECT_EQ(customer.call("consent", json::object{}), code(Code::kMissingField));
    auto stranger = world.customer();
    EXPECT_EQ(stranger.call("consent", {{"allow", true}}), code(Code::kNotJoined));
}

TEST_P(Verbs, WriteModeIsAskedAndGranted) {
    scene.shown();
    ASSERT_EQ(agent.call("mode", {{"want", "write"}, {"why", "to fill in the form"}}), kOk);
    const auto id = agent.answer().at("requestId");
    const auto asked = customer.event("mode");
    EXPECT_EQ(asked.at("state"), "asked");
    EXPECT_EQ(asked.at("requestId"), id);
    EXPECT_EQ(asked.at("why"), "to fill in the form");
    EXPECT_EQ(asked.at("by"), "u2");
    EXPECT_FALSE(agent.event("mode").contains("requestId"));
    EXPECT_EQ(agent.call("mode", {{"want", "write"}}), code(Code::kWrongState)) << "one question at a time";
    EXPECT_EQ(agent.call("mode", {{"answer", id}, {"allow", true}}), code(Code::kRoleNotAllowed))
        << "not by itself";
    EXPECT_EQ(customer.call("mode", {{"answer", "0123456789abcdef"}, {"allow", true}}),
              code(Code::kWrongState));
    EXPECT_EQ(world.store.live_sessions().at(0).mode, "pointer");
    ASSERT_EQ(customer.call("mode", {{"answer", id}, {"allow", true}}), kOk);
    for (auto* user : {&customer, &agent}) {
        const auto changed = user->event("mode");
        EXPECT_EQ(changed.at("state"), "changed");
        EXPECT_EQ(changed.at("mode"), "write");
        EXPECT_EQ(changed.at("by"), "u1");
    }
    EXPECT_EQ(world.store.live_sessions().at(0).mode, "write");
    EXPECT_EQ(customer.call("mode", {{"answer", id}, {"allow", true}}), code(Code::kWrongState)) << "once";
}

TEST_P(Verbs, WriteModeIsRefusedWithdrawnOrRunsOut) {
    scene.shown();
    agent.call("mode", {{"want", "write"}});
    auto id = agent.answer().at("requestId");
    ASSERT_EQ(customer.call("mode", {{"answer", id}, {"allow", false}}), kOk);
    EXPECT_EQ(agent.take().back().at("state"), "refused");

    ASSERT_EQ(agent.call("mode", {{"want", "write"}}), kOk);
    ASSERT_EQ(agent.call("mode", {{"want", "pointer"}}), kOk);
    EXPECT_EQ(customer.take().back().at("state"), "withdrawn");

    ASSERT_EQ(agent.call("mode", {{"want", "write"}}), kOk);
    id = agent.answer().at("requestId");
    world.advance(Millis{29'000});
    EXPECT_EQ(customer.take().back().at("state"), "asked");
    world.advance(Millis{1'500});
    EXPECT_EQ(customer.event("mode").at("state"), "withdrawn");
    EXPECT_EQ(customer.call("mode", {{"answer", id}, {"allow", true}}), code(Code::kWrongState));
    EXPECT_EQ(scene.session()->record().mode, "pointer");
}

TEST_P(Verbs, WriteModeIsTakenBackAndGivenBack) {
    scene.write();
    ASSERT_EQ(customer.call("mode", {{"want", "pointer"}}), kOk);
    EXPECT_EQ(agent.event("mode").at("mode"), "pointer");
    EXPECT_EQ(agent.publish(kActChannel, act(scene.e, "[9,0]")), code(Code::kWriteModeNeeded));
    agent.call("mode", {{"want", "write"}});
    customer.call("mode", {{"answer", agent.answer().at("requestId")}, {"allow", true}});
    customer.take();
    ASSERT_EQ(agent.call("mode", {{"want", "pointer"}}), kOk);
    const auto event = customer.event("mode");
    EXPECT_EQ(event.at("mode"), "pointer");
    EXPECT_EQ(event.at("by"), "u2");
    EXPECT_EQ(world.store.live_sessions().at(0).mode, "pointer");
}

TEST_P(Verbs, WriteModeNeedsConsentRoleAndPolicy) {
    scene.waiting();
    EXPECT_EQ(agent.call("mode", {{"want", "write"}}), code(Code::kConsentNeeded));
    EXPECT_EQ(customer.call("mode", {{"want", "write"}}), code(Code::kRoleNotAllowed));
    auto controller = world.agent(0, "anna");
    controller.join(customer.session_token, 3);
    EXPECT_EQ(controller.call("mode", {{"want", "write"}}), code(Code::kRoleNotAllowed));
    EXPECT_EQ(controller.call("mode", {{"want", "pointer"}}), code(Code::kRoleNotAllowed));
    EXPECT_EQ(agent.call("mode", {{"want", "everything"}}), code(Code::kBadField));
    EXPECT_EQ(agent.call("mode", json::object{}), code(Code::kMissingField));
    auto stranger = world.agent(0, "bert");
    EXPECT_EQ(stranger.call("mode", {{"want", "write"}}), code(Code::kNotJoined));

    Scene closed(GetParam());
    closed.shown("bank");
    EXPECT_EQ(closed.agent.call("mode", {{"want", "write"}}), code(Code::kRoleNotAllowed))
        << "the site forbids it";
}

TEST_P(Verbs, TheCustomersExitEndsTheSession) {
    scene.write();
    ASSERT_EQ(customer.call("exit", {{"userToken", customer.user_token}}), kOk);
    for (auto* user : {&customer, &agent}) {
        const auto event = user->event("deactivated");
        EXPECT_EQ(event.at("by"), "customer");
        EXPECT_EQ(event.at("reason"), "self");
    }
    const auto past = world.past();
    EXPECT_EQ(past.state, "ended");
    EXPECT_EQ(past.ended_by, "customer");
    EXPECT_EQ(past.end_reason, "self");
    EXPECT_GT(past.ended_ms, 0);
    EXPECT_TRUE(world.store.live_sessions().empty());
    EXPECT_EQ(world.stats().sessions, 0U);
    EXPECT_EQ(world.stats().participants, 0U);
    EXPECT_EQ(agent.publish(kActChannel, act(scene.e, "[9,0]")), code(Code::kNotJoined));
    EXPECT_EQ(agent.rejoin(), code(Code::kSessionEnded));
    EXPECT_EQ(customer.call("exit", {{"userToken", customer.user_token}}), code(Code::kSessionEnded));
    auto late = world.agent(0, "bert");
    EXPECT_EQ(late.join(customer.session_token, 2), code(Code::kSessionEnded));
}

TEST_P(Verbs, TheLastAgentsExitEndsTheSessionAControllersDoesNot) {
    scene.shown();
    auto controller = world.agent(0, "anna");
    ASSERT_EQ(controller.join(customer.session_token, 3), kOk);
    customer.take();
    ASSERT_EQ(controller.call("exit", {{"userToken", controller.user_token}}), kOk);
    const auto left = customer.event("left");
    EXPECT_EQ(left.at("why"), "exit");
    EXPECT_EQ(left.at("user").at("role"), 3);
    EXPECT_TRUE(controller.take().empty()) << "not told about itself";
    EXPECT_EQ(controller.rejoin(), code(Code::kUserTokenUnknown));
    ASSERT_EQ(agent.call("exit", {{"userToken", agent.user_token}}), kOk);
    const auto event = customer.event("deactivated");
    EXPECT_EQ(event.at("by"), "agent");
    EXPECT_EQ(event.at("reason"), "self");
}

TEST_P(Verbs, StopIsTheControllersOnly) {
    scene.shown();
    auto controller = world.agent(0, "anna");
    ASSERT_EQ(controller.join(customer.session_token, 3), kOk);
    customer.take();
    EXPECT_EQ(customer.call("stop", {{"userToken", customer.user_token}}), code(Code::kRoleNotAllowed));
    EXPECT_EQ(agent.call("stop", {{"userToken", agent.user_token}}), code(Code::kRoleNotAllowed));
    ASSERT_EQ(controller.call("stop", {{"userToken", controller.user_token}}), kOk);
    EXPECT_EQ(customer.event("deactivated").at("by"), "controller");
    EXPECT_EQ(world.past().end_reason, "external");
}

TEST_P(Verbs, UserTokensAreSecretsBoundToTheirAccount) {
    scene.shown();
    auto bert = world.agent(0, "bert");
    auto nobody = world.customer(0, "");
    for (const auto* verb : {"exit", "rejoin"}) {
        EXPECT_EQ(bert.call(verb, {{"userToken", agent.user_token}}), code(Code::kRoleNotAllowed)) << verb;
        EXPECT_EQ(nobody.call(verb, {{"userToken", agent.user_token}}), code(Code::kRoleNotAllowed)) << verb;
        auto forged = agent.user_token;
        forged.back() = forged.back() == '0' ? '1' : '0';
        EXPECT_EQ(agent.call(verb, {{"userToken", forged}}), code(Code::kUserTokenUnknown)) << verb;
        EXPECT_EQ(agent.call(verb, {{"userToken", "short"}}), code(Code::kUserTokenUnknown)) << verb;
        EXPECT_EQ(agent.call(verb, {{"userToken", 5}}), code(Code::kBadField)) << verb;
        EXPECT_EQ(agent.call(verb, json::object{}), code(Code::kMissingField)) << verb;
    }
    EXPECT_EQ(bert.call("stop", {{"userToken", agent.user_token}}), code(Code::kRoleNotAllowed));
    EXPECT_FALSE(scene.session()->ended());
}

TEST_P(Verbs, UnknownVerbsAndChannelsAreErrors) {
    customer.start();
    for (const auto* channel :
         {"/service/session", "/service/session/invite", "/service/session/join/x", "/service/session/event",
          "/service/page/x", "/service/act/x", "/service/chat", "/service/chat/send"}) {
        EXPECT_EQ(customer.publish(channel, "{}"), code(Code::kUnknownVerb)) << channel;
    }
    EXPECT_EQ(customer.publish("/service/session/join", "[1"), code(Code::kBadJson));
    EXPECT_EQ(customer.publish("/service/session/join", R"({"v":2})"), code(Code::kUnsupportedVersion));
}

TEST_P(Verbs, ADroppedConnectionIsTellTaleAndComesBack) {
    scene.write();
    agent.drop();
    const auto gone = customer.event("presence");
    EXPECT_EQ(gone.at("userId"), "u2");
    EXPECT_EQ(gone.at("online"), false);
    auto again = world.agent(GetParam().customer);  // on another loop than before, perhaps
    again.user_token = agent.user_token;
    ASSERT_EQ(again.rejoin(), kOk);
    EXPECT_EQ(again.answer().at("userId"), "u2");
    EXPECT_EQ(again.answer().at("mode"), "write") << "nothing is lost";
    EXPECT_EQ(serialize(again.answer().at("page")), R"({"e":1,"s":1,"complete":true})");
    const auto events = customer.take();
    ASSERT_EQ(events.size(), 1U) << "no new page is ordered";
    EXPECT_EQ(events[0].at("online"), true);
    EXPECT_EQ(again.publish(kActChannel, act(scene.e, "[9,0]")), kOk);
}

// A customer whose browser was closed was shown as live until the Bayeux session expired, ten seconds later.
TEST_P(Verbs, ABrokenConnectionIsToldBeforeTheSessionExpires) {
    scene.write();
    customer.link(false);
    EXPECT_TRUE(agent.take().empty()) << "a page load takes a moment";
    world.advance(Millis{2'100});
    EXPECT_EQ(agent.event("presence").at("online"), false);
    EXPECT_EQ(agent.publish(kActChannel, act(scene.e, "[9,0]")), code(Code::kWrongState));
    customer.drop();
    EXPECT_TRUE(agent.take().empty()) << "told once";
    ASSERT_EQ(world.session(customer.session_token)->record().events.back().type, "away");
}

TEST_P(Verbs, AConnectionThatComesBackInTimeIsNobodysBusiness) {
    scene.write();
    customer.link(false);
    world.advance(Millis{1'500});
    customer.link(true);
    world.advance(Millis{5'000});
    EXPECT_TRUE(agent.take().empty());
    agent.link(false);
    world.advance(Millis{2'500});
    EXPECT_EQ(customer.event("presence").at("online"), false);
    agent.link(true);
    EXPECT_EQ(customer.event("presence").at("online"), true);
    EXPECT_EQ(agent.publish(kActChannel, act(scene.e, "[9,0]")), kOk);
}

TEST_P(Verbs, WhoIsSilentAndRejoinsIsBack) {
    scene.shown();
    agent.link(false);
    world.advance(Millis{2'500});
    customer.take();
    auto again = world.agent(GetParam().agent);
    again.user_token = agent.user_token;
    ASSERT_EQ(again.rejoin(), kOk);
    EXPECT_EQ(customer.event("presence").at("online"), true);
}

TEST_P(Verbs, ANewerConnectionTakesOver) {
    scene.shown();
    auto again = world.agent(0);
    again.user_token = agent.user_token;
    ASSERT_EQ(again.rejoin(), kOk);
    EXPECT_EQ(agent.event_types(), std::vector<std::string>{"replaced"});
    EXPECT_EQ(agent.publish(kActChannel, act(scene.e, "[1,0,0,0,0,0]")), code(Code::kNotJoined));
    EXPECT_EQ(again.publish(kActChannel, act(scene.e, "[1,0,0,0,0,0]")), kOk);
    EXPECT_EQ(agent.join(customer.session_token, 2), code(Code::kCodeUsed))
        << "it speaks for nobody any more";
    agent.drop();
    EXPECT_TRUE(customer.take().empty()) << "the old connection's end is nobody's absence";
    EXPECT_EQ(world.stats().participants, 2U);
}

TEST_P(Verbs, RejoiningOnTheSameConnectionIsHarmless) {
    scene.shown();
    ASSERT_EQ(agent.rejoin(), kOk);
    EXPECT_TRUE(agent.event_types().empty());
    EXPECT_EQ(agent.publish(kActChannel, act(scene.e, "[1,0,0,0,0,0]")), kOk);
}

TEST_P(Verbs, AClientThatLeavesWhileItJoinsIsAway) {
    customer.start();
    const auto ref = agent.ref();
    const auto receipt = world.engine(ref.loop).publish(
        ref, "/service/session/join",
        serialize(json::object{{"sessionToken", customer.session_token}, {"role", 2}}), "1");
    world.engine(ref.loop).remove(ref, true);
    world.settle();
    EXPECT_TRUE(receipt->done);
    const auto types = customer.event_types();
    ASSERT_FALSE(types.empty());
    EXPECT_EQ(types.back(), "presence");
    EXPECT_EQ(world.stats().participants, 1U);
    EXPECT_EQ(world.node().service(ref.loop).clients(), ref.loop == GetParam().customer ? 1U : 0U);
}

TEST_P(Verbs, NothingIsLeftOfClientsThatWent) {
    scene.write();
    customer.call("exit", {{"userToken", customer.user_token}});
    customer.drop();
    agent.drop();
    for (unsigned i = 0; i < world.loops(); ++i) {
        EXPECT_EQ(world.node().service(i).clients(), 0U);
        EXPECT_EQ(world.node().shard(i).size(), 0U);
        EXPECT_EQ(world.loop(i).pending_timers(), 0U);
    }
}

TEST_P(Verbs, ManyWrongCodesAtOnceRaiseOneAlarm) {
    for (unsigned i = 0; i < 150; ++i) {
        auto one =
            world.agent(i % world.loops(), "account" + std::to_string(i), "address" + std::to_string(i));
        EXPECT_EQ(one.join("999999999", 2), code(Code::kSessionUnknown));
    }
    EXPECT_EQ(world.stats().wrong_codes, 150U);
    EXPECT_EQ(world.stats().code_alarms, 1U);
}

TEST(VerbLimits, TheNodeTakesNoMoreSessionsThanAllowed) {
    auto config = test_config();
    config.limits.sessions = 3;
    World world(2, config);
    for (unsigned i = 0; i < 3; ++i) {
        auto user = world.customer(i % 2);
        EXPECT_EQ(user.call("create", json::object{}), kOk);
    }
    auto user = world.customer(1);
    EXPECT_EQ(user.call("create", json::object{}), code(Code::kTooManySessions));
}

TEST(VerbLimits, RequestsUnderWayAreBoundedPerClient) {
    auto config = test_config();
    config.limits.requests_per_client = 8;
    Scene scene({2, 0, 1}, config);
    scene.shown();
    std::vector<std::shared_ptr<FakeEngine::Receipt>> receipts;
    for (int i = 0; i < 20; ++i) {
        receipts.push_back(
            scene.world.engine(1).publish(scene.agent.ref(), kActChannel, act(scene.e, "[2,0,0,0,0,0]")));
    }
    scene.world.settle();
    int good = 0;
    for (const auto& receipt : receipts) {
        ASSERT_TRUE(receipt->done);
        if (!receipt->error) {
            ++good;
        } else {
            EXPECT_EQ(receipt->error->code, Code::kRateLimited);
        }
    }
    EXPECT_EQ(good, 8);
}

}  // namespace
}  // namespace twinpane::cobrowse::testing
