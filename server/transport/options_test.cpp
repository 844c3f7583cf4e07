// What can be set of the transports, on a real server.
#include <gmock/gmock.h>

#include <future>

#include "transport/testing/bayeux_server.hpp"

namespace twinpane::transport {
namespace {

using bayeux::testing::Rig;
using net::testing::Client;
using net::testing::eventually;
using net::testing::WsClient;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Options : public ::testing::Test, public testing::BayeuxServer {
  protected:
    // A request of callback-polling.
    net::testing::Reply get(Client& client, std::string_view messages, std::string_view callback = "cb",
                            std::string_view headers = {}, std::string_view method = "GET") const {
        std::string escaped;
        for (const unsigned char c : messages) {
            constexpr auto kHex = "0123456789ABCDEF";
            escaped += {'%', kHex[c >> 4U], kHex[c & 15U]};
        }
        const auto target = std::string(kPath) + "?jsonp=" + std::string(callback) + "&message=" + escaped;
        return client.request(method, target, headers);
    }
    std::string who(Client& client, const std::string& id, std::string_view headers = {}) const {
        const auto body = post(client, Rig::publish(id, "/service/who", "1"), headers).body;
        const auto from = body.find("origin=");
        return from == std::string::npos ? body : body.substr(from, body.find(":bad_field") - from);
    }
    static std::string cookie_of(const net::testing::Reply& reply) {
        const auto header = reply.header("Set-Cookie");
        return header.substr(0, header.find(';'));
    }
};

TEST_F(Options, WhatIsOffIsNotThere) {
    options.websocket.on = false;
    start();
    Client client(port);
    EXPECT_EQ(WsClient(port, kPath).status(), 405);
    EXPECT_EQ(get(client, "[]").status, 405);
    EXPECT_NE(handshake(client), "");
}

TEST_F(Options, OnlyWebSocketsMeansOnlyWebSockets) {
    options.long_polling.on = false;
    start();
    EXPECT_EQ(WsClient(port, kPath).status(), 101);
    Client client(port);
    EXPECT_EQ(post(client, Rig::kHandshake).status, 426);
    EXPECT_EQ(client.request("OPTIONS", kPath, kOrigin).status, 426);
}

TEST_F(Options, EachTransportHasItsMessageLimit) {
    options.websocket.max_message = 2000;
    options.long_polling.max_message = 3000;
    options.callback_polling = {.on = true, .max_message = 200};
    start();
    const auto message = [](std::size_t size) {
        std::string text = R"({"channel":"/meta/handshake","ext":"")";
        return "[" + text.insert(text.size() - 1, size - text.size() - 3, 'x') + "}]";
    };
    for (const std::size_t more : {0U, 1U, 100'000U}) {
        const bool fits = more == 0;
        WsClient socket(port, kPath);
        ASSERT_EQ(message(2000 + more).size(), 2000 + more);
        socket.send_text(message(2000 + more));
        const auto frame = socket.read_frame();
        EXPECT_EQ(frame.opcode, fits ? 1U : 8U) << more;
        EXPECT_TRUE(fits || frame.close_code() == 1009U);
        Client posting(port);
        EXPECT_EQ(post(posting, message(3000 + more)).status, fits ? 200 : 413) << more;
        Client getting(port);
        EXPECT_EQ(get(getting, message(200 + std::min<std::size_t>(more, 4000))).status, fits ? 200 : 413)
            << more;
    }
}

TEST_F(Options, CallbackPollingAnswersWithScripts) {
    options.callback_polling.on = true;
    start();
    Client client(port);
    const auto shaken = get(client, Rig::kHandshake, "cometd.cb_1");
    EXPECT_EQ(shaken.status, 200);
    EXPECT_EQ(shaken.header("Content-Type"), "text/javascript;charset=UTF-8");
    EXPECT_EQ(shaken.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(shaken.header("Content-Disposition"), "attachment; filename=bayeux.txt");
    EXPECT_EQ(shaken.header("Cache-Control"), "no-store");
    EXPECT_THAT(shaken.body, StartsWith("/**/cometd.cb_1([{"));
    EXPECT_TRUE(shaken.body.ends_with("}]);"));
    const auto id = Rig::field(std::string_view(shaken.body).substr(17, shaken.body.size() - 20), "clientId");
    ASSERT_NE(id, "");
    get(client, Rig::connect(id, "1"));
    EXPECT_THAT(get(client, Rig::subscribe(id, "/a")).body, HasSubstr("\"successful\":true"));
    const auto published = get(client, Rig::publish(id, "/a", "\"\xE2\x80\xA8</script>\""));
    EXPECT_THAT(published.body, Not(HasSubstr("script"))) << "only connects bring messages";
    EXPECT_THAT(get(client, Rig::connect(id, "2")).body,
                HasSubstr("{\"channel\":\"/a\",\"data\":\"\\u2028</script>\"}"));
}

TEST_F(Options, CallbackPollingRefusesWhatIsNoName) {
    options.callback_polling.on = true;
    start();
    Client client(port);
    for (const auto& callback :
         {std::string(), std::string("a%28"), std::string("alert%281%29%3B"), std::string(65, 'x')}) {
        const auto reply = get(client, "[]", callback);
        EXPECT_EQ(reply.status, 400) << callback;
        EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
        EXPECT_THAT(reply.body, HasSubstr("\"code\":4000"));
    }
    EXPECT_EQ(get(client, "[]", std::string(64, 'x')).status, 200);
    EXPECT_EQ(client.request("GET", kPath).status, 400);
    EXPECT_THAT(get(client, "[{").body, HasSubstr("\"code\":4001"));
    Client asking(port);
    const auto head = get(asking, Rig::kHandshake, "cb", {}, "HEAD");
    EXPECT_EQ(head.status, 405);
    EXPECT_EQ(engines->counters().sessions, 0U);
}

TEST_F(Options, CallbackPollingKeepsToTheOriginsWhereThereIsOne) {
    options.callback_polling.on = true;
    start();
    Client client(port);
    EXPECT_EQ(get(client, Rig::kHandshake, "cb", kOrigin).header("Access-Control-Allow-Origin"),
              "https://shop.example");
    Client other(port);
    const auto refused = get(other, Rig::kHandshake, "cb", "Origin: https://evil.example\r\n");
    EXPECT_EQ(refused.status, 403);
    EXPECT_THAT(refused.body, HasSubstr("\"code\":4103"));
}

TEST_F(Options, TheQueryIsBoundedByTheHead) {
    options.callback_polling.on = true;
    net_limits.max_head = 2048;
    start();
    Client client(port);
    EXPECT_EQ(get(client, "[" + std::string(400, ' ') + "]").status, 200);
    EXPECT_EQ(get(client, "[" + std::string(700, ' ') + "]").status, 400);
}

TEST_F(Options, WithoutCookieModeCookiesAreNeverLookedAt) {
    start();
    Client client(port);
    const auto reply = post(client, Rig::kHandshake,
                            std::string(kOrigin) + "Cookie: BAYEUX_BROWSER=" + std::string(32, 'a') + "\r\n");
    EXPECT_EQ(reply.header("Set-Cookie"), "");
    const auto id = Rig::field(first(reply.body), "clientId");
    EXPECT_EQ(who(client, id, kOrigin), "origin=https://shop.example browser=");
}

TEST_F(Options, CookieModeKnowsABrowserByItsCookie) {
    options.cookie = BrowserCookie{};
    start();
    Client client(port);
    const auto reply = post(client, Rig::kHandshake, kOrigin);
    const auto cookie = cookie_of(reply);
    EXPECT_THAT(reply.header("Set-Cookie"), HasSubstr("; Path=/; Secure; HttpOnly; SameSite=Lax"));
    const auto id = Rig::field(first(reply.body), "clientId");
    const auto with = std::string(kOrigin) + "Cookie: " + cookie + "\r\n";
    EXPECT_EQ(who(client, id, with),
              "origin=https://shop.example browser=" + cookie.substr(cookie.find('=') + 1) + " bound");
    EXPECT_EQ(post(client, Rig::kHandshake, with).header("Set-Cookie"), "") << "a browser keeps its cookie";
    EXPECT_NE(
        cookie_of(post(client, Rig::kHandshake, std::string(kOrigin) + "Cookie: BAYEUX_BROWSER=made-up\r\n")),
        "");
    EXPECT_EQ(post(client, Rig::publish("unknown", "/a", "1"), kOrigin).header("Set-Cookie"), "")
        << "not at a handshake";
}

TEST_F(Options, AStolenClientIdIsOfNoUseInAnotherBrowser) {
    options.cookie = BrowserCookie{};
    start();
    Client client(port);
    const auto reply = post(client, Rig::kHandshake, kOrigin);
    const auto id = Rig::field(first(reply.body), "clientId");
    const auto cookie = "Cookie: " + cookie_of(reply) + "\r\n";
    Client thief(port);
    const auto other = "Cookie: BAYEUX_BROWSER=" + std::string(32, 'd') + "\r\n";
    for (const auto& headers : {std::string(kOrigin), kOrigin + other}) {
        for (const auto& message : {Rig::publish(id, "/a", "1"), Rig::connect(id, "1"),
                                    Rig::subscribe(id, "/a"), Rig::message(id, "/meta/disconnect", "1")}) {
            EXPECT_THAT(post(thief, message, headers).body, HasSubstr("402::session_unknown")) << message;
        }
    }
    EXPECT_THAT(post(client, Rig::publish(id, "/a", "1"), kOrigin + cookie).body,
                HasSubstr("\"successful\":true"));
    EXPECT_THAT(post(thief, Rig::publish(id, "/a", "1"), other).body, HasSubstr("\"successful\":true"))
        << "a program is trusted by the client id alone";
}

TEST_F(Options, InCookieModeProgramsAreTrustedByTheirClientId) {
    options.cookie = BrowserCookie{};
    start();
    Client client(port);
    const auto reply = post(client, Rig::kHandshake);
    EXPECT_EQ(reply.header("Set-Cookie"), "");
    const auto id = Rig::field(first(reply.body), "clientId");
    EXPECT_EQ(who(client, id), "origin= browser=");
    EXPECT_EQ(who(client, id, "Cookie: BAYEUX_BROWSER=" + std::string(32, 'b') + "\r\n"), "origin= browser=");
    const auto shaken = post(client, Rig::kHandshake, kOrigin);
    EXPECT_EQ(who(client, Rig::field(first(shaken.body), "clientId")), "origin= browser=")
        << "a browser's session, too";
}

TEST_F(Options, TrustClientSessionLeavesTheCookieToTheMultiTabRule) {
    options.cookie = BrowserCookie{.trust_client_session = true};
    start();
    Client client(port);
    const auto reply = post(client, Rig::kHandshake, kOrigin);
    const auto id = Rig::field(first(reply.body), "clientId");
    EXPECT_EQ(who(client, id, kOrigin), "origin=https://shop.example browser=");
}

TEST_F(Options, CookieModeReachesWebSockets) {
    options.cookie = BrowserCookie{};
    start();
    const std::string value(32, 'c');
    WsClient socket(port, kPath, std::string(kOrigin) + "Cookie: BAYEUX_BROWSER=" + value + "\r\n");
    const auto id = handshake(socket);
    socket.send_text(Rig::publish(id, "/service/who", "1"));
    EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("browser=" + value + " bound"));
    WsClient program(port, kPath, "Cookie: BAYEUX_BROWSER=" + value + "\r\n");
    const auto other = handshake(program);
    program.send_text(Rig::publish(other, "/service/who", "1"));
    EXPECT_THAT(program.read_text().value_or(""), HasSubstr("origin= browser=:"));
}

TEST_F(Options, AReplacedConnectGetsTheConfiguredStatus) {
    options.replaced_connect_status = 500;
    start();
    Client client(port);
    const auto id = handshake(client);
    post(client, Rig::connect(id, "1"));
    Client older(port);
    auto replaced = std::async(std::launch::async, [&] { return post(older, Rig::connect(id, "2")); });
    ASSERT_TRUE(eventually([&] { return engines->counters().held == 1; }));
    Client newer(port);
    auto held = std::async(std::launch::async, [&] { return post(newer, Rig::connect(id, "3")); });
    const auto reply = replaced.get();
    EXPECT_EQ(reply.status, 500);
    EXPECT_THAT(reply.body, HasSubstr("\"status\":500,\"code\":4208"));
    post(client, Rig::message(id, "/meta/disconnect", "4"));
    EXPECT_EQ(held.get().status, 200);
}

TEST_F(Options, MessagesMayShareAFrame) {
    options.messages_per_frame = 3;
    start();
    Client client(port);
    const auto id = handshake(client);
    post(client, Rig::connect(id, "1"));
    post(client, Rig::subscribe(id, "/a"));
    for (const char* data : {"1", "2", "3", "4"}) post(client, Rig::publish(id, "/a", data));
    WsClient socket(port, kPath);
    socket.send_text(Rig::connect(id, "2"));
    EXPECT_EQ(socket.read_text(),
              R"([{"channel":"/a","data":1},{"channel":"/a","data":2},{"channel":"/a","data":3}])");
    EXPECT_EQ(socket.read_text(), R"([{"channel":"/a","data":4}])");
}

TEST_F(Options, TheSubProtocolThatIsAskedForMustBeOffered) {
    options.sub_protocol = "bayeux";
    start();
    WsClient good(port, kPath, "Sec-WebSocket-Protocol: other, bayeux\r\n");
    EXPECT_EQ(good.status(), 101);
    EXPECT_EQ(good.reply().header("Sec-WebSocket-Protocol"), "bayeux");
    EXPECT_EQ(WsClient(port, kPath).status(), 400);
    EXPECT_EQ(WsClient(port, kPath, "Sec-WebSocket-Protocol: other\r\n").status(), 400);
}

TEST_F(Options, TimesMayDifferByTransport) {
    options.websocket.rules = {.timeout = Millis{20'000}, .interval = Millis{5}};
    options.long_polling.rules = {.timeout = Millis{70}, .max_interval = Millis{1500}};
    options.callback_polling.on = true;
    start();
    WsClient socket(port, kPath);
    socket.send_text(Rig::kHandshake);
    const auto shaken = socket.read_text().value_or("");
    EXPECT_THAT(shaken, HasSubstr(R"("advice":{"reconnect":"retry","interval":5,"timeout":20000})"));
    Client client(port);
    const auto reply = post(client, Rig::kHandshake).body;
    EXPECT_THAT(reply, HasSubstr(R"("advice":{"reconnect":"retry","interval":0,"timeout":70})"));
    EXPECT_THAT(get(client, Rig::kHandshake).body, HasSubstr(R"("interval":0,"timeout":30000})"));
    // Held for as long as that transport holds.
    const auto polled = Rig::field(first(reply), "clientId");
    post(client, Rig::connect(polled, "1"));
    EXPECT_THAT(post(client, Rig::connect(polled, "2")).body, HasSubstr("\"successful\":true"));
    // Who moves is told the new times.
    socket.send_text(Rig::connect(Rig::field(first(shaken), "clientId"), "1"));
    socket.read_text();
    WsClient other(port, kPath);
    other.send_text(Rig::connect(polled, "3", R"(,"advice":{"timeout":0})"));
    EXPECT_THAT(other.read_text().value_or(""), HasSubstr(R"("interval":5,"timeout":20000})"));
    // The one that polls is gone soon; the others live for the usual time.
    const auto brief = handshake(client);
    ASSERT_NE(brief, "");
    EXPECT_TRUE(eventually([&] { return engines->counters().sessions_expired == 1; }));
    EXPECT_THAT(post(client, Rig::publish(brief, "/a", "1")).body, HasSubstr("402::session_unknown"));
    other.send_text(Rig::publish(polled, "/a", "1"));
    EXPECT_THAT(other.read_text().value_or(""), HasSubstr("\"successful\":true"));
}

TEST_F(Options, EverythingMayGoThroughConnectsOnWebSocketsToo) {
    options.websocket.rules.connect_only = true;
    start();
    for (int i = 0; i < 4; ++i) {  // whatever loops they come to
        WsClient socket(port, kPath);
        const auto id = handshake(socket);
        socket.send_text(Rig::subscribe(id, "/a"));
        EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("\"successful\":true"));
        socket.send_text(Rig::publish(id, "/a", "1"));
        EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("\"successful\":true"));
        socket.send_text(Rig::connect(id, "1"));
        EXPECT_EQ(socket.read_text(), R"([{"channel":"/a","data":1}])");
        EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("/meta/connect"));
        socket.send_text(Rig::message(id, "/meta/disconnect", "2"));
        EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
}

TEST_F(Options, AWebSocketMayHaveToShakeHandsItself) {
    options.websocket.rules.takes_over = false;
    start();
    for (int i = 0; i < 4; ++i) {  // whatever loops they come to
        Client client(port);
        const auto id = handshake(client);
        WsClient socket(port, kPath);
        socket.send_text(Rig::connect(id, "1"));
        EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("402::session_unknown"));
        const auto own = handshake(socket);
        socket.send_text(Rig::connect(own, "2"));
        EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
}

TEST_F(Options, ASocketOfNobodyIsClosed) {
    limits.unbound = Millis{700};
    start();
    WsClient mute(port, kPath);
    WsClient busy(port, kPath);
    const auto id = handshake(busy);
    const auto frame = mute.read_frame();
    EXPECT_EQ(frame.close_code(), 1008U);
    EXPECT_EQ(frame.payload.substr(2), "408:4504:timeout");
    // The other one belongs to a session, for as long as there is one.
    busy.send_text(Rig::publish(id, "/a", "1"));
    EXPECT_THAT(busy.read_text().value_or(""), HasSubstr("\"successful\":true"));
    busy.send_text(Rig::message(id, "/meta/disconnect", "9"));
    EXPECT_THAT(busy.read_text().value_or(""), HasSubstr("\"successful\":true"));
    EXPECT_EQ(busy.read_frame().close_code(), 1008U);
}

TEST_F(Options, ASocketThatCarriesADistantSessionIsNotOfNobody) {
    limits.unbound = Millis{700};
    start();
    std::vector<std::pair<std::unique_ptr<WsClient>, std::string>> all;
    for (int i = 0; i < 8; ++i) {  // whatever loops they come to
        Client client(port);
        const auto id = handshake(client);
        auto& socket = *all.emplace_back(std::make_unique<WsClient>(port, kPath), id).first;
        socket.send_text(Rig::connect(id, "1"));
        EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
    WsClient mute(port, kPath);
    EXPECT_EQ(mute.read_frame().close_code(), 1008U);
    for (auto& [socket, id] : all) {
        socket->send_text(Rig::publish(id, "/a", "1"));
        EXPECT_THAT(socket->read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
}

}  // namespace
}  // namespace twinpane::transport
