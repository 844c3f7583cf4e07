// HTTP/1.1 over loopback sockets: routes, order, bodies, limits, streams, clients that stall or vanish.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "net/gzip.hpp"
#include "net/problem.hpp"
#include "net/testing/test_server.hpp"

namespace twinpane::net {
namespace {

using testing::Client;
using testing::eventually;
using testing::mirror_handler;
using testing::Reply;
using testing::TestServer;

class HttpServer : public ::testing::Test {
  protected:
    // Routes and limits are set by the test before.
    void start() { ASSERT_TRUE(server_.start()); }
    void TearDown() override {
        held_.clear();
        if (!server_.server) return;
        server_.server->stop(Millis{0});
        EXPECT_EQ(server_.server->stats().connections, 0U);
    }

    // A handler that keeps its responder for later; see held().
    Handler holding() {
        return [this](const Request& request, std::shared_ptr<Responder> responder) {
            const std::lock_guard lock(mutex_);
            held_paths_.push_back(request.path);
            held_.push_back(std::move(responder));
        };
    }
    std::size_t held_count() {
        const std::lock_guard lock(mutex_);
        return held_.size();
    }
    std::shared_ptr<Responder> take_held() {
        const std::lock_guard lock(mutex_);
        auto responder = std::move(held_.front());
        held_.erase(held_.begin());
        return responder;
    }
    static Response text(std::string body) {
        Response response;
        response.headers.add("Content-Type", "text/plain");
        response.body = std::move(body);
        return response;
    }

    TestServer server_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Responder>> held_;
    std::vector<std::string> held_paths_;
};

TEST_F(HttpServer, AnswersAndKeepsTheConnection) {
    server_.routes.prefix("GET", "/", mirror_handler());
    server_.routes.exact("POST", "/in", mirror_handler());
    start();
    Client client(server_.port);
    auto reply = client.request("GET", "/a%20b?c=d");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "GET /a b?c=d|");
    EXPECT_EQ(reply.header("Connection"), "");
    EXPECT_EQ(reply.header("Date").size(), 29U);
    EXPECT_TRUE(reply.header("Date").ends_with(" GMT"));
    reply = client.request("POST", "/in", "Content-Type: text/plain\r\n", "body");
    EXPECT_EQ(reply.body, "POST /in?|body");
    reply = client.request("HEAD", "/head");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Length"), "12");
    reply = client.request("GET", "/last", "Connection: close\r\n");
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_EQ(server_.server->stats().requests, 4U);
}

TEST_F(HttpServer, TellsHandlersAboutTheRequest) {
    server_.routes.exact("GET", "/", [](const Request& request, const std::shared_ptr<Responder>& responder) {
        EXPECT_EQ(request.peer, "127.0.0.1");
        EXPECT_EQ(request.side, Side::kPublic);
        EXPECT_TRUE(request.loop->is_here());
        EXPECT_EQ(request.headers.find("x-a"), "b c");
        EXPECT_EQ(request.target, "/?q=1");
        responder->respond({});
    });
    start();
    Client client(server_.port);
    EXPECT_EQ(client.request("GET", "/?q=1", "X-A: \t b c \t\r\n").status, 200);
}

TEST_F(HttpServer, Http10IsAnsweredAndClosed) {
    server_.routes.prefix("GET", "/", mirror_handler());
    start();
    Client client(server_.port);
    client.send("GET /old HTTP/1.0\r\n\r\n");
    const auto reply = client.read_reply();
    EXPECT_EQ(reply.body, "GET /old?|");
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServer, UnknownPathsAndMethods) {
    server_.routes.exact("GET", "/a", mirror_handler());
    server_.routes.exact("POST", "/a", mirror_handler());
    server_.routes.upgrade("/ws",
                           [](const Request&, std::shared_ptr<WebSocket>) { return UpgradeDecision{}; });
    start();
    Client client(server_.port);
    auto reply = client.request("GET", "/b");
    EXPECT_EQ(reply.status, 404);
    EXPECT_NE(reply.body.find("\"code\":4005"), std::string::npos);
    reply = client.request("DELETE", "/a", {}, "a body that is read over");
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.header("Allow"), "GET, HEAD, POST");
    EXPECT_NE(reply.body.find("\"code\":4006"), std::string::npos);
    reply = client.request("GET", "/ws");
    EXPECT_EQ(reply.status, 426);
    EXPECT_EQ(reply.header("Upgrade"), "websocket");
    EXPECT_EQ(client.request("GET", "/a").status, 200) << "the connection goes on";
}

TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
    server_.routes.exact("GET", "/held", holding());
    server_.routes.prefix("GET", "/", mirror_handler());
    start();
    Client client(server_.port);
    std::string requests;
    for (int i = 0; i < 100; ++i) {
        requests +=
            "GET /" + std::string(i == 50 ? "held" : std::to_string(i)) + " HTTP/1.1\r\nHost: x\r\n\r\n";
    }
    client.send(requests);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(client.read_reply().body, "GET /" + std::to_string(i) + "?|");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    server_.on_loop([this] { take_held()->respond(text("at last")); });
    EXPECT_EQ(client.read_reply().body, "at last");
    for (int i = 51; i < 100; ++i) EXPECT_EQ(client.read_reply().body, "GET /" + std::to_string(i) + "?|");
}

TEST_F(HttpServer, PipeliningIsBounded) {
    server_.routes.exact("GET", "/held", holding());
    server_.routes.prefix("POST", "/", mirror_handler());
    start();
    Client client(server_.port);
    client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    // The kernel's buffers fill up, then the server takes no more: far less than what is offered.
    const std::string part(64 << 10, 'x');
    std::size_t sent = 0;
    client.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    ASSERT_TRUE(eventually([&] {
        const auto took = client.send_some(part);
        sent += took;
        return took == 0;
    }));
    EXPECT_LT(server_.server->stats().bytes_in, 1U << 20U);
    server_.on_loop([this] { take_held()->respond(text("done")); });
    EXPECT_EQ(client.read_reply().body, "done");
    EXPECT_EQ(client.read_reply().status, 413) << "then the next one is looked at";
}

TEST_F(HttpServer, BodyLimits) {
    server_.routes.exact("POST", "/small", mirror_handler(), {.max_body = 10});
    start();
    {
        Client client(server_.port);
        EXPECT_EQ(client.request("POST", "/small", {}, "0123456789").status, 200);
        const auto reply = client.request("POST", "/small", {}, "0123456789a");
        EXPECT_EQ(reply.status, 413);
        EXPECT_NE(reply.body.find("\"code\":4500"), std::string::npos);
        EXPECT_TRUE(client.ended());
    }
    {
        Client client(server_.port);
        client.send(
            "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
            "chunked\r\n\r\n5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n");
        EXPECT_EQ(client.read_reply().body, "POST /small?|abcdefghij");
        client.send(
            "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n6\r\n");
        EXPECT_EQ(client.read_reply().status, 413);
        EXPECT_TRUE(client.ended());
    }
    // The refusal is readable although the client goes on sending.
    Client client(server_.port);
    client.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" +
                std::string(3'000'000, 'x'));
    EXPECT_EQ(client.read_reply().status, 413);
}

TEST_F(HttpServer, ExpectContinue) {
    server_.routes.exact("POST", "/in", mirror_handler(), {.max_body = 100});
    start();
    const auto ask = [](const std::string& path, int size) {
        return "POST " + path +
               " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(size) +
               "\r\n\r\n";
    };
    Client client(server_.port);
    client.send(ask("/in", 4));
    EXPECT_EQ(client.read_reply().status, 100);
    client.send("body");
    EXPECT_EQ(client.read_reply().body, "POST /in?|body");
    client.send(ask("/in", 101));
    EXPECT_EQ(client.read_reply().status, 413) << "without asking for the body";
    EXPECT_TRUE(client.ended());
    Client lost(server_.port);
    lost.send(ask("/nowhere", 4));
    EXPECT_EQ(lost.read_reply().status, 404);
    EXPECT_TRUE(lost.ended());
}

TEST_F(HttpServer, CompressesWhatIsWorthIt) {
    server_.routes.prefix(
        "GET", "/", [](const Request& request, const std::shared_ptr<Responder>& responder) {
            Response response;
            response.headers.add("Content-Type", request.path == "/image" ? "image/png" : "application/json");
            response.headers.add("ETag", "\"e\"");
            response.compressible = request.path != "/secret";
            response.body = std::string(request.path == "/short" ? 1024 : 5000, 'a');
            responder->respond(std::move(response));
        });
    start();
    Client client(server_.port);
    const std::string gzip_too = "Accept-Encoding: br, gzip\r\n";
    auto reply = client.request("GET", "/long", gzip_too);
    EXPECT_EQ(reply.header("Content-Encoding"), "gzip");
    EXPECT_EQ(reply.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(reply.header("ETag"), "W/\"e\"");
    EXPECT_LT(reply.body.size(), 200U);
    EXPECT_EQ(gunzip(reply.body, 10'000), std::string(5000, 'a'));
    reply = client.request("GET", "/long");
    EXPECT_EQ(reply.header("Content-Encoding"), "");
    EXPECT_EQ(reply.header("Vary"), "Accept-Encoding") << "caches must know";
    EXPECT_EQ(reply.body.size(), 5000U);
    for (const char* path : {"/short", "/image", "/secret"}) {
        EXPECT_EQ(client.request("GET", path, gzip_too).header("Content-Encoding"), "") << path;
    }
    reply = client.request("HEAD", "/long", gzip_too);
    EXPECT_EQ(reply.header("Content-Encoding"), "gzip") << "HEAD says what GET would";
}

TEST_F(HttpServer, AnUnansweredRequestBecomes500) {
    server_.routes.exact("GET", "/drop", [](const Request&, const std::shared_ptr<Responder>&) {});
    server_.routes.exact("GET", "/held", holding());
    server_.routes.exact("GET", "/bad", [](const Request&, const std::shared_ptr<Responder>& responder) {
        Response response;
        response.headers.add("X-A", "a\r\nSet-Cookie: b");
        responder->respond(std::move(response));
    });
    start();
    Client client(server_.port);
    auto reply = client.request("GET", "/drop");
    EXPECT_EQ(reply.status, 500);
    EXPECT_NE(reply.body.find("\"code\":5000"), std::string::npos);
    EXPECT_EQ(client.request("GET", "/bad").status, 500);
    client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    take_held().reset();  // dropped on a thread that is not the loop's
    EXPECT_EQ(client.read_reply().status, 500);
}

TEST_F(HttpServer, AnswersFromAnotherThread) {
    server_.routes.exact("GET", "/held", holding());
    start();
    Client client(server_.port);
    client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    const auto responder = take_held();
    responder->respond(text("from afar"));
    responder->respond(text("a second answer is ignored"));
    EXPECT_EQ(client.read_reply().body, "from afar");
    client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    responder->respond(text("an old responder can't answer a new request"));
    take_held()->respond(text("new"));
    EXPECT_EQ(client.read_reply().body, "new");
}

TEST_F(HttpServer, NoticesAClientThatGoesAway) {
    server_.routes.exact("GET", "/held", holding());
    start();
    for (const bool by_reset : {false, true}) {
        Client client(server_.port);
        client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
        ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
        const auto responder = take_held();
        std::atomic<int> gone{0};
        server_.on_loop([&] { responder->on_gone([&] { ++gone; }); });
        EXPECT_EQ(gone, 0);
        by_reset ? client.reset() : client.close();
        EXPECT_TRUE(eventually([&] { return gone == 1; }));
        responder->respond(text("nobody is there"));
        EXPECT_TRUE(eventually([this] { return server_.server->stats().connections == 0; }));
        EXPECT_EQ(gone, 1);
        // Asked too late: told all the same (once more, for a task that has not run).
        std::atomic<bool> late{false};
        responder->on_gone([&] { late = true; });
        server_.on_loop([] {});
        server_.on_loop([] {});
        EXPECT_FALSE(late) << "this request has been told already";
    }
}

TEST_F(HttpServer, ToldOfAClientThatWentBeforeAnybodyAsked) {
    server_.routes.exact("GET", "/held", holding());
    start();
    Client client(server_.port);
    client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    client.close();
    ASSERT_TRUE(eventually([this] { return server_.server->stats().connections == 0; }));
    std::atomic<bool> gone{false};
    take_held()->on_gone([&] { gone = true; });
    EXPECT_TRUE(eventually([&] { return gone.load(); }));
}

TEST_F(HttpServer, ToldWhenTheAnswerDidNotLeaveWhole) {
    server_.routes.exact("GET", "/big", holding());
    start();
    Client client(server_.port, 4096);
    client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    std::atomic<bool> gone{false};
    server_.on_loop([&] {
        const auto responder = take_held();
        responder->on_gone([&] { gone = true; });
        responder->respond(text(std::string(32U << 20U, 'x')));
    });
    client.reset();
    EXPECT_TRUE(eventually([&] { return gone.load(); }));
}

TEST_F(HttpServer, NotToldWhenTheAnswerWasTaken) {
    server_.routes.exact("GET", "/held", holding());
    start();
    for (const std::string headers : {"", "Connection: close\r\n"}) {
        std::atomic<bool> gone{false};
        {
            Client client(server_.port);
            client.send("GET /held HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
            ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
            server_.on_loop([&] {
                const auto responder = take_held();
                responder->on_gone([&] { gone = true; });
                responder->respond(text("small"));
            });
            EXPECT_EQ(client.read_reply().body, "small");
        }
        ASSERT_TRUE(eventually([this] { return server_.server->stats().connections == 0; }));
        EXPECT_FALSE(gone);
    }
}

TEST_F(HttpServer, StreamedAnswers) {
    server_.routes.exact("GET", "/stream", [](const Request&, const std::shared_ptr<Responder>& responder) {
        Headers headers;
        headers.add("Content-Type", "text/plain");
        responder->start(200, std::move(headers));
        responder->write("one ");
        responder->write("");
        responder->write(std::string(300, 'x'));
        responder->end();
    });
    start();
    Client client(server_.port);
    for (int i = 0; i < 2; ++i) {
        const auto reply = client.request("GET", "/stream");
        EXPECT_EQ(reply.header("Transfer-Encoding"), "chunked");
        EXPECT_EQ(reply.body, "one " + std::string(300, 'x'));
    }
    EXPECT_EQ(client.request("HEAD", "/stream").status, 200);
    EXPECT_EQ(client.request("GET", "/stream").status, 200) << "nothing of a body followed the HEAD";
    client.send("GET /stream HTTP/1.0\r\n\r\n");
    const auto reply = client.read_reply();
    EXPECT_EQ(reply.header("Transfer-Encoding"), "");
    EXPECT_EQ(reply.body, "one " + std::string(300, 'x'));
}

TEST_F(HttpServer, StreamsWaitForSlowReaders) {
    server_.routes.exact("GET", "/stream", holding());
    start();
    Client client(server_.port, 4096);
    client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return held_count() == 1; }));
    constexpr std::size_t kParts = 200;
    constexpr std::size_t kPart = 64U << 10U;
    const auto responder = take_held();
    std::atomic<std::size_t> written{0};
    std::size_t most = 0;
    const auto pump = [&] {
        while (written < kParts) {
            const auto queued = responder->write(std::string(kPart, 'y'));
            most = std::max(most, queued);
            if (++written == kParts) responder->end();
            if (queued > (1U << 20U)) return;
        }
    };
    server_.on_loop([&] {
        responder->on_drained(pump);  // once: it is kept
        responder->start(200, {});
        pump();
    });
    EXPECT_LT(written, kParts) << "the writer was told to pause";
    const auto reply = client.read_reply();
    EXPECT_EQ(reply.body.size(), kParts * kPart);
    server_.on_loop([&] { EXPECT_LT(most, (1U << 20U) + 2 * kPart); });
}

TEST_F(HttpServer, ADroppedStreamIsCutOff) {
    server_.routes.exact("GET", "/stream", [](const Request&, const std::shared_ptr<Responder>& responder) {
        responder->start(200, {});
        responder->write("half");
    });
    start();
    Client client(server_.port);
    EXPECT_EQ(client.request("GET", "/stream").status, 0) << "no final chunk: incomplete";
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServer, SlowHeadsAndBodies) {
    server_.limits.head_timeout = Millis{60};
    server_.limits.body_timeout = Millis{60};
    server_.limits.keep_alive = Millis{60};
    server_.routes.prefix("POST", "/", mirror_handler());
    start();
    Client silent(server_.port);
    EXPECT_EQ(silent.read_to_end(), "") << "a connection without a byte is closed without a word";
    Client slow_head(server_.port);
    slow_head.send("POST / HTTP/1.1\r\nHos");
    EXPECT_EQ(slow_head.read_reply().status, 408);
    EXPECT_TRUE(slow_head.ended());
    Client slow_body(server_.port);
    slow_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nbegin");
    const auto reply = slow_body.read_reply();
    EXPECT_EQ(reply.status, 408);
    EXPECT_NE(reply.body.find("\"code\":4504"), std::string::npos);
    EXPECT_TRUE(slow_body.ended());
    Client idle(server_.port);
    EXPECT_EQ(idle.request("POST", "/").status, 200);
    EXPECT_EQ(idle.read_to_end(), "") << "kept alive, but not for ever";
}

TEST_F(HttpServer, TrickledHeadsDoNotExtendTheTime) {
    server_.limits.head_timeout = Millis{100};
    start();
    Client client(server_.port);
    client.send("GET / HTTP/1.1\r\n");
    // A byte at a time until the server has had enough; each byte alone would look alive.
    EXPECT_TRUE(eventually([&] {
        client.send("x");
        return server_.server->stats().refused == 1;
    }));
}

TEST_F(HttpServer, AReaderThatStallsIsCutOff) {
    server_.limits.write_stall = Millis{80};
    server_.routes.exact("GET", "/big", [](const Request&, const std::shared_ptr<Responder>& responder) {
        Response response;
        response.body = std::string(32U << 20U, 'x');
        responder->respond(std::move(response));
    });
    start();
    Client client(server_.port, 4096);
    client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([this] { return server_.server->stats().bytes_out > 0; }));
    EXPECT_TRUE(eventually([this] { return server_.server->stats().connections == 0; }));
}

TEST_F(HttpServer, AHalfClosedClientStillGetsItsAnswer) {
    server_.routes.prefix("GET", "/", mirror_handler());
    start();
    Client client(server_.port);
    client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    client.shutdown_write();
    EXPECT_EQ(client.read_reply().body, "GET /a?|");
    EXPECT_EQ(client.read_reply().body, "GET /b?|");
    EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace twinpane::net
