// The ack extension, and delivery by connects alone.
#include "bayeux/testing/rig.hpp"

namespace twinpane::bayeux {
namespace {

using ::testing::ElementsAre;
using testing::FakeOutlet;
using ::testing::IsEmpty;
using testing::Rig;
using namespace std::chrono_literals;

// A client that acknowledges, on whatever connection the test gives it.
struct Acker {
    explicit Acker(Rig& the_rig) : rig(the_rig) {
        id = Rig::field(rig.handshake_reply(Rig::exchange(), R"(,"ext":{"ack":true})"), "clientId");
    }
    void connect(const std::shared_ptr<FakeOutlet>& outlet, unsigned batch, std::string_view message_id = "c",
                 std::string_view more = "") {
        rig.send(outlet,
                 Rig::connect(id, message_id,
                              ",\"ext\":{\"ack\":" + std::to_string(batch) + "}" + std::string(more)));
    }
    std::shared_ptr<FakeOutlet> poll(unsigned batch, std::string_view message_id = "c") {
        auto outlet = Rig::exchange();
        connect(outlet, batch, message_id);
        return outlet;
    }
    bool deliver(int n) { return rig.engine().deliver(rig.ref(id), "/service/x", std::to_string(n)); }

    Rig& rig;
    std::string id;
};

// The data of the messages before the last text, which must be a connect reply with that batch.
std::vector<std::string> batch_of(const std::shared_ptr<FakeOutlet>& outlet, unsigned batch) {
    const auto texts = outlet->take();
    if (texts.empty()) return {"no answer"};
    EXPECT_EQ(Rig::field(texts.back(), "channel"), "/meta/connect");
    EXPECT_EQ(Rig::field(Rig::field(texts.back(), "ext"), "ack"), std::to_string(batch));
    std::vector<std::string> data;
    for (std::size_t i = 0; i + 1 < texts.size(); ++i) data.push_back(Rig::field(texts[i], "data"));
    return data;
}

TEST(Ack, IsAgreedOnInTheHandshakeWhenTheClientAsks) {
    Rig rig;
    const auto asked = rig.handshake_reply(Rig::exchange(), R"(,"ext":{"other":1,"ack":true})");
    EXPECT_EQ(Rig::field(asked, "ext"), R"({"ack":true})");
    for (const char* ext : {R"(,"ext":{"ack":false})", R"(,"ext":{"ack":"true"})", R"(,"ext":[1])", ""}) {
        EXPECT_EQ(Rig::field(rig.handshake_reply(Rig::exchange(), ext), "ext"), "") << ext;
    }
    EngineOptions off;
    off.extensions.ack = false;
    Rig without(off);
    EXPECT_EQ(Rig::field(without.handshake_reply(Rig::exchange(), R"(,"ext":{"ack":true})"), "ext"), "");
}

TEST(Ack, EveryConnectReplyClosesABatchAndTheFirstIsOne) {
    Rig rig;
    Acker client(rig);
    EXPECT_THAT(batch_of(client.poll(0), 1), IsEmpty());
    const auto held = client.poll(1);
    EXPECT_THAT(held->texts, IsEmpty());
    client.deliver(1);
    client.deliver(2);
    rig.drain();
    EXPECT_THAT(batch_of(held, 2), ElementsAre("1", "2"));
    EXPECT_GT(rig.engine().queued_bytes(rig.ref(client.id)), 0U) << "kept until acknowledged";
    const auto next = client.poll(2);
    EXPECT_EQ(rig.engine().queued_bytes(rig.ref(client.id)), 0U);
    EXPECT_THAT(next->texts, IsEmpty());
    rig.advance(30s);
    EXPECT_THAT(batch_of(next, 3), IsEmpty());
}

TEST(Ack, ALostReplyIsReplayedAtOnceWithAllThatIsNotAcknowledged) {
    Rig rig;
    Acker client(rig);
    client.poll(0);
    client.deliver(1);
    EXPECT_THAT(batch_of(client.poll(1), 2), ElementsAre("1"));  // lost on its way
    client.deliver(2);
    EXPECT_THAT(batch_of(client.poll(1), 3), ElementsAre("1", "2"));
    EXPECT_THAT(batch_of(client.poll(1), 4), ElementsAre("1", "2")) << "no news, and still at once";
    EXPECT_THAT(client.poll(4)->texts, IsEmpty());
}

TEST(Ack, AcknowledgesPartOfWhatWasSent) {
    Rig rig;
    Acker client(rig);
    client.poll(0);
    client.deliver(1);
    EXPECT_THAT(batch_of(client.poll(1), 2), ElementsAre("1"));
    client.deliver(2);
    EXPECT_THAT(batch_of(client.poll(1), 3), ElementsAre("1", "2"));  // lost
    EXPECT_THAT(batch_of(client.poll(2), 4), ElementsAre("2"));
}

TEST(Ack, ANumberThatWasNeverSentDropsNothingUnsent) {
    Rig rig;
    Acker client(rig);
    client.poll(0);
    client.deliver(1);
    EXPECT_THAT(batch_of(client.poll(999'999'999), 2), ElementsAre("1"));
}

TEST(Ack, NonsenseInsteadOfANumberAcknowledgesNothing) {
    Rig rig;
    Acker client(rig);
    client.poll(0);
    client.deliver(1);
    unsigned batch = 1;
    for (const char* ext : {R"(,"ext":{"ack":"2"})", R"(,"ext":{"ack":-1})", R"(,"ext":{"ack":null})",
                            R"(,"ext":{"ack":2.5})", R"(,"ext":"ack")", ""}) {
        const auto outlet = rig.post(Rig::connect(client.id, "c", ext));
        EXPECT_THAT(batch_of(outlet, ++batch), ElementsAre("1")) << ext;
    }
}

TEST(Ack, OnAWebSocketMessagesWaitForTheConnectWhoseReplyStaysBehindThem) {
    Rig rig;
    Acker client(rig);
    const auto stream = Rig::stream();
    client.connect(stream, 0, "1");
    EXPECT_THAT(batch_of(stream, 1), IsEmpty());
    client.deliver(1);
    rig.drain();
    EXPECT_THAT(stream->texts, IsEmpty()) << "there is no connect to carry it";
    client.connect(stream, 1, "2");
    EXPECT_THAT(batch_of(stream, 2), ElementsAre("1"));
    client.connect(stream, 2, "3");
    EXPECT_THAT(stream->texts, IsEmpty());
    client.deliver(2);
    client.deliver(3);
    rig.drain();
    EXPECT_THAT(batch_of(stream, 3), ElementsAre("2", "3"));
}

TEST(Ack, ABrokenWebSocketLosesNothing) {
    Rig rig;
    Acker client(rig);
    const auto stream = Rig::stream();
    client.connect(stream, 0, "1");
    client.connect(stream, 1, "2");
    client.deliver(1);
    rig.drain();
    rig.gone(stream);  // the answer was written, and never arrived
    client.deliver(2);
    const auto next = Rig::stream();
    client.connect(next, 1, "3", R"(,"advice":{"timeout":0})");
    EXPECT_THAT(batch_of(next, 3), ElementsAre("1", "2"));
}

TEST(Ack, ASessionKeepsItsBatchesFromOneTransportToTheOther) {
    Rig rig;
    Acker client(rig);
    client.poll(0);
    client.deliver(1);
    const auto stream = Rig::stream();
    client.connect(stream, 1, "2");
    EXPECT_THAT(batch_of(stream, 2), ElementsAre("1"));
    EXPECT_THAT(batch_of(client.poll(1), 3), ElementsAre("1"));
    EXPECT_THAT(client.poll(3)->texts, IsEmpty());
}

TEST(Ack, OverlappingConnectsNeitherLoseNorDouble) {
    // The older connect is given up unanswered, so nothing has left with it.
    Rig rig;
    Acker client(rig);
    client.poll(0);
    const auto older = client.poll(1, "2");
    const auto newer = client.poll(1, "3");
    EXPECT_EQ(older->refused, Code::kWrongState);
    client.deliver(1);
    rig.drain();
    EXPECT_THAT(older->texts, IsEmpty());
    EXPECT_THAT(batch_of(newer, 2), ElementsAre("1"));
}

TEST(Ack, IsBoundedInMessagesAndTheSessionIsCutBeyond) {
    Rig rig({.ack_messages = 3});
    Acker client(rig);
    client.poll(0);
    for (int i = 1; i <= 3; ++i) EXPECT_TRUE(client.deliver(i));
    EXPECT_THAT(batch_of(client.poll(1), 2), ElementsAre("1", "2", "3"));
    EXPECT_FALSE(client.deliver(4)) << "three are unacknowledged, though sent";
    rig.drain();
    EXPECT_EQ(rig.group.counters().sessions_cut, 1U);
    const auto told = client.poll(2)->take().at(0);
    EXPECT_EQ(Rig::field(told, "error"), "402::session_unknown");
    EXPECT_EQ(Rig::field(Rig::field(told, "advice"), "reconnect"), "handshake");
}

TEST(Ack, IsBoundedInBytesAndAHeldConnectSaysWhy) {
    Rig rig({.queue_bytes = 1, .ack_bytes = 100});
    Acker client(rig);
    client.poll(0);
    const auto held = client.poll(1);
    const auto text = "\"" + std::string(50, 'x') + "\"";
    EXPECT_TRUE(rig.engine().deliver(rig.ref(client.id), "/service/x", text));
    EXPECT_FALSE(rig.engine().deliver(rig.ref(client.id), "/service/x", text));
    rig.drain();
    ASSERT_EQ(held->texts.size(), 1U);
    EXPECT_EQ(Rig::field(held->texts[0], "error"), "429:4502:queue_full");
    EXPECT_EQ(Rig::field(Rig::field(held->texts[0], "advice"), "reconnect"), "handshake");
}

TEST(Ack, GoodByeBringsWhatNeverLeftAndNothingTwice) {
    for (const bool http : {true, false}) {
        Rig rig;
        Acker client(rig);
        const auto outlet = http ? Rig::exchange() : Rig::stream();
        const auto first = http ? Rig::exchange() : outlet;
        client.connect(first, 0);
        client.deliver(1);
        const auto second = http ? Rig::exchange() : outlet;
        client.connect(second, 1);
        outlet->take();
        client.deliver(2);
        rig.send(outlet, Rig::message(client.id, "/meta/disconnect", "d"));
        ASSERT_EQ(outlet->texts.size(), 2U) << http;
        EXPECT_EQ(Rig::field(outlet->texts[0], "data"), "2");
        EXPECT_EQ(Rig::field(outlet->texts[1], "channel"), "/meta/disconnect");
    }
}

TEST(Ack, AServersFarewellBringsTheRest) {
    Rig rig;
    Acker client(rig);
    client.poll(0);
    client.deliver(1);
    rig.engine().disconnect(rig.ref(client.id));
    const auto last = client.poll(1);
    ASSERT_EQ(last->texts.size(), 3U);
    EXPECT_EQ(Rig::field(last->texts[0], "data"), "1");
    EXPECT_EQ(Rig::field(Rig::field(last->texts[1], "ext"), "ack"), "2");
    EXPECT_EQ(Rig::field(Rig::field(last->texts[1], "advice"), "reconnect"), "none");
    EXPECT_EQ(Rig::field(last->texts[2], "channel"), "/meta/disconnect");
}

TEST(Ack, ALongQueueIsAcknowledgedPieceByPiece) {
    Rig rig({.ack_bytes = 64U << 20U, .ack_messages = 100'000});
    Acker client(rig);
    client.poll(0);
    unsigned batch = 1;
    int sent = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 200; ++i) client.deliver(++sent);
        const auto texts = client.poll(batch)->take();
        ASSERT_EQ(texts.size(), 201U);
        EXPECT_EQ(Rig::field(texts.front(), "data"), std::to_string(sent - 199));
        ++batch;
    }
}

// --- metaConnectDeliverOnly, without ack ---

TEST(DeliverOnly, AWebSocketGetsItsMessagesWithConnectsAlone) {
    Rig rig({.meta_connect_deliver_only = true});
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.drain();
    EXPECT_THAT(stream->texts, IsEmpty());
    rig.send(stream, Rig::connect(id, "2"));
    auto texts = stream->take();
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(Rig::field(texts[0], "data"), "1");
    EXPECT_EQ(Rig::field(texts[1], "id"), "2");
    rig.send(stream, Rig::connect(id, "3"));
    EXPECT_THAT(stream->texts, IsEmpty());
    rig.engine().deliver(rig.ref(id), "/service/x", "2");
    rig.engine().deliver(rig.ref(id), "/service/x", "3");
    EXPECT_THAT(stream->texts, IsEmpty()) << "not before the end of the turn";
    rig.drain();
    texts = stream->take();
    ASSERT_EQ(texts.size(), 3U);
    EXPECT_EQ(Rig::field(texts[1], "data"), "3");
    EXPECT_EQ(Rig::field(texts[2], "id"), "3");
}

TEST(DeliverOnly, WhatAClosingWebSocketDoesNotTakeWaits) {
    Rig rig({.meta_connect_deliver_only = true});
    const auto stream = Rig::stream();
    const auto id = rig.open(stream);
    rig.send(stream, Rig::connect(id, "2"));
    stream->accepts = false;
    rig.engine().deliver(rig.ref(id), "/service/x", "1");
    rig.drain();
    rig.gone(stream);
    const auto next = rig.post(Rig::connect(id, "3"));
    ASSERT_EQ(next->texts.size(), 2U);
    EXPECT_EQ(Rig::field(next->texts[0], "data"), "1");
}

}  // namespace
}  // namespace twinpane::bayeux
