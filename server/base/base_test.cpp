#include <gtest/gtest.h>

#include <set>

#include "base/bytes.hpp"
#include "base/errors.hpp"
#include "base/random.hpp"
#include "base/testing/manual_loop.hpp"

namespace twinpane {
namespace {

TEST(Errors, EveryNumberAndNameIsUniqueAndBeginsWithItsClass) {
    std::set<int> numbers;
    std::set<std::string_view> names;
    for (const auto& entry : error_catalogue()) {
        EXPECT_TRUE(numbers.insert(static_cast<int>(entry.code)).second) << entry.name;
        EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
        EXPECT_EQ(entry.status / 100, static_cast<int>(entry.code) / 1000) << entry.name;
        EXPECT_EQ(&info(entry.code), &entry);
    }
}

TEST(Errors, BayeuxErrorIsThreeDigitsArgumentsAndText) {
    EXPECT_EQ(bayeux_error(Code::kRoleNotAllowed), "403:4202:role_not_allowed");
    EXPECT_EQ(bayeux_error(Code::kSequenceGap, "17"), "409:4301,17:sequence_gap");
}

TEST(Random, HexUuidAndBelowHaveTheirShapes) {
    SystemRandom random;
    EXPECT_EQ(random_hex(random, 16).size(), 32U);
    const auto uuid = random_uuid(random);
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
    EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
    EXPECT_NE(random_hex(random, 16), random_hex(random, 16));
}

TEST(Random, ConstantTimeCompare) {
    EXPECT_TRUE(equal_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_constant_time("abc", "abcd"));
}

TEST(Bytes, ReleasedContainersKeepNoCapacityWhereAssigningBracesDoes) {
    std::string text(10'000, 'x');
    std::vector<int> numbers(10'000);
    text = {};
    EXPECT_GE(text.capacity(), 10'000U) << "the reason for release()";
    release(text);
    release(numbers);
    EXPECT_LT(text.capacity(), 100U);
    EXPECT_EQ(numbers.capacity(), 0U);
}

TEST(ManualLoop, TimersRunInOrderAndCancelledOnesNever) {
    testing::ManualLoop loop;
    std::string order;
    loop.after(Millis{20}, [&] { order += 'b'; });
    loop.after(Millis{10}, [&] { order += 'a'; });
    const auto dead = loop.after(Millis{15}, [&] { order += 'x'; });
    loop.cancel(dead);
    loop.advance(Millis{30});
    EXPECT_EQ(order, "ab");
    EXPECT_EQ(loop.pending_timers(), 0U);
}

}  // namespace
}  // namespace twinpane
