// TLS as well-behaved clients use it: HTTP and WebSocket, large bodies, versions, tickets, closing, new
// certificates.
#include <fstream>
#include <thread>

#include "net/testing/tls_fixture.hpp"

namespace twinpane::net {
namespace {

using testing::Client;
using testing::client_frame;
using testing::eventually;
using testing::pattern;
using testing::TestServer;
using testing::TlsShape;
using testing::write_certificate;
using testing::WsClient;

class TlsServer : public testing::TlsServerTest {};

TEST_F(TlsServer, AnswersAndKeepsTheConnection) {
    start();
    auto one = client();
    for (int i = 0; i < 3; ++i) {
        const auto reply = one.request("GET", "/" + std::to_string(i));
        EXPECT_EQ(reply.body, "GET /" + std::to_string(i) + "?|");
        EXPECT_EQ(reply.header("Strict-Transport-Security"), "max-age=63072000");
    }
    EXPECT_EQ(one.tls()->protocol(), "TLSv1.3");
    EXPECT_EQ(one.tls()->server_name(), "first");
    EXPECT_EQ(one.request("POST", "/missing").header("Strict-Transport-Security"), "max-age=63072000")
        << "errors too";
}

TEST_F(TlsServer, InClearThereIsNoStrictTransportSecurity) {
    server_.tls.reset();
    start();
    Client plain(server_.port);
    const auto reply = plain.request("GET", "/");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Strict-Transport-Security"), "");
}

TEST_F(TlsServer, LargeBodiesBothWays) {
    start();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        auto one = client({.least = version, .most = version});
        const auto down = one.request("GET", "/bytes?9000001");
        EXPECT_EQ(down.status, 200);
        EXPECT_TRUE(down.body == pattern(9'000'001));
        const auto up = pattern(5'000'003);
        EXPECT_TRUE(one.request("POST", "/in", {}, up).body == "POST /in?|" + up);
    }
}

TEST_F(TlsServer, PipelinedRequestsAreAnsweredInOrder) {
    start();
    auto one = client();
    std::string requests;
    for (int i = 0; i < 200; ++i) requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    ASSERT_TRUE(one.send(requests));
    for (int i = 0; i < 200; ++i) EXPECT_EQ(one.read_reply().body, "GET /" + std::to_string(i) + "?|");
}

TEST_F(TlsServer, RequestsInManyTinyRecords) {
    start();
    auto one = client();
    for (const char c : std::string("GET /drop/by/drop HTTP/1.1\r\nHost: x\r\n\r\n"))
        ASSERT_TRUE(one.send({&c, 1}));
    EXPECT_EQ(one.read_reply().body, "GET /drop/by/drop?|");
}

TEST_F(TlsServer, WebSocketMessagesOfEverySize) {
    start();
    WsClient socket(client(), "/ws");
    ASSERT_EQ(socket.status(), 101);
    // Around the sizes of a record, of what is encrypted in one go, and of the loop's buffers.
    for (const std::size_t size : {0UL, 1UL, 125UL, 16'383UL, 16'384UL, 16'385UL, 65'535UL, 65'536UL,
                                   65'537UL, 1'000'000UL, 5'000'000UL}) {
        const auto bytes = pattern(size);
        ASSERT_TRUE(socket.raw.send(client_frame(2, bytes)));
        const auto frame = socket.read_frame();
        EXPECT_EQ(frame.opcode, 2U);
        EXPECT_TRUE(frame.payload == bytes) << size;
    }
    ASSERT_TRUE(socket.send_close(1000));
    EXPECT_EQ(socket.read_frame().close_code(), 1000U);
    EXPECT_TRUE(socket.raw.ended());
    EXPECT_TRUE(socket.raw.tls()->got_close_notify());
}

TEST_F(TlsServer, ManySmallMessagesKeepTheirOrder) {
    start();
    WsClient socket(client(), "/ws");
    std::thread sender([&] {
        std::string frames;
        for (int i = 0; i < 5000; ++i) frames += client_frame(1, std::to_string(i));
        EXPECT_TRUE(socket.raw.send(frames.substr(0, frames.size() / 2)));
        EXPECT_TRUE(socket.raw.send(frames.substr(frames.size() / 2)));
    });
    sender.join();
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(socket.read_text(), std::to_string(i));
}

TEST_F(TlsServer, ASlowReaderGetsEverything) {
    server_.limits.write_stall = Millis{2'000};
    start();
    auto slow = client({}, 4096);
    ASSERT_TRUE(slow.send("GET /bytes?3000000 HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_TRUE(eventually([this] { return server_.server->stats().bytes_out > 100'000; }));
    std::string all;
    while (all.find("\r\n\r\n") == std::string::npos) all += slow.read_exactly(1);
    const auto body = slow.read_exactly(3'000'000);
    EXPECT_TRUE(body == pattern(3'000'000));
    EXPECT_EQ(slow.request("GET", "/next").status, 200);
}

TEST_F(TlsServer, OldVersionsAndWeakCiphersAreRefused) {
    start();
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        Client old(server_.port);
        EXPECT_FALSE(old.start_tls({.least = version, .most = version})) << version;
    }
    for (const auto* cipher : {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "DHE-RSA-AES128-GCM-SHA256",
                               "ECDHE-ECDSA-AES256-SHA", "NULL-SHA256"}) {
        Client weak(server_.port);
        EXPECT_FALSE(
            weak.start_tls({.most = TLS1_2_VERSION, .ciphers = std::string(cipher) + ":@SECLEVEL=0"}))
            << cipher;
    }
    EXPECT_TRUE(eventually([this] { return refusals(Code::kBadTls) == 7; }));
    auto good = client({.most = TLS1_2_VERSION});
    EXPECT_EQ(SSL_get_cipher_name(good.tls()->ssl()), std::string("ECDHE-ECDSA-AES256-GCM-SHA384"));
}

TEST_F(TlsServer, NegotiatesHttp11AndNothingElse) {
    start();
    EXPECT_EQ(client({.alpn = "\x02h2\x08http/1.1"}).tls()->alpn(), "http/1.1");
    auto silent = client({.alpn = ""});
    EXPECT_EQ(silent.tls()->alpn(), "");
    EXPECT_EQ(silent.request("GET", "/").status, 200);
    Client only_h2(server_.port);
    EXPECT_FALSE(only_h2.start_tls({.alpn = "\x02h2"}));
}

TEST_F(TlsServer, SessionsResumeInTls13Only) {
    start();
    auto first = client();
    EXPECT_EQ(first.request("GET", "/").status, 200) << "the ticket comes before the answer";
    auto* session = SSL_get1_session(first.tls()->ssl());
    ASSERT_TRUE(SSL_SESSION_is_resumable(session));
    auto second = client({.resume = session});
    EXPECT_TRUE(SSL_session_reused(second.tls()->ssl()));
    EXPECT_EQ(second.request("GET", "/again").body, "GET /again?|");
    SSL_SESSION_free(session);

    auto older = client({.most = TLS1_2_VERSION});
    EXPECT_EQ(older.request("GET", "/").status, 200);
    session = SSL_get1_session(older.tls()->ssl());
    EXPECT_FALSE(SSL_SESSION_has_ticket(session));
    EXPECT_FALSE(SSL_session_reused(client({.most = TLS1_2_VERSION, .resume = session}).tls()->ssl()));
    SSL_SESSION_free(session);
}

TEST_F(TlsServer, KeysAreUpdatedInMidConnection) {
    start();
    auto one = client();
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(SSL_key_update(one.tls()->ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
        EXPECT_EQ(one.request("GET", "/bytes?50000").body, pattern(50'000));
    }
}

TEST_F(TlsServer, SaysCloseNotifyBeforeItCloses) {
    start();
    auto one = client();
    EXPECT_EQ(one.request("GET", "/", "Connection: close\r\n").status, 200);
    EXPECT_TRUE(one.ended());
    EXPECT_TRUE(one.tls()->got_close_notify());
    auto old = client({.most = TLS1_2_VERSION});
    EXPECT_EQ(old.request("GET", "/", "Connection: close\r\n").status, 200);
    EXPECT_TRUE(old.ended());
    EXPECT_TRUE(old.tls()->got_close_notify());
}

TEST_F(TlsServer, AHalfClosedClientStillGetsItsAnswer) {
    start();
    auto one = client();
    ASSERT_TRUE(one.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    SSL_shutdown(one.tls()->ssl());
    EXPECT_EQ(one.read_reply().body, "GET /a?|");
    EXPECT_EQ(one.read_reply().body, "GET /b?|");
    EXPECT_TRUE(one.ended());
    EXPECT_TRUE(one.tls()->got_close_notify());
}

TEST_F(TlsServer, AClientThatLeavesWithoutCloseNotifyIsAnEndLikeAnyOther) {
    start();
    auto one = client();
    EXPECT_EQ(one.request("GET", "/").status, 200);
    one.shutdown_write();
    EXPECT_TRUE(one.ended());
    auto two = client();
    two.reset();
    EXPECT_TRUE(all_gone());
}

TEST_F(TlsServer, TheEndOfTheServerReachesWebSockets) {
    start();
    WsClient socket(client(), "/ws");
    ASSERT_EQ(socket.status(), 101);
    std::thread stopper([this] { server_.server->stop(Millis{20'000}); });
    EXPECT_EQ(socket.read_frame().close_code(), 1001U);
    socket.send_close(1001);
    EXPECT_TRUE(socket.raw.ended());
    EXPECT_TRUE(socket.raw.tls()->got_close_notify());
    stopper.join();
}

TEST_F(TlsServer, ReloadGivesNewConnectionsTheNewCertificate) {
    server_.loops = 2;
    start();
    WsClient living(client(), "/ws");
    ASSERT_EQ(living.status(), 101);
    write_certificate(folder_.path, "server", "second");
    ASSERT_TRUE(server_.server->reload_tls());
    EXPECT_TRUE(eventually([this] { return client().tls()->server_name() == "second"; }));
    EXPECT_EQ(living.raw.tls()->server_name(), "first");
    ASSERT_TRUE(living.raw.send(client_frame(1, "still here")));
    EXPECT_EQ(living.read_text(), "still here");
}

TEST_F(TlsServer, ABadReloadChangesNothingAndSaysWhy) {
    start();
    std::ofstream(server_.tls->certificate) << "damaged";
    const auto reloaded = server_.server->reload_tls();
    ASSERT_FALSE(reloaded);
    EXPECT_EQ(reloaded.error().code, Code::kBadCertificate);
    EXPECT_NE(reloaded.error().context.find(server_.tls->certificate), std::string::npos);
    server_.on_loop([] {});
    EXPECT_EQ(client().tls()->server_name(), "first");
    write_certificate(folder_.path, "server", "third");
    EXPECT_TRUE(server_.server->reload_tls()) << "the next good one is taken";
    server_.on_loop([] {});
    EXPECT_EQ(client().tls()->server_name(), "third");
}

TEST_F(TlsServer, ReloadsWhileConnectionsComeAndGo) {
    server_.loops = 2;
    start();
    std::atomic<bool> done{false};
    std::vector<std::jthread> clients;
    std::atomic<int> served{0};
    for (int t = 0; t < 3; ++t) {
        clients.emplace_back([&] {
            while (!done) {
                Client one(server_.port);
                if (one.start_tls() && one.request("GET", "/").status == 200) ++served;
            }
        });
    }
    for (int i = 0; i < 20; ++i) {
        write_certificate(folder_.path, "server", "number " + std::to_string(i));
        EXPECT_TRUE(server_.server->reload_tls());
        const int before = served;
        EXPECT_TRUE(eventually([&] { return served > before; }));
    }
    done = true;
    clients.clear();
    EXPECT_EQ(client().tls()->server_name(), "number 19");
    EXPECT_EQ(refusals(Code::kBadTls), 0U);
}

TEST_F(TlsServer, ListenNamesABadPair) {
    server_.tls->key = write_certificate(folder_.path, "other", "other").key;
    const auto server = Server::create(1, {});
    const auto port = server->listen(Side::kInternal, {.tls = server_.tls}, server_.routes);
    ASSERT_FALSE(port);
    EXPECT_EQ(port.error().code, Code::kBadCertificate);
    EXPECT_NE(port.error().context.find("does not belong"), std::string::npos);
}

}  // namespace
}  // namespace twinpane::net
