#include <gtest/gtest.h>

#include <map>

#include "base/bucket.hpp"
#include "base/testing/manual_loop.hpp"
#include "cobrowse/ids.hpp"
#include "cobrowse/keeper.hpp"
#include "cobrowse/requests.hpp"
#include "cobrowse/text.hpp"
#include "cobrowse/tries.hpp"
#include "storage/testing/memory_store.hpp"

namespace twinpane::cobrowse {
namespace {
using twinpane::testing::ManualLoop;
using twinpane::testing::SeededRandom;

TEST(Ids, SessionTokensLeadToTheLoopTheyAreDrawnFor) {
    SeededRandom random(7);
    for (const unsigned loops : {1U, 2U, 3U, 8U, 256U}) {
        for (unsigned loop = 0; loop < loops; loop += 1 + loops / 4) {
            const auto token = draw_session_token(random, loop, loops);
            ASSERT_TRUE(is_session_token(token)) << token;
            EXPECT_EQ(shard_of_session(token) % loops, loop);
        }
    }
}

TEST(Ids, SessionTokensAreSpreadOverAllDigits) {
    SeededRandom random(3);
    std::map<char, int> first;
    for (int i = 0; i < 10'000; ++i) ++first[draw_session_token(random, 0, 1)[0]];
    EXPECT_EQ(first.size(), 10U);
    for (const auto& [digit, count] : first) {
        EXPECT_GT(count, 800) << digit;
        EXPECT_LT(count, 1200) << digit;
    }
}

TEST(Ids, UserTokensCarryTheirShardAndOnlyTheirFormIsTaken) {
    SeededRandom random(3);
    for (const unsigned shard : {0U, 9U, 10U, 171U, 255U}) {
        const auto token = draw_user_token(random, shard);
        EXPECT_EQ(token.size(), 34U);
        EXPECT_EQ(shard_of_user(token), shard);
    }
    const auto token = draw_user_token(random, 1);
    EXPECT_FALSE(shard_of_user(token.substr(1)));
    EXPECT_FALSE(shard_of_user(token + "0"));
    EXPECT_FALSE(shard_of_user("GG" + token.substr(2)));
    EXPECT_FALSE(shard_of_user(""));
}

TEST(Ids, HashIsSha256) {
    EXPECT_EQ(hash_secret("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Ids, SessionTokensOfTheWrongFormAreRefused) {
    for (const auto* bad : {"", "12345678", "1234567890", "12345678a", "-12345678", " 12345678"}) {
        EXPECT_FALSE(is_session_token(bad)) << bad;
    }
}

TEST(Text, NamesAreCleanedAndCutBetweenCharacters) {
    EXPECT_EQ(clean_text("  A\n\tb\x7F ", 80), "A b") << "lines stay apart";
    EXPECT_EQ(clean_text("\xC3\xA4\xC3\xB6", 3), "\xC3\xA4");
    EXPECT_EQ(clean_text("   ", 80), "");
}

TEST(Text, QueriesAndFragmentsAreStripped) {
    EXPECT_EQ(strip_query("https://a/b?c=d#e"), "https://a/b");
    EXPECT_EQ(strip_query("https://a/b#e?f"), "https://a/b");
    EXPECT_EQ(strip_query("https://a/b"), "https://a/b");
}

TEST(Text, OriginsAreReadAsBrowsersDoOrNotAtAll) {
    EXPECT_EQ(origin_of("https://Shop.Example:443/x?y"), "https://shop.example");
    EXPECT_EQ(origin_of("http://a:8080?x"), "http://a:8080");
    EXPECT_EQ(origin_of("HTTPS://a#b"), "https://a");
    for (const auto* bad :
         {"", "/x", "//a", "javascript:alert(1)", "https://", "https://shop.example@evil.example/",
          "https://shop.example\\@evil.example", "https:/shop.example", "data:text/html,x",
          "https://shop.example%2eevil.example/", " https://a"}) {
        EXPECT_EQ(origin_of(bad), "") << bad;
    }
}

TEST(Bucket, LetsTheBurstThroughThenTheRate) {
    Bucket bucket(100, 500);
    const Millis start{10'000};
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(bucket.wait(1, start), Millis{0});
        bucket.take(1);
    }
    const auto wait = bucket.wait(1, start);
    EXPECT_GT(wait, Millis{0});
    EXPECT_LE(wait, Millis{12});
    EXPECT_EQ(bucket.wait(1, start + wait), Millis{0});
}

TEST(Tries, FiveWrongOnesAMinuteThenTenMinutesOut) {
    ManualLoop clock;
    Tries tries(clock, {});
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(tries.book("anna"));
    EXPECT_FALSE(tries.book("anna"));
    EXPECT_TRUE(tries.locked("anna"));
    EXPECT_TRUE(tries.book("bert"));
    clock.advance(Millis{599'000});
    EXPECT_FALSE(tries.book("anna"));
    clock.advance(Millis{2'000});
    EXPECT_TRUE(tries.book("anna"));
}

TEST(Tries, RightOnesDoNotCountAndOldOnesAreForgotten) {
    ManualLoop clock;
    Tries tries(clock, {});
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(tries.book("anna"));
        tries.take_back("anna");
    }
    EXPECT_EQ(tries.names(), 0U);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(tries.book("anna"));
    clock.advance(Millis{60'000});
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(tries.book("anna"));
    EXPECT_FALSE(tries.book("anna"));
}

TEST(Tries, NamesAreBounded) {
    ManualLoop clock;
    Tries tries(clock,
                {.per_window = 5, .window = Millis{60'000}, .lock_out = Millis{600'000}, .max_names = 10});
    for (int i = 0; i < 1000; ++i) tries.book("n" + std::to_string(i));
    EXPECT_EQ(tries.names(), 10U);
}

// A registry that the test completes by hand.
struct SlowRegistry final : storage::LiveRegistry, storage::SessionCloser {
    std::vector<std::pair<storage::SessionRecord, storage::Done<void>>> puts, closes;
    void put(storage::SessionRecord record, storage::Done<void> done) override {
        puts.emplace_back(std::move(record), std::move(done));
    }
    void close(storage::SessionRecord record, storage::Done<void> done) override {
        closes.emplace_back(std::move(record), std::move(done));
    }
    void find_token(std::string, storage::Done<std::optional<storage::SessionRecord>>) override {}
    void remove(std::string, storage::Done<void>) override {}
    void load(std::string, storage::Done<std::vector<storage::SessionRecord>>) override {}
};

TEST(Keeper, OneWriteAtATimeTheLatestStateWinsAndAnswersWaitForIt) {
    SlowRegistry store;
    storage::SessionRecord record;
    record.mode = "a";
    const auto keeper = std::make_shared<Keeper>(store, store, record);
    std::string told;
    keeper->save([&](Result<void>) { told += "1"; });
    record.mode = "b";
    keeper->save([&](Result<void>) { told += "2"; });
    record.mode = "c";
    keeper->save([&](Result<void> r) { told += r ? "3" : "!"; });
    ASSERT_EQ(store.puts.size(), 1U);
    EXPECT_EQ(store.puts[0].first.mode, "a");
    store.puts[0].second({});
    EXPECT_EQ(told, "1");
    ASSERT_EQ(store.puts.size(), 2U);
    EXPECT_EQ(store.puts[1].first.mode, "c");
    store.puts[1].second(fail(Code::kStoreFailed));
    EXPECT_EQ(told, "12!");
    EXPECT_FALSE(keeper->busy());
}

TEST(Keeper, CloseComesLastAndWhoWaitedIsToldByIt) {
    SlowRegistry store;
    storage::SessionRecord record;
    const auto keeper = std::make_shared<Keeper>(store, store, record);
    std::string told;
    keeper->save([&](Result<void>) { told += "1"; });
    keeper->save([&](Result<void>) { told += "2"; });
    keeper->close([&](Result<void> r) { told += r ? "C" : "c"; });
    keeper->save([&](Result<void> r) { told += r ? "?" : "x"; });
    EXPECT_EQ(told, "x");
    EXPECT_TRUE(store.closes.empty());
    store.puts[0].second({});
    ASSERT_EQ(store.closes.size(), 1U);
    EXPECT_EQ(store.puts.size(), 1U);
    store.closes[0].second(fail(Code::kStoreFailed));
    EXPECT_EQ(told, "x12c");
    keeper->close([&](Result<void> r) { told += r ? "C" : "c"; });
    ASSERT_EQ(store.closes.size(), 2U);
    store.closes[1].second({});
    EXPECT_EQ(told, "x12cC");
}

struct Bad {
    const char* data;
    Code code;
};

TEST(Requests, JoinTakesWhatTheTextSaysAndNothingElse) {
    const auto good =
        parse_join(R"({"v":1,"sessionToken":"012345678","role":2,"name":" A\u0007nna ","x":[]})");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->role, 2);
    EXPECT_EQ(good->name, "Anna");
    const Bad bad[] = {{"", Code::kBadJson},
                       {"null", Code::kBadField},
                       {"[]", Code::kBadField},
                       {"{}", Code::kMissingField},
                       {R"({"sessionToken":12345678,"role":1})", Code::kBadField},
                       {R"({"sessionToken":"012345678"})", Code::kMissingField},
                       {R"({"sessionToken":"012345678","role":0})", Code::kBadField},
                       {R"({"sessionToken":"012345678","role":4})", Code::kBadField},
                       {R"({"sessionToken":"012345678","role":"1"})", Code::kBadField},
                       {R"({"sessionToken":"012345678","role":1.5})", Code::kBadField},
                       {R"({"sessionToken":"012345678","role":1,"name":7})", Code::kBadField},
                       {R"({"v":2,"sessionToken":"012345678","role":1})", Code::kUnsupportedVersion},
                       {R"({"v":"1","sessionToken":"012345678","role":1})", Code::kUnsupportedVersion}};
    for (const auto& item : bad) {
        const auto result = parse_join(item.data);
        ASSERT_FALSE(result) << item.data;
        EXPECT_EQ(result.error().code, item.code) << item.data;
    }
}

TEST(Requests, ActsHaveTheirShapesOrAreMalformed) {
    const auto message = [](const std::string& act) { return R"({"v":1,"e":3,"n":5,"a":[)" + act + "]}"; };
    for (const auto* good : {"[1,10,20.5,7,0,10000]", "[1,-1,0,0,0,0]", "[2,10,20,7,5000,5000]",
                             "[3,7,0,0,0,1,0]", "[3,7,0,0,2,2,15]", R"([4,7,"text",0,4])", "[5,7]",
                             "[5,7,0,3]", "[6,7,0,100.25]", R"([7,7,"Enter","Enter",0])", R"([8,"back"])",
                             R"([8,"go","https://shop.example/"])", "[9,0]", "[9,7]", "[10,0]"}) {
        EXPECT_TRUE(parse_acts(message(good))) << good;
    }
    for (const auto* bad : {"",
                            "1",
                            "[]",
                            "[0]",
                            "[11]",
                            R"(["1"])",
                            "[1,10,20]",
                            "[1,10,20,7,0,10001]",
                            "[1,10,20,-7,0,0]",
                            "[1,\"a\",20,7,0,0]",
                            "[1,1e300,20,7,0,0]",
                            "[3,0,0,0,0,1,0]",
                            "[3,7,0,0,9,1,0]",
                            "[3,7,0,0,0,0,0]",
                            "[3,7,0,0,0,1,16]",
                            "[4,7,5,0,0]",
                            R"([4,7,"x",-1,0])",
                            R"([4,0,"x",0,0])",
                            "[5,7,-1]",
                            R"([5,7,"a"])",
                            "[6,0,0,0]",
                            R"([7,7,"a","KeyA",0])",
                            R"([7,7,"Ent er","x",0])",
                            R"([8,"away"])",
                            R"([8,"go"])",
                            R"([8,"back","x"])",
                            "[9]",
                            "[9,-1]",
                            "[10,1.5]",
                            "[9,3000000000]"}) {
        const auto result = parse_acts(message(bad));
        ASSERT_FALSE(result) << bad;
        EXPECT_EQ(result.error().code, Code::kActInvalid) << bad;
    }
    EXPECT_FALSE(parse_acts(R"({"e":3,"n":5,"a":[[9,0]]})"));
    EXPECT_FALSE(parse_acts(R"({"v":1,"e":0,"n":5,"a":[[9,0]]})"));
    EXPECT_FALSE(parse_acts(R"({"v":1,"e":3,"n":0,"a":[[9,0]]})"));
    std::string many = "[9,0]";
    for (std::size_t i = 1; i < kMaxActs; ++i) many += ",[9,0]";
    EXPECT_TRUE(parse_acts(message(many)));
    EXPECT_FALSE(parse_acts(message(many + ",[9,0]")));
}

}  // namespace
}  // namespace twinpane::cobrowse
