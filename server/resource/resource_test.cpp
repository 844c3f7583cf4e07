#include <gtest/gtest.h>

#include "resource/signer.hpp"
#include "resource/store.hpp"

namespace twinpane::resource {
namespace {

Limits small() {
    Limits limits;
    limits.one = 10;
    limits.scope = 20;
    limits.scope_count = 3;
    limits.all = 30;
    limits.query = 2;
    return limits;
}

Code put(Store& store, std::string_view scope, const std::string& bytes,
         std::string_view type = "image/png") {
    const auto done = store.put(scope, sha256_hex(bytes), type, bytes);
    return done ? Code{} : done.error().code;
}

TEST(ResourceStore, KnowsWhatASessionLacksAndNothingOfOthers) {
    Store store(small());
    const auto a = sha256_hex("a");
    EXPECT_EQ(a, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
    EXPECT_EQ(put(store, "one", "a"), Code{});
    EXPECT_TRUE(store.missing("one", {a})->empty());
    EXPECT_EQ(*store.missing("two", {a}), (std::vector<std::string>{a}));
    EXPECT_FALSE(store.get("two", a));
    EXPECT_EQ(*store.get("one", a)->bytes, "a");
    EXPECT_EQ(store.missing("one", {"x"}).error().code, Code::kBadField);
    EXPECT_EQ(store.missing("one", {a, a, a}).error().code, Code::kBadField);
}

TEST(ResourceStore, RefusesBytesThatAreNotWhatTheirNameSays) {
    Store store(small());
    EXPECT_EQ(store.put("s", sha256_hex("a"), "image/png", "b").error().code, Code::kBadField);
    EXPECT_EQ(store.put("s", "../../etc/passwd", "image/png", "b").error().code, Code::kBadField);
    EXPECT_EQ(store.bytes(), 0U);
}

TEST(ResourceStore, TakesOnlyTypesThatCannotRun) {
    Store store(small());
    for (const auto* type :
         {"text/html", "text/javascript", "application/xml", "", "image/svg+xml2", "application/pdf"}) {
        EXPECT_EQ(put(store, "s", "a", type), Code::kUnsupportedMediaType) << type;
    }
    EXPECT_EQ(put(store, "s", "a", "Image/PNG; charset=x"), Code{});
    EXPECT_EQ(store.get("s", sha256_hex("a"))->type, "image/png");
    EXPECT_EQ(put(store, "s", "b", "text/css"), Code{});
    EXPECT_EQ(store.get("s", sha256_hex("b"))->type, "text/css; charset=utf-8");
}

TEST(ResourceStore, EveryBoundHoldsAtItAndOneOver) {
    Store store(small());
    EXPECT_EQ(put(store, "s", std::string(10, 'a')), Code{});
    EXPECT_EQ(put(store, "s", std::string(11, 'b')), Code::kMessageTooLarge);
    EXPECT_EQ(put(store, "s", std::string(10, 'c')), Code{});
    EXPECT_EQ(put(store, "s", "d"), Code::kMessageTooLarge);   // the session is full
    EXPECT_EQ(put(store, "s", std::string(10, 'a')), Code{});  // what is there may come again
    EXPECT_EQ(put(store, "t", std::string(10, 'a')), Code{});
    EXPECT_EQ(put(store, "t", "e"), Code::kMessageTooLarge);  // everything is full
    store.drop("s");
    EXPECT_EQ(store.bytes(), 10U);
    EXPECT_EQ(put(store, "t", "e"), Code{});
    EXPECT_EQ(put(store, "t", "f"), Code{});
    EXPECT_EQ(put(store, "t", "g"), Code::kMessageTooLarge);  // three are enough
    store.drop("t");
    store.drop("never");
    EXPECT_EQ(store.bytes(), 0U);
}

TEST(ResourceSigner, OnlyTheSignedScopeUntilItExpires) {
    const Signer signer("0123456789abcdef0123456789abcdef");
    const std::int64_t now = 1'700'000'000'000;
    const auto url = signer.url("https://view.example", "scope-1", now);
    EXPECT_EQ(signer.url("https://view.example", "scope-1", now + 60'000), url);
    const std::string prefix = "https://view.example/cobrowse/resource/scope-1/";
    ASSERT_TRUE(url.starts_with(prefix));
    const auto rest = url.substr(prefix.size());
    const auto expires = rest.substr(0, rest.find('/'));
    const auto signature = rest.substr(expires.size() + 1, 64);
    EXPECT_TRUE(signer.verify("scope-1", expires, signature, now));
    EXPECT_FALSE(signer.verify("scope-2", expires, signature, now));
    EXPECT_FALSE(signer.verify("scope-1", expires + "0", signature, now));
    EXPECT_FALSE(signer.verify("scope-1", expires, std::string(64, '0'), now));
    EXPECT_FALSE(signer.verify("scope-1", "soon", signature, now));
    EXPECT_FALSE(signer.verify("scope-1", expires, signature, std::stoll(expires)));
    EXPECT_FALSE(Signer("another secret, also long enough").verify("scope-1", expires, signature, now));
}

}  // namespace
}  // namespace twinpane::resource
