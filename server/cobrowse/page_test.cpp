// The page stream through a session: receipts, relay, broken pages, slow viewers, snapshots, visits.
#include <gtest/gtest.h>

#include "cobrowse/testing/scene.hpp"

namespace twinpane::cobrowse::testing {
namespace {

constexpr int code(Code c) {
    return static_cast<int>(c);
}

class Page : public ::testing::TestWithParam<Layout> {
  protected:
    Scene scene{GetParam()};
    World& world = scene.world;
    User& customer = scene.customer;
    User& agent = scene.agent;
};

INSTANTIATE_TEST_SUITE_P(Layouts, Page, ::testing::Values(Layout{1, 0, 0}, Layout{2, 0, 1}, Layout{3, 2, 0}),
                         [](const auto& layout) { return "loops" + std::to_string(layout.param.loops); });

TEST_P(Page, TheBytesThatCameGoToEveryViewerAndToNobodyElse) {
    scene.allowed();
    auto controller = world.agent(0, "anna");
    ASSERT_EQ(controller.join(customer.session_token, 3), kOk);
    const auto first = page_batch(scene.e, 1);
    ASSERT_EQ(customer.publish(kPageChannel, first), kOk);
    EXPECT_TRUE(customer.take(kPageChannel).empty()) << "a receipt, no answer";
    ASSERT_EQ(agent.client().shared.size(), 1U);
    EXPECT_EQ(*agent.client().shared[0], R"({"channel":"/service/page","data":)" + first + "}");
    EXPECT_TRUE(controller.client().shared.empty()) << "controllers see no page";
    const auto event = agent.event("page");
    EXPECT_EQ(event.at("complete"), true);
    EXPECT_EQ(event.at("s"), 1);
    EXPECT_EQ(event.at("url"), "https://shop.example/a?q=1#f");
    EXPECT_EQ(event.at("title"), "Shop");
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk);
    EXPECT_TRUE(agent.event_types().empty()) << "nothing about the page as a whole changed";
    EXPECT_EQ(world.stats().batches, 2U);
    EXPECT_EQ(world.stats().relayed, 2U);
}

TEST_P(Page, WhatTheSecondWallTookOutIsNotRelayed) {
    scene.shown();
    ASSERT_EQ(customer.publish(kPageChannel, R"({"v":1,"e":)" + std::to_string(scene.e) +
                                                 R"(,"s":2,"o":[],"secret":"canary"})"),
              kOk);
    ASSERT_EQ(agent.client().shared.size(), 2U);
    EXPECT_EQ(agent.client().shared.back()->find("canary"), std::string::npos);
    EXPECT_EQ(world.stats().values_stripped, 1U);
}

TEST_P(Page, GapsStaleEpochsAndRepeatsAreAnsweredAsTheTextSays) {
    scene.shown();
    EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e, 4)), code(Code::kSequenceGap));
    EXPECT_EQ(customer.error_args(), "2") << "the next number expected";
    EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e + 1, 1)), code(Code::kEpochStale));
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk);
    agent.client().inbox.clear();
    EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk) << "a repeat is acknowledged";
    EXPECT_TRUE(agent.client().inbox.empty()) << "and not relayed";
    EXPECT_EQ(world.stats().duplicates, 1U);
}

TEST_P(Page, OnlyTheCustomerSendsBatchesAndOnlyWithConsent) {
    customer.start();
    EXPECT_EQ(customer.publish(kPageChannel, page_batch(1, 1)), code(Code::kConsentNeeded));
    agent.join(customer.session_token, 2);
    EXPECT_EQ(customer.publish(kPageChannel, page_batch(1, 1)), code(Code::kConsentNeeded));
    customer.call("consent", {{"allow", true}});
    EXPECT_EQ(agent.publish(kPageChannel, page_batch(1, 1)), code(Code::kRoleNotAllowed));
    auto controller = world.agent(0, "anna");
    controller.join(customer.session_token, 3);
    EXPECT_EQ(controller.publish(kPageChannel, page_batch(1, 1)), code(Code::kRoleNotAllowed));
    EXPECT_EQ(controller.publish(kPageChannel, R"({"v":1,"e":1,"s":1,"p":1})"), code(Code::kRoleNotAllowed));
    auto stranger = world.customer();
    EXPECT_EQ(stranger.publish(kPageChannel, page_batch(1, 1)), code(Code::kNotJoined));
    EXPECT_EQ(world.stats().batches, 0U);
}

TEST_P(Page, ABrokenStreamEndsTheSession) {
    scene.shown();
    EXPECT_EQ(customer.publish(kPageChannel, "[]"), code(Code::kStreamInvalid));
    const auto event = agent.event("deactivated");
    EXPECT_EQ(event.at("by"), "server");
    EXPECT_EQ(event.at("reason"), "error");
    EXPECT_EQ(world.past().end_reason, "error");
}

std::string failing(std::int64_t e, std::int64_t s, Code c) {
    return R"({"v":1,"e":)" + std::to_string(e) + R"(,"s":)" + std::to_string(s) + R"(,"o":[],"fail":)" +
           std::to_string(static_cast<int>(c)) + "}";
}

TEST_P(Page, ATooLargeOrDifferingPageIsOrderedAnew) {
    scene.shown();
    for (const auto reason : {Code::kPageTooLarge, Code::kChecksumMismatch}) {
        EXPECT_EQ(customer.publish(kPageChannel, failing(scene.e, 2, reason)), code(reason));
        const auto event = customer.event("page");
        EXPECT_EQ(event.at("do"), "begin");
        EXPECT_EQ(event.at("e"), scene.e + 1);
        EXPECT_EQ(world.store.live_sessions().at(0).page_epoch, static_cast<std::uint32_t>(scene.e + 1))
            << "durable before it is given out";
        EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), code(Code::kEpochStale));
        ++scene.e;
        ASSERT_EQ(customer.publish(kPageChannel, page_batch(scene.e, 1)), kOk);
        EXPECT_EQ(agent.take().back().at("complete"), true);
    }
    EXPECT_EQ(world.stats().page_orders, 2U);
}

TEST_P(Page, APageThatNeverFitsIsOrderedLessAndLessAndThenNoMore) {
    scene.shown();
    int orders = 0;
    std::string last;
    EXPECT_EQ(customer.publish(kPageChannel, failing(scene.e, 2, Code::kPageTooLarge)),
              code(Code::kPageTooLarge));
    for (int second = 0; second < 300 && last != "stop"; ++second) {
        world.advance(Millis{1'000});
        for (const auto& event : customer.take()) {
            if (event.at("type") != "page") continue;
            last = event.at("do").as_string();
            if (last == "stop") break;
            ++orders;
            scene.e = event.at("e").as_int64();
            EXPECT_EQ(customer.publish(kPageChannel, failing(scene.e, 1, Code::kPageTooLarge)),
                      code(Code::kPageTooLarge));
        }
    }
    EXPECT_EQ(last, "stop");
    EXPECT_EQ(orders, 5);
    // The next page load starts afresh.
    ASSERT_EQ(customer.rejoin(), kOk);
    const auto next = customer.answer().at("page").at("e").as_int64();
    EXPECT_GT(next, scene.e);
    EXPECT_EQ(customer.publish(kPageChannel, page_batch(next, 1)), kOk);
}

TEST_P(Page, ACustomerGoesOnWhereItWasAfterABreak) {
    scene.shown();
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk);
    customer.drop();
    EXPECT_EQ(agent.event("presence").at("online"), false);
    auto again = world.customer(GetParam().agent);
    again.user_token = customer.user_token;
    ASSERT_EQ(again.rejoin({{"e", scene.e}, {"s", 5}}), kOk);
    EXPECT_EQ(serialize(again.answer().at("page")), R"({"e":)" + std::to_string(scene.e) + R"(,"next":3})");
    EXPECT_EQ(again.publish(kPageChannel, batch(scene.e, 2)), kOk);
    EXPECT_EQ(again.publish(kPageChannel, batch(scene.e, 3)), kOk);
    EXPECT_EQ(agent.event_types(), std::vector<std::string>{"presence"});
}

TEST_P(Page, APageLoadOrAnImpossiblePositionBeginsANewEpoch) {
    scene.shown();
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk);
    auto e = scene.e;
    const json::value positions[] = {nullptr,
                                     {{"e", e}, {"s", 1}},       // less than the node has
                                     {{"e", e + 7}, {"s", 9}}};  // an epoch that was never given out
    for (const auto& position : positions) {
        ASSERT_EQ(customer.rejoin(position), kOk);
        const auto page = customer.answer().at("page");
        EXPECT_GT(page.at("e").as_int64(), e);
        EXPECT_EQ(page.at("next"), 1);
        e = page.at("e").as_int64();
        EXPECT_EQ(world.store.live_sessions().at(0).page_epoch, static_cast<std::uint32_t>(e));
        ASSERT_EQ(customer.publish(kPageChannel, page_batch(e, 1)), kOk);
    }
    EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e, 3)), code(Code::kEpochStale));
}

TEST_P(Page, BeforeTheFirstBatchTheSameEpochIsStillGood) {
    scene.allowed();
    ASSERT_EQ(customer.rejoin({{"e", scene.e}, {"s", 0}}), kOk);
    EXPECT_EQ(serialize(customer.answer().at("page")),
              R"({"e":)" + std::to_string(scene.e) + R"(,"next":1})");
}

TEST_P(Page, FloodsAreHeldBackWithATimeToWait) {
    auto config = test_config();
    config.limits.stream_bytes_per_second = 1000;
    Scene small(GetParam(), config);
    small.shown();
    std::string filler(2000, 'x');
    int sent = 0;
    int result = kOk;
    while (sent < 20 && result == kOk) {
        result = small.customer.publish(kPageChannel, batch(small.e, 2 + sent, "[21,\"" + filler + "\"]"));
        if (result == kOk) ++sent;
    }
    EXPECT_EQ(result, code(Code::kRateLimited));
    EXPECT_EQ(sent, 2) << "a burst of 5,000 bytes";
    const auto wait = std::stoi(small.customer.error_args());
    EXPECT_GT(wait, 0);
    small.world.advance(Millis{wait});
    EXPECT_EQ(small.customer.publish(kPageChannel, batch(small.e, 2 + sent, "[21,\"" + filler + "\"]")), kOk)
        << "after that time it goes on without a gap";

    auto few = test_config();
    few.limits.stream_batches_per_second = 2;
    Scene many(GetParam(), few);
    many.shown();
    int passed = 0;
    while (many.customer.publish(kPageChannel, batch(many.e, 2 + passed)) == kOk) ++passed;
    EXPECT_EQ(passed, 9) << "ten with the first";
}

TEST_P(Page, ASlowViewerIsLeftOutAndToldToFetchThePage) {
    scene.shown();
    agent.client().queued = 600U << 10U;
    for (int s = 2; s < 6; ++s) ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, s)), kOk);
    EXPECT_TRUE(agent.take(kPageChannel).empty());
    EXPECT_EQ(world.stats().relays_skipped, 4U);
    agent.client().queued = 100U << 10U;
    world.advance(Millis{500});
    EXPECT_TRUE(agent.take().empty()) << "not yet down to the low water mark";
    EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e, 6)), kOk);
    EXPECT_TRUE(agent.take(kPageChannel).empty());
    agent.client().queued = 0;
    world.advance(Millis{500});
    const auto event = agent.event("page");
    EXPECT_EQ(event.at("s"), 6);
    EXPECT_EQ(event.at("complete"), true);
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 7)), kOk);
    EXPECT_EQ(agent.take(kPageChannel).size(), 1U);
    EXPECT_EQ(world.stats().viewers_resumed, 1U);
    EXPECT_EQ(world.loop(GetParam().agent).pending_timers() > 1, false) << "nobody is watched any more";
}

TEST_P(Page, ASlowViewerThatLeavesIsForgotten) {
    scene.shown();
    agent.client().queued = 600U << 10U;
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk);
    agent.drop();
    world.advance(Millis{500});
    EXPECT_EQ(world.stats().viewers_resumed, 0U);
    auto again = world.agent(GetParam().agent);
    again.user_token = agent.user_token;
    ASSERT_EQ(again.rejoin(), kOk);
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 3)), kOk);
    EXPECT_EQ(again.take(kPageChannel).size(), 1U);
}

TEST_P(Page, PaintReportsAreKept) {
    scene.shown();
    ASSERT_EQ(agent.publish(kPageChannel, R"({"v":1,"e":1,"s":1,"p":1})"), kOk);
    const auto painted = scene.session()->painted();
    ASSERT_EQ(painted.size(), 1U);
    EXPECT_EQ(painted[0].user_id, "u2");
    EXPECT_EQ(painted[0].last.seq, 1U);
    EXPECT_EQ(agent.publish(kPageChannel, R"({"v":1,"e":"1","s":1,"p":1})"), code(Code::kBadField));
    EXPECT_EQ(agent.publish(kPageChannel, R"({"v":1,"p":1,"o":[]})"), code(Code::kRoleNotAllowed));
    EXPECT_EQ(world.stats().paints, 1U);
}

TEST_P(Page, TheSnapshotIsForTheSessionsAgentAlone) {
    scene.allowed();
    auto controller = world.agent(0, "anna");
    controller.join(customer.session_token, 3);
    const auto fetch = [&](const std::string& token, const std::string& user, const std::string& account) {
        int result = -1;
        std::size_t lines = 0;
        world.node().service(world.loops() - 1).snapshot(token, user, account, [&](Result<Snapshot> page) {
            result = page ? kOk : code(page.error().code);
            if (page) lines = (*page)->size();
        });
        world.settle();
        return std::pair(result, lines);
    };
    const auto& token = customer.session_token;
    EXPECT_EQ(fetch(token, agent.user_token, "anna").first, code(Code::kNoPage));
    ASSERT_EQ(customer.publish(kPageChannel, page_batch(scene.e, 1)), kOk);
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk);
    EXPECT_EQ(fetch(token, agent.user_token, "anna"), std::pair(kOk, std::size_t{2}));
    EXPECT_EQ(fetch(token, agent.user_token, "bert").first, code(Code::kRoleNotAllowed));
    EXPECT_EQ(fetch(token, customer.user_token, "anna").first, code(Code::kRoleNotAllowed));
    EXPECT_EQ(fetch(token, controller.user_token, "anna").first, code(Code::kRoleNotAllowed));
    auto forged = agent.user_token;
    forged.back() = forged.back() == '0' ? '1' : '0';
    EXPECT_EQ(fetch(token, forged, "anna").first, code(Code::kUserTokenUnknown));
    EXPECT_EQ(fetch(token, "", "anna").first, code(Code::kUserTokenUnknown));
    EXPECT_EQ(fetch("", agent.user_token, "anna").first, code(Code::kUserTokenUnknown));
    customer.call("consent", {{"allow", false}});
    EXPECT_EQ(fetch(token, agent.user_token, "anna").first, code(Code::kConsentNeeded));
}

TEST_P(Page, UploadsNeedTheCustomerAndConsent) {
    scene.waiting();
    const auto ask = [&](const std::string& user) {
        int result = -1;
        world.node().service(0).upload_scope(
            user, [&](Result<std::string> scope) { result = scope ? kOk : code(scope.error().code); });
        world.settle();
        return result;
    };
    EXPECT_EQ(ask(customer.user_token), code(Code::kConsentNeeded));
    customer.call("consent", {{"allow", true}});
    EXPECT_EQ(ask(customer.user_token), kOk);
    EXPECT_EQ(ask(agent.user_token), code(Code::kRoleNotAllowed));
    EXPECT_EQ(ask("00"), code(Code::kUserTokenUnknown));
}

TEST_P(Page, VisitsHaveTimesTitlesAndNoQuery) {
    scene.shown();
    world.advance(Millis{4'000});
    ASSERT_EQ(customer.publish(kPageChannel,
                               batch(scene.e, 2, R"([20,"https://shop.example/a?q=2"],[21,"Shop 2"])")),
              kOk);
    world.advance(Millis{3'000});
    ASSERT_EQ(
        customer.publish(kPageChannel, batch(scene.e, 3, R"([20,"https://shop.example/b#x"],[21,"B"])")),
        kOk);
    world.advance(Millis{2'000});
    ASSERT_EQ(customer.rejoin(), kOk);
    auto e = customer.answer().at("page").at("e").as_int64();
    ASSERT_EQ(customer.publish(kPageChannel, page_batch(e, 1, "https://shop.example/b", "B")), kOk);
    // A new picture of the same page is no visit.
    EXPECT_EQ(customer.publish(kPageChannel, failing(e, 2, Code::kChecksumMismatch)),
              code(Code::kChecksumMismatch));
    e += 1;
    ASSERT_EQ(customer.publish(kPageChannel, page_batch(e, 1, "https://shop.example/b", "B")), kOk);
    world.advance(Millis{1'000});
    customer.call("exit", {{"userToken", customer.user_token}});
    const auto past = world.past();
    ASSERT_EQ(past.pages.size(), 3U);
    EXPECT_EQ(past.pages[0].url, "https://shop.example/a");
    EXPECT_EQ(past.pages[0].title, "Shop 2") << "a changed query alone is the same page";
    EXPECT_EQ(past.pages[0].duration_ms, 7'000);
    EXPECT_EQ(past.pages[1].url, "https://shop.example/b");
    EXPECT_EQ(past.pages[1].duration_ms, 2'000);
    EXPECT_EQ(past.pages[2].url, "https://shop.example/b") << "loaded again";
    EXPECT_EQ(past.pages[2].duration_ms, 1'000);
    EXPECT_EQ(past.pages[2].entered_ms + 1'000, past.ended_ms);
}

TEST(PagePolicy, QueriesAreKeptWhereTheSiteWantsThem) {
    Scene scene;
    scene.shown("bank");
    EXPECT_EQ(scene.session()->record().pages.at(0).url, "https://shop.example/a?q=1#f");
}

TEST_P(Page, RecordsAreBounded) {
    auto config = test_config();
    config.limits.events = 10;
    Scene small(GetParam(), config);
    small.shown();
    for (int i = 0; i < 50; ++i) {
        small.customer.publish(
            kPageChannel, batch(small.e, 2 + i, "[20,\"https://shop.example/" + std::to_string(i) + "\"]"));
    }
    EXPECT_EQ(small.session()->record().pages.size(), 10U);
    EXPECT_LE(small.session()->record().events.size(), 10U);
}

TEST_P(Page, WhenAllAgentsStayAwayThePageIsStoppedAndComesBackWithThem) {
    scene.write();
    agent.drop();
    world.advance(Millis{59'000});
    EXPECT_EQ(customer.event_types(), std::vector<std::string>{"presence"});
    ASSERT_EQ(customer.publish(kPageChannel, batch(scene.e, 2)), kOk);
    world.advance(Millis{1'500});
    const auto events = customer.take();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].at("do"), "stop");
    EXPECT_EQ(events[1].at("mode"), "pointer");
    EXPECT_EQ(customer.publish(kPageChannel, batch(scene.e, 3)), code(Code::kEpochStale));
    auto again = world.agent(0);
    again.user_token = agent.user_token;
    ASSERT_EQ(again.rejoin(), kOk);
    EXPECT_EQ(again.answer().at("mode"), "pointer");
    const auto begin = customer.take().back();
    EXPECT_EQ(begin.at("do"), "begin");
    EXPECT_EQ(customer.publish(kPageChannel, page_batch(begin.at("e").as_int64(), 1)), kOk);
    EXPECT_EQ(again.take(kPageChannel).size(), 1U);
}

}  // namespace
}  // namespace twinpane::cobrowse::testing
