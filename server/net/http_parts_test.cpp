// The pure pieces of HTTP: targets, queries, cookies, chunks, routes, gzip, response heads.
#include <gtest/gtest.h>

#include "net/chunk_decoder.hpp"
#include "net/gzip.hpp"
#include "net/http.hpp"
#include "net/http_response.hpp"
#include "net/problem.hpp"
#include "net/target.hpp"
#include "net/text.hpp"
#include "net/upgrade.hpp"

namespace twinpane::net {
namespace {

TEST(Target, TakesWhatIsPlain) {
    const auto check = [](std::string_view target, std::string_view path, std::string_view query) {
        const auto parsed = parse_target(target);
        ASSERT_TRUE(parsed) << target;
        EXPECT_EQ(parsed->path, path);
        EXPECT_EQ(parsed->query, query);
    };
    check("/", "/", "");
    check("/a/b", "/a/b", "");
    check("/a/b/", "/a/b/", "");
    check("/a%20b?x=%2F&y", "/a b", "x=%2F&y");
    check("/%e2%82%ac", "/\xe2\x82\xac", "");
    check("/a%252e", "/a%2e", "");  // decoded once
    check("/a?b?c", "/a", "b?c");
    check("/...", "/...", "");
    check("/.a/b..", "/.a/b..", "");
    check("/?", "/", "");
    check("/a?../b", "/a", "../b");
}

TEST(Target, RefusesWhatCouldBeReadDifferently) {
    for (const std::string_view target :
         {"",        "a",         "*",      "http://h/", "//",     "//a",        "/a//b",
          "/a//",    "/.",        "/..",    "/a/.",      "/a/..",  "/a/../b",    "/%2e",
          "/%2e%2E", "/a/.%2e",   "/a%2fb", "/a%2Fb",    "/a%5cb", "/a\\b",      "/a%00",
          "/a%0ab",  "/a%7f",     "/a%",    "/a%2",      "/a%zz",  "/a#b",       "/a b",
          "/\x01",   "/\xc3\xa9", "/%ff",   "/%c0%ae/",  "/a%1f",  "/%2e%2e/%2e"}) {
        EXPECT_FALSE(parse_target(target)) << target;
    }
}

TEST(Request, QueryValues) {
    Request request;
    request.query = "a=1&b=x+y%26z&empty=&flag&a=2&%63=dec";
    EXPECT_EQ(request.query_value("a"), "1");
    EXPECT_EQ(request.query_value("b"), "x y&z");
    EXPECT_EQ(request.query_value("empty"), "");
    EXPECT_EQ(request.query_value("flag"), "");
    EXPECT_EQ(request.query_value("c"), "dec");
    EXPECT_EQ(request.query_value("none"), std::nullopt);
    request.query = "broken=%zz";
    EXPECT_EQ(request.query_value("broken"), std::nullopt);
}

TEST(Request, Cookies) {
    Request request;
    request.headers.add("Cookie", "a=1; b=two ;c=\"quoted\"; bad; d=x=y");
    request.headers.add("cookie", "e=5");
    EXPECT_EQ(request.cookie("a"), "1");
    EXPECT_EQ(request.cookie("b"), "two");
    EXPECT_EQ(request.cookie("c"), "quoted");
    EXPECT_EQ(request.cookie("d"), "x=y");
    EXPECT_EQ(request.cookie("e"), "5");
    EXPECT_EQ(request.cookie("bad"), std::nullopt);
    EXPECT_EQ(request.cookie("B"), std::nullopt);
}

TEST(RouteTable, LongestMatchOfPathAndMethodWins) {
    RouteTable table;
    const auto add = [&table](bool exact, const char* method, const char* path, std::size_t mark) {
        if (exact)
            table.exact(method, path, [](Request, std::shared_ptr<Responder>) {}, {mark});
        else
            table.prefix(method, path, [](Request, std::shared_ptr<Responder>) {}, {mark});
    };
    add(false, "GET", "/", 1);
    add(false, "GET", "/app/", 2);
    add(false, "GET", "/app/deep", 3);
    add(true, "GET", "/app/deep/x", 4);
    add(true, "POST", "/app/deep/x", 5);
    add(true, "HEAD", "/app/head", 6);
    const auto mark = [&table](std::string_view method, std::string_view path) {
        const auto match = table.find(method, path, false);
        return match.handler == nullptr ? 0 : match.limits.max_body;
    };
    EXPECT_EQ(mark("GET", "/"), 1U);
    EXPECT_EQ(mark("GET", "/other"), 1U);
    EXPECT_EQ(mark("GET", "/apple"), 1U) << "a prefix matches whole segments";
    EXPECT_EQ(mark("GET", "/app"), 2U);
    EXPECT_EQ(mark("GET", "/app/"), 2U);
    EXPECT_EQ(mark("GET", "/app/deeper"), 2U);
    EXPECT_EQ(mark("GET", "/app/deep"), 3U);
    EXPECT_EQ(mark("GET", "/app/deep/y/z"), 3U);
    EXPECT_EQ(mark("GET", "/app/deep/x"), 4U);
    EXPECT_EQ(mark("POST", "/app/deep/x"), 5U);
    EXPECT_EQ(mark("HEAD", "/app/deep/x"), 4U) << "HEAD falls back to GET";
    EXPECT_EQ(mark("HEAD", "/app/head"), 6U);
    const auto missing = table.find("DELETE", "/app/deep/x", false);
    EXPECT_EQ(missing.handler, nullptr);
    EXPECT_EQ(missing.allowed, (std::vector<std::string>{"GET", "HEAD", "POST"}));
}

TEST(RouteTable, NothingUnderAPathIsNotFound) {
    RouteTable table;
    table.prefix("GET", "/a", [](Request, std::shared_ptr<Responder>) {});
    table.upgrade("/ws", [](const Request&, std::shared_ptr<WebSocket>) { return UpgradeDecision{}; });
    EXPECT_TRUE(table.find("GET", "/b", false).allowed.empty());
    EXPECT_NE(table.find("GET", "/ws", true).upgrade, nullptr);
    EXPECT_TRUE(table.find("GET", "/ws", false).upgrade_only);
    EXPECT_FALSE(table.find("GET", "/ws/x", true).upgrade_only);
}

std::pair<ChunkDecoder::State, std::string> dechunk(std::string_view bytes, std::size_t piece,
                                                    std::size_t limit = 1000) {
    ChunkDecoder decoder;
    std::string out;
    auto state = ChunkDecoder::State::kMore;
    std::size_t consumed = 0;
    for (std::size_t at = 0; at < bytes.size() && state == ChunkDecoder::State::kMore; at += piece) {
        std::size_t used = 0;
        state = decoder.feed(bytes.substr(at, piece), used, out, limit);
        consumed += used;
    }
    if (state == ChunkDecoder::State::kDone) out += "|" + std::string(bytes.substr(consumed));
    return {state, out};
}

TEST(ChunkDecoder, WholeBodiesAtEverySplit) {
    const std::string_view bytes = "5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET /";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        const auto [state, out] = dechunk(bytes, piece);
        EXPECT_EQ(state, ChunkDecoder::State::kDone) << piece;
        EXPECT_EQ(out, "hello0123456789|GET /") << piece;
    }
}

TEST(ChunkDecoder, RefusesEverythingElse) {
    using State = ChunkDecoder::State;
    for (const std::string_view bytes : {"\r\n",
                                         ";x\r\n",
                                         "g\r\n",
                                         "-1\r\n",
                                         "+5\r\nhello",
                                         "0x5\r\nhello",
                                         " 5\r\nhello",
                                         "5 \r\nhello",
                                         "5\nhello",
                                         "5\r\nhello\n",
                                         "5\r\nhelloX\r\n",
                                         "5\r\nhello\r\r\n",
                                         "000000005\r\n",
                                         "fffffffff\r\n",
                                         "0\r\n x: folded\r\n\r\n",
                                         "0\r\nno colon\r\n\r\n",
                                         "0\r\nx: a\n\r\n",
                                         "0\r\n\n",
                                         "5\r\rhello",
                                         "5;\x01\r\nhello"}) {
        EXPECT_EQ(dechunk(bytes, bytes.size()).first, State::kBad) << ::testing::PrintToString(bytes);
        EXPECT_EQ(dechunk(bytes, 1).first, State::kBad) << ::testing::PrintToString(bytes);
    }
    EXPECT_EQ(dechunk("5;" + std::string(32, 'x') + "\r\nhello\r\n0\r\n\r\n", 7).first, State::kDone);
    EXPECT_EQ(dechunk("5;" + std::string(33, 'x') + "\r\nhello\r\n0\r\n\r\n", 7).first, State::kBad);
    EXPECT_EQ(dechunk("0\r\nx: " + std::string(5000, 'x') + "\r\n\r\n", 7).first, State::kBad);
}

TEST(ChunkDecoder, LimitOfTheBody) {
    EXPECT_EQ(dechunk("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", 3, 10).first, ChunkDecoder::State::kDone);
    EXPECT_EQ(dechunk("5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n", 3, 9).first, ChunkDecoder::State::kTooLarge);
    EXPECT_EQ(dechunk("ffffffff\r\n", 3, 9).first, ChunkDecoder::State::kTooLarge);
}

TEST(Gzip, ThereAndBack) {
    const std::string text(100'000, 'x');
    const auto packed = gzip(text, 5);
    ASSERT_TRUE(packed);
    EXPECT_LT(packed->size(), 1000U);
    EXPECT_EQ(gunzip(*packed, text.size()), text);
    EXPECT_EQ(gunzip(*packed, text.size() - 1), std::nullopt) << "the limit stops a bomb";
    EXPECT_EQ(gunzip(packed->substr(0, packed->size() / 2), text.size()), std::nullopt);
    EXPECT_EQ(gunzip("no gzip at all", 1000), std::nullopt);
}

TEST(Gzip, Negotiation) {
    const auto accepts = [](std::string value) {
        Headers headers;
        headers.add("accept-encoding", std::move(value));
        return accepts_gzip(headers);
    };
    EXPECT_FALSE(accepts_gzip(Headers{}));
    EXPECT_TRUE(accepts("gzip"));
    EXPECT_TRUE(accepts("br, GZIP ;q=0.5"));
    EXPECT_FALSE(accepts("gzip;q=0"));
    EXPECT_FALSE(accepts("gzip; q=0.000, br"));
    EXPECT_FALSE(accepts("br, deflate"));
    EXPECT_FALSE(accepts("xgzip"));
}

TEST(ResponseHead, HandlersCannotBreakTheMessage) {
    Headers headers;
    headers.add("X-A", "1");
    headers.add("Content-Length", "999");
    headers.add("Connection", "upgrade");
    const auto head = response_head(200, headers, 5, {}, "now");
    EXPECT_EQ(head, "HTTP/1.1 200 OK\r\nDate: now\r\nX-A: 1\r\nContent-Length: 5\r\n\r\n");
    for (const std::string value : {"a\r\nSet-Cookie: x", "a\nb", "a\rb"}) {
        Headers bad;
        bad.add("X-A", value);
        EXPECT_EQ(response_head(200, bad, 0, {}, "now"), std::nullopt);
    }
    Headers bad_name;
    bad_name.add("X A", "1");
    EXPECT_EQ(response_head(200, bad_name, 0, {}, "now"), std::nullopt);
    EXPECT_EQ(response_head(204, {}, 0, {.close = true}, "now"),
              "HTTP/1.1 204 No Content\r\nDate: now\r\nConnection: close\r\n\r\n");
}

TEST(Problem, IsJsonWhateverTheDetail) {
    const auto problem = problem_response(Code::kBadRequest, "a \"quote\", a \\ and a \n");
    EXPECT_EQ(problem.status, 400);
    EXPECT_EQ(problem.headers.find("content-type"), "application/problem+json");
    EXPECT_EQ(
        problem.body,
        R"({"type":"about:blank","status":400,"code":4000,"title":"bad_request","detail":"a \"quote\", a \\ and a \u000a"})");
}

TEST(Upgrade, AcceptKeyOfTheRfc) {
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

}  // namespace
}  // namespace twinpane::net
