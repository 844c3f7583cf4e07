// Time-outs, absences, stores that fail, and nodes that die.
#include <gtest/gtest.h>

#include "cobrowse/testing/scene.hpp"

namespace twinpane::cobrowse::testing {
namespace {

constexpr int code(Code c) {
    return static_cast<int>(c);
}

class Endings : public ::testing::TestWithParam<Layout> {
  protected:
    Scene scene{GetParam()};
    World& world = scene.world;
    User& customer = scene.customer;
    User& agent = scene.agent;
};

INSTANTIATE_TEST_SUITE_P(Layouts, Endings,
                         ::testing::Values(Layout{1, 0, 0}, Layout{2, 0, 1}, Layout{3, 2, 1}),
                         [](const auto& layout) { return "loops" + std::to_string(layout.param.loops); });

TEST_P(Endings, ACustomerThatStaysAwayLosesTheSession) {
    scene.shown();
    customer.drop();
    world.advance(Millis{599'000});
    EXPECT_FALSE(scene.session()->ended());
    world.advance(Millis{1'500});
    const auto event = agent.take().back();
    EXPECT_EQ(event.at("type"), "deactivated");
    EXPECT_EQ(event.at("by"), "customer");
    EXPECT_EQ(event.at("reason"), "lost");
    EXPECT_EQ(world.past().end_reason, "lost");
}

TEST_P(Endings, TheLastAgentThatStaysAwayEndsItToo) {
    scene.shown();
    agent.drop();
    world.advance(Millis{601'000});
    const auto event = customer.take().back();
    EXPECT_EQ(event.at("by"), "agent");
    EXPECT_EQ(event.at("reason"), "lost");
}

TEST_P(Endings, AControllerThatStaysAwayHasLeft) {
    scene.shown();
    auto controller = world.agent(0, "anna");
    ASSERT_EQ(controller.join(customer.session_token, 3), kOk);
    controller.drop();
    customer.take();
    for (int i = 0; i < 13; ++i) {
        world.advance(Millis{50'000});
        ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2 + i)), kOk);
    }
    const auto left = customer.event("left");
    EXPECT_EQ(left.at("why"), "timeout");
    EXPECT_FALSE(scene.session()->ended());
}

TEST_P(Endings, ComingBackInTimeResetsTheGrace) {
    scene.shown();
    for (int round = 0; round < 3; ++round) {
        customer.drop();
        world.advance(Millis{500'000});
        auto again = world.customer(GetParam().agent);
        again.user_token = customer.user_token;
        again.session_token = customer.session_token;
        ASSERT_EQ(again.rejoin({{"e", scene.e}, {"s", 1}}), kOk);
        EXPECT_EQ(again.answer().at("page").at("next"), 2);
        customer = again;
    }
    EXPECT_FALSE(scene.session()->ended());
}

TEST_P(Endings, InactivityEndsTheSessionActivityDoesNot) {
    scene.shown();
    for (int i = 0; i < 4; ++i) {
        world.advance(Millis{900'000});
        ASSERT_EQ(i % 2 == 0 ? customer.publish(kPageChannel, batch(scene.e, 2 + i / 2))
                             : agent.publish(kActChannel, act(scene.e, "[1,0,0,0,0,0]")),
                  kOk);
    }
    world.advance(Millis{1'799'000});
    EXPECT_FALSE(scene.session()->ended());
    world.advance(Millis{1'500});
    EXPECT_EQ(customer.event("deactivated").at("reason"), "inactivity");
    EXPECT_EQ(world.past().ended_by, "server");
}

TEST_P(Endings, ASessionNobodyJoinsRunsOut) {
    ASSERT_EQ(customer.call("create", json::object{}), kOk);
    world.advance(Millis{601'000});
    EXPECT_EQ(world.stats().sessions, 0U);
    EXPECT_EQ(world.past().end_reason, "timeout");
}

TEST_P(Endings, TheHistoryTellsTheStory) {
    scene.write();
    world.advance(Millis{5'000});
    agent.drop();
    auto again = world.agent(0);
    again.user_token = agent.user_token;
    again.rejoin();
    again.call("exit", {{"userToken", agent.user_token}});
    const auto past = world.past();
    std::string story;
    for (const auto& event : past.events) story += event.type + ":" + event.by + event.detail + " ";
    EXPECT_EQ(
        story,
        R"(joined:u1{"role":1} joined:u2{"role":2} consent:u2{"state":"asked"} )"
        R"(consent:u1{"state":"given","text":"May they look?"} mode:u2{"state":"asked"} mode:u1{"state":"write"} )"
        R"(away:u2 back:u2 ended:agent{"reason":"self"} )");
    EXPECT_EQ(past.participants.size(), 2U);
    for (const auto& who : past.participants) EXPECT_EQ(who.left_ms, past.ended_ms);
    EXPECT_LT(past.created_ms, past.ended_ms);
    EXPECT_LE(past.activated_ms, past.ended_ms);
}

TEST_P(Endings, LiveSessionsAreFoundByHistoryIdFromEveryLoop) {
    scene.shown();
    for (unsigned i = 0; i < world.loops(); ++i) {
        std::optional<storage::SessionRecord> found;
        int calls = 0;
        world.node().service(i).find_live(scene.session()->record().id,
                                          [&](Result<std::optional<storage::SessionRecord>> record) {
                                              ++calls;
                                              ASSERT_TRUE(record);
                                              found = std::move(*record);
                                          });
        world.settle();
        EXPECT_EQ(calls, 1);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->state, "active");
        EXPECT_EQ(found->ended_ms, 0);
        bool none = false;
        world.node().service(i).find_live("nobody", [&](auto record) { none = record && !*record; });
        world.settle();
        EXPECT_TRUE(none);
    }
}

TEST_P(Endings, WhatCouldNotBeStoredWasNotAnswered) {
    world.store.fail_next(1);
    EXPECT_EQ(customer.call("create", json::object{}), code(Code::kStoreFailed));
    EXPECT_EQ(world.stats().sessions, 0U);
    ASSERT_EQ(customer.call("create", json::object{}), kOk);
    const std::string token(customer.answer().at("sessionToken").as_string());
    world.store.fail_next(1);
    EXPECT_EQ(customer.join(token, 1), code(Code::kStoreFailed));
    ASSERT_EQ(customer.join(token, 1), kOk) << "the place is still free";
    world.store.fail_next(1);
    EXPECT_EQ(agent.join(token, 2), code(Code::kStoreFailed));
    EXPECT_TRUE(customer.take().empty()) << "nobody came";
    ASSERT_EQ(agent.join(token, 2), kOk) << "the code was not used up";
    ASSERT_EQ(customer.call("consent", {{"allow", true}}), kOk);
    ASSERT_EQ(agent.call("mode", {{"want", "write"}}), kOk);
    world.store.fail_next(1);
    EXPECT_EQ(customer.call("mode", {{"answer", agent.answer().at("requestId")}, {"allow", true}}),
              code(Code::kStoreFailed));
    EXPECT_EQ(world.session(token)->record().mode, "pointer") << "a yes that failed is no yes";
    EXPECT_GE(world.stats().store_failures, 4U);
}

TEST_P(Endings, AnEndHoldsEvenWhenTheStoreDoesNot) {
    scene.shown();
    world.store.fail_next(3);
    EXPECT_EQ(customer.call("exit", {{"userToken", customer.user_token}}), code(Code::kStoreFailed));
    EXPECT_EQ(agent.event("deactivated").at("reason"), "self");
    EXPECT_EQ(agent.rejoin(), code(Code::kSessionEnded));
    EXPECT_TRUE(world.store.ended_sessions().empty());
    world.advance(Millis{10'000});
    EXPECT_EQ(world.past().end_reason, "self") << "tried until it is in";
    EXPECT_TRUE(world.store.live_sessions().empty());
    EXPECT_EQ(world.stats().sessions, 0U);
}

TEST_P(Endings, AfterACrashTheSessionGoesOn) {
    scene.write();
    const auto token = customer.session_token;
    const auto before = world.store.live_sessions().at(0);
    world.crash();
    EXPECT_EQ(world.stats().restored, 1U);
    EXPECT_EQ(world.stats().participants, 0U);

    auto customer2 = world.customer(GetParam().agent);
    customer2.user_token = customer.user_token;
    ASSERT_EQ(customer2.rejoin({{"e", scene.e}, {"s", 1}}), kOk);
    EXPECT_EQ(customer2.answer().at("consent"), "given");
    EXPECT_EQ(customer2.answer().at("mode"), "write");
    EXPECT_EQ(std::string(customer2.answer().at("sessionHistoryId").as_string()), before.id);
    const auto e = customer2.answer().at("page").at("e").as_int64();
    EXPECT_GT(e, scene.e) << "the mirror is empty: a fresh snapshot";
    EXPECT_EQ(customer2.answer().at("page").at("next"), 1);
    ASSERT_EQ(customer2.publish(kPageChannel, page_batch(e, 1)), kOk);

    auto agent2 = world.agent(GetParam().customer);
    agent2.user_token = agent.user_token;
    ASSERT_EQ(agent2.rejoin(), kOk);
    EXPECT_EQ(agent2.answer().at("page").at("complete"), true);
    EXPECT_EQ(agent2.publish(kActChannel, act(e, "[9,0]")), kOk)
        << "write mode was acknowledged, so it holds";
    auto bert = world.agent(0, "bert");
    EXPECT_EQ(bert.join(token, 2), code(Code::kCodeUsed));

    ASSERT_EQ(agent2.call("exit", {{"userToken", agent2.user_token}}), kOk);
    const auto past = world.past();
    EXPECT_EQ(past.pages.size(), 1U) << "the same visit goes on";
    EXPECT_EQ(past.created_ms, before.created_ms);
}

TEST_P(Endings, AfterACrashGraceAndCodeKeepRunning) {
    customer.start();
    world.advance(Millis{400'000});
    world.crash();
    world.advance(Millis{195'000});
    EXPECT_EQ(world.stats().sessions, 1U);
    world.advance(Millis{10'000});
    EXPECT_EQ(world.past().end_reason, "timeout") << "ten minutes since the code was made";
}

TEST_P(Endings, AfterACrashWhoDoesNotComeBackIsLost) {
    scene.shown();
    world.crash();
    auto agent2 = world.agent(0);
    agent2.user_token = agent.user_token;
    ASSERT_EQ(agent2.rejoin(), kOk);
    const auto types = agent2.event_types();
    EXPECT_EQ(types, std::vector<std::string>{"presence"}) << "is told that the customer is away";
    world.advance(Millis{601'000});
    EXPECT_EQ(world.past().ended_by, "customer");
    EXPECT_EQ(world.past().end_reason, "lost");
}

TEST_P(Endings, AfterACrashConsentStandsAsItWasSaid) {
    scene.waiting();
    ASSERT_EQ(customer.call("consent", {{"allow", false}}), kOk);
    world.crash();
    auto customer2 = world.customer(0);
    customer2.user_token = customer.user_token;
    ASSERT_EQ(customer2.rejoin(), kOk);
    EXPECT_EQ(customer2.answer().at("consent"), "refused");
    EXPECT_EQ(
        customer2.publish(kPageChannel, page_batch(customer2.answer().at("page").at("e").as_int64(), 1)),
        code(Code::kConsentNeeded));
}

TEST_P(Endings, TheCustomersPageLoadKeepsAnOpenQuestionOpen) {
    scene.shown();
    ASSERT_EQ(agent.call("mode", {{"want", "write"}, {"why", "help"}}), kOk);
    customer.drop();
    auto page2 = world.customer(0);
    page2.user_token = customer.user_token;
    ASSERT_EQ(page2.rejoin(), kOk);
    const auto asked = page2.event("mode");
    EXPECT_EQ(asked.at("requestId"), agent.answer().at("requestId"));
    EXPECT_EQ(page2.call("mode", {{"answer", asked.at("requestId")}, {"allow", true}}), kOk);
}

}  // namespace
}  // namespace twinpane::cobrowse::testing
