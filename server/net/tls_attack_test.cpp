// TLS as broken and hostile peers use it (S17, S22): each harms itself at most.
#include <sys/socket.h>

#include "net/testing/tls_fixture.hpp"

namespace twinpane::net {
namespace {

using testing::Client;
using testing::client_frame;
using testing::client_hello;
using testing::eventually;
using testing::WsClient;

class TlsAttack : public testing::TlsServerTest {
  protected:
    // A handshake record of `size` payload bytes.
    static std::string record(unsigned char type, std::string_view payload) {
        std::string out{static_cast<char>(type), 3, 3, static_cast<char>(payload.size() >> 8U),
                        static_cast<char>(payload.size() & 0xFFU)};
        return out.append(payload);
    }
};

TEST_F(TlsAttack, TruncatedHandshakesEndWithTheirConnection) {
    start();
    const auto hello = client_hello();
    for (std::size_t size = 0; size < hello.size(); size += 1 + size / 16) {
        Client cut(server_.port);
        cut.send(std::string_view(hello).substr(0, size));
        cut.shutdown_write();
        EXPECT_TRUE(cut.ended()) << size;
    }
    EXPECT_TRUE(all_gone());
    EXPECT_TRUE(serves());
}

TEST_F(TlsAttack, DamagedHandshakesAreRefusedByNumber) {
    start();
    const auto hello = client_hello();
    std::size_t tried = 0;
    for (std::size_t at = 0; at < hello.size(); at += 3) {
        auto damaged = hello;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        Client bad(server_.port);
        bad.send(damaged);
        bad.shutdown_write();
        EXPECT_TRUE(bad.ended()) << at;
        ++tried;
    }
    EXPECT_TRUE(all_gone());
    EXPECT_GT(refusals(Code::kBadTls), tried / 10);
    EXPECT_TRUE(serves());
}

TEST_F(TlsAttack, GarbageIsRefused) {
    start();
    const std::string junk[] = {std::string(1, '\x16'),
                                std::string(5000, '\0'),
                                testing::pattern(20'000),
                                std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x'),
                                "SSH-2.0-OpenSSH_9.2\r\n",
                                record(23, "data before any handshake"),
                                record(21, std::string("\x02\x28", 2)),
                                record(22, std::string(4, '\0')),
                                std::string("\x80\x2e\x01\x00\x02", 5) + std::string(41, '\0')};
    for (const auto& bytes : junk) {
        Client bad(server_.port);
        bad.send(bytes);
        bad.shutdown_write();
        EXPECT_TRUE(bad.ended());
    }
    EXPECT_TRUE(all_gone());
    EXPECT_TRUE(serves());
}

TEST_F(TlsAttack, AHandshakeThatStallsIsCutInTime) {
    server_.limits.tls_handshake = Millis{60};
    start();
    const auto hello = client_hello();
    Client silent(server_.port);
    Client half(server_.port);
    half.send(std::string_view(hello).substr(0, 100));
    Client answered(server_.port);  // never sends its Finished
    answered.send(hello);
    EXPECT_TRUE(silent.ended());
    EXPECT_TRUE(half.ended());
    EXPECT_TRUE(answered.ended());
    EXPECT_TRUE(eventually([this] { return refusals(Code::kTimeout) == 3; }));
    EXPECT_TRUE(all_gone());
}

TEST_F(TlsAttack, ATrickledHandshakeGetsNoMoreTime) {
    server_.limits.tls_handshake = Millis{100};
    start();
    Client trickle(server_.port);
    const auto hello = client_hello();
    std::size_t at = 0;
    EXPECT_TRUE(eventually([&] {
        if (at < hello.size()) trickle.send(std::string_view(hello).substr(at++, 1));
        return refusals(Code::kTimeout) == 1;
    }));
}

TEST_F(TlsAttack, AfterTheHandshakeTheHeadHasItsOwnTime) {
    server_.limits.tls_handshake = Millis{20'000};
    server_.limits.head_timeout = Millis{60};
    start();
    auto quiet = client();
    EXPECT_TRUE(quiet.ended());
    EXPECT_TRUE(quiet.tls()->got_close_notify());
}

TEST_F(TlsAttack, AHandshakeWithoutEndIsCut) {
    start();
    // One handshake message of 120 kB in fragments of one byte; then the same in large ones.
    for (const std::size_t size : {1UL, 16'000UL}) {
        Client flood(server_.port);
        std::string bytes = record(22, std::string("\x01\x01\xd4\xc0", 4));
        while (bytes.size() < 400'000) bytes += record(22, std::string(size, '\x03'));
        flood.send(bytes);
        EXPECT_TRUE(flood.ended()) << size;
    }
    EXPECT_TRUE(eventually([this] { return refusals(Code::kBadTls) == 2; }));
    EXPECT_TRUE(serves());
}

TEST_F(TlsAttack, KeyUpdatesWithoutEndAreCut) {
    start();
    auto flood = client();
    EXPECT_TRUE(eventually([&] {
        for (int i = 0; i < 100; ++i) {
            SSL_key_update(flood.tls()->ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
            SSL_do_handshake(flood.tls()->ssl());
        }
        return refusals(Code::kBadTls) == 1;
    }));
    EXPECT_TRUE(all_gone());
}

TEST_F(TlsAttack, KeyUpdatesFromOneThatDoesNotReadFillNoMemory) {
    server_.limits.write_stall = Millis{20'000};
    server_.limits.ws_queue_bytes = 8U << 20U;
    start();
    WsClient socket(client({}, 4096), "/ws");
    ASSERT_EQ(socket.status(), 101);
    // The server's way out is blocked by echoes that nobody reads.
    ASSERT_TRUE(socket.raw.send(client_frame(2, testing::pattern(6'000'000))));
    auto* ssl = socket.raw.tls()->ssl();
    // Each asks for an answer, each comes with a byte of data, so that only what waits to go out can tell.
    EXPECT_TRUE(eventually([&] {
        for (int i = 0; i < 200; ++i) {
            SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
            if (!socket.raw.send(client_frame(0xA, ""))) break;
        }
        return refusals(Code::kBadTls) == 1;
    }));
    EXPECT_TRUE(all_gone());
}

TEST_F(TlsAttack, RenegotiationIsRefused) {
    start();
    auto one = client({.most = TLS1_2_VERSION});
    EXPECT_EQ(one.request("GET", "/").status, 200);
    auto* ssl = one.tls()->ssl();
    ASSERT_EQ(SSL_renegotiate(ssl), 1);
    EXPECT_NE(SSL_do_handshake(ssl), 1);
    EXPECT_TRUE(serves());
}

TEST_F(TlsAttack, DamagedRecordsEndTheConnectionWithAnAlert) {
    start();
    auto one = client();
    EXPECT_EQ(one.request("GET", "/").status, 200);
    const auto forged = record(23, std::string(64, 'f'));
    ASSERT_EQ(::send(one.socket(), forged.data(), forged.size(), 0), static_cast<long>(forged.size()));
    EXPECT_TRUE(one.ended());
    EXPECT_TRUE(eventually([this] { return refusals(Code::kBadTls) == 1; }));
    EXPECT_TRUE(all_gone());
}

TEST_F(TlsAttack, DamagedRecordsWhileAnAnswerIsOnItsWay) {
    start();
    auto one = client({}, 4096);
    ASSERT_TRUE(one.send("GET /bytes?8000000 HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(eventually([this] { return server_.server->stats().bytes_out > 100'000; }));
    const auto forged = record(23, std::string(64, 'f'));
    ASSERT_EQ(::send(one.socket(), forged.data(), forged.size(), 0), static_cast<long>(forged.size()));
    EXPECT_TRUE(one.ended());
    EXPECT_TRUE(all_gone());
    EXPECT_TRUE(serves());
}

TEST_F(TlsAttack, PlainHttpIsToldToUseHttps) {
    start();
    Client plain(server_.port);
    const auto reply = plain.request("GET", "/");
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(reply.body.find("\"code\":4010"), std::string::npos);
    EXPECT_NE(reply.body.find("HTTPS"), std::string::npos);
    EXPECT_EQ(reply.header("Strict-Transport-Security"), "") << "in clear it means nothing (RFC 6797 7.2)";
    EXPECT_TRUE(plain.ended());
}

TEST_F(TlsAttack, AReaderThatStallsIsCutOff) {
    server_.limits.write_stall = Millis{80};
    start();
    auto one = client({}, 4096);
    ASSERT_TRUE(one.send("GET /bytes?32000000 HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(eventually([this] { return server_.server->stats().bytes_out > 0; }));
    EXPECT_TRUE(all_gone());
}

TEST_F(TlsAttack, ASlowWebSocketReaderIsCutAtItsQueue) {
    server_.limits.ws_queue_bytes = 1U << 20U;
    start();
    WsClient socket(client({}, 4096), "/ws");
    ASSERT_EQ(socket.status(), 101);
    const auto frame = client_frame(2, testing::pattern(200'000));
    EXPECT_TRUE(eventually([&] {
        socket.raw.send_some(frame);
        return !socket.raw.send(frame) || server_.server->stats().websockets == 0;
    }));
    EXPECT_TRUE(all_gone());
}

TEST_F(TlsAttack, RefusesAboveTheConnectionLimit) {
    server_.limits.max_connections = 2;
    start();
    auto first = client();
    auto second = client();
    EXPECT_EQ(first.request("GET", "/").status + second.request("GET", "/").status, 400);
    Client third(server_.port);
    EXPECT_FALSE(third.start_tls());
    EXPECT_EQ(first.request("GET", "/").status, 200);
}

TEST_F(TlsAttack, ThousandsOfBrokenHandshakesLeaveNothingBehind) {
    start();
    const auto hello = client_hello();
    for (int i = 0; i < 2000; ++i) {
        Client one(server_.port);
        one.send(std::string_view(hello).substr(0, static_cast<std::size_t>(i) % hello.size()));
        if (i % 2 == 0) one.reset();
    }
    EXPECT_TRUE(all_gone());
    EXPECT_TRUE(serves());
}

}  // namespace
}  // namespace twinpane::net
