// WebSockets over loopback sockets: opening, messages, order, limits, closing, the server's end.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "net/deflater.hpp"
#include "net/problem.hpp"
#include "net/testing/packed.hpp"
#include "net/testing/test_server.hpp"
#include "net/ws_codec.hpp"

namespace twinpane::net {
namespace {

using testing::client_frame;
using testing::eventually;
using testing::TestServer;
using testing::WsClient;

// Echoes, remembers, and lets the test reach the connection.
class Peer final : public WebSocketHandler {
  public:
    explicit Peer(std::shared_ptr<WebSocket> own) : socket(std::move(own)) {}
    void on_message(std::string_view text) override {
        ++messages;
        if (text == "close me") return socket->close(4000, "as asked");
        if (text == "leave") return;
        socket->send(encode_text_frame(text));
    }
    void on_binary(std::string_view bytes) override { socket->send(encode_binary_frame(bytes)); }
    void on_close(std::uint16_t code) override {
        ++closes;
        close_code = code;
    }
    std::shared_ptr<WebSocket> socket;
    std::atomic<int> messages{0}, closes{0};
    std::atomic<unsigned> close_code{0};
};

class WsServer : public ::testing::Test {
  protected:
    void SetUp() override {
        server_.routes.upgrade("/ws", [this](const Request& request, std::shared_ptr<WebSocket> socket) {
            UpgradeDecision decision;
            if (request.headers.find("Origin") == "http://evil.example") {
                decision.first = UpgradeRefusal{problem_response(Code::kOriginNotAllowed)};
                return decision;
            }
            if (on_upgrade) on_upgrade(*socket);
            auto peer = std::make_shared<Peer>(std::move(socket));
            {
                const std::lock_guard lock(mutex_);
                peers_.push_back(peer);
            }
            decision.second.handler = std::move(peer);
            decision.second.max_message = 1000;
            decision.second.deflate = deflate;
            if (request.headers.find("Sec-WebSocket-Protocol")) decision.second.protocol = "bayeux";
            return decision;
        });
        server_.routes.exact("GET", "/plain", testing::mirror_handler());
    }
    void start() { ASSERT_TRUE(server_.start()); }
    void TearDown() override {
        server_.server->stop(Millis{0});
        const auto stats = server_.server->stats();
        EXPECT_EQ(stats.connections, 0U);
        EXPECT_EQ(stats.websockets, 0U);
        for (const auto& peer : peers_) EXPECT_EQ(peer->closes, 1) << "on_close comes once, always";
    }
    Peer& peer(std::size_t index = 0) {
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard lock(mutex_);
            return peers_.size() > index;
        }));
        const std::lock_guard lock(mutex_);
        return *peers_[index];
    }
    bool closed_with(unsigned code, std::size_t index = 0) {
        auto& that = peer(index);
        return eventually([&] { return that.closes == 1; }) && that.close_code == code;
    }

    TestServer server_;
    std::function<void(WebSocket&)> on_upgrade;
    bool deflate = false;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Peer>> peers_;
};

TEST_F(WsServer, EchoesMessages) {
    start();
    WsClient client(server_.port, "/ws");
    ASSERT_EQ(client.status(), 101);
    EXPECT_EQ(client.reply().header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(client.reply().header("Sec-WebSocket-Protocol"), "");
    client.send_text("hello");
    EXPECT_EQ(client.read_text(), "hello");
    client.raw.send(client_frame(1, "frag", {.final = false}) + client_frame(9, "?") +
                    client_frame(0, "ments"));
    auto frame = client.read_frame();
    EXPECT_EQ(frame.opcode, 10U);
    EXPECT_EQ(frame.payload, "?");
    EXPECT_EQ(client.read_text(), "fragments");
    client.raw.send(client_frame(2, "\xff"));
    frame = client.read_frame();
    EXPECT_EQ(frame.opcode, 2U);
    EXPECT_EQ(frame.payload, "\xff");
    client.send_close(1000, "bye");
    frame = client.read_frame();
    EXPECT_EQ(frame.opcode, 8U);
    EXPECT_EQ(frame.close_code(), 1000U);
    EXPECT_TRUE(client.raw.ended());
    EXPECT_TRUE(closed_with(1000));
}

TEST_F(WsServer, SubProtocolAndRefusal) {
    start();
    WsClient client(server_.port, "/ws", "Sec-WebSocket-Protocol: bayeux\r\n");
    EXPECT_EQ(client.reply().header("Sec-WebSocket-Protocol"), "bayeux");
    WsClient evil(server_.port, "/ws", "Origin: http://evil.example\r\n");
    EXPECT_EQ(evil.status(), 403);
    EXPECT_NE(evil.reply().body.find("\"code\":4103"), std::string::npos);
    EXPECT_EQ(evil.raw.request("GET", "/plain").status, 200) << "it is still an HTTP connection";
    EXPECT_EQ(server_.server->stats().websockets, 1U);
}

TEST_F(WsServer, OpeningRules) {
    start();
    const std::string upgrade = "Upgrade: websocket\r\n";
    const std::string connection = "Connection: keep-alive, Upgrade\r\n";
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const auto status_of = [this](const std::string& method, const std::string& headers,
                                  const std::string& proto = "HTTP/1.1") {
        testing::Client client(server_.port);
        client.send(method + " /ws " + proto + "\r\nHost: x\r\n" + headers + "\r\n");
        return client.read_reply().status;
    };
    EXPECT_EQ(status_of("GET", upgrade + connection + version + key), 101);
    EXPECT_EQ(status_of("GET", "upgrade: WebSocket\r\nconnection: UPGRADE\r\n" + version + key), 101);
    EXPECT_EQ(status_of("POST", upgrade + connection + version + key), 400);
    EXPECT_EQ(status_of("GET", upgrade + connection + version + key, "HTTP/1.0"), 400);
    EXPECT_EQ(status_of("GET", upgrade + version + key), 400) << "no Connection";
    EXPECT_EQ(status_of("GET", upgrade + connection + key), 426) << "no version";
    EXPECT_EQ(status_of("GET", upgrade + connection + "Sec-WebSocket-Version: 8\r\n" + key), 426);
    EXPECT_EQ(status_of("GET", upgrade + connection + version), 400) << "no key";
    EXPECT_EQ(status_of("GET", upgrade + connection + version + "Sec-WebSocket-Key: c2hvcnQ=\r\n"), 400);
    EXPECT_EQ(
        status_of("GET", upgrade + connection + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==\r\n"),
        400);
    EXPECT_EQ(status_of("GET", upgrade + connection + version + key + key), 400) << "two keys";
    EXPECT_EQ(status_of("GET", upgrade + connection + version + key + "Content-Length: 5\r\n"), 400)
        << "a body";
    testing::Client other(server_.port);
    EXPECT_EQ(other.request("GET", "/plain", upgrade + connection + version + key).status, 200)
        << "Upgrade is ignored";
    ASSERT_TRUE(eventually([this] { return server_.server->stats().websockets == 0; }));
}

TEST_F(WsServer, BytesBehindTheOpeningAreFrames) {
    start();
    testing::Client raw(server_.port);
    raw.send(
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
        "13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        client_frame(1, "eager"));
    EXPECT_EQ(raw.read_reply().status, 101);
    EXPECT_EQ(raw.read_exactly(7), *encode_text_frame("eager"));
}

TEST_F(WsServer, MessagesSentInsideTheOpeningFollowIt) {
    on_upgrade = [](WebSocket& socket) {
        EXPECT_TRUE(socket.send(encode_text_frame("first")));
        EXPECT_EQ(socket.queued_bytes(), 7U);
    };
    start();
    WsClient client(server_.port, "/ws");
    EXPECT_EQ(client.status(), 101);
    EXPECT_EQ(client.read_text(), "first");
}

TEST_F(WsServer, ManyMessagesStayInOrder) {
    start();
    WsClient client(server_.port, "/ws");
    std::string bytes;
    for (int i = 0; i < 500; ++i) bytes += client_frame(1, std::to_string(i));
    client.raw.send(bytes);
    for (int i = 0; i < 500; ++i) ASSERT_EQ(client.read_text(), std::to_string(i));
}

TEST_F(WsServer, OneFrameForManyConnections) {
    start();
    std::vector<std::unique_ptr<WsClient>> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<WsClient>(server_.port, "/ws"));
    peer(19);
    const auto frame = encode_text_frame("to all");
    server_.on_loop([&] {
        for (const auto& one : peers_) EXPECT_TRUE(one->socket->send(frame));
    });
    for (const auto& client : clients) EXPECT_EQ(client->read_text(), "to all");
}

TEST_F(WsServer, BrokenFramesCloseWithACode) {
    start();
    const auto code_for = [this](const std::string& bytes) {
        WsClient client(server_.port, "/ws");
        client.raw.send(bytes);
        const auto frame = client.read_frame();
        EXPECT_EQ(frame.opcode, 8U);
        EXPECT_TRUE(client.raw.ended());
        return frame.close_code();
    };
    EXPECT_EQ(code_for(client_frame(1, "x", {.masked = false})), 1002U);
    EXPECT_EQ(code_for(client_frame(1, "x", {.reserved = 4})), 1002U);
    EXPECT_EQ(code_for(client_frame(3, "x")), 1002U);
    EXPECT_EQ(code_for(client_frame(1, "\xff")), 1007U);
    EXPECT_EQ(code_for(client_frame(1, std::string(1001, 'x'))), 1009U);
    EXPECT_EQ(code_for(client_frame(2, std::string(600, 'x'), {.final = false}) +
                       client_frame(0, std::string(600, 'x'))),
              1009U);
    EXPECT_TRUE(closed_with(1002, 0));
    EXPECT_TRUE(closed_with(1007, 3));
    EXPECT_TRUE(closed_with(1009, 4));
    for (const auto& one : peers_) EXPECT_EQ(one->messages, 0);
}

TEST_F(WsServer, MessageAtTheLimitPasses) {
    start();
    WsClient client(server_.port, "/ws");
    client.send_text(std::string(1000, 'x'));
    EXPECT_EQ(client.read_text(), std::string(1000, 'x'));
}

TEST_F(WsServer, ATruncatedFrameIsNoMessage) {
    start();
    const auto frame = client_frame(1, "cut in the middle");
    for (std::size_t size = 1; size < frame.size(); size += 4) {
        WsClient client(server_.port, "/ws");
        client.raw.send(frame.substr(0, size));
        client.raw.close();
    }
    peer(5);
    EXPECT_TRUE(eventually([this] { return server_.server->stats().websockets == 0; }));
    for (const auto& one : peers_) {
        EXPECT_EQ(one->messages, 0);
        EXPECT_EQ(one->close_code, 1006U);
    }
    WsClient unharmed(server_.port, "/ws");
    unharmed.send_text("still there");
    EXPECT_EQ(unharmed.read_text(), "still there");
}

TEST_F(WsServer, ServerClosesInOrder) {
    start();
    WsClient client(server_.port, "/ws");
    client.send_text("before");
    client.send_text("close me");
    client.send_text("after");
    EXPECT_EQ(client.read_text(), "before");
    const auto frame = client.read_frame();
    EXPECT_EQ(frame.opcode, 8U);
    EXPECT_EQ(frame.close_code(), 4000U);
    EXPECT_EQ(frame.payload.substr(2), "as asked");
    EXPECT_EQ(peer().closes, 0) << "the peer's half is awaited";
    client.send_close(4000);
    EXPECT_TRUE(client.raw.ended());
    EXPECT_TRUE(closed_with(4000));
    EXPECT_EQ(peer().messages, 2) << "nothing is delivered after close()";
    EXPECT_FALSE(server_.on_loop([this] { return peer().socket->send(encode_text_frame("late")); }));
}

TEST_F(WsServer, AVanishedClientIs1006) {
    start();
    {
        WsClient client(server_.port, "/ws");
        client.send_text("hello");
        EXPECT_EQ(client.read_text(), "hello");
        client.raw.reset();
    }
    EXPECT_TRUE(closed_with(1006));
}

TEST_F(WsServer, PingsAndGivesUpOnTheMute) {
    server_.limits.ws_ping = Millis{30};
    server_.limits.ws_pong = Millis{200};
    start();
    WsClient client(server_.port, "/ws");
    for (int i = 0; i < 3; ++i) {
        const auto frame = client.read_frame();
        ASSERT_EQ(frame.opcode, 9U);
        client.raw.send(client_frame(10, frame.payload));
    }
    EXPECT_EQ(peer().closes, 0);
    // No pong any more: the next ping is the last.
    EXPECT_EQ(client.read_frame().opcode, 9U);
    EXPECT_TRUE(client.raw.ended());
    EXPECT_TRUE(closed_with(1006));
}

TEST_F(WsServer, AFullQueueCutsTheReaderAndNobodyElse) {
    server_.limits.ws_queue_bytes = 256U << 10U;
    start();
    WsClient slow(server_.port, "/ws", {}, 4096);
    WsClient quick(server_.port, "/ws");
    peer(1);
    const auto frame = encode_text_frame(std::string(60'000, 'x'));
    std::atomic<bool> refused{false};
    // One per turn, so that what the kernel takes is taken; in the end its buffers and the queue are full.
    EXPECT_TRUE(eventually([&] {
        server_.on_loop([&] {
            refused = refused || !peers_[0]->socket->send(frame);
            EXPECT_LE(peers_[0]->socket->queued_bytes(), 256U << 10U);
        });
        return refused.load();
    }));
    EXPECT_TRUE(closed_with(4502, 0));
    EXPECT_FALSE(server_.on_loop([&] { return peers_[0]->socket->send(frame); }));
    quick.send_text("unharmed");
    EXPECT_EQ(quick.read_text(), "unharmed");
}

TEST_F(WsServer, ACutReaderThatReadsGetsTheReasonBehindWholeFrames) {
    server_.limits.ws_queue_frames = 10;
    start();
    WsClient client(server_.port, "/ws");
    peer();
    server_.on_loop([this] {
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(peers_[0]->socket->send(encode_text_frame("x")));
        EXPECT_FALSE(peers_[0]->socket->send(encode_text_frame("one too many")));
    });
    const auto frame = client.read_frame();
    EXPECT_EQ(frame.opcode, 8U);
    EXPECT_EQ(frame.close_code(), 4502U);
    EXPECT_TRUE(client.raw.ended());
    EXPECT_TRUE(closed_with(4502));
}

TEST_F(WsServer, StopClosesWith1001) {
    start();
    WsClient client(server_.port, "/ws");
    client.send_text("hello");
    EXPECT_EQ(client.read_text(), "hello");
    std::thread stopper([this] { server_.server->stop(Millis{20'000}); });
    const auto frame = client.read_frame();
    EXPECT_EQ(frame.opcode, 8U);
    EXPECT_EQ(frame.close_code(), 1001U);
    client.send_close(1001);
    EXPECT_TRUE(client.raw.ended());
    stopper.join();
    EXPECT_EQ(peer().close_code, 1001U);
}

TEST_F(WsServer, StopDoesNotWaitForTheMute) {
    start();
    WsClient client(server_.port, "/ws");
    peer();
    server_.server->stop(Millis{50});
    EXPECT_EQ(peer().close_code, 1006U);
    EXPECT_EQ(client.read_frame().close_code(), 1001U);
    EXPECT_TRUE(client.raw.ended());
}

const std::string kOffer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
const std::string kAgreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST_F(WsServer, DeflateIsOffUnlessTheRouteWantsIt) {
    start();
    WsClient client(server_.port, "/ws", kOffer);
    EXPECT_EQ(client.status(), 101);
    EXPECT_EQ(client.reply().header("Sec-WebSocket-Extensions"), "");
    EXPECT_FALSE(server_.on_loop([&] { return peer().socket->deflates(); }));
    client.raw.send(client_frame(1, testing::pack("hello"), {.reserved = 4}));
    EXPECT_EQ(client.read_frame().close_code(), 1002U);
}

TEST_F(WsServer, DeflateIsAgreedOnAndFramesAreShared) {
    deflate = true;
    start();
    WsClient plain(server_.port, "/ws");
    WsClient full(server_.port, "/ws", kOffer);
    WsClient small(server_.port, "/ws",
                   "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n");
    EXPECT_EQ(plain.reply().header("Sec-WebSocket-Extensions"), "");
    EXPECT_EQ(full.reply().header("Sec-WebSocket-Extensions"), kAgreed);
    EXPECT_EQ(small.reply().header("Sec-WebSocket-Extensions"), kAgreed + "; server_max_window_bits=10");
    peer(2);
    server_.on_loop([&] {
        EXPECT_EQ(peer(0).socket->deflate_bits(), 0);
        EXPECT_EQ(peer(1).socket->deflate_bits(), 15);
        EXPECT_EQ(peer(2).socket->deflate_bits(), 10);
        Deflater deflater;
        const auto frame = deflater.frame(Opcode::kText, std::string(2000, 'x'), 10);
        for (std::size_t i : {1U, 2U}) EXPECT_TRUE(peer(i).socket->send(frame));
    });
    for (auto* client : {&full, &small}) {
        const auto frame = client->read_frame();
        EXPECT_EQ(frame.reserved, 4U);
        EXPECT_EQ(testing::unpack(frame.payload, 10), std::string(2000, 'x'));
        // Both directions; whether a message is compressed is each sender's choice.
        client->raw.send(client_frame(1, testing::pack("packed"), {.reserved = 4}));
        EXPECT_EQ(client->read_text(), "packed");
        EXPECT_TRUE(client->send_text("plain"));
        EXPECT_EQ(client->read_text(), "plain");
    }
}

TEST_F(WsServer, ABombIsCutAtTheMessageLimitAndHarmsNobodyElse) {
    deflate = true;
    start();
    WsClient victim(server_.port, "/ws", kOffer);
    WsClient bomber(server_.port, "/ws", kOffer);
    bomber.raw.send(client_frame(1, testing::pack(std::string(16 << 20, 'x')), {.reserved = 4}));
    EXPECT_EQ(bomber.read_frame().close_code(), 1009U);
    EXPECT_TRUE(bomber.raw.ended());
    EXPECT_TRUE(closed_with(1009, 1));
    WsClient liar(server_.port, "/ws", kOffer);
    liar.raw.send(client_frame(1, "\xff\xff\xff", {.reserved = 4}));
    EXPECT_EQ(liar.read_frame().close_code(), 1007U);
    victim.raw.send(client_frame(1, testing::pack(std::string(1000, 'v')), {.reserved = 4}));
    EXPECT_EQ(victim.read_text(), std::string(1000, 'v'));
}

TEST_F(WsServer, AMalformedExtensionHeaderIsRefused) {
    start();
    WsClient client(server_.port, "/ws", "Sec-WebSocket-Extensions: permessage-deflate; =\r\n");
    EXPECT_EQ(client.status(), 400);
    EXPECT_TRUE(client.raw.ended());
    WsClient unknown(server_.port, "/ws", "Sec-WebSocket-Extensions: x-unknown; a=\"b\"\r\n");
    EXPECT_EQ(unknown.status(), 101);
}

}  // namespace
}  // namespace twinpane::net
