#include "config/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace twinpane::config {
namespace {

std::vector<Problem> problems(const std::string& yaml) {
    auto parsed = parse(yaml);
    if (auto* list = std::get_if<std::vector<Problem>>(&parsed)) return *list;
    return {};
}

TEST(Options, EveryDefaultIsValidAndEveryNameOnce) {
    std::set<std::string_view> names;
    for (const auto& option : options()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_FALSE(option.doc.empty()) << option.name;
        if (is_list(option.type)) {
            EXPECT_TRUE(option.fallback.empty() ||
                        std::holds_alternative<Value>(
                            parse_list(option, std::get<std::vector<std::string>>(default_value(option)))))
                << option.name;
            continue;
        }
        const auto parsed = parse_value(option, option.fallback);
        ASSERT_TRUE(std::holds_alternative<Value>(parsed)) << option.name << std::get<std::string>(parsed);
        EXPECT_EQ(show(option, std::get<Value>(parsed)), option.fallback) << option.name;
    }
}

TEST(Options, OriginsAreExactAndLowerCase) {
    for (const auto* good :
         {"http://shop.localhost:8702", "https://www.example.com", "https://[::1]:8443", "https://[::1]"}) {
        EXPECT_TRUE(is_origin(good)) << good;
    }
    for (const auto* bad :
         {"", "shop.example", "https://", "https://a/", "https://a/b", "https://A.example", "ftp://a",
          "https://u@a", "https://a:0", "https://a:99999", "https://a:", "https://*.a", "null"}) {
        EXPECT_FALSE(is_origin(bad)) << bad;
    }
}

TEST(Config, DefaultsPrintedAreReadBackUnchanged) {
    auto parsed = parse(print_defaults());
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    const auto& config = std::get<Config>(parsed);
    EXPECT_EQ(config.integer("public.port"), 8700);
    EXPECT_EQ(config.integer("session.code_ttl"), 600'000);
    EXPECT_EQ(config.integer("limits.message"), 1 << 20);
    EXPECT_EQ(config.text("node.name"), "node1");
    EXPECT_TRUE(config.sites().empty());
    EXPECT_EQ(config.warnings().size(), 1U);
}

TEST(Config, EveryErrorIsReportedWithItsLineAndReason) {
    const auto list = problems(
        "public:\n"
        "  port: 99999\n"
        "  colour: red\n"
        "session: {code_ttl: soon}\n"
        "log: {level: loud}\n"
        "prot: 1\n"
        "sites:\n"
        "  - name: shop\n"
        "    origins: [https://a.example/, https://b.example]\n"
        "  - name: shop\n"
        "    origins: [https://c.example]\n");
    ASSERT_EQ(list.size(), 7U);
    EXPECT_EQ(list[0], (Problem{2, "public.port must be between 0 and 65535"}));
    EXPECT_EQ(list[1], (Problem{3, "public.colour is not an option"}));
    EXPECT_EQ(list[2].line, 4);
    EXPECT_EQ(list[3], (Problem{5, "log.level must be one of: debug info warn error"}));
    EXPECT_EQ(list[4], (Problem{6, "prot is not an option"}));
    EXPECT_EQ(list[5].line, 9);
    EXPECT_EQ(list[6], (Problem{10, "sites[].name shop is used twice"}));
}

TEST(Config, BrokenYamlIsOneProblemWithItsLine) {
    const auto list = problems("public:\n  port: [1\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_GT(list[0].line, 0);
    EXPECT_TRUE(list[0].reason.starts_with("not YAML"));
}

TEST(Config, TheViewNeedsAHostOfItsOwn) {
    const auto list = problems("viewer: {origin: \"http://agent.localhost:9999\"}\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_NE(list[0].reason.find("another host name"), std::string::npos);
}

TEST(Config, WhatConcernsTheWholeStillHasALine) {
    const auto list = problems(
        "node: {name: \"a b\"}\n"
        "data: \"\"\n"
        "public: {port: 9000}\n"
        "internal:\n"
        "  port: 9000\n"
        "viewer: {origin: \"http://agent.localhost:9999\"}\n");
    ASSERT_EQ(list.size(), 4U);
    EXPECT_EQ(list[0].line, 1);
    EXPECT_EQ(list[1], (Problem{2, "data must not be empty"}));
    EXPECT_EQ(list[2].line, 5);
    EXPECT_NE(list[2].reason.find("must differ"), std::string::npos);
    EXPECT_EQ(list[3].line, 6);
}

// The second list won silently, and what the first one masked was shown.
TEST(Config, AKeyTwiceInASiteIsAnError) {
    const auto list = problems(
        "sites:\n  - name: shop\n    origins: [\"https://shop.example\"]\n    mask: [\".card\"]\n    mask: "
        "[\".name\"]\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0], (Problem{5, "sites[].mask is given twice"}));
}

TEST(Config, AMaskThatIsNoSelectorIsAnError) {
    const auto with = [](const std::string& mask) {
        return problems("sites:\n  - name: shop\n    origins: [\"https://shop.example\"]\n    mask: ['" +
                        mask + "']\n");
    };
    for (const auto* good : {".card", "input[name=\"a]b\"]", "a:not(.b, [c])", "#a\\[b"}) {
        EXPECT_TRUE(with(good).empty()) << good;
    }
    for (const auto* bad : {"[[", "", "  ", "a:not(.b", "a)b", "[a=\"b]"}) {
        ASSERT_EQ(with(bad).size(), 1U) << bad;
        EXPECT_EQ(with(bad)[0].line, 4) << bad;
    }
}

TEST(Config, SitesWithoutNamesAreNotTheSameSite) {
    const auto list =
        problems("sites:\n  - origins: [\"https://a.example\"]\n  - origins: [\"https://b.example\"]\n");
    ASSERT_EQ(list.size(), 2U);
    for (const auto& each : list) EXPECT_EQ(each.reason.find("twice"), std::string::npos);
}

TEST(Config, AFolderIsNoConfigurationFile) {
    const auto loaded = load("/");
    ASSERT_TRUE(std::holds_alternative<std::vector<Problem>>(loaded));
    EXPECT_NE(std::get<std::vector<Problem>>(loaded)[0].reason.find("folder"), std::string::npos);
}

TEST(Config, WhatIsUnsafeIsWarnedOf) {
    auto parsed = parse("unsafe_echo_path: /echo\ncometd: {ws: {unsafe_deflate_services: true}}\n");
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    const auto warnings = std::get<Config>(parsed).warnings();
    const auto warned = [&](std::string_view name) {
        return std::ranges::any_of(warnings, [&](const auto& text) { return text.starts_with(name); });
    };
    EXPECT_TRUE(warned("unsafe_echo_path"));
    EXPECT_TRUE(warned("cometd.ws.unsafe_deflate_services"));
    for (const auto* bad : {"echo", "\"/e cho\"", "/echo?x"}) {
        EXPECT_EQ(problems(std::string("unsafe_echo_path: ") + bad).size(), 1U) << bad;
    }
}

TEST(Config, DeflateIsOffAndItsNameIsCometds) {
    EXPECT_FALSE(Config().flag("cometd.ws.enableExtension.permessage-deflate"));
    auto parsed = parse("cometd: {ws: {enableExtension: {permessage-deflate: true}}}\n");
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    EXPECT_TRUE(std::get<Config>(parsed).flag("cometd.ws.enableExtension.permessage-deflate"));
    parsed = parse("cometd.ws.enableExtension.permessage-deflate: true\n");
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    EXPECT_TRUE(std::get<Config>(parsed).flag("cometd.ws.enableExtension.permessage-deflate"));
}

TEST(Config, TlsNeedsBothFilesHttpsAndSecureCookies) {
    auto list = problems(
        "public:\n"
        "  url: http://a.example\n"
        "  tls:\n"
        "    certificate: a.pem\n"
        "    key: a.key\n"
        "internal:\n"
        "  url: https://b.example\n"
        "  tls.key: b.key\n");
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0], (Problem{2, "public.url must begin with https://, because public.tls is set"}));
    EXPECT_EQ(list[1], (Problem{8, "internal.tls.key needs internal.tls.certificate beside it"}));
    list = problems("internal: {url: \"https://b.example\", tls: {certificate: b.pem, key: b.key}}\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0], (Problem{0, "viewer.origin must begin with https://, because internal.tls is set"}));
    EXPECT_TRUE(problems("internal: {url: \"https://b.example\", tls: {certificate: b.pem, key: b.key}}\n"
                         "viewer: {origin: \"https://c.example\"}\n")
                    .empty());
    EXPECT_TRUE(problems("public: {url: \"https://behind.a.balancer.example\"}\n").empty());
    list = problems(
        "cometd:\n  browserCookieSecure: false\n"
        "public: {url: \"https://a.example\", tls: {certificate: a.pem, key: a.key}}\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0], (Problem{2, "cometd.browserCookieSecure can't be false, because public.tls is set"}));
}

TEST(Config, KnowsTheLineOfEveryOptionThatIsSet) {
    const auto parsed = parse("data: x\npublic:\n  port: 1\n  tls: {certificate: '', key: ''}\n");
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    const auto& config = std::get<Config>(parsed);
    EXPECT_EQ(config.line("data"), 1);
    EXPECT_EQ(config.line("public.port"), 3);
    EXPECT_EQ(config.line("public.tls.key"), 4);
    EXPECT_EQ(config.line("internal.port"), 0);
}

TEST(Config, MisspeltSectionSuggestsTheOption) {
    const auto list = problems("code_ttl: 10m\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].reason, "code_ttl is not an option; did you mean session.code_ttl?");
}

TEST(Config, SitesCarryTheirPolicy) {
    auto parsed = parse(
        "sites:\n  - name: shop\n    origins: [\"https://shop.example\"]\n    form_values: shown\n    mask: "
        "[\".card\"]\n"
        "    allow_write: no\n");
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    const auto& site = std::get<Config>(parsed).sites().at(0);
    EXPECT_TRUE(site.form_values_shown);
    EXPECT_EQ(site.mask, (std::vector<std::string>{".card"}));
    EXPECT_FALSE(site.allow_write);
    EXPECT_FALSE(site.allow_submit);
}

const Config& good(const std::variant<Config, std::vector<Problem>>& parsed) {
    if (const auto* list = std::get_if<std::vector<Problem>>(&parsed)) {
        for (const auto& problem : *list) ADD_FAILURE() << problem.line << ": " << problem.reason;
        static const Config none;
        return none;
    }
    return std::get<Config>(parsed);
}

TEST(Cometd, NamesOfTheOriginalAreTakenWithItsUnits) {
    const auto parsed = parse(
        "cometd:\n"
        "  timeout: 20000\n"
        "  maxQueue: -1\n"
        "  multiSessionInterval: -1\n"
        "  browserCookieMaxAge: -1\n"
        "  allowedTransports: websocket,long-polling\n"
        "  duplicateMetaConnectHttpResponseCode: 500\n"
        "  ws.messagesPerFrame: 8\n"
        "  paths: [/cobrowse/cometd, /chat/cometd]\n"
        "  open_channels: [\"/chat/**\", /news]\n");
    const auto& config = good(parsed);
    EXPECT_EQ(config.integer("cometd.timeout"), 20'000);
    EXPECT_EQ(config.integer("cometd.maxQueue"), -1);
    EXPECT_EQ(config.integer("cometd.ws.messagesPerFrame"), 8);
    EXPECT_EQ(config.transports(), (std::vector<std::string>{"websocket", "long-polling"}));
    EXPECT_EQ(config.list("cometd.paths"), (std::vector<std::string>{"/cobrowse/cometd", "/chat/cometd"}));
    EXPECT_EQ(config.list("cometd.open_channels"), (std::vector<std::string>{"/chat/**", "/news"}));
}

TEST(Cometd, AnOptionMayDifferByTransport) {
    const auto parsed = parse(
        "cometd:\n"
        "  timeout: 30s\n"
        "  ws: {timeout: 60s}\n"
        "  long-polling:\n"
        "    timeout: 20s\n"
        "    jsonp: {timeout: 10s}\n"
        "cometd.long-polling.json.interval: 5ms\n");
    const auto& config = good(parsed);
    EXPECT_EQ(config.integer("cometd.timeout"), 30'000);
    EXPECT_EQ(config.integer("cometd.timeout", Transport::kWebSocket), 60'000);
    EXPECT_EQ(config.integer("cometd.timeout", Transport::kLongPolling), 20'000);
    EXPECT_EQ(config.integer("cometd.timeout", Transport::kCallbackPolling), 10'000);
    EXPECT_EQ(config.integer("cometd.interval", Transport::kLongPolling), 5);
    EXPECT_EQ(config.integer("cometd.interval", Transport::kCallbackPolling), 0);
}

TEST(Cometd, WhatOnlyAJvmUnderstandsIsAcceptedWithAWarning) {
    const auto parsed = parse(
        "cometd:\n"
        "  jsonContext: org.cometd.server.JacksonJSONContextServer\n"
        "  sweepThreads: 2\n"
        "  ws: {bufferSize: 4096, cometdURLMapping: /cometd/*}\n"
        "sites: [{name: shop, origins: [\"https://shop.example\"]}]\n");
    EXPECT_EQ(
        good(parsed).warnings(),
        (std::vector<std::string>{"cometd.jsonContext has no effect: there is one JSON parser",
                                  "cometd.sweepThreads has no effect: each session has a timer of its own",
                                  "cometd.ws.bufferSize has no effect: buffers are held only while in use",
                                  "cometd.ws.cometdURLMapping has no effect: see cometd.paths"}));
}

TEST(Cometd, CallbackPollingAndAMissingPathAreWarnedOf) {
    const auto parsed = parse(
        "cometd: {allowedTransports: [websocket, callback-polling], paths: [/bayeux]}\n"
        "sites: [{name: shop, origins: [\"https://shop.example\"]}]\n");
    const auto warnings = good(parsed).warnings();
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_TRUE(warnings[0].starts_with("cometd.paths is without /cobrowse/cometd"));
    EXPECT_TRUE(warnings[1].starts_with("callback-polling is on"));
}

TEST(Cometd, EveryWrongOneIsReportedByLineAndReason) {
    const std::pair<const char*, const char*> kWrong[] = {
        {"timeout: -5", "cometd.timeout must be a time such as 500ms, 30s, 10m or 12h"},
        {"maxInterval: 10", "cometd.maxInterval must be between 1s and 1h"},
        {"paths: []", "cometd.paths must not be empty"},
        {"paths: /a", "cometd.paths must be a list"},
        {"paths: [a]", "cometd.paths has \"a\", which is not a path such as /cobrowse/cometd"},
        {"paths: [/a/]", "cometd.paths has \"/a/\", which is not a path such as /cobrowse/cometd"},
        {"paths: [/a/../b]", "cometd.paths has \"/a/../b\", which is not a path such as /cobrowse/cometd"},
        {"paths: [/a, /a]", "cometd.paths has \"/a\" twice"},
        {"open_channels: [/meta/connect]",
         "cometd.open_channels has \"/meta/connect\", which is not a broadcast channel or pattern such as "
         "/chat/**"},
        {"open_channels: [/service/**]",
         "cometd.open_channels has \"/service/**\", which is not a broadcast channel or pattern such as "
         "/chat/**"},
        {"open_channels: [\"/a/**/b\"]",
         "cometd.open_channels has \"/a/**/b\", which is not a broadcast channel or pattern such as "
         "/chat/**"},
        {"lazy_channels: [\"/a*\"]",
         "cometd.lazy_channels has \"/a*\", which is not a broadcast channel or pattern such as /chat/**"},
        {"allowedTransports: [eventsource]",
         "cometd.allowedTransports has \"eventsource\", which is not one of: websocket long-polling "
         "callback-polling"},
        {"allowedTransports: ''", "cometd.allowedTransports must not be empty"},
        {"transports: websocket, websocket", "cometd.transports has \"websocket\" twice"},
        {"origins: [\"https://a.example/\"]",
         "cometd.origins has \"https://a.example/\", which is not an origin such as https://www.example.com"},
        {"duplicateMetaConnectHttpResponseCode: 200",
         "cometd.duplicateMetaConnectHttpResponseCode must be between 400 and 599"},
        {"ws.messagesPerFrame: 0", "cometd.ws.messagesPerFrame must be between 1 and 64"},
        {"ws.protocol: a b", "cometd.ws.protocol must be a word of letters, digits and !#$%&'*+-.^_`|~"},
        {"browserCookieName: 'a;b'",
         "cometd.browserCookieName must be a word of letters, digits and !#$%&'*+-.^_`|~"},
        {"browserCookieSameSite: lax", "cometd.browserCookieSameSite must be one of: Strict Lax None"},
        {"browserCookieDomain: 'a;b'", "cometd.browserCookieDomain must be a host name"},
        {"browserCookiePath: x",
         "cometd.browserCookiePath must begin with '/' and have no blanks, ';' or ','"},
        {"ws.maxLazyTimeout: 1s",
         "cometd.ws.maxLazyTimeout can't be set for one transport; set cometd.maxLazyTimeout"},
        {"ws.nosuch: 1", "cometd.ws.nosuch is not an option"},
        {"timeOut: 1", "cometd.timeOut is not an option"},
    };
    for (const auto& [line, reason] : kWrong) {
        EXPECT_EQ(problems("log: {level: info}\ncometd:\n  " + std::string(line) + "\n"),
                  (std::vector<Problem>{{3, reason}}))
            << line;
    }
}

TEST(Cometd, WhatContradictsIsReportedAtItsLine) {
    const std::pair<const char*, const char*> kWrong[] = {
        {"transports: [websocket]\n  allowedTransports: [long-polling]",
         "cometd.allowedTransports has none of cometd.transports"},
        {"browserCookieSecure: false\n  browserCookieSameSite: None",
         "cometd.browserCookieSameSite None needs cometd.browserCookieSecure: browsers refuse the cookie "
         "otherwise"},
        {"browserCookieSecure: false\n  browserCookiePartitioned: true",
         "cometd.browserCookiePartitioned needs cometd.browserCookieSecure: browsers refuse the cookie "
         "otherwise"},
        {"browserCookieSecure: false\n  browserCookieName: __Secure-B",
         "cometd.browserCookieName with __Secure- needs cometd.browserCookieSecure: browsers refuse the "
         "cookie "
         "otherwise"},
        {"browserCookieDomain: example.com\n  browserCookieName: __Host-B",
         "cometd.browserCookieName with __Host- needs browserCookieSecure, no Domain, and the Path /"},
    };
    for (const auto& [lines, reason] : kWrong) {
        EXPECT_EQ(problems("cometd:\n  " + std::string(lines) + "\n"), (std::vector<Problem>{{3, reason}}))
            << lines;
    }
    EXPECT_EQ(problems("cometd:\n  ws.protocol: a\n  ws: {protocol: b}\n"),
              (std::vector<Problem>{{3, "cometd.ws.protocol is given twice"}}));
}

}  // namespace
}  // namespace twinpane::config
