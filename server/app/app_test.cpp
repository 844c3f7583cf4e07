#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/child.hpp"
#include "app/paths.hpp"
#include "app/pipe_lines.hpp"
#include "app/settings.hpp"
#include "app/welcome.hpp"

namespace twinpane::app {
namespace {

class Folder : public ::testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/twinpane-app-XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        path_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(path_); }

    std::filesystem::path path_;
};

using Paths = Folder;

unsigned mode_of(const std::filesystem::path& path) {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0;
}

TEST_F(Paths, TheDataFolderIsMadeForItsOwnerOnly) {
    LoadedConfig loaded;
    loaded.path = (path_ / "twinpane.yaml").string();
    const auto data = data_folder(loaded, "");
    ASSERT_TRUE(data);
    EXPECT_EQ(*data, path_ / "data");
    EXPECT_EQ(mode_of(*data), 0700U);
}

TEST_F(Paths, AKeyIsMadeOnceAndStays) {
    const auto first = secret_key(path_, "auth.key");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->size(), 64U);
    EXPECT_EQ(mode_of(path_ / "keys/auth.key"), 0600U);
    EXPECT_EQ(*secret_key(path_, "auth.key"), *first);
    EXPECT_NE(*secret_key(path_, "other.key"), *first);
    std::ofstream(path_ / "keys/auth.key") << "short";
    EXPECT_FALSE(secret_key(path_, "auth.key"));
}

TEST_F(Paths, PrivateFilesReplaceOldOnesWhole) {
    const auto file = path_ / "login.txt";
    std::ofstream(file) << "old";
    ASSERT_TRUE(write_private(file, "new"));
    EXPECT_EQ(*read_file(file, 100), "new");
    EXPECT_EQ(mode_of(file), 0600U);
    EXPECT_FALSE(read_file(file, 2));
    EXPECT_FALSE(write_private(path_ / "no/such/folder", "x"));
}

TEST(PipeLines, HalfLinesWaitForTheirEndAndEndlessOnesAreDropped) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
    PipeLines lines(ends[0]);
    ASSERT_EQ(::write(ends[1], "ready 1\nac", 10), 10);
    EXPECT_EQ(lines.read(), (std::vector<std::string>{"ready 1"}));
    ASSERT_EQ(::write(ends[1], "count x\n", 8), 8);
    EXPECT_EQ(lines.read(), (std::vector<std::string>{"account x"}));
    const std::string endless(6000, 'x');
    ASSERT_EQ(::write(ends[1], endless.data(), endless.size()), 6000);
    EXPECT_TRUE(lines.read().empty());
    ::close(ends[1]);
    EXPECT_TRUE(lines.read().empty());
    EXPECT_TRUE(lines.closed());
    ::close(ends[0]);
}

TEST(Child, RestartsAtOnceAfterALongLifeAndSlowerAfterShortOnes) {
    Child child("x", {});
    EXPECT_EQ(child.restart_delay(Millis{20'000}), Millis{0});
    EXPECT_EQ(child.restart_delay(Millis{100}), Millis{200});
    for (int i = 0; i < 10; ++i) child.restart_delay(Millis{100});
    EXPECT_EQ(child.restart_delay(Millis{100}), Millis{5000});
    EXPECT_EQ(child.restart_delay(Millis{20'000}), Millis{0});
}

TEST(Welcome, PortsFollowTheListenersButABalancersOriginStays) {
    EXPECT_EQ(with_port("http://a.localhost:8700", 8700, 9000), "http://a.localhost:9000");
    EXPECT_EQ(with_port("https://www.example.com", 8700, 9000), "https://www.example.com");
    EXPECT_EQ(with_port("https://www.example.com:443", 8700, 9000), "https://www.example.com:443");
}

TEST(Welcome, ThePasswordIsShownOnceAndTheFileAfterwards) {
    const config::Config config;
    WelcomeFacts facts{true, 8700, 8701, 8702, "agent", "/data/agent-login.txt", "s3cret", 321};
    const auto first = welcome(config, facts);
    EXPECT_TRUE(first.starts_with("READY"));
    EXPECT_NE(first.find("s3cret"), std::string::npos);
    EXPECT_NE(first.find("http://shop.localhost:8702/"), std::string::npos);
    facts.password = "-";
    const auto second = welcome(config, facts);
    EXPECT_EQ(second.find("s3cret"), std::string::npos);
    EXPECT_NE(second.find("/data/agent-login.txt"), std::string::npos);
}

config::Config configured(const std::string& yaml) {
    const auto parsed = config::parse(yaml);
    if (const auto* config = std::get_if<config::Config>(&parsed)) return *config;
    ADD_FAILURE() << std::get<std::vector<config::Problem>>(parsed).front().reason;
    return {};
}

TEST(Settings, DefaultsOfTheOptionsAreThoseOfTheParts) {
    const config::Config config;
    const auto engine = engine_options(config);
    const bayeux::EngineOptions plain;
    EXPECT_EQ(engine.timeout, plain.timeout);
    EXPECT_EQ(engine.interval, plain.interval);
    EXPECT_EQ(engine.max_interval, plain.max_interval);
    EXPECT_EQ(engine.queue_bytes, plain.queue_bytes);
    EXPECT_EQ(engine.queue_messages, plain.queue_messages);
    EXPECT_EQ(engine.max_subscriptions, plain.max_subscriptions);
    EXPECT_EQ(engine.publishes_per_second, 200U);
    EXPECT_EQ(engine.publish_bytes_per_second, 2U << 20U);
    EXPECT_EQ(engine.connection_types, plain.connection_types);
    EXPECT_EQ(engine.meta_connect_deliver_only, plain.meta_connect_deliver_only);
    EXPECT_EQ(engine.handshake_delivery, plain.handshake_delivery);
    EXPECT_EQ(engine.handshake_reconnect, plain.handshake_reconnect);
    EXPECT_EQ(engine.broadcast_to_publisher, plain.broadcast_to_publisher);
    EXPECT_EQ(engine.validate_fields, plain.validate_fields);
    EXPECT_EQ(engine.max_lazy_timeout, plain.max_lazy_timeout);
    EXPECT_EQ(engine.lazy_channels, plain.lazy_channels);
    EXPECT_EQ(engine.max_sessions_per_browser, plain.max_sessions_per_browser);
    EXPECT_EQ(engine.multi_session_interval, plain.multi_session_interval);
    EXPECT_EQ(engine.extensions.ack, plain.extensions.ack);
    EXPECT_EQ(engine.extensions.timesync, plain.extensions.timesync);
    EXPECT_EQ(engine.extensions.timestamp, plain.extensions.timestamp);
    EXPECT_EQ(engine.extensions.max_inactivity, plain.extensions.max_inactivity);
    EXPECT_EQ(engine.extensions.activity, plain.extensions.activity);
    EXPECT_EQ(engine.ack_bytes, plain.ack_bytes);
    EXPECT_EQ(engine.ack_messages, plain.ack_messages);
    const auto bayeux = bayeux_options(config);
    EXPECT_TRUE(bayeux.websocket.on && bayeux.long_polling.on && !bayeux.callback_polling.on);
    EXPECT_EQ(bayeux.websocket.rules.timeout, plain.timeout);
    EXPECT_EQ(bayeux.websocket.rules.connect_only, false);
    EXPECT_TRUE(bayeux.websocket.rules.takes_over);
    EXPECT_EQ(bayeux.cookie, std::nullopt);
    EXPECT_EQ(bayeux.replaced_connect_status, transport::BayeuxOptions{}.replaced_connect_status);
    EXPECT_EQ(bayeux.websocket.max_message, std::nullopt);
    EXPECT_EQ(bayeux_limits(config).unbound, transport::BayeuxLimits{}.unbound);
    EXPECT_EQ(bayeux_paths(config, "/cobrowse/n/one"),
              (std::vector<std::string>{"/cobrowse/cometd", "/cobrowse/n/one/cometd"}));
}

TEST(Settings, EveryCometdOptionReachesItsPart) {
    const auto config = configured(
        "limits: {channels: 7, queue_bytes: 128KiB, publishes: 20, publish_bytes: 64KiB}\n"
        "ws: {unbound: 3s}\n"
        "cometd:\n"
        "  paths: [/bayeux, /cobrowse/n/one/cometd]\n"
        "  allowedTransports: callback-polling, long-polling\n"
        "  timeout: 1000\n  interval: 2000\n  maxInterval: 3000\n  maxLazyTimeout: 4000\n"
        "  ws: {timeout: 1001, metaConnectDeliverOnly: false, requireHandshakePerConnection: true}\n"
        "  long-polling.json: {interval: 2001}\n  long-polling.jsonp: {maxInterval: 3001}\n"
        "  metaConnectDeliverOnly: true\n  handshakeReconnect: true\n"
        "  allowMessageDeliveryDuringHandshake: true\n  broadcastToPublisher: false\n"
        "  validateMessageFields: false\n  maxQueue: 100\n  lazy_channels: [/lazy/**]\n"
        "  maxSessionsPerBrowser: 5\n  long-polling: {multiSessionInterval: 6000}\n"
        "  ext: {ack: false, timesync: false, timestamp: true, activity: 1h, activityMode: client_server}\n"
        "  maxMessageSize: 100000\n  ws.maxMessageSize: 200000\n  long-polling.jsonp.maxMessageSize: 1500\n"
        "  callbackParameter: cb\n  callbackParameterMaxLength: 32\n"
        "  duplicateMetaConnectHttpResponseCode: 500\n"
        "  browserCookie: true\n  browserCookieName: B\n  browserCookieDomain: example.com\n"
        "  browserCookiePath: /b\n  browserCookieMaxAge: 60\n  browserCookieHttpOnly: false\n"
        "  browserCookieSameSite: None\n  browserCookiePartitioned: true\n  trustClientSession: true\n"
        "  ws.messagesPerFrame: 8\n  ws.protocol: bayeux\n");
    const auto engine = engine_options(config);
    EXPECT_EQ(engine.timeout, Millis{1000});
    EXPECT_EQ(engine.interval, Millis{2000});
    EXPECT_EQ(engine.max_interval, Millis{3000});
    EXPECT_EQ(engine.max_lazy_timeout, Millis{4000});
    EXPECT_TRUE(engine.meta_connect_deliver_only && engine.handshake_reconnect && engine.handshake_delivery);
    EXPECT_FALSE(engine.broadcast_to_publisher || engine.validate_fields);
    EXPECT_EQ(engine.queue_messages, 100U);
    EXPECT_EQ(engine.ack_messages, 100U);
    EXPECT_EQ(engine.ack_bytes, 128U << 10U);
    EXPECT_EQ(engine.max_subscriptions, 7U);
    EXPECT_EQ(engine.publishes_per_second, 20U);
    EXPECT_EQ(engine.publish_bytes_per_second, 64U << 10U);
    EXPECT_EQ(engine.lazy_channels, (std::vector<std::string>{"/lazy/**"}));
    EXPECT_EQ(engine.max_sessions_per_browser, 5);
    EXPECT_EQ(engine.multi_session_interval, Millis{6000});
    EXPECT_FALSE(engine.extensions.ack || engine.extensions.timesync);
    EXPECT_TRUE(engine.extensions.timestamp);
    EXPECT_EQ(engine.extensions.max_inactivity, Millis{3'600'000});
    EXPECT_EQ(engine.extensions.activity, bayeux::ExtensionOptions::Activity::kClientServer);
    EXPECT_EQ(engine.connection_types,
              (std::vector<std::string>{"callback-polling", "long-polling", "cross-origin-long-polling"}));
    EXPECT_EQ(bayeux_limits(config).unbound, Millis{3000});
    const auto bayeux = bayeux_options(config);
    EXPECT_TRUE(!bayeux.websocket.on && bayeux.long_polling.on && bayeux.callback_polling.on);
    EXPECT_EQ(bayeux.websocket.rules.timeout, Millis{1001});
    EXPECT_EQ(bayeux.long_polling.rules.timeout, Millis{1000});
    EXPECT_EQ(bayeux.long_polling.rules.interval, Millis{2001});
    EXPECT_EQ(bayeux.callback_polling.rules.interval, Millis{2000});
    EXPECT_EQ(bayeux.callback_polling.rules.max_interval, Millis{3001});
    EXPECT_EQ(bayeux.websocket.rules.connect_only, false);
    EXPECT_EQ(bayeux.long_polling.rules.connect_only, true);
    EXPECT_FALSE(bayeux.websocket.rules.takes_over);
    EXPECT_EQ(bayeux.websocket.max_message, 200'000U);
    EXPECT_EQ(bayeux.long_polling.max_message, 100'000U);
    EXPECT_EQ(bayeux.callback_polling.max_message, 1500U);
    EXPECT_EQ(bayeux.callback_parameter, "cb");
    EXPECT_EQ(bayeux.callback_max_length, 32U);
    EXPECT_EQ(bayeux.replaced_connect_status, 500);
    EXPECT_EQ(bayeux.cookie,
              (transport::BrowserCookie{"B", "example.com", "/b", 60, true, false, "None", true, true}));
    EXPECT_EQ(bayeux.messages_per_frame, 8U);
    EXPECT_EQ(bayeux.sub_protocol, "bayeux");
    EXPECT_EQ(bayeux_paths(config, "/cobrowse/n/one"),
              (std::vector<std::string>{"/bayeux", "/cobrowse/n/one/cometd"}));
}

}  // namespace
}  // namespace twinpane::app
