#include "bayeux/envelope.hpp"

#include <gtest/gtest.h>

#include "bayeux/channel.hpp"
#include "bayeux/engine.hpp"
#include "bayeux/replies.hpp"

namespace twinpane::bayeux {
namespace {

std::string text_of_message(const Message& message) {
    BytesPool pool;
    return *broadcast_text(pool, message);
}

TEST(Channel, NormalisesBlanksAndTrailingSlashes) {
    EXPECT_EQ(normalise_channel(" /a/b// \t"), "/a/b");
    EXPECT_EQ(normalise_channel("/"), "/");
    EXPECT_EQ(normalise_channel("  "), "");
}

TEST(Channel, KindsAndGrammar) {
    EXPECT_EQ(classify_channel("/meta/connect"), ChannelKind::kMeta);
    EXPECT_EQ(classify_channel("/meta"), ChannelKind::kMeta);
    EXPECT_EQ(classify_channel("/meta/**"), ChannelKind::kMeta);
    EXPECT_EQ(classify_channel("/metal"), ChannelKind::kBroadcast);
    EXPECT_EQ(classify_channel("/service/x"), ChannelKind::kService);
    EXPECT_EQ(classify_channel("/service/**"), ChannelKind::kService);
    EXPECT_EQ(classify_channel("/a b/!#$()+-._@{}~"), ChannelKind::kBroadcast);
    EXPECT_EQ(classify_channel("/a/*"), ChannelKind::kWild);
    EXPECT_EQ(classify_channel("/**"), ChannelKind::kWild);
    for (const char* name :
         {"", "/", "a", "a/b", "/a//b", "/a?b", "/a/\xc3\xa9", "/*/a", "/**/a", "/a\nb", "//"}) {
        EXPECT_EQ(classify_channel(name), ChannelKind::kInvalid) << name;
    }
    EXPECT_EQ(classify_channel("/" + std::string(kMaxChannelLength, 'a')), ChannelKind::kInvalid);
    std::string deep;
    for (std::size_t i = 0; i < kMaxChannelSegments; ++i) deep += "/a";
    EXPECT_EQ(classify_channel(deep), ChannelKind::kBroadcast);
    EXPECT_EQ(classify_channel(deep + "/a"), ChannelKind::kInvalid);
}

TEST(Channel, PatternsOfAConcreteChannel) {
    std::vector<std::string> patterns;
    const auto collect = [&](std::string_view pattern) { patterns.emplace_back(pattern); };
    std::string scratch;
    for_each_pattern("/a/b/c", scratch, collect);
    EXPECT_EQ(patterns, (std::vector<std::string>{"/a/b/c", "/a/b/*", "/a/b/**", "/a/**", "/**"}));
    patterns.clear();
    for_each_pattern("/a", scratch, collect);
    EXPECT_EQ(patterns, (std::vector<std::string>{"/a", "/*", "/**"}));
}

TEST(Envelope, TakesAnArrayOrABareObject) {
    const auto array =
        parse_batch(R"( [ {"channel":"/a","id":"1","data":{"n":9007199254740993}} , {"channel":"/b"} ] )");
    ASSERT_TRUE(array);
    ASSERT_EQ(array->messages.size(), 2U);
    EXPECT_EQ(array->messages[0].channel, "/a");
    EXPECT_EQ(array->messages[0].id, "\"1\"");
    EXPECT_EQ(array->messages[0].data, R"({"n":9007199254740993})");
    const auto bare = parse_batch(R"({"channel":"/a"})");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->messages.size(), 1U);
    EXPECT_TRUE(parse_batch("[]")->messages.empty());
}

TEST(Envelope, BrokenJsonAndForeignShapesAreTwoErrors) {
    for (const char* text : {"", "[", "[{]", "[{}", "{\"channel\":\"/a\",}", "[{}] x", "[{\"data\":[}]",
                             "\"\xff\"", "[{\"channel\":\"/a\",\"data\":\"\xc3\x28\"}]"}) {
        const auto batch = parse_batch(text);
        ASSERT_FALSE(batch) << text;
        EXPECT_EQ(batch.error().code, Code::kBadJson) << text;
    }
    for (const char* text : {"1", "\"x\"", "[1]", "[[]]", "[{},null]", "null"}) {
        const auto batch = parse_batch(text);
        ASSERT_FALSE(batch) << text;
        EXPECT_EQ(batch.error().code, Code::kBadRequest) << text;
    }
}

TEST(Envelope, AHandshakeMustBeAlone) {
    EXPECT_TRUE(parse_batch(R"([{"channel":"/meta/handshake"}])")->is_handshake());
    const auto batch = parse_batch(R"([{"channel":"\/meta\/handshake\/"},{"channel":"/a"}])");
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().code, Code::kBadRequest);
}

TEST(Envelope, ABatchIsBoundedInMessages) {
    std::string text = "[{}";
    for (std::size_t i = 1; i < kMaxMessagesPerBatch; ++i) text += ",{}";
    EXPECT_TRUE(parse_batch(text + "]"));
    EXPECT_EQ(parse_batch(text + ",{}]").error().code, Code::kMessageTooLarge);
}

TEST(Envelope, DuplicateAndEscapedKeysCountAsOne) {
    const auto batch = parse_batch(
        R"([{"channel":"/a","ch\u0061nnel":"\/b","clientId":"x","clientI\u0064":"y","data":1,"d\u0061ta":2}])");
    ASSERT_TRUE(batch);
    const auto& message = batch->messages[0];
    EXPECT_EQ(message.channel, "/b");
    EXPECT_EQ(message.client_id, "y");
    EXPECT_EQ(message.data, "2");
    EXPECT_EQ(text_of_message(message), R"({"channel":"/b","data":2})");
}

TEST(Envelope, SubscribersGetUnknownFieldsButNoIdentityAndNoProtocolFields) {
    const auto batch = parse_batch(
        R"([{"channel":"/a","clientId":"x","id":"7","data":"d","ext":{"e":1},"timestamp":"now","x\u002dm":[1],)"
        R"("advice":{"reconnect":"none"},"successful":false,"error":"e","subscription":"/x","connectionType":"y"}])");
    ASSERT_TRUE(batch);
    EXPECT_EQ(text_of_message(batch->messages[0]),
              R"({"channel":"/a","data":"d","ext":{"e":1},"timestamp":"now","x\u002dm":[1]})");
}

TEST(Envelope, AMovedBatchKeepsItsMeaning) {
    Batch owned;
    {
        const std::string text =
            R"([{"channel":"/a","clientId":"\u0078y","id":"1","data":{"k":[1,2]},"more":"m"}])";
        auto batch = parse_batch(text);
        ASSERT_TRUE(batch);
        owned = own_text(std::move(*batch), text);
    }
    const auto moved = std::move(owned);
    EXPECT_EQ(moved.client_id(), "xy");
    EXPECT_EQ(text_of_message(moved.messages[0]), R"({"channel":"/a","data":{"k":[1,2]},"more":"m"})");
}

TEST(Envelope, ABatchIsUsedAgainAndAgain) {
    Batch batch;
    for (const char* text : {R"([{"channel":"\u002fa"},{"channel":"/b","x":1}])", R"({"channel":"/a"})"}) {
        ASSERT_TRUE(parse_batch(text, Utf8::kUnchecked, batch));
        EXPECT_EQ(batch.messages[0].channel, "/a");
        EXPECT_FALSE(parse_batch("[{\"channel\":\"/a\"},7]", Utf8::kUnchecked, batch));
        EXPECT_TRUE(batch.messages.empty());
    }
    std::string many = "[{}";
    for (int i = 0; i < 1000; ++i) many += ",{}";
    ASSERT_TRUE(parse_batch(many + "]", Utf8::kUnchecked, batch));
    EXPECT_EQ(batch.messages.size(), 1001U);
    ASSERT_TRUE(parse_batch("{}", Utf8::kUnchecked, batch));
    EXPECT_LE(batch.messages.capacity(), 64U);
}

TEST(Envelope, MessageIdsAreLettersAndDigitsOrNumbers) {
    for (const char* id : {"", "\"1\"", "\"a9Z\"", "17", "-1"}) EXPECT_TRUE(valid_message_id(id)) << id;
    for (const char* id : {"\"\"", "\"a b\"", "\"\\u0061\"", "{}", "[1]", "null", "true"}) {
        EXPECT_FALSE(valid_message_id(id)) << id;
    }
}

TEST(Envelope, EncodedMessagesEscapeTheChannelAndSpliceTheRest) {
    EXPECT_EQ(*encode_message("/a\"", "{\"n\":1}", "\"7\""),
              R"({"id":"7","channel":"/a\"","data":{"n":1},"successful":true})");
    EXPECT_EQ(*encode_message("/a", ""), R"({"channel":"/a","data":null})");
}

}  // namespace
}  // namespace twinpane::bayeux
