// Every call over real sockets: right, without rights, with the wrong type, too large, by the wrong method,
// unknown.
#include <gtest/gtest.h>

#include "net/gzip.hpp"
#include "rest/testing/rest_node.hpp"

namespace twinpane::rest::testing {
namespace {

constexpr int code(Code c) {
    return static_cast<int>(c);
}
const std::string kTwinpane = "X-Twinpane: 1\r\n";

class Rest : public ::testing::Test {
  protected:
    // One node for all tests of the suite: each keeps to its own names.
    static void SetUpTestSuite() { node = new RestNode(); }
    static void TearDownTestSuite() {
        delete node;
        node = nullptr;
    }
    static std::string cookie_of(const Reply& reply) {
        const auto header = reply.header("Set-Cookie");
        return header.substr(0, header.find(';'));
    }
    static Reply log_in(const std::string& login, const std::string& password = kPassword,
                        const std::string& headers = {}) {
        return node->post("/cobrowse/rest/auth/login", {{"login", login}, {"password", password}}, headers);
    }

    static RestNode* node;
};
RestNode* Rest::node = nullptr;

TEST_F(Rest, HealthIsOnBothSidesAndUnderEveryBase) {
    for (const auto port : {node->public_port, node->internal_port}) {
        for (const auto* path : {"/cobrowse/health", "/cobrowse/n/node1/health"}) {
            const auto reply = Client(port).request("GET", path);
            EXPECT_EQ(reply.status, 200);
            EXPECT_EQ(reply.body, R"({"status":"ok"})");
        }
        EXPECT_EQ(Client(port).request("POST", "/cobrowse/health").status, 405);
        EXPECT_EQ(Client(port).request("GET", "/cobrowse/n/other/health").status, 404);
    }
}

TEST_F(Rest, CreateOutside) {
    const auto reply = node->public_post("/cobrowse/rest/live/sessions", json::object{}, std::string(kShop));
    ASSERT_EQ(reply.status, 201) << reply.body;
    const auto body = body_of(reply);
    EXPECT_EQ(body.at("sessionToken").as_string().size(), 9U);
    EXPECT_EQ(body.at("sessionServerName"), "node1");
    EXPECT_EQ(body.at("sessionServerUrl"), "http://cobrowse.localhost:8700/cobrowse/n/node1");
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_EQ(reply.header("Access-Control-Allow-Credentials"), "");
    EXPECT_NE(reply.header("Vary").find("Origin"), std::string::npos);
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    // Programs that are no browsers send no origin.
    EXPECT_EQ(node->public_post("/cobrowse/n/node1/rest/live/sessions", {{"site", "shop"}}).status, 201);
}

TEST_F(Rest, CreateOutsideRefuses) {
    const std::string path = "/cobrowse/rest/live/sessions";
    for (const auto* origin :
         {"https://shop.example.evil.example", "http://shop.example", "https://SHOP.example", "null",
          "https://shop.example:444", "https://a.shop.example", "http://agent.localhost:8701"}) {
        const auto reply = node->public_post(path, json::object{}, std::string("Origin: ") + origin + "\r\n");
        EXPECT_EQ(code_of(reply), code(Code::kOriginNotAllowed)) << origin;
        EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "") << origin;
    }
    EXPECT_EQ(code_of(node->public_post(path, {{"site", "nowhere"}}, std::string(kShop))),
              code(Code::kSiteUnknown));
    EXPECT_EQ(code_of(node->public_post(path, {{"site", 5}})), code(Code::kBadField));
    EXPECT_EQ(code_of(node->public_post(path, json::array{})), code(Code::kBadField));
    for (const auto* type :
         {"", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n",
          "Content-Type: application/jsonp\r\n"}) {
        EXPECT_EQ(code_of(Client(node->public_port).request("POST", path, type, "{}")),
                  code(Code::kUnsupportedMediaType))
            << type;
    }
    EXPECT_EQ(Client(node->public_port)
                  .request("POST", path, "Content-Type: Application/JSON; charset=utf-8\r\n", "{}")
                  .status,
              201);
    EXPECT_EQ(code_of(Client(node->public_port).request("POST", path, kJson, "{")), code(Code::kBadJson));
    EXPECT_EQ(code_of(Client(node->public_port).request("POST", path, kJson, std::string(5000, ' '))),
              code(Code::kMessageTooLarge));
    EXPECT_EQ(Client(node->public_port).request("DELETE", path).status, 405);
}

TEST_F(Rest, PreflightIsExact) {
    const auto ask = [&](const std::string& path, const std::string& headers) {
        return Client(node->public_port).request("OPTIONS", path, headers);
    };
    const std::string hash(64, 'a');
    const std::pair<std::string, std::string> calls[] = {{"/cobrowse/rest/live/sessions", "POST"},
                                                         {"/cobrowse/n/node1/resource/missing", "POST"},
                                                         {"/cobrowse/n/node1/resource/" + hash, "PUT"}};
    for (const auto& [path, method] : calls) {
        const auto reply =
            ask(path, std::string(kShop) + "Access-Control-Request-Method: " + method + "\r\n");
        EXPECT_EQ(reply.status, 204) << path;
        EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "https://shop.example");
        EXPECT_EQ(reply.header("Access-Control-Allow-Methods"), method);
        EXPECT_EQ(reply.header("Access-Control-Allow-Headers"), "Content-Type, X-Twinpane-User");
        EXPECT_EQ(ask(path, "Origin: https://evil.example\r\n").status, 403);
    }
}

TEST_F(Rest, TheInsideIsNotOutside) {
    for (const auto* path :
         {"/cobrowse/rest/auth/login", "/cobrowse/rest/auth/refresh", "/cobrowse/rest/auth/logout",
          "/cobrowse/rest/desk/config", "/cobrowse/rest/history/sessions/x",
          "/cobrowse/rest/live/sessions/123456789", "/cobrowse/rest/live/sessions/123456789/page",
          "/cobrowse/n/node1/rest/auth/login"}) {
        for (const auto* method : {"GET", "POST"}) {
            const auto reply =
                Client(node->public_port).request(method, path, node->bearer() + std::string(kJson));
            EXPECT_TRUE(reply.status == 404 || reply.status == 405) << method << path << reply.status;
        }
    }
    EXPECT_EQ(Client(node->internal_port).request("PUT", "/cobrowse/n/node1/resource/x", {}, "x").status,
              405);
    EXPECT_EQ(
        Client(node->internal_port).request("POST", "/cobrowse/n/node1/resource/missing", kJson, "{}").status,
        405);
}

TEST_F(Rest, EveryCallInsideNeedsABearer) {
    for (const auto* path : {"/cobrowse/rest/history/sessions/x", "/cobrowse/rest/live/sessions/123456789",
                             "/cobrowse/n/node1/rest/live/sessions/123456789/page"}) {
        for (const auto* header : {"", "Authorization: Bearer \r\n", "Authorization: Bearer a.b.c\r\n",
                                   "Authorization: Basic YTpi\r\n", "Authorization: Bearer\r\n"}) {
            const auto reply = node->get(path, header);
            EXPECT_EQ(code_of(reply), code(Code::kNotAuthenticated)) << path << header;
            EXPECT_EQ(reply.header("WWW-Authenticate"), "Bearer");
        }
    }
    EXPECT_EQ(code_of(node->post("/cobrowse/rest/live/sessions", json::object{})),
              code(Code::kNotAuthenticated));
}

TEST_F(Rest, AccessTokensExpire) {
    RestNode own(1);
    const auto bearer = own.bearer();
    EXPECT_EQ(own.get("/cobrowse/rest/history/sessions/x", bearer).status, 404);
    own.clock.advance(Millis{15 * 60'000});
    EXPECT_EQ(code_of(own.get("/cobrowse/rest/history/sessions/x", bearer)), code(Code::kTokenExpired));
}

TEST_F(Rest, LookUpFindsTheOwner) {
    const Shown session(*node);
    const auto reply = node->get("/cobrowse/rest/live/sessions/" + session.token, node->bearer());
    ASSERT_EQ(reply.status, 200) << reply.body;
    const auto body = body_of(reply);
    EXPECT_EQ(std::string(body.at("sessionToken").as_string()), session.token);
    EXPECT_EQ(body.at("sessionServerUrl"), "http://agent.localhost:8701/cobrowse/n/node1");
    EXPECT_EQ(body.at("state"), "waiting");
    EXPECT_EQ(body.at("site"), "shop");
    EXPECT_EQ(node->post("/cobrowse/rest/live/sessions", {{"site", "shop"}}, node->bearer()).status, 201);
    for (const auto* bad : {"/a/b", "/123456789/pages", "/123456789/page/x", ""}) {
        EXPECT_EQ(node->get(std::string("/cobrowse/rest/live/sessions") + bad, node->bearer()).status, 404)
            << bad;
    }
    EXPECT_EQ(Client(node->internal_port)
                  .request("DELETE", "/cobrowse/rest/live/sessions/1", node->bearer())
                  .status,
              405);
}

TEST_F(Rest, GuessingCodesByRestLocksOut) {
    RestNode own(2);
    const Shown session(own);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(
            code_of(own.get("/cobrowse/rest/live/sessions/99999999" + std::to_string(i), own.bearer("bert"))),
            code(Code::kSessionUnknown));
    }
    const auto locked = own.get("/cobrowse/rest/live/sessions/" + session.token, own.bearer("bert"));
    EXPECT_EQ(code_of(locked), code(Code::kTooManyTries));
    EXPECT_EQ(locked.header("Retry-After"), "600");
    own.clock.advance(Millis{601'000});
    const auto after = own.get("/cobrowse/rest/live/sessions/" + session.token, own.bearer("bert"));
    EXPECT_NE(code_of(after), code(Code::kTooManyTries));
}

TEST_F(Rest, ThePageIsStreamedToItsAgentPlainAndPacked) {
    for (const auto& [customer_loop, agent_loop] : {std::pair(0U, 1U), std::pair(1U, 0U)}) {
        Shown session(*node, customer_loop, agent_loop);
        const auto path = "/cobrowse/n/node1/rest/live/sessions/" + session.token + "/page";
        const auto user = "X-Twinpane-User: " + session.agent_token + "\r\n";
        EXPECT_EQ(code_of(node->get(path, node->bearer() + user)), code(Code::kConsentNeeded));
        session.allow();
        EXPECT_EQ(code_of(node->get(path, node->bearer() + user)), code(Code::kNoPage));
        session.show(40, std::string(100'000, 'x'));
        const auto plain = node->get(path, node->bearer() + user);
        ASSERT_EQ(plain.status, 200) << plain.body;
        EXPECT_EQ(plain.header("Content-Type"), "application/x-ndjson");
        EXPECT_EQ(plain.header("Cache-Control"), "no-store");
        EXPECT_EQ(std::ranges::count(plain.body, '\n'), 40);
        EXPECT_EQ(plain.header("X-Twinpane-Bytes"), std::to_string(plain.body.size()));
        const auto packed = node->get(path, node->bearer() + user + "Accept-Encoding: gzip\r\n");
        EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
        EXPECT_LT(packed.body.size(), plain.body.size() / 50);
        EXPECT_EQ(net::gunzip(packed.body, 100U << 20U), plain.body);

        EXPECT_EQ(code_of(node->get(path, node->bearer("bert") + user)), code(Code::kRoleNotAllowed));
        EXPECT_EQ(
            code_of(node->get(path, node->bearer() + "X-Twinpane-User: " + session.customer_token + "\r\n")),
            code(Code::kRoleNotAllowed));
        EXPECT_EQ(code_of(node->get(path, node->bearer())), code(Code::kUserTokenUnknown));
        // Of another shard than the user token; of the same one it would be an unknown session.
        const std::string other = std::stoul(session.token) % 256 == 0 ? "000000001" : "000000000";
        EXPECT_EQ(
            code_of(node->get("/cobrowse/rest/live/sessions/" + other + "/page", node->bearer() + user)),
            code(Code::kUserTokenUnknown));
    }
}

TEST_F(Rest, AReaderThatStopsDoesNotGetEverythingQueued) {
    Shown session(*node);
    session.show(60, std::string(100'000, 'y'));
    const auto head = "GET /cobrowse/n/node1/rest/live/sessions/" + session.token +
                      "/page HTTP/1.1\r\nHost: localhost\r\n" + node->bearer() +
                      "X-Twinpane-User: " + session.agent_token + "\r\n\r\n";
    Client slow(node->internal_port, 4096);
    slow.send(head);
    // Meanwhile others are served, and the slow one gets all of it when it reads on.
    for (int i = 0; i < 20; ++i) EXPECT_EQ(node->get("/cobrowse/health").status, 200);
    const auto reply = slow.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(std::ranges::count(reply.body, '\n'), 60);
    Client gone(node->internal_port, 4096);
    gone.send(head);
    gone.reset();
    EXPECT_EQ(node->get("/cobrowse/health").status, 200);
}

TEST_F(Rest, HistoryIsThereWhileItLivesAndAfterwards) {
    Shown session(*node);
    session.show();
    const auto path = "/cobrowse/rest/history/sessions/" + session.id;
    auto body = body_of(node->get(path, node->bearer()));
    EXPECT_TRUE(body.at("deactivationTime").is_null());
    EXPECT_EQ(body.at("pages").at(0).at("url"), "https://shop.example/a");
    node->verb(session.customer, "exit", {{"userToken", session.customer_token}});
    body = body_of(node->get(path, node->bearer()));
    EXPECT_EQ(body.at("endedBy"), "customer");
    EXPECT_EQ(body.at("endReason"), "self");
    EXPECT_GT(body.at("deactivationTime").as_int64(), 1'600'000'000'000);
    EXPECT_EQ(body.at("participants").as_array().size(), 2U);
    for (const auto* bad : {"nobody", "", "a/b"}) {
        EXPECT_EQ(code_of(node->get(std::string("/cobrowse/rest/history/sessions/") + bad, node->bearer())),
                  code(Code::kNotFound))
            << bad;
    }
    EXPECT_EQ(node->get("/cobrowse/rest/history/sessions/" + std::string(500, 'a'), node->bearer()).status,
              404);
    EXPECT_EQ(node->post(path, json::object{}, node->bearer()).status, 405);
}

TEST_F(Rest, LoginGivesATokenThatWorksAndACookieThatScriptsCannotRead) {
    const auto reply = log_in(" Anna ");
    ASSERT_EQ(reply.status, 200) << reply.body;
    const auto body = body_of(reply);
    EXPECT_EQ(body.at("expiresIn"), 900);
    EXPECT_EQ(serialize(body.at("agent")),
              R"({"id":"id-of-anna","login":"anna","name":"Agent anna","roles":["agent"]})");
    const auto bearer = "Authorization: Bearer " + std::string(body.at("accessToken").as_string()) + "\r\n";
    EXPECT_EQ(node->get("/cobrowse/rest/history/sessions/x", bearer).status, 404) << "let in";
    const auto cookie = reply.header("Set-Cookie");
    EXPECT_TRUE(cookie.starts_with("__Host-twinpane=")) << cookie;
    EXPECT_EQ(cookie.substr(cookie.find(';')), "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200");
    EXPECT_EQ(cookie_of(reply).size(), std::string("__Host-twinpane=").size() + 64) << "256 bits";
}

TEST_F(Rest, LoginRefuses) {
    node->add_account("gone", true);
    EXPECT_EQ(code_of(log_in("gone")), code(Code::kBadCredentials)) << "disabled";
    EXPECT_EQ(code_of(log_in("nobody-of-that-name")), code(Code::kBadCredentials));
    EXPECT_EQ(code_of(log_in("anna", "wrong")), code(Code::kBadCredentials));
    const std::string path = "/cobrowse/rest/auth/login";
    EXPECT_EQ(code_of(node->post(path, {{"login", "anna"}})), code(Code::kMissingField));
    EXPECT_EQ(code_of(node->post(path, {{"login", 1}, {"password", "x"}})), code(Code::kBadField));
    EXPECT_EQ(code_of(node->post(path, {{"login", "anna"}, {"password", std::string(1025, 'x')}})),
              code(Code::kBadField));
    EXPECT_EQ(code_of(node->post(path, json::array{})), code(Code::kBadField));
    EXPECT_EQ(
        code_of(Client(node->internal_port).request("POST", path, {}, R"({"login":"anna","password":"x"})")),
        code(Code::kUnsupportedMediaType));
    EXPECT_EQ(code_of(Client(node->internal_port).request("POST", path, kJson, "nonsense")),
              code(Code::kBadJson));
    EXPECT_EQ(code_of(Client(node->internal_port).request("POST", path, kJson, std::string(9000, ' '))),
              code(Code::kMessageTooLarge));
    EXPECT_EQ(node->get(path).status, 405);
    EXPECT_EQ(code_of(log_in("anna", kPassword, "Origin: https://evil.example\r\n")),
              code(Code::kOriginNotAllowed));
    EXPECT_EQ(code_of(log_in("anna", kPassword, "Sec-Fetch-Site: cross-site\r\n")),
              code(Code::kOriginNotAllowed));
    EXPECT_EQ(code_of(log_in("anna", kPassword, "Sec-Fetch-Site: same-site\r\n")),
              code(Code::kOriginNotAllowed))
        << "the viewer's host";
    EXPECT_EQ(
        log_in("anna", kPassword, "Origin: http://agent.localhost:8701\r\nSec-Fetch-Site: same-origin\r\n")
            .status,
        200);
}

TEST_F(Rest, FiveWrongPasswordsLockTheLoginOut) {
    RestNode own(2);
    const auto attempt = [&](const std::string& login, const std::string& password) {
        return own.post("/cobrowse/rest/auth/login", {{"login", login}, {"password", password}});
    };
    own.add_account("bert");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(attempt("anna", kPassword).status, 200) << "right ones don't count";
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(code_of(attempt("anna", "wrong" + std::to_string(i))), code(Code::kBadCredentials));
    EXPECT_EQ(code_of(attempt("anna", kPassword)), code(Code::kTooManyTries)) << "even the right one";
    EXPECT_EQ(code_of(attempt("bert", kPassword)), code(Code::kTooManyTries)) << "the address is out as well";
    own.clock.advance(Millis{601'000});
    EXPECT_EQ(attempt("anna", kPassword).status, 200);
}

TEST_F(Rest, UnknownLoginsAreCountedToo) {
    RestNode own(1);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(code_of(own.post("/cobrowse/rest/auth/login",
                                   {{"login", "n" + std::to_string(i)}, {"password", "x"}})),
                  code(Code::kBadCredentials));
    }
    EXPECT_EQ(code_of(own.post("/cobrowse/rest/auth/login", {{"login", "n6"}, {"password", "x"}})),
              code(Code::kTooManyTries));
}

TEST_F(Rest, RefreshWorksOnceEach) {
    const std::string path = "/cobrowse/rest/auth/refresh";
    const auto first = cookie_of(log_in("anna"));
    const auto renew = [&](const std::string& cookie, const std::string& headers) {
        return Client(node->internal_port)
            .request("POST", path, "Cookie: other=1; " + cookie + "\r\n" + headers);
    };
    EXPECT_EQ(code_of(renew(first, "")), code(Code::kBadRequest)) << "the header that forms can't send";
    EXPECT_EQ(code_of(renew(first, kTwinpane + "Sec-Fetch-Site: cross-site\r\n")),
              code(Code::kOriginNotAllowed));
    EXPECT_EQ(code_of(renew(first, kTwinpane + "Origin: http://view.localhost:8701\r\n")),
              code(Code::kOriginNotAllowed));
    const auto second = renew(first, kTwinpane);
    ASSERT_EQ(second.status, 200) << second.body;
    EXPECT_NE(cookie_of(second), first);
    EXPECT_EQ(body_of(second).at("agent").at("login"), "anna");
    const auto again = renew(first, kTwinpane);
    EXPECT_EQ(code_of(again), code(Code::kNotAuthenticated)) << "used up";
    EXPECT_EQ(again.header("Set-Cookie"),
              "__Host-twinpane=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    EXPECT_EQ(renew(cookie_of(second), kTwinpane).status, 200);
    EXPECT_EQ(code_of(renew("__Host-twinpane=" + std::string(64, 'a'), kTwinpane)),
              code(Code::kNotAuthenticated));
    EXPECT_EQ(code_of(Client(node->internal_port).request("POST", path, kTwinpane)),
              code(Code::kNotAuthenticated));
    EXPECT_EQ(Client(node->internal_port).request("GET", path, kTwinpane).status, 405);
}

TEST_F(Rest, RefreshEndsWithTheLoginsLifeOrTheAccount) {
    RestNode own(1);
    const auto log_in_own = [&] {
        return cookie_of(own.post("/cobrowse/rest/auth/login", {{"login", "anna"}, {"password", kPassword}}));
    };
    const auto renew = [&](const std::string& cookie) {
        return own.raw(own.internal_port,
                       "POST /cobrowse/rest/auth/refresh HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie +
                           "\r\n" + kTwinpane);
    };
    auto cookie = log_in_own();
    own.clock.advance(Millis{12 * 3'600'000 - 60'000});
    const auto reply = renew(cookie);
    ASSERT_EQ(reply.status, 200);
    own.clock.advance(Millis{12 * 3'600'000});
    EXPECT_EQ(code_of(renew(cookie_of(reply))), code(Code::kNotAuthenticated));
    cookie = log_in_own();
    own.add_account("anna", true);
    EXPECT_EQ(code_of(renew(cookie)), code(Code::kNotAuthenticated)) << "disabled meanwhile";
}

TEST_F(Rest, LogoutUsesTheCookieUp) {
    const auto cookie = "Cookie: " + cookie_of(log_in("anna")) + "\r\n";
    Client client(node->internal_port);
    EXPECT_EQ(code_of(client.request("POST", "/cobrowse/rest/auth/logout", cookie)), code(Code::kBadRequest));
    const auto reply = client.request("POST", "/cobrowse/rest/auth/logout", cookie + kTwinpane);
    EXPECT_EQ(reply.status, 204);
    EXPECT_NE(reply.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
    EXPECT_EQ(code_of(client.request("POST", "/cobrowse/rest/auth/refresh", cookie + kTwinpane)),
              code(Code::kNotAuthenticated));
    EXPECT_EQ(client.request("POST", "/cobrowse/rest/auth/logout", kTwinpane).status, 204)
        << "nothing to log out is fine";
}

TEST_F(Rest, DeskConfigNamesTheOrigins) {
    const auto reply = node->get("/cobrowse/rest/desk/config");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(body_of(reply).at("viewerOrigin"), "http://view.localhost:8701");
    EXPECT_EQ(body_of(reply).at("publicUrl"), "http://cobrowse.localhost:8700");
}

TEST_F(Rest, ResourcesComeInAndGoOutUnderASignature) {
    Shown session(*node);
    const std::string bytes = "body { color: red }";
    const auto hash = resource::sha256_hex(bytes);
    const auto user = "X-Twinpane-User: " + session.customer_token + "\r\n";
    const std::string missing = "/cobrowse/n/node1/resource/missing";
    const auto put = [&](const std::string& name, const std::string& headers, const std::string& body) {
        return Client(node->public_port).request("PUT", "/cobrowse/n/node1/resource/" + name, headers, body);
    };
    const std::string css = "Content-Type: text/css\r\n";
    EXPECT_EQ(code_of(node->public_post(missing, {{"hashes", {hash}}}, user)), code(Code::kConsentNeeded));
    EXPECT_EQ(code_of(put(hash, user + css, bytes)), code(Code::kConsentNeeded));
    session.allow();
    auto reply = node->public_post(missing, {{"hashes", {hash}}}, user + std::string(kShop));
    EXPECT_EQ(reply.body, R"({"missing":[")" + hash + "\"]}");
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_EQ(put(hash, user + css + std::string(kShop), bytes).status, 204);
    EXPECT_EQ(node->public_post(missing, {{"hashes", {hash}}}, user).body, R"({"missing":[]})");

    EXPECT_EQ(code_of(put(hash, css, bytes)), code(Code::kUserTokenUnknown));
    EXPECT_EQ(code_of(put(hash, css + "X-Twinpane-User: " + session.agent_token + "\r\n", bytes)),
              code(Code::kRoleNotAllowed));
    EXPECT_EQ(code_of(put(hash, user + css, "other bytes")), code(Code::kBadField));
    EXPECT_EQ(code_of(put("short", user + css, bytes)), code(Code::kBadField));
    EXPECT_EQ(code_of(put(hash, user + "Content-Type: text/html\r\n", bytes)),
              code(Code::kUnsupportedMediaType));
    EXPECT_EQ(code_of(put(hash + "/x", user + css, bytes)), code(Code::kNotFound));
    EXPECT_EQ(code_of(put(hash, user + css + "Origin: https://evil.example\r\n", bytes)),
              code(Code::kOriginNotAllowed));
    // Refused by the length it announces, before it is sent.
    EXPECT_EQ(
        code_of(node->raw(node->public_port,
                          "PUT /cobrowse/n/node1/resource/" + hash +
                              " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5242881\r\n" + user + css)),
        code(Code::kMessageTooLarge));
    EXPECT_EQ(code_of(node->public_post(missing, json::object{}, user)), code(Code::kMissingField));
    EXPECT_EQ(code_of(node->public_post(missing, {{"hashes", {1}}}, user)), code(Code::kBadField));
    EXPECT_EQ(code_of(node->public_post(missing, {{"hashes", {"x"}}}, user)), code(Code::kBadField));
    EXPECT_EQ(code_of(Client(node->public_port).request("POST", missing, user, "{}")),
              code(Code::kUnsupportedMediaType));

    const auto url = node->signer.url("", session.id, node->clock.unix_ms());
    const auto fetch = [&](const std::string& path, std::string_view host) {
        return node->raw(node->internal_port,
                         "GET " + path + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n");
    };
    reply = fetch(url + hash, kViewerHost);
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.body, bytes);
    EXPECT_EQ(reply.header("Content-Type"), "text/css; charset=utf-8");
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
    EXPECT_NE(reply.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
    EXPECT_NE(reply.header("Cache-Control").find("immutable"), std::string::npos);
    EXPECT_EQ(fetch(url + hash, "agent.localhost:8701").status, 404) << "not under the desk's name";
    EXPECT_EQ(fetch(url + std::string(64, '0'), kViewerHost).status, 404);
    EXPECT_EQ(fetch(url + hash + "/x", kViewerHost).status, 404);
    auto forged = url;
    forged[forged.size() - 2] = forged[forged.size() - 2] == '0' ? '1' : '0';
    EXPECT_EQ(fetch(forged + hash, kViewerHost).status, 404);
    EXPECT_EQ(Client(node->public_port).request("GET", url + hash).status, 405)
        << "nor outside, where uploads go";
    node->verb(session.customer, "exit", {{"userToken", session.customer_token}});
    EXPECT_EQ(fetch(url + hash, kViewerHost).status, 404) << "gone with the session";
    EXPECT_EQ(code_of(put(hash, user + css, bytes)), code(Code::kSessionEnded));
}

TEST_F(Rest, TheViewersHostHasNothingOfTheDesk) {
    const std::string hosts[] = {"view.localhost:8701", "VIEW.localhost:8701"};
    for (const auto& host : hosts) {
        for (const auto* path : {"/cobrowse/rest/desk/config", "/cobrowse/rest/live/sessions/123456789",
                                 "/cobrowse/rest/history/sessions/x", "/cobrowse/n/node1/rest/desk/config"}) {
            EXPECT_EQ(node->raw(node->internal_port, std::string("GET ") + path + " HTTP/1.1\r\nHost: " +
                                                         host + "\r\n" + node->bearer())
                          .status,
                      404)
                << host << path;
        }
        for (const auto* path :
             {"/cobrowse/rest/auth/login", "/cobrowse/rest/auth/refresh", "/cobrowse/rest/live/sessions"}) {
            EXPECT_EQ(node->raw(node->internal_port,
                                std::string("POST ") + path + " HTTP/1.1\r\nHost: " + host + "\r\n" +
                                    std::string(kJson) + kTwinpane,
                                "{}")
                          .status,
                      404)
                << host << path;
        }
        EXPECT_EQ(
            node->raw(node->internal_port, "GET /cobrowse/health HTTP/1.1\r\nHost: " + host + "\r\n").status,
            200);
    }
}

TEST(HostGuard, KeepsFilesOfDeskAndViewerApart) {
    RestNode own(1);
    class Kept final : public net::Responder {
      public:
        int status = 0;
        void respond(net::Response response) override { status = response.status; }
        void start(int, net::Headers) override {}
        std::size_t write(std::string) override { return 0; }
        void end() override {}
        void on_drained(Task) override {}
        void on_gone(Task) override {}
    };
    const net::Handler file = [](net::Request, std::shared_ptr<net::Responder> out) { out->respond({}); };
    const auto status = [&](const net::Handler& handler, std::string host) {
        net::Request request;
        request.headers.add("Host", std::move(host));
        const auto kept = std::make_shared<Kept>();
        handler(std::move(request), kept);
        return kept->status;
    };
    const auto desk = desk_only(*own.context, file);
    const auto viewer = viewer_only(*own.context, file);
    EXPECT_EQ(status(desk, "agent.localhost:8701"), 200);
    EXPECT_EQ(status(desk, "view.localhost:8701"), 404);
    EXPECT_EQ(status(viewer, "agent.localhost:8701"), 404);
    EXPECT_EQ(status(viewer, "view.localhost:8701"), 200);
    EXPECT_EQ(status(viewer, "view.localhost"), 404) << "another port is another origin";
}

}  // namespace
}  // namespace twinpane::rest::testing
