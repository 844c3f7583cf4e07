// One connection and two loops that stand still: what the threads do in which order is the test's choice.
#include "transport/ws_link.hpp"

#include "bayeux/testing/rig.hpp"

namespace twinpane::transport {
namespace {

using ::testing::ElementsAre;
using Rig = bayeux::testing::Rig;

class FakeLoop final : public net::Loop {
  public:
    FakeLoop(testing::ManualLoop& loop, unsigned index) : loop_(loop), index_(index) {}
    void post(Task task) override { loop_.post(std::move(task)); }
    TimerId after(Millis delay, Task task) override { return loop_.after(delay, std::move(task)); }
    void cancel(TimerId id) override { loop_.cancel(id); }
    unsigned index() const override { return index_; }
    bool is_here() const override { return true; }
    void flush_at_end(std::shared_ptr<net::Flushable> what) override { what->flush(); }

  private:
    testing::ManualLoop& loop_;
    unsigned index_;
};

class FakeSocket final : public net::WebSocket {
  public:
    explicit FakeSocket(net::Loop& loop) : loop_(loop) {}
    bool send(SharedBytes frame) override {
        if (!accepts) return false;
        frames.push_back(frame);
        // Unmasked server frames: 2 bytes of head below 126 bytes, 4 below 64 KiB.
        const auto head = static_cast<unsigned char>((*frame)[1]) < 126 ? 2U : 4U;
        texts.push_back(frame->substr(head));
        return true;
    }
    std::size_t queued_bytes() const override { return queued; }
    void close(std::uint16_t code, std::string_view reason) override {
        close_code = code;
        close_reason = reason;
    }
    net::Loop& loop() override { return loop_; }
    std::vector<std::string> take() { return std::exchange(texts, {}); }

    std::vector<std::string> texts;
    std::vector<SharedBytes> frames;
    std::uint16_t close_code = 0;
    std::string close_reason;
    std::size_t queued = 0;
    bool accepts = true;

  private:
    net::Loop& loop_;
};

class WsLinkTest : public ::testing::Test {
  protected:
    struct Connection {
        std::shared_ptr<FakeSocket> socket;
        std::shared_ptr<WsLink> link;
    };
    Connection open(unsigned loop) {
        Connection connection;
        connection.socket = std::make_shared<FakeSocket>(loops[loop]);
        connection.link = std::make_shared<WsLink>(context, connection.socket, bayeux::Peer{});
        return connection;
    }
    void say(const Connection& connection, std::string_view text) {
        connection.link->on_message(text);
        rig.drain();
    }
    std::string handshake(const Connection& connection) {
        say(connection, Rig::kHandshake);
        const auto text = connection.socket->take().at(0);
        return Rig::field(std::string_view(text).substr(1), "clientId");
    }

    Rig rig{{}, 2};
    std::deque<FakeLoop> loops = [this] {
        std::deque<FakeLoop> made;
        made.emplace_back(rig.loop(0), 0U);
        made.emplace_back(rig.loop(1), 1U);
        return made;
    }();
    std::shared_ptr<BayeuxContext> context = std::make_shared<BayeuxContext>(
        BayeuxContext{rig.group, [](net::Side, std::string_view) { return true; },
                      BayeuxLimits{.max_in_flight = 1000}, std::vector<FrameCache>(2)});
};

TEST_F(WsLinkTest, OneMessagePerFrameEachAnArray) {
    const auto connection = open(0);
    const auto id = handshake(connection);
    say(connection, "[" + Rig::subscribe(id, "/a") + "," + Rig::publish(id, "/a", "1") + "]");
    EXPECT_THAT(
        connection.socket->take(),
        ElementsAre(R"([{"id":"s","channel":"/meta/subscribe","successful":true,"subscription":"/a"}])",
                    R"([{"channel":"/a","data":1}])", R"([{"id":"p","channel":"/a","successful":true}])"));
}

TEST_F(WsLinkTest, AMessageForManyIsFramedOnce) {
    const auto one = open(0);
    const auto other = open(0);
    for (const auto& connection : {one, other}) say(connection, Rig::subscribe(handshake(connection), "/a"));
    const auto publisher = open(0);
    say(publisher, Rig::publish(handshake(publisher), "/a", "1"));
    EXPECT_EQ(one.socket->frames.back(), other.socket->frames.back());
}

TEST_F(WsLinkTest, AnotherLoopsSessionIsServedThroughThisConnection) {
    const auto first = open(1);
    const auto id = handshake(first);
    EXPECT_EQ(bayeux::loop_of(id), 1U);
    first.link->on_close(1006);
    rig.drain();
    rig.engine(1).deliver(rig.ref(id), "/service/x", "1");

    const auto second = open(0);
    say(second, Rig::connect(id, "1"));
    auto texts = second.socket->take();
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_EQ(texts[0], R"([{"channel":"/service/x","data":1}])");
    say(second, Rig::connect(id, "2"));
    EXPECT_EQ(rig.group.counters().held, 1U);
    rig.engine(1).deliver(rig.ref(id), "/service/x", "2");
    rig.drain();
    EXPECT_THAT(second.socket->take(), ElementsAre(R"([{"channel":"/service/x","data":2}])"));

    second.link->on_close(1006);
    rig.drain();
    EXPECT_EQ(rig.group.counters().held, 0U);
    rig.advance(Millis{10'000});
    EXPECT_EQ(rig.group.counters().sessions, 0U);
}

TEST_F(WsLinkTest, ANewHandshakeBringsAConnectionHome) {
    const auto first = open(1);
    const auto old_id = handshake(first);
    const auto second = open(0);
    say(second, Rig::connect(old_id, "1"));
    second.socket->take();
    const auto new_id = handshake(second);
    EXPECT_EQ(bayeux::loop_of(new_id), 0U);
    rig.engine(1).deliver(rig.ref(old_id), "/service/x", "1");
    rig.engine(0).deliver(rig.ref(new_id), "/service/x", "2");
    rig.drain();
    EXPECT_THAT(second.socket->take(), ElementsAre(R"([{"channel":"/service/x","data":2}])"));
    // What waited for the old session is there when it comes back.
    const auto third = open(1);
    say(third, Rig::connect(old_id, "2"));
    EXPECT_EQ(third.socket->take().at(0), R"([{"channel":"/service/x","data":1}])");
}

TEST_F(WsLinkTest, AForeignIdOnABoundConnectionIsUnknownAlsoAcrossLoops) {
    const auto other = open(1);
    const auto foreign = handshake(other);
    const auto connection = open(0);
    handshake(connection);
    say(connection, Rig::publish(foreign, "/a", "1"));
    EXPECT_THAT(connection.socket->take().at(0), ::testing::HasSubstr("402::session_unknown"));
}

TEST_F(WsLinkTest, AnExpiredSessionOfAnotherLoopFreesTheConnection) {
    const auto first = open(1);
    const auto old_id = handshake(first);
    const auto local = rig.handshake_over_http(0);
    const auto second = open(0);
    say(second, Rig::connect(old_id, "1"));
    rig.advance(Millis{10'000});
    const auto fresh = rig.handshake_over_http(0);
    second.socket->take();
    say(second, Rig::connect(fresh, "1"));
    EXPECT_THAT(second.socket->take().at(0), ::testing::HasSubstr("\"successful\":true"));
    EXPECT_NE(local, fresh);
}

TEST_F(WsLinkTest, IdsOfLoopsThatDoNotExistAreUnknown) {
    const auto connection = open(0);
    say(connection, Rig::connect("ff" + std::string(32, '0'), "1"));
    EXPECT_THAT(connection.socket->take().at(0), ::testing::HasSubstr("402::session_unknown"));
}

TEST_F(WsLinkTest, BadInputClosesThatConnectionWithANumber) {
    const auto victim = open(0);
    const auto id = handshake(victim);
    const std::pair<const char*, std::pair<int, const char*>> kCases[] = {
        {"[{", {1007, "400:4001:bad_json"}},
        {"7", {1008, "400:4000:bad_request"}},
        {R"([{"channel":"/meta/handshake"},{"channel":"/a"}])", {1008, "400:4000:bad_request"}},
    };
    for (const auto& [text, expected] : kCases) {
        const auto connection = open(0);
        say(connection, text);
        EXPECT_EQ(connection.socket->close_code, expected.first) << text;
        EXPECT_EQ(connection.socket->close_reason, expected.second) << text;
        say(connection, Rig::kHandshake);
        EXPECT_TRUE(connection.socket->texts.empty()) << "nothing is served after that";
    }
    const auto binary = open(0);
    binary.link->on_binary("x");
    EXPECT_EQ(binary.socket->close_code, 1003);
    say(victim, Rig::publish(id, "/a", "1"));
    EXPECT_THAT(victim.socket->take().at(0), ::testing::HasSubstr("\"successful\":true"));
}

TEST_F(WsLinkTest, ASocketThatIsCutForReadingTooSlowlyCutsItsSession) {
    const auto connection = open(0);
    const auto id = handshake(connection);
    connection.socket->accepts = false;
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    connection.link->on_close(4502);
    rig.drain();
    EXPECT_EQ(rig.group.counters().sessions_cut, 1U);
}

TEST_F(WsLinkTest, ASocketThatClosesInOrderKeepsItsSession) {
    const auto connection = open(0);
    const auto id = handshake(connection);
    connection.socket->accepts = false;
    EXPECT_TRUE(rig.engine().deliver(rig.ref(id), "/service/x", "1"));
    connection.link->on_close(1001);
    rig.drain();
    EXPECT_EQ(rig.group.counters().sessions, 1U);
    EXPECT_GT(rig.engine().queued_bytes(rig.ref(id)), 0U);
}

TEST_F(WsLinkTest, TooMuchOnTheWayFromAnotherLoopCutsConnectionAndSession) {
    const auto first = open(1);
    const auto id = handshake(first);
    const auto second = open(0);
    say(second, Rig::connect(id, "1"));
    second.socket->take();
    const auto big = "\"" + std::string(600, 'x') + "\"";
    EXPECT_TRUE(rig.engine(1).deliver(rig.ref(id), "/service/x", big));
    EXPECT_GT(rig.engine(1).queued_bytes(rig.ref(id)), 600U);
    rig.engine(1).deliver(rig.ref(id), "/service/x", big);
    rig.drain();
    EXPECT_EQ(second.socket->close_code, 4502);
    second.link->on_close(1000);
    rig.drain();
    EXPECT_EQ(rig.group.counters().sessions_cut, 1U);
}

TEST_F(WsLinkTest, AClientThatFloodsAnotherLoopIsCut) {
    const auto first = open(1);
    const auto id = handshake(first);
    const auto second = open(0);
    const auto text = Rig::publish(id, "/a", "\"" + std::string(600, 'x') + "\"");
    second.link->on_message(text);
    second.link->on_message(text);
    EXPECT_EQ(second.socket->close_code, 1008);
    EXPECT_EQ(second.socket->close_reason, "429:4501:rate_limited");
}

TEST_F(WsLinkTest, TheFillOfADistantQueueIsLookedAtAgain) {
    const auto first = open(1);
    const auto id = handshake(first);
    const auto second = open(0);
    say(second, Rig::connect(id, "1"));
    second.socket->queued = 500;
    rig.engine(1).deliver(rig.ref(id), "/service/x", "1");
    rig.drain();
    EXPECT_EQ(rig.engine(1).queued_bytes(rig.ref(id)), 500U);
    second.socket->queued = 0;
    rig.drain();  // the reading that the last question asked for was made before
    rig.engine(1).queued_bytes(rig.ref(id));
    rig.drain();
    EXPECT_EQ(rig.engine(1).queued_bytes(rig.ref(id)), 0U);
}

TEST_F(WsLinkTest, CloseRacesMessagesFromAnotherLoop) {
    const auto first = open(1);
    const auto id = handshake(first);
    const auto second = open(0);
    say(second, Rig::connect(id, "1"));
    second.socket->take();
    // Both are on their way at the same time.
    rig.engine(1).deliver(rig.ref(id), "/service/x", "1");
    second.link->on_message(Rig::publish(id, "/a", "1"));
    second.link->on_close(1001);
    rig.drain();
    EXPECT_EQ(rig.group.counters().sessions, 1U);
    rig.advance(Millis{10'000});
    EXPECT_EQ(rig.group.counters().sessions, 0U);
}

}  // namespace
}  // namespace twinpane::transport
