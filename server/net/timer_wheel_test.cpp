#include "net/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace twinpane::net {
namespace {

TEST(TimerWheel, FiresNeverEarlyAndSoonAfter) {
    TimerWheel wheel(Millis{1'000'003});
    std::vector<int> fired;
    wheel.insert(Millis{1'000'003}, Millis{25}, [&] { fired.push_back(1); });
    wheel.advance(Millis{1'000'027});
    EXPECT_TRUE(fired.empty());
    wheel.advance(Millis{1'000'040});
    EXPECT_EQ(fired, std::vector{1});
    EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, ZeroAndNegativeDelaysFireAtTheNextTick) {
    TimerWheel wheel(Millis{0});
    int fired = 0;
    wheel.insert(Millis{0}, Millis{0}, [&] { ++fired; });
    wheel.insert(Millis{0}, Millis{-5}, [&] { ++fired; });
    wheel.advance(Millis{10});
    EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, KeepsOrderWithinATick) {
    TimerWheel wheel(Millis{0});
    std::vector<int> fired;
    for (int i = 0; i < 5; ++i) wheel.insert(Millis{0}, Millis{31}, [&fired, i] { fired.push_back(i); });
    wheel.advance(Millis{50});
    EXPECT_EQ(fired, (std::vector{0, 1, 2, 3, 4}));
}

TEST(TimerWheel, CancelledTimersDoNotFireAndIdsAreNotReused) {
    TimerWheel wheel(Millis{0});
    std::set<TimerId> ids;
    for (int i = 0; i < 1000; ++i) {
        const auto id = wheel.insert(Millis{0}, Millis{20}, [] { FAIL(); });
        EXPECT_NE(id, 0U);
        EXPECT_TRUE(ids.insert(id).second);
        wheel.cancel(id);
        wheel.cancel(id);  // harmless
    }
    wheel.cancel(0);
    wheel.cancel(UINT64_MAX);
    EXPECT_EQ(wheel.size(), 0U);
    wheel.advance(Millis{1000});
}

TEST(TimerWheel, AnExpiredIdDoesNotCancelItsSuccessor) {
    TimerWheel wheel(Millis{0});
    const auto old = wheel.insert(Millis{0}, Millis{0}, [] {});
    wheel.advance(Millis{10});
    int fired = 0;
    wheel.insert(Millis{10}, Millis{10}, [&] { ++fired; });  // takes the freed place
    wheel.cancel(old);
    wheel.advance(Millis{40});
    EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ATaskMayCancelAnotherOfTheSameTick) {
    TimerWheel wheel(Millis{0});
    TimerId second = 0;
    bool ran = false;
    wheel.insert(Millis{0}, Millis{10}, [&] { wheel.cancel(second); });
    second = wheel.insert(Millis{0}, Millis{10}, [&] { ran = true; });
    wheel.advance(Millis{100});
    EXPECT_FALSE(ran);
    EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, ATaskMayInsertWithoutRunningTheNewOneAtOnce) {
    TimerWheel wheel(Millis{0});
    int runs = 0;
    std::function<void()> again = [&] {
        ++runs;
        wheel.insert(Millis{100}, Millis{0}, [&] { again(); });
    };
    wheel.insert(Millis{0}, Millis{0}, [&] { again(); });
    wheel.advance(Millis{100});
    EXPECT_EQ(runs, 1);
    wheel.advance(Millis{120});
    EXPECT_EQ(runs, 2);
}

TEST(TimerWheel, DelaysLongerThanATurnOfTheWheel) {
    TimerWheel wheel(Millis{0});
    int fired = 0;
    wheel.insert(Millis{0}, Millis{100'000}, [&] { ++fired; });
    for (int now = 0; now <= 100'000; now += 7) wheel.advance(Millis{now});
    EXPECT_EQ(fired, 0);
    wheel.advance(Millis{100'020});
    EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, AJumpOverManyTurnsFiresEverything) {
    TimerWheel wheel(Millis{0});
    int fired = 0;
    for (int i = 0; i < 100; ++i) wheel.insert(Millis{0}, Millis{i * 1'000}, [&] { ++fired; });
    wheel.advance(Millis{10'000'000});
    EXPECT_EQ(fired, 100);
}

TEST(TimerWheel, NextIsNeverLaterThanTheFirstTimer) {
    TimerWheel wheel(Millis{0});
    EXPECT_FALSE(wheel.next());
    std::mt19937 random(1);  // fixed seed: a failure repeats
    Millis now{0};
    for (int round = 0; round < 500; ++round) {
        const Millis delay{static_cast<int>(random() % 200'000)};
        bool fired = false;
        wheel.insert(now, delay, [&] { fired = true; });
        const auto due = now + delay;
        int looks = 0;
        while (!fired) {
            const auto next = wheel.next();
            ASSERT_TRUE(next);
            ASSERT_LE(*next, due + TimerWheel::kTick);
            now = std::max(now, *next);
            wheel.advance(now);
            ASSERT_LT(++looks, 10);  // one per turn of the wheel at most
        }
        ASSERT_EQ(wheel.size(), 0U);
    }
}

TEST(TimerWheel, ClearDestroysWithoutRunning) {
    TimerWheel wheel(Millis{0});
    const auto token = std::make_shared<int>(0);
    for (int i = 0; i < 10; ++i) wheel.insert(Millis{0}, Millis{i * 10}, [token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 11);
    wheel.clear();
    EXPECT_EQ(token.use_count(), 1);
    wheel.advance(Millis{1000});
}

}  // namespace
}  // namespace twinpane::net
