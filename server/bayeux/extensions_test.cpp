#include "bayeux/extensions.hpp"

#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using ::testing::ElementsAre;
using testing::Rig;
using namespace std::chrono_literals;

constexpr std::int64_t kNow = 1'700'000'000'000 + 1000;  // the manual loop's first reading

std::string sync_of(std::string_view reply) {
    return Rig::field(Rig::field(reply, "ext"), "timesync");
}

TEST(TimeSync, TellsTheServersTimeAndHowFarTheClientIsOff) {
    const auto sync = TimeSync::read(R"({"timesync":{"tc":1000,"l":10,"o":-20}})", 5000);
    ASSERT_TRUE(sync);
    EXPECT_TRUE(sync->wanted);
    EXPECT_EQ(sync->reply(5007), R"({"tc":1000,"ts":5000,"p":7,"a":-4010})");
}

TEST(TimeSync, SaysNothingToAClientThatIsInTimeAlready) {
    const auto wanted = [](std::string_view tc, std::string_view lag) {
        const auto text =
            "{\"timesync\":{\"tc\":" + std::string(tc) + ",\"l\":" + std::string(lag) + ",\"o\":0}}";
        return TimeSync::read(text, 5000)->wanted;
    };
    EXPECT_FALSE(wanted("4990", "10"));
    EXPECT_FALSE(wanted("4966", "10"));
    EXPECT_TRUE(wanted("4965", "10"));
    EXPECT_FALSE(wanted("5014", "10"));
    EXPECT_TRUE(wanted("5015", "10"));
    EXPECT_TRUE(wanted("5000", "0")) << "a lag of zero is not known yet";
}

TEST(TimeSync, TheOldFormHasNoError) {
    EXPECT_EQ(TimeSync::read(R"({"timesync":{"tc":1}})", 9)->reply(9), R"({"tc":1,"ts":9,"p":0})");
}

TEST(TimeSync, NonsenseIsIgnored) {
    for (const char* ext :
         {"", "7", "{}", R"({"timesync":7})", R"({"timesync":{}})", R"({"timesync":{"tc":"1"}})",
          R"({"timesync":{"tc":1e99}})", R"({"timesync":{"tc":99999999999999999999}})",
          R"({"timesync":{"tc":9223372036854775807}})"}) {
        EXPECT_FALSE(TimeSync::read(ext, 0)) << ext;
    }
}

TEST(TimeSync, IsOnEveryMetaReplyAndCountsTheHold) {
    Rig rig;
    const std::string ext = R"(,"ext":{"timesync":{"tc":1,"l":0,"o":0}})";
    const auto expected = [](std::int64_t received, int held) {
        return TimeSync{1, received, 1 - received, true}.reply(received + held);
    };
    const auto shaken = rig.handshake_reply(Rig::exchange(), ext);
    EXPECT_EQ(sync_of(shaken), expected(kNow, 0));
    const auto id = Rig::field(shaken, "clientId");
    const auto ask = [&](std::string_view channel, const std::string& more) {
        return rig.post(Rig::message(id, channel, "1", ext + more))->texts.at(0);
    };
    EXPECT_EQ(sync_of(ask("/meta/connect", "")), expected(kNow, 0));
    EXPECT_EQ(sync_of(ask("/meta/subscribe", R"(,"subscription":"/a")")), expected(kNow, 0));
    EXPECT_EQ(sync_of(ask("/meta/subscribe", "")), expected(kNow, 0)) << "on a refusal too";
    EXPECT_EQ(sync_of(ask("/meta/unsubscribe", R"(,"subscription":"/a")")), expected(kNow, 0));
    EXPECT_EQ(sync_of(ask("/a", R"(,"data":1)")), "") << "no meta message";
    const auto held = rig.post(Rig::connect(id, "2", ext));
    rig.advance(500ms);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.drain();
    EXPECT_EQ(sync_of(held->texts.at(1)), expected(kNow, 500));
    EXPECT_EQ(sync_of(ask("/meta/disconnect", "")), expected(kNow + 500, 0));
}

TEST(TimeSync, AndAckShareOneExt) {
    Rig rig;
    const auto shaken = rig.handshake_reply(Rig::exchange(), R"(,"ext":{"ack":true,"timesync":{"tc":1}})");
    EXPECT_EQ(Rig::field(Rig::field(shaken, "ext"), "ack"), "true");
    EXPECT_EQ(Rig::field(sync_of(shaken), "tc"), "1");
    const auto id = Rig::field(shaken, "clientId");
    const auto reply =
        rig.post(Rig::connect(id, "1", R"(,"ext":{"timesync":{"tc":2},"ack":0})"))->texts.at(0);
    EXPECT_EQ(Rig::field(Rig::field(reply, "ext"), "ack"), "1");
    EXPECT_EQ(Rig::field(sync_of(reply), "tc"), "2");
}

TEST(TimeSync, CanBeOff) {
    EngineOptions options;
    options.extensions.timesync = false;
    Rig rig(options);
    const std::string ext = R"(,"ext":{"timesync":{"tc":1}})";
    const auto shaken = rig.handshake_reply(Rig::exchange(), ext);
    EXPECT_EQ(sync_of(shaken), "");
    const auto id = Rig::field(shaken, "clientId");
    EXPECT_EQ(sync_of(rig.post(Rig::connect(id, "1", ext))->texts.at(0)), "");
    EXPECT_EQ(sync_of(rig.post(Rig::message(id, "/meta/disconnect", "1", ext))->texts.at(0)), "");
}

TEST(Timestamp, IsIso8601InUtc) {
    EXPECT_EQ(timestamp_json(0), "\"1970-01-01T00:00:00.000Z\"");
    EXPECT_EQ(timestamp_json(1'769'903'999'250), "\"2026-01-31T23:59:59.250Z\"");
    EXPECT_EQ(timestamp_json(951'782'400'001), "\"2000-02-29T00:00:00.001Z\"");
}

TEST(Timestamp, IsOnEveryMessageInPlaceOfThePublishers) {
    EngineOptions options;
    options.extensions.timestamp = true;
    Rig rig(options);
    const auto stream = Rig::stream();
    const auto shaken = rig.handshake_reply(stream, "");
    const auto id = Rig::field(shaken, "clientId");
    rig.send(stream, Rig::connect(id, "1"));
    rig.send(stream, Rig::subscribe(id, "/a"));
    rig.send(stream,
             Rig::message(id, "/a", "2", R"(,"data":1,"timestamp":"mine","time\u0073tamp":"mine too")"));
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.engine().deliver(rig.ref(id), encode_message("/service/x", "2"));
    rig.engine().disconnect(rig.ref(id));
    auto texts = stream->take();
    texts.push_back(shaken);
    ASSERT_EQ(texts.size(), 8U);
    for (const auto& text : texts) {
        EXPECT_EQ(Rig::field(text, "timestamp"), "2023-11-14T22:13:21.000Z") << text;
        EXPECT_EQ(text.find("mine"), std::string::npos);
    }
}

TEST(Timestamp, OffLeavesThePublishersAlone) {
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::subscribe(id, "/a"));
    stream->take();
    rig.send(stream, Rig::message(id, "/a", "2", R"(,"data":1,"timestamp":"mine")"));
    EXPECT_EQ(stream->take().at(0), R"({"channel":"/a","data":1,"timestamp":"mine"})");
}

TEST(Binary, PassesThroughUntouched) {
    // Z85 with an unpadded tail, in `data`, marked by an empty ext.binary.
    Rig rig;
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::subscribe(id, "/a"));
    stream->take();
    const std::string data =
        R"({"data":"HelloWorld@%$#.{}0","last":true,"meta":{"content_type":"image/png"}})";
    rig.send(stream, Rig::message(id, "/a", "2", ",\"ext\":{\"binary\":{}},\"data\":" + data));
    EXPECT_EQ(stream->take().at(0), "{\"channel\":\"/a\",\"data\":" + data + ",\"ext\":{\"binary\":{}}}");
}

}  // namespace
}  // namespace twinpane::bayeux
