// The transports on a real server with two loops, spoken to byte by byte.
#include "transport/bayeux.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "bayeux/testing/rig.hpp"
#include "net/server.hpp"
#include "net/testing/client.hpp"

namespace twinpane::transport {
namespace {

using bayeux::testing::Rig;
using net::testing::Client;
using net::testing::WsClient;
using ::testing::HasSubstr;
using ::testing::Not;

class OpenPolicy final : public bayeux::SecurityPolicy {
  public:
    void handshake(
        const bayeux::Peer&, std::string_view,
        std::move_only_function<void(Result<std::shared_ptr<const bayeux::Principal>>)> done) override {
        done(std::make_shared<const bayeux::Principal>());
    }
    bool may_subscribe(const bayeux::Principal&, const bayeux::Peer&, std::string_view) override {
        return true;
    }
    bool may_publish(const bayeux::Principal&, const bayeux::Peer&, std::string_view) override {
        return true;
    }
};

constexpr auto kPath = "/cobrowse/cometd";
constexpr auto kGoodOrigin = "Origin: https://shop.example\r\n";

class BayeuxTest : public ::testing::Test {
  protected:
    BayeuxTest() {
        for (auto* loop : server->loops()) engines.add(*loop, *loop, clock, random, policy);
        bayeux = std::make_unique<Bayeux>(
            engines,
            [](net::Side side, std::string_view origin) {
                return side == net::Side::kPublic ? origin == "https://shop.example"
                                                  : origin == "https://desk.example";
            },
            BayeuxLimits{.max_message = 4096});
        bayeux->mount(public_routes, net::Side::kPublic, {kPath, "/cobrowse/n/one/cometd"});
        bayeux->mount(internal_routes, net::Side::kInternal, {kPath});
        port = *server->listen(net::Side::kPublic, {}, public_routes);
        internal_port = *server->listen(net::Side::kInternal, {}, internal_routes);
        server->run();
    }
    ~BayeuxTest() override {
        engines.begin_shutdown();
        server->stop(Millis{2000});
    }

    net::testing::Reply post(Client& client, std::string_view body, std::string_view path = kPath,
                             std::string_view headers = "Content-Type: application/json\r\n") {
        return client.request("POST", path, headers, body);
    }
    // The first message of an answer or a frame.
    static std::string first(std::string_view array) {
        const auto batch = bayeux::parse_batch(array);
        return batch && !batch->messages.empty() ? std::string(array.substr(1, array.size() - 2))
                                                 : std::string();
    }
    std::string handshake(Client& client) {
        return Rig::field(first(post(client, Rig::kHandshake, std::string(kPath) + "/handshake").body),
                          "clientId");
    }
    // Opens connections until there is a session on that loop.
    std::pair<std::unique_ptr<WsClient>, std::string> open_on(unsigned loop) {
        for (int tries = 0; tries < 200; ++tries) {
            auto socket = std::make_unique<WsClient>(port, kPath);
            socket->send_text(Rig::kHandshake);
            const auto id = Rig::field(first(socket->read_text().value_or("")), "clientId");
            if (bayeux::loop_of(id) == loop) return {std::move(socket), id};
        }
        ADD_FAILURE() << "no connection ever came to loop " << loop;
        return {};
    }

    SystemClock clock;
    SystemRandom random;
    OpenPolicy policy;
    net::RouteTable public_routes, internal_routes;
    std::unique_ptr<net::Server> server = net::Server::create(2, {});
    bayeux::EngineGroup engines;
    std::unique_ptr<Bayeux> bayeux;
    std::uint16_t port = 0, internal_port = 0;
};

TEST_F(BayeuxTest, LongPollingOnThePathAndBelow) {
    Client client(port);
    for (const char* path : {"/cobrowse/cometd", "/cobrowse/cometd/", "/cobrowse/cometd/handshake",
                             "/cobrowse/n/one/cometd/handshake"}) {
        const auto reply = post(client, Rig::kHandshake, path);
        EXPECT_EQ(reply.status, 200) << path;
        EXPECT_THAT(reply.body, HasSubstr("\"successful\":true"));
        EXPECT_EQ(reply.header("Content-Type"), "application/json;charset=UTF-8");
        EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    }
    EXPECT_EQ(post(client, Rig::kHandshake, "/cobrowse/cometdx").status, 404);
}

TEST_F(BayeuxTest, BodiesOfAllSorts) {
    Client client(port);
    EXPECT_EQ(post(client, R"({"channel":"/meta/handshake","id":"1"})", kPath, "").status, 200);
    EXPECT_EQ(post(client, "message=%7B%22channel%22%3A%22%2Fmeta%2Fhandshake%22%7D", kPath,
                   "Content-Type: text/plain\r\n")
                  .status,
              200);
    const auto empty = post(client, "[]");
    EXPECT_EQ(empty.status, 200);
    EXPECT_EQ(empty.body, "[]");
}

TEST_F(BayeuxTest, BadBodiesGetNumbersAndHarmNobody) {
    Client client(port);
    const auto id = handshake(client);
    Client other(port);
    auto reply = post(other, "[{\"channel\":");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("\"code\":4001"));
    reply = post(other, "[{},7]");
    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(reply.body, HasSubstr("\"code\":4000"));
    Client big(port);
    reply = post(big, "[\"" + std::string(5000, 'x') + "\"]");
    EXPECT_EQ(reply.status, 413);
    EXPECT_THAT(reply.body, HasSubstr("\"code\":4500"));
    EXPECT_THAT(post(client, Rig::publish(id, "/a", "1")).body, HasSubstr("\"successful\":true"));
}

TEST_F(BayeuxTest, AWebSocketFrameThatIsCutShortHarmsNobody) {
    auto [socket, id] = open_on(0);
    WsClient truncated(port, kPath);
    truncated.raw.send(net::testing::client_frame(1, "[{", {.claimed_length = 100}));
    truncated.raw.reset();
    WsClient broken(port, kPath);
    broken.send_text("[{\"channel\":");
    const auto close = broken.read_frame();
    EXPECT_EQ(close.close_code(), 1007U);
    EXPECT_EQ(close.payload.substr(2), "400:4001:bad_json");
    WsClient big(port, kPath);
    big.send_text("[\"" + std::string(5000, 'x') + "\"]");
    EXPECT_EQ(big.read_frame().close_code(), 1009U);
    socket->send_text(Rig::publish(id, "/a", "1"));
    EXPECT_THAT(socket->read_text().value_or(""), HasSubstr("\"successful\":true"));
}

TEST_F(BayeuxTest, OriginsAreCheckedExactlyBeforeAnythingElse) {
    const std::pair<const char*, bool> kOrigins[] = {
        {"", true},
        {"Origin: https://shop.example\r\n", true},
        {"Origin: null\r\n", false},
        {"Origin: http://shop.example\r\n", false},
        {"Origin: https://shop.example:8443\r\n", false},
        {"Origin: https://a.shop.example\r\n", false},
        {"Origin: https://shop.example.evil.example\r\n", false},
        {"Origin: https://evilshop.example\r\n", false},
        {"Origin: https://SHOP.example\r\n", false},
        {"Origin: https://desk.example\r\n", false},
        {"Origin: https://shop.example\r\nOrigin: https://evil.example\r\n", false},
        {"Origin: https://evil.example\r\nOrigin: https://shop.example\r\n", false},
    };
    for (const auto& [origin, allowed] : kOrigins) {
        Client client(port);
        const auto reply = post(client, Rig::kHandshake, kPath, origin);
        EXPECT_EQ(reply.status, allowed ? 200 : 403) << origin;
        if (!allowed) {
            EXPECT_THAT(reply.body, HasSubstr("\"code\":4103")) << origin;
            EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "") << origin;
        }
        EXPECT_EQ(reply.header("Vary"), "Origin");
        EXPECT_EQ(WsClient(port, kPath, origin).status(), allowed ? 101 : 403) << origin;
        Client asking(port);
        EXPECT_EQ(asking.request("OPTIONS", kPath, origin).status, allowed ? 204 : 403) << origin;
    }
    EXPECT_EQ(WsClient(internal_port, kPath, "Origin: https://desk.example\r\n").status(), 101);
    EXPECT_EQ(WsClient(internal_port, kPath, kGoodOrigin).status(), 403);
}

TEST_F(BayeuxTest, CorsAnswersAndPreflight) {
    Client client(port);
    const auto reply = post(client, Rig::kHandshake, kPath, kGoodOrigin);
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_EQ(reply.header("Access-Control-Allow-Credentials"), "true");
    const auto bad = post(client, "{", kPath, kGoodOrigin);
    EXPECT_EQ(bad.header("Access-Control-Allow-Origin"), "https://shop.example")
        << "errors must be readable, too";
    const auto preflight = client.request(
        "OPTIONS", std::string(kPath) + "/connect",
        std::string(kGoodOrigin) +
            "Access-Control-Request-Method: POST\r\n"
            "Access-Control-Request-Headers: content-type, X-Trace,Pragma, a b, , Authorization\r\n");
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"),
              "content-type, X-Trace, Pragma, Authorization");
    EXPECT_THAT(preflight.header("Access-Control-Allow-Methods"), HasSubstr("POST"));
}

TEST_F(BayeuxTest, AnOfferedSubProtocolIsAnswered) {
    WsClient socket(port, kPath, "Sec-WebSocket-Protocol: bayeux.v1, other\r\n");
    EXPECT_EQ(socket.status(), 101);
    EXPECT_EQ(socket.reply().header("Sec-WebSocket-Protocol"), "bayeux.v1");
}

TEST_F(BayeuxTest, AnInternalSessionIsOfNoUseOnThePublicSide) {
    Client desk(internal_port);
    const auto id = handshake(desk);
    Client thief(port);
    EXPECT_THAT(post(thief, Rig::publish(id, "/a", "1")).body, HasSubstr("402::session_unknown"));
    EXPECT_THAT(post(desk, Rig::publish(id, "/a", "1")).body, HasSubstr("\"successful\":true"));
}

TEST_F(BayeuxTest, SessionsOnTwoLoopsHearEachOther) {
    auto [one, one_id] = open_on(0);
    auto [other, other_id] = open_on(1);
    for (auto* socket : {one.get(), other.get()}) {
        socket->send_text(Rig::subscribe(socket == one.get() ? one_id : other_id, "/room/*"));
        EXPECT_THAT(socket->read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
    one->send_text(Rig::publish(one_id, "/room/a", "\"hello\""));
    EXPECT_EQ(other->read_text(), R"([{"channel":"/room/a","data":"hello"}])");
    other->send_text(Rig::publish(other_id, "/room/b", "\"hi\""));
    EXPECT_EQ(one->read_text(), R"([{"channel":"/room/a","data":"hello"}])");
    EXPECT_THAT(one->read_text().value_or(""), HasSubstr("\"successful\":true"));
    EXPECT_EQ(one->read_text(), R"([{"channel":"/room/b","data":"hi"}])");
}

TEST_F(BayeuxTest, AConnectHeldOverHttpIsReleasedFromAnyLoop) {
    // Whatever loops the connections land on: many sessions, each polled and published to over connections of
    // its own.
    auto [speaker, speaker_id] = open_on(0);
    for (int i = 0; i < 16; ++i) {
        Client shaking(port);
        const auto id = handshake(shaking);
        Client client(port);
        EXPECT_THAT(post(client, Rig::connect(id, "1")).body, HasSubstr("\"successful\":true"));
        Client subscribing(port);
        const auto channel = "/c" + std::to_string(i);
        EXPECT_THAT(post(subscribing, Rig::subscribe(id, channel)).body, HasSubstr("\"successful\":true"));
        Client polling(port);
        auto held = std::async(std::launch::async, [&] { return post(polling, Rig::connect(id, "2")); });
        speaker->send_text(Rig::publish(speaker_id, channel, "1"));
        EXPECT_THAT(held.get().body, HasSubstr("{\"channel\":\"" + channel + "\",\"data\":1}"));
        EXPECT_THAT(speaker->read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
}

TEST_F(BayeuxTest, AWebSocketResumesASessionOfAnyLoop) {
    for (const unsigned home : {0U, 1U}) {
        auto [first, id] = open_on(home);
        first->raw.reset();
        for (int i = 0; i < 8; ++i) {
            WsClient next(port, kPath);
            next.send_text(Rig::connect(id, "c" + std::to_string(i), R"(,"advice":{"timeout":0})"));
            EXPECT_THAT(next.read_text().value_or(""), HasSubstr("\"successful\":true"));
            next.send_text(Rig::publish(id, "/a", "1"));
            EXPECT_THAT(next.read_text().value_or(""), HasSubstr("\"successful\":true"));
        }
    }
}

TEST_F(BayeuxTest, ADuplicateConnectOverHttpIsAnsweredWithAnErrorStatus) {
    Client client(port);
    const auto id = handshake(client);
    post(client, Rig::connect(id, "1"));
    Client older(port);
    older.send("POST /cobrowse/cometd HTTP/1.1\r\nHost: x\r\nContent-Length: " +
               std::to_string(Rig::connect(id, "2").size()) + "\r\n\r\n" + Rig::connect(id, "2"));
    while (engines.counters().held == 0) std::this_thread::yield();
    Client newer(port);
    auto held = std::async(std::launch::async, [&] { return post(newer, Rig::connect(id, "3")); });
    const auto reply = older.read_reply();
    EXPECT_EQ(reply.status, 409);
    EXPECT_THAT(reply.body, HasSubstr("\"code\":4208"));
    post(client, Rig::message(id, "/meta/disconnect", "4"));
    EXPECT_THAT(held.get().body, HasSubstr("\"reconnect\":\"none\""));
}

TEST_F(BayeuxTest, AClientThatLeavesDuringTheHoldLosesNothing) {
    Client client(port);
    const auto id = handshake(client);
    post(client, Rig::connect(id, "1"));
    post(client, Rig::subscribe(id, "/a"));
    {
        Client leaving(port);
        const auto body = Rig::connect(id, "2");
        leaving.send("POST /cobrowse/cometd HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n" + body);
        while (engines.counters().held == 0) std::this_thread::yield();
        leaving.reset();
    }
    while (engines.counters().held != 0) std::this_thread::yield();
    post(client, Rig::publish(id, "/a", "1"));
    EXPECT_THAT(post(client, Rig::connect(id, "3")).body, HasSubstr("{\"channel\":\"/a\",\"data\":1}"));
}

TEST_F(BayeuxTest, GaugesReturnToZero) {
    std::vector<std::pair<std::unique_ptr<WsClient>, std::string>> all;
    for (int i = 0; i < 6; ++i) all.push_back(open_on(static_cast<unsigned>(i) % 2));
    for (auto& [socket, id] : all) {
        socket->send_text(Rig::subscribe(id, "/a"));
        EXPECT_THAT(socket->read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
    EXPECT_EQ(engines.counters().subscriptions, 6U);
    const auto before = engines.counters().sessions;
    for (auto& [socket, id] : all) {
        socket->send_text(Rig::message(id, "/meta/disconnect", "9"));
        EXPECT_THAT(socket->read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
    EXPECT_EQ(engines.counters().subscriptions, 0U);
    EXPECT_EQ(engines.counters().sessions, before - 6);
}

}  // namespace
}  // namespace twinpane::transport
