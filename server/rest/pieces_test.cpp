#include <gtest/gtest.h>

#include "base/testing/manual_loop.hpp"
#include "rest/accounts.hpp"
#include "rest/history_json.hpp"
#include "rest/passwords.hpp"
#include "rest/security_policy.hpp"
#include "rest/tokens.hpp"
#include "storage/testing/memory_store.hpp"

namespace twinpane::rest {
namespace {
using twinpane::testing::ManualLoop;
using twinpane::testing::SeededRandom;

constexpr auto kSecret = "0123456789abcdef0123456789abcdef";

TEST(Tokens, SayWhoItIsUntilTheyExpire) {
    ManualLoop clock;
    const AccessTokens tokens(kSecret, clock, Millis{900'000});
    const auto token = tokens.issue({"id", "anna", "Anna \"A\" \xC3\x84", {"agent", "admin"}});
    auto agent = tokens.verify(token);
    ASSERT_TRUE(agent);
    EXPECT_EQ(agent->id, "id");
    EXPECT_EQ(agent->name, "Anna \"A\" \xC3\x84");
    EXPECT_EQ(agent->roles, (std::vector<std::string>{"agent", "admin"}));
    clock.advance(Millis{899'000});
    EXPECT_TRUE(tokens.verify(token));
    clock.advance(Millis{1'000});
    agent = tokens.verify(token);
    ASSERT_FALSE(agent);
    EXPECT_EQ(agent.error().code, Code::kTokenExpired);
}

TEST(Tokens, OthersAreNotTaken) {
    ManualLoop clock;
    const AccessTokens tokens(kSecret, clock, Millis{900'000});
    const AccessTokens other("another secret of thirty-two char", clock, Millis{900'000});
    const auto good = tokens.issue({"id", "anna", "Anna", {}});
    const auto payload = good.substr(good.find('.'));
    const std::string bad[] = {
        "", "x", "a.b.c", good + "x", good.substr(0, good.size() - 2), good.substr(0, good.rfind('.') + 1),
        other.issue({"id", "anna", "Anna", {}}),
        // {"alg":"none"} with and without a signature
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" + payload,
        "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" + payload.substr(0, payload.rfind('.') + 1),
        std::string(10'000, 'a')};
    for (const auto& token : bad) {
        const auto result = tokens.verify(token);
        ASSERT_FALSE(result) << token;
        EXPECT_EQ(result.error().code, Code::kNotAuthenticated) << token;
    }
    EXPECT_THROW(AccessTokens("short", clock, Millis{1}), std::invalid_argument);
}

TEST(Passwords, AreArgon2idAndVerified) {
    const auto hash = hash_password("secret password");
    EXPECT_TRUE(hash.starts_with("$argon2id$")) << hash;
    EXPECT_TRUE(verify_password(hash, "secret password"));
    EXPECT_FALSE(verify_password(hash, "secret passworD"));
    EXPECT_FALSE(verify_password("", "secret password"));
    EXPECT_FALSE(verify_password("$argon2id$nonsense", "secret password"));
    EXPECT_TRUE(dummy_hash().starts_with("$argon2id$")) << "as costly as a real one";
    EXPECT_EQ(dummy_hash().substr(0, 30), hash.substr(0, 30)) << "with the same parameters";
}

TEST(Passwords, TheQueueIsBounded) {
    ManualLoop loop;
    PasswordWorkers workers(1, 2);
    int done = 0;
    int taken = 0;
    for (int i = 0; i < 20; ++i) {
        taken += workers.verify("$argon2id$nonsense", "x", loop, [&](bool right) { done += right ? 100 : 1; })
                     ? 1
                     : 0;
    }
    EXPECT_GE(taken, 2);
    PasswordWorkers idle(0, 2);
    EXPECT_TRUE(idle.verify("x", "x", loop, [](bool) { FAIL(); }));
    EXPECT_TRUE(idle.verify("x", "x", loop, [](bool) { FAIL(); }));
    EXPECT_FALSE(idle.verify("x", "x", loop, [](bool) { FAIL(); }));
}

TEST(Accounts, LoginsAreNormalised) {
    EXPECT_EQ(normal_login(" Anna.B@Example "), "anna.b@example");
    for (const auto* bad : {"", "  ", "a b", "\xC3\xA4", "a\nb", "a/b"})
        EXPECT_EQ(normal_login(bad), "") << bad;
    EXPECT_EQ(normal_login(std::string(101, 'a')), "");
}

TEST(Accounts, TheFirstOneIsMadeOnceOnly) {
    ManualLoop loop;
    SeededRandom random;
    storage::testing::MemoryStore store;
    auto accounts = store.accounts(loop);
    const auto ensure = [&](NewAccount wanted) {
        Result<bool> made = fail(Code::kInternal);
        ensure_first_account(*accounts, std::move(wanted), loop, random,
                             [&](Result<bool> result) { made = result; });
        loop.drain();
        return made;
    };
    EXPECT_EQ(ensure({"x", "", "short", {}}).error().code, Code::kBadField);
    EXPECT_EQ(ensure({"not a login", "", "long enough", {}}).error().code, Code::kBadField);
    EXPECT_EQ(ensure({"Agent", "First Agent", "long enough", {"agent"}}), true);
    EXPECT_EQ(ensure({"other", "", "long enough", {"agent"}}), false);
    std::optional<storage::Account> found;
    accounts->find_login("agent", [&](auto result) { found = *result; });
    loop.drain();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "First Agent");
    EXPECT_TRUE(verify_password(found->password_hash, "long enough"));
    EXPECT_EQ(found->id.size(), 36U);
    store.fail_next(1);
    EXPECT_EQ(ensure({"other", "", "long enough", {}}).error().code, Code::kStoreFailed);
}

TEST(Policy, InsideNeedsATokenOutsideIsNobody) {
    ManualLoop clock;
    const AccessTokens tokens(kSecret, clock, Millis{900'000});
    observe::Log log(observe::Level::kError, "");
    SecurityPolicy policy(tokens, log);
    const bayeux::Peer inside{true, "", ""};
    const bayeux::Peer outside{false, "https://shop.example", ""};
    const auto shake = [&](const bayeux::Peer& peer, const std::string& ext) {
        Result<std::shared_ptr<const bayeux::Principal>> out = fail(Code::kInternal);
        policy.handshake(peer, ext, [&](auto result) { out = std::move(result); });
        return out;
    };
    const auto good = R"({"ack":true,"twinpane":{"v":1,"token":")" +
                      tokens.issue({"id", "anna", "Anna", {"agent"}}) + "\"}}";
    const auto agent = shake(inside, good);
    ASSERT_TRUE(agent);
    EXPECT_EQ((*agent)->kind, bayeux::Principal::Kind::kAgent);
    EXPECT_EQ((*agent)->id, "id");
    for (const auto* bad : {"", "{}", "null", "[]", R"({"twinpane":1})", R"({"twinpane":{"v":1}})",
                            R"({"twinpane":{"token":7}})", R"({"twinpane":{"v":1,"token":"x"}})"}) {
        const auto result = shake(inside, bad);
        ASSERT_FALSE(result) << bad;
        EXPECT_EQ(result.error().code, Code::kNotAuthenticated) << bad;
    }
    EXPECT_EQ(shake(inside, R"({"twinpane":{"v":2}})").error().code, Code::kUnsupportedVersion);
    clock.advance(Millis{900'000});
    EXPECT_EQ(shake(inside, good).error().code, Code::kTokenExpired);
    for (const auto& ext : {std::string(), std::string(R"({"twinpane":{"v":1}})"), good}) {
        const auto nobody = shake(outside, ext);
        ASSERT_TRUE(nobody);
        EXPECT_EQ((*nobody)->kind, bayeux::Principal::Kind::kAnonymous)
            << "a token outside makes nobody an agent";
    }
    EXPECT_FALSE(policy.may_subscribe(**agent, outside, "/foo"));
    EXPECT_FALSE(policy.may_publish(**agent, outside, "/foo"));
    EXPECT_TRUE(policy.may_subscribe(**agent, inside, "/foo"));
    EXPECT_TRUE(policy.may_publish(**agent, inside, "/foo"));
}

TEST(Policy, OpenChannelsAreOpenToEverybody) {
    testing::ManualLoop clock;
    const AccessTokens tokens(std::string(64, 'k'), clock, Millis{1000});
    observe::Log log(observe::Level::kError, "");
    SecurityPolicy policy(tokens, log, OpenChannels({"/chat/**", "/news/*", "/hello"}));
    const bayeux::Peer outside;
    const bayeux::Principal nobody;
    for (const auto* open : {"/hello", "/chat/a", "/chat/a/b", "/chat/*", "/chat/**", "/chat/a/**",
                             "/chat/meta/x", "/news/a", "/news/*"}) {
        EXPECT_TRUE(policy.may_subscribe(nobody, outside, open)) << open;
        EXPECT_TRUE(policy.may_publish(nobody, outside, open)) << open;
    }
    for (const auto* closed :
         {"/**", "/*", "/chat", "/chatter", "/chatter/a", "/news", "/news/a/b", "/news/**", "/news/a/*",
          "/hello/a", "/hello/*", "/hellos", "/meta/connect", "/service/x", ""}) {
        EXPECT_FALSE(policy.may_subscribe(nobody, outside, closed)) << closed;
        EXPECT_FALSE(policy.may_publish(nobody, outside, closed)) << closed;
    }
}

TEST(OpenChannels, NeverCoverMetaAndService) {
    const OpenChannels all({"/**"});
    for (const auto* open : {"/a", "/a/b", "/**", "/*", "/metal", "/services/x"})
        EXPECT_TRUE(all.cover(open)) << open;
    for (const auto* closed :
         {"/meta", "/meta/x", "/meta/**", "/service", "/service/session/create", "/service/*"}) {
        EXPECT_FALSE(all.cover(closed)) << closed;
    }
    EXPECT_FALSE(OpenChannels().cover("/a"));
}

TEST(History, HasTheUnitsThatIntegratorsKnow) {
    storage::SessionRecord record;
    record.id = "id";
    record.token = "012345678";
    record.site = "shop";
    record.created_ms = 1'000'000;
    record.pages = {{"https://a/", "A", 1'000'500, 2'600}, {"https://b/", "B", 1'003'100, 0}};
    record.participants = {{"u1", "hash", 1, "Carla", "", 1'000'100, 0}};
    record.events = {{1'000'100, "joined", "u1", R"({"role":1})"}, {1'000'200, "away", "u1", ""}};
    auto live = history_json(record, 1'008'200);
    EXPECT_TRUE(live.at("deactivationTime").is_null());
    EXPECT_TRUE(live.at("activationTime").is_null());
    EXPECT_TRUE(live.at("endReason").is_null());
    EXPECT_EQ(live.at("pages").at(0).at("duration"), 3);
    EXPECT_EQ(live.at("pages").at(1).at("duration"), 5) << "so far";
    EXPECT_EQ(live.at("pages").at(0).at("enteredTimestamp"), 1'000'500);
    EXPECT_EQ(live.at("events").at(0).at("detail").at("role"), 1);
    EXPECT_EQ(serialize(live).find("hash"), std::string::npos) << "no trace of the secrets";
    record.ended_ms = 1'009'000;
    record.ended_by = "customer";
    record.end_reason = "self";
    record.activated_ms = 1'000'400;
    record.pages[1].duration_ms = 5'900;
    live = history_json(record, 2'000'000);
    EXPECT_EQ(live.at("deactivationTime"), 1'009'000);
    EXPECT_EQ(live.at("activationTime"), 1'000'400);
    EXPECT_EQ(live.at("endedBy"), "customer");
    EXPECT_EQ(live.at("pages").at(1).at("duration"), 6);
}

}  // namespace
}  // namespace twinpane::rest
