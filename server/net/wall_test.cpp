// The wall (request_wall.hpp) over a real socket: each shape that two programs could read in two ways is
// answered 400 with a numbered problem, and the connection is closed, so that nothing behind it is taken for
// a request.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/request_wall.hpp"
#include "net/testing/test_server.hpp"

namespace twinpane::net {
namespace {

using namespace std::string_literals;  // texts with NULs in them

using testing::Client;
using testing::Reply;
using testing::TestServer;

class Wall : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const char* method : {"GET", "POST"}) {
            server_.routes.prefix(
                method, "/", [this](const Request& request, const std::shared_ptr<Responder>& responder) {
                    ++calls_;
                    testing::mirror_handler()(request, responder);
                });
        }
        ASSERT_TRUE(server_.start());
    }
    void TearDown() override { server_.server->stop(Millis{0}); }

    // Sends `bytes`, and behind them a request that must never be answered.
    void expect_refused(const std::string& bytes, const std::string& what) {
        const auto calls_before = calls_.load();
        Client client(server_.port);
        client.send(bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
        const auto reply = client.read_reply();
        EXPECT_EQ(reply.status, 400) << what;
        EXPECT_EQ(reply.header("Content-Type"), "application/problem+json") << what;
        EXPECT_EQ(reply.header("Connection"), "close") << what;
        EXPECT_NE(reply.body.find("\"code\":4008"), std::string::npos) << what << ": " << reply.body;
        EXPECT_EQ(client.read_to_end(), "") << what << ": something followed";
        EXPECT_EQ(calls_.load(), calls_before) << what << ": a handler was called";
    }

    void expect_taken(const std::string& bytes, const std::string& what) {
        Client client(server_.port);
        client.send(bytes);
        EXPECT_EQ(client.read_reply().status, 200) << what;
    }

    TestServer server_;
    std::atomic<int> calls_{0};
};

std::string get(const std::string& headers) {
    return "GET / HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}
std::string post(const std::string& headers, const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n" + body;
}

TEST_F(Wall, TransferEncoding) {
    const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
    expect_taken(post("Transfer-Encoding: chunked\r\n", chunks), "chunked");
    expect_taken(post("transfer-encoding:\tCHUNKED \r\n", chunks), "chunked in capitals");
    for (const std::string value :
         {"gzip", "gzip, chunked", "chunked, identity", "identity", "chunked, chunked", "", "\"chunked\"",
          "chunked;q=1", "xchunked", "chunked,", ",chunked", "chunked\x0b",
          "\x0b"
          "chunked",
          "chunked\x7f", "ch\xfcnked", "chunked chunked", "chunked\tx", "deflate", "*"}) {
        expect_refused(post("Transfer-Encoding: " + value + "\r\n", chunks), "Transfer-Encoding: " + value);
    }
    expect_refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks),
                   "two of them");
    expect_refused(post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunks),
                   "two different");
    expect_refused("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
                   "in HTTP/1.0");
    expect_refused(post("Transfer-Encoding : chunked\r\n", chunks), "space before the colon");
    expect_refused(post("Transfer-Encoding\t: chunked\r\n", chunks), "tab before the colon");
    expect_refused(post(" Transfer-Encoding: chunked\r\n", chunks), "space before the name");
    expect_refused(post("Transfer-Encoding:\r\n chunked\r\n", chunks), "folded");
    expect_refused(post("X-A: b\r\n Transfer-Encoding: chunked\r\n", chunks), "folded into another");
    expect_refused(post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", chunks),
                   "identity first");
    expect_refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunks),
                   "identity last");
    expect_refused(post("Transfer-Encoding: chunked\0\r\n"s, chunks), "NUL at the end");
    expect_refused("POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
                   "in HTTP/1.0 that asks to stay");
    expect_refused(post("Transfer-Encoding: \x0b"
                        "chunked\r\n",
                        chunks),
                   "vertical tab");
}

TEST_F(Wall, ContentLength) {
    expect_taken(post("Content-Length: 5\r\n", "hello"), "plain");
    expect_taken(post("Content-Length: 005\r\n", "hello"), "leading zeros");
    expect_refused(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
                   "CL and TE");
    expect_refused(post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "5\r\nhello\r\n0\r\n\r\n"),
                   "TE and CL");
    expect_refused(post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), "two different");
    expect_refused(post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "two equal");
    expect_refused(post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                   "CL of 0 and TE");
    expect_refused(post("Content-Length : 5\r\n", "hello"), "space before the colon");
    expect_refused(post("Content-Length:\r\n 5\r\n", "hello"), "folded");
    expect_refused(post("Content-Length: 5\0\r\n"s, "hello"), "NUL at the end");
    expect_refused(post("Content-Length\r\n", "hello"), "no colon");
    for (const std::string value : {"",
                                    "-1",
                                    "+5",
                                    "5, 5",
                                    "0x5",
                                    "5 5",
                                    "five",
                                    "5.",
                                    "1e1",
                                    "99999999999999999999",
                                    "18446744073709551621",
                                    "9223372036854775808",
                                    "5;",
                                    "5,",
                                    ",5",
                                    "5,6",
                                    "5\x0b",
                                    "\xb2",
                                    "5 ,5",
                                    "\"5\"",
                                    "--5",
                                    "1_0"}) {
        expect_refused(post("Content-Length: " + value + "\r\n", "hello"), "Content-Length: " + value);
    }
}

TEST_F(Wall, Host) {
    expect_taken("GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 may go without");
    for (const std::string host : {"a.b:80", "localhost", "[::1]:8700", "1.2.3.4", "x_y"}) {
        expect_taken("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", host);
    }
    expect_refused("GET / HTTP/1.1\r\n\r\n", "missing");
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "two equal");
    expect_refused("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "two different");
    for (const std::string host :
         {"", "a b", "a/b", "a@b", "a:b", "a:80:80", ":80", "[::1", "a,b", "a:123456", "a?b"}) {
        expect_refused("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", "Host: " + host);
    }
}

TEST_F(Wall, LinesAndFields) {
    expect_taken(get("X-Empty:\r\nX-Tab:\ta\tb\r\nX-Obs: \xe9\r\n"), "odd but plain values");
    expect_refused(get("X-A: 1\r\n folded\r\n"), "folding by space");
    expect_refused(get("X-A: 1\r\n\tfolded\r\n"), "folding by tab");
    expect_refused("GET / HTTP/1.1\r\n Host: x\r\n\r\n", "folding behind the request line");
    expect_refused("GET / HTTP/1.1\nHost: x\n\n", "bare line feeds");
    expect_refused("GET / HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n", "one bare line feed");
    expect_refused("GET / HTTP/1.1\r\nHost: x\r\nX-A: 1\rX-B: 2\r\n\r\n", "bare carriage return");
    expect_refused(get("X-A: a\0b\r\n"s), "NUL in a value");
    expect_refused(get("X-A: a\x01"
                       "b\r\n"),
                   "control character in a value");
    expect_refused(get("X-A: a\x7f\r\n"), "DEL in a value");
    expect_refused(get("X-A : 1\r\n"), "space before the colon");
    expect_refused(get("X A: 1\r\n"), "space in a name");
    expect_refused(get(": 1\r\n"), "no name");
    expect_refused(get("no colon\r\n"), "no colon");
    expect_refused(get("X-\xc3\xa9: 1\r\n"), "name outside ASCII");
    expect_refused("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "empty line first");
    expect_refused(get("Expect: something\r\n"), "unknown expectation");
    expect_refused(get("Expect: 100-continue\r\nExpect: 100-continue\r\n"), "two expectations");
    expect_refused(get("X-A: 1\r\n\rX-B: 2\r\n"), "carriage return at the start of a line");
    expect_refused(get("X-A\r\n: 1\r\n"), "name and colon on two lines");
    expect_refused(get("X\0A: 1\r\n"s), "NUL in a name");
    expect_refused(get("\x0bX-A: 1\r\n"), "vertical tab before a name");
    expect_refused(get("X-A\x7f: 1\r\n"), "DEL in a name");
    expect_refused(get("(X): 1\r\n"), "delimiters in a name");
    expect_refused("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "line feed first");
    expect_refused("\0GET / HTTP/1.1\r\nHost: x\r\n\r\n"s, "NUL first");
    expect_refused("GET / HTTP/1.1\r\n\r\nHost: x\r\n\r\n", "the head ends before Host");
}

TEST_F(Wall, RequestLine) {
    for (const std::string line : {"GET  / HTTP/1.1",
                                   "GET / HTTP/1.1 ",
                                   " GET / HTTP/1.1",
                                   "GET /",
                                   "GET / HTTP/1.2",
                                   "GET / HTTP/2.0",
                                   "GET / HTTP/0.9",
                                   "GET / http/1.1",
                                   "GET / HTTP/1.1x",
                                   "GET\t/ HTTP/1.1",
                                   "G=T / HTTP/1.1",
                                   "GET /a b HTTP/1.1",
                                   "GET a HTTP/1.1",
                                   "GET * HTTP/1.1",
                                   "GET http://localhost/ HTTP/1.1",
                                   "CONNECT localhost:80 HTTP/1.1",
                                   "GET /../etc/passwd HTTP/1.1",
                                   "GET /%2e%2e/x HTTP/1.1",
                                   "GET /a//b HTTP/1.1",
                                   "GET /a%2fb HTTP/1.1",
                                   "GET /a%00 HTTP/1.1",
                                   "GET /a\\b HTTP/1.1",
                                   "GET /a#b HTTP/1.1",
                                   "GET /\xc3\xa9 HTTP/1.1",
                                   "GET /%zz HTTP/1.1",
                                   "PRI * HTTP/2.0",
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1"}) {
        expect_refused(line + "\r\nHost: x\r\n\r\n", line);
    }
    expect_refused("\x16\x03\x01\x02", "a TLS greeting on the plain port");
}

TEST_F(Wall, Sizes) {
    std::string fields;
    for (int i = 0; i < 99; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
    expect_taken(get(fields), "100 fields with Host");
    expect_refused(get(fields + "X-99: 1\r\n"), "101 fields");
    std::string many;
    for (int i = 0; i < 900; ++i) many += "X: 1\r\n";
    expect_refused(get(many), "900 fields");
    const auto head_of = [](std::size_t size) {
        const auto frame = get("X: \r\n").size();
        return get("X: " + std::string(size - frame, 'x') + "\r\n");
    };
    expect_taken(head_of(16384), "a head of 16 KiB");
    expect_refused(head_of(16385), "one byte more");
    expect_refused(head_of(200'000), "a head of 200 KB");
    // It is refused without ever ending.
    Client client(server_.port);
    client.send("GET /" + std::string(20'000, 'x'));
    EXPECT_EQ(client.read_reply().status, 400);
    EXPECT_TRUE(client.ended());
}

TEST_F(Wall, Chunks) {
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    expect_taken(post(chunked, "5;a=b\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"), "extension and trailer");
    expect_refused(post(chunked, "5;" + std::string(200'000, 'x') + "\r\nhello\r\n0\r\n\r\n"),
                   "extension of 200 KB");
    expect_refused(post(chunked, "5;" + std::string(33, 'x') + "\r\nhello\r\n0\r\n\r\n"),
                   "extension of 33 bytes");
    expect_refused(post(chunked, "5\nhello\r\n0\r\n\r\n"), "bare line feed");
    expect_refused(post(chunked, "5\r\nhelloX\r\n0\r\n\r\n"), "too much data");
    expect_refused(post(chunked, "z\r\n"), "no size");
    expect_refused(post(chunked, "-5\r\nhello\r\n0\r\n\r\n"), "negative size");
    expect_refused(post(chunked, "0\r\n folded: 1\r\n\r\n"), "folded trailer");
    expect_taken(post(chunked, "5;" + std::string(32, 'x') + "\r\nhello\r\n0\r\n\r\n"),
                 "extension of 32 bytes");
    expect_taken(post(chunked, "00000005\r\nhello\r\n000\r\n\r\n"), "leading zeros");
    for (const std::string body : {"5 \r\nhello\r\n0\r\n\r\n",
                                   " 5\r\nhello\r\n0\r\n\r\n",
                                   "\t5\r\nhello\r\n0\r\n\r\n",
                                   "0x5\r\nhello\r\n0\r\n\r\n",
                                   "+5\r\nhello\r\n0\r\n\r\n",
                                   "0_5\r\nhello\r\n0\r\n\r\n",
                                   "5,5\r\nhello\r\n0\r\n\r\n",
                                   "\r\nhello\r\n0\r\n\r\n",
                                   ";a\r\nhello\r\n0\r\n\r\n",
                                   "000000005\r\nhello\r\n0\r\n\r\n",
                                   "100000005\r\nhello\r\n0\r\n\r\n",
                                   "10000000000000005\r\nhello\r\n0\r\n\r\n",
                                   "5\rhello\r\n0\r\n\r\n",
                                   "5\r\rhello\r\n0\r\n\r\n",
                                   "5;a\nhello\r\n0\r\n\r\n",
                                   "5;a\rb\r\nhello\r\n0\r\n\r\n",
                                   "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n",
                                   "5\r\nhello\n0\r\n\r\n",
                                   "5\r\nhello\r0\r\n\r\n",
                                   "5\r\nhelloXX0\r\n\r\n",
                                   "5\r\nhello0\r\n\r\n",
                                   "5\r\nhello\r\n0\n\n",
                                   "5\r\nhello\r\n0\r\n\n",
                                   "0\r\nX-A: 1\n\r\n",
                                   "0\r\nX-A: 1\r\n\rX",
                                   "0\r\nGET /smuggled HTTP/1.1\r\n\r\n",
                                   "0\r\nX-A : 1\r\n\r\n",
                                   "0\r\n: 1\r\n\r\n",
                                   "0\r\nX-A: \x01\r\n\r\n"}) {
        expect_refused(post(chunked, body), ::testing::PrintToString(body));
    }
    expect_refused(post(chunked, "5\0\r\nhello\r\n0\r\n\r\n"s), "NUL in the size");
    expect_refused(post(chunked, "0\r\nX-A: " + std::string(5000, 'x') + "\r\n\r\n"), "trailers of 5 KB");
    std::string trailers = "0\r\n";
    for (int i = 0; i < 1000; ++i) trailers += "X-A: 1\r\n";
    expect_refused(post(chunked, trailers + "\r\n"), "1000 trailers");
}

// The wall alone, without the parser behind it that would refuse some of these too.
TEST(WallAlone, RefusesWhatMeansTwoThings) {
    const auto refused = [](const std::string& head) {
        Framing framing;
        return check_head(head, {}, framing).has_value();
    };
    EXPECT_FALSE(refused(get("")));
    EXPECT_TRUE(refused(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "")));
    EXPECT_TRUE(refused(post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "")));
    EXPECT_TRUE(refused(post("Content-Length: 5\r\nContent-Length: 6\r\n", "")));
    EXPECT_TRUE(refused(get("Transfer-Encoding : chunked\r\n")));
    EXPECT_TRUE(refused(get("X: 1\n")));
    EXPECT_TRUE(refused(get("X: 1\r2\r\n")));
    EXPECT_TRUE(refused("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(refused(get("") + "GET / HTTP/1.1\r\nHost: x\r\n\r\n")) << "more than one head";
    EXPECT_TRUE(refused("GET / HTTP/1.1\r\nHost: x\r\n")) << "no end";
}

// The same answer however the bytes are cut: the wall works on what has arrived so far.
TEST_F(Wall, SplitAtEachByte) {
    const std::string good = post("Transfer-Encoding: chunked\r\nX-A: b\r\n", "5\r\nhello\r\n0\r\n\r\n");
    Client kept(server_.port);
    for (std::size_t split = 1; split < good.size(); ++split) {
        ASSERT_TRUE(kept.send(good.substr(0, split)));
        ASSERT_TRUE(kept.send(good.substr(split)));
        const auto reply = kept.read_reply();
        ASSERT_EQ(reply.status, 200) << split;
        ASSERT_EQ(reply.body, "POST /?|hello") << split;
    }
    const std::string bad = get("X-A: 1\r\n folded: 1\r\n");
    for (std::size_t split = 1; split < bad.size(); split += 3) {
        Client client(server_.port);
        client.send(bad.substr(0, split));
        client.send(bad.substr(split));
        ASSERT_EQ(client.read_reply().status, 400) << split;
    }
}

}  // namespace
}  // namespace twinpane::net
