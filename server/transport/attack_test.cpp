// What hostile and broken peers do, on a real server, and that a bystander notices nothing of it.
#include <dirent.h>
#include <gmock/gmock.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "transport/testing/bayeux_server.hpp"

namespace twinpane::transport {
namespace {

using bayeux::testing::Rig;
using net::testing::Client;
using net::testing::client_frame;
using net::testing::eventually;
using net::testing::WsClient;
using ::testing::HasSubstr;

constexpr unsigned kContinuation = 0, kText = 1, kPing = 9;

std::size_t open_files() {
    std::size_t count = 0;
    auto* folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
}

// What the process holds, without what its allocator would give back.
std::size_t resident_bytes() {
    ::malloc_trim(0);
    std::ifstream status("/proc/self/status");
    std::string word;
    std::size_t kib = 0;
    while (status >> word && word != "VmRSS:") {
    }
    status >> kib;
    return kib << 10U;
}

class Attack : public ::testing::Test, public testing::BayeuxServer {
  protected:
    // A session that publishes to itself: as long as it does, it is served.
    struct Bystander {
        Bystander(const BayeuxServer& server) : socket(server.port, kPath), id(server.handshake(socket)) {
            socket.send_text(Rig::subscribe(id, "/bystander"));
            EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("\"successful\":true"));
        }
        bool is_served() {
            const auto number = std::to_string(++count);
            socket.send_text(Rig::publish(id, "/bystander", number));
            return socket.read_text() == R"([{"channel":"/bystander","data":)" + number + "}]" &&
                   socket.read_text().value_or("").contains("\"successful\":true");
        }
        WsClient socket;
        std::string id;
        int count = 0;
    };
    bool all_gone() const {
        const auto now = engines->counters();
        return now.sessions == 0 && now.held == 0 && now.subscriptions == 0;
    }
    bool all_closed() const {
        const auto now = server->stats();
        return now.connections == 0 && now.websockets == 0;
    }
};

TEST_F(Attack, ASlowReaderIsCutAtItsQueueAndNobodyWaitsForIt) {
    // Nothing but the queue may end a reader here, however slow the machine.
    net_limits.write_stall = net_limits.ws_ping = Millis{600'000};
    start();
    Bystander bystander(*this);
    constexpr int kBuffer = 4096;
    WsClient slow(port, kPath, {}, kBuffer);
    const auto slow_id = handshake(slow);
    slow.send_text(Rig::subscribe(slow_id, "/flood"));
    EXPECT_THAT(slow.read_text().value_or(""), HasSubstr("\"successful\":true"));
    WsClient neighbour(port, kPath);
    neighbour.send_text(Rig::subscribe(handshake(neighbour), "/flood"));
    EXPECT_THAT(neighbour.read_text().value_or(""), HasSubstr("\"successful\":true"));
    WsClient speaker(port, kPath);
    const auto speaker_id = handshake(speaker);
    const auto data = "\"" + std::string(64U << 10U, 'x') + "\"";
    std::size_t sent = 0;
    constexpr std::size_t kFarTooMuch = 64U << 20U;
    while (engines->counters().sessions_cut == 0 && sent < kFarTooMuch) {
        speaker.send_text(Rig::publish(speaker_id, "/flood", data));
        ASSERT_THAT(speaker.read_text().value_or(""), HasSubstr("\"successful\":true"));
        ASSERT_EQ(neighbour.read_text(), R"([{"channel":"/flood","data":)" + data + "}]");
        sent += data.size();
    }
    EXPECT_EQ(engines->counters().sessions_cut, 1U);
    // The queue, and what the kernel's buffers take.
    EXPECT_LT(sent, net_limits.ws_queue_bytes + (16U << 20U));
    EXPECT_TRUE(bystander.is_served());
    Client back(port);
    EXPECT_THAT(post(back, Rig::connect(slow_id, "1")).body, HasSubstr("402::session_unknown"));
}

TEST_F(Attack, ManySlowReadersAreCutAndTheirSpeakerGoesOn) {
    // Nothing but the queue may end a reader here, however slow the machine.
    net_limits.write_stall = net_limits.ws_ping = Millis{600'000};
    net_limits.ws_queue_bytes = 64U << 10U;
    start();
    Bystander bystander(*this);
    std::vector<std::unique_ptr<WsClient>> slow;
    for (int i = 0; i < 40; ++i) {
        slow.push_back(std::make_unique<WsClient>(port, kPath, "", 4096));
        slow.back()->send_text(Rig::subscribe(handshake(*slow.back()), "/flood"));
        ASSERT_THAT(slow.back()->read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
    WsClient speaker(port, kPath);
    const auto id = handshake(speaker);
    const auto data = "\"" + std::string(32U << 10U, 'x') + "\"";
    for (int i = 0; i < 2000 && engines->counters().sessions_cut < slow.size(); ++i) {
        speaker.send_text(Rig::publish(id, "/flood", data));
        ASSERT_THAT(speaker.read_text().value_or(""), HasSubstr("\"successful\":true"));
    }
    EXPECT_EQ(engines->counters().sessions_cut, slow.size());
    EXPECT_TRUE(bystander.is_served());
}

TEST_F(Attack, AMuteConnectionIsNoticedAndItsSessionKeepsWhatCameMeanwhile) {
    net_limits.ws_ping = Millis{500};
    net_limits.ws_pong = Millis{500};
    start();
    WsClient mute(port,
                  kPath);  // as a half-open connection looks: nothing comes any more, pings are not answered
    const auto id = handshake(mute);
    mute.send_text(Rig::subscribe(id, "/news"));
    mute.read_text();
    ASSERT_TRUE(eventually([&] { return server->stats().websockets == 0; }));
    Client speaker(port);
    post(speaker, Rig::publish(handshake(speaker), "/news", "1"));
    Client back(port);
    EXPECT_THAT(post(back, Rig::connect(id, "1")).body, HasSubstr("{\"channel\":\"/news\",\"data\":1}"));
}

TEST_F(Attack, ASlowWriterIsCutAndHoldsNobodyUp) {
    net_limits.ws_ping = Millis{100};
    net_limits.ws_pong = Millis{100};
    net_limits.body_timeout = Millis{200};
    net_limits.head_timeout = Millis{200};
    start();
    // Each stops in the middle: of a frame, a body, a head, an upgrade.
    WsClient frame(port, kPath);
    frame.raw.send(client_frame(kText, "[{", {.claimed_length = 1000}));
    Client body(port);
    body.send("POST " + std::string(kPath) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n[{");
    Client head(port);
    head.send("POST " + std::string(kPath) + " HTTP/1.1\r\nHo");
    Client upgrade(port);
    upgrade.send("GET " + std::string(kPath) + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n");
    EXPECT_TRUE(frame.raw.ended());
    for (auto* client : {&body, &head, &upgrade}) {
        EXPECT_EQ(client->read_reply().status, 408);
        EXPECT_TRUE(client->ended());
    }
    EXPECT_TRUE(eventually([&] { return all_closed(); }));
    EXPECT_TRUE(all_gone());
}

TEST_F(Attack, APingFloodIsAnsweredOrCut) {
    net_limits.ws_queue_bytes = 64U << 10U;
    start();
    Bystander bystander(*this);
    WsClient reads(port, kPath);
    std::string burst;
    for (int i = 0; i < 200; ++i) burst += client_frame(kPing, std::to_string(i));
    reads.raw.send(burst);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(reads.read_frame().payload, std::to_string(i));

    WsClient never_reads(port, kPath, {}, 4096);
    std::string flood;
    for (int i = 0; i < 1000; ++i) flood += client_frame(kPing, std::string(125, 'p'));
    bool open = true;
    for (int i = 0; i < 400 && open; ++i) open = never_reads.raw.send(flood);
    EXPECT_FALSE(open) << "it took 50 MB of pongs for a peer that reads nothing";
    EXPECT_TRUE(bystander.is_served());
}

TEST_F(Attack, FloodsOfNothingChangeNothing) {
    limits.unbound = Millis{60'000};
    start();
    Bystander bystander(*this);
    // Empty fragments of a message that never ends.
    WsClient endless(port, kPath);
    endless.raw.send(client_frame(kText, "", {.final = false}));
    std::string empty;
    for (int i = 0; i < 100'000; ++i) empty += client_frame(kContinuation, "", {.final = false});
    endless.raw.send(empty);
    EXPECT_TRUE(bystander.is_served());
    endless.raw.send(client_frame(kContinuation, ""));
    EXPECT_EQ(endless.read_frame().close_code(), 1007U) << "all of it was one empty message";
    // Empty transport messages, as old Faye clients send them now and then.
    WsClient keep_alive(port, kPath);
    std::string nothing;
    for (int i = 0; i < 100'000; ++i) nothing += client_frame(kText, "[]");
    keep_alive.raw.send(nothing);
    EXPECT_TRUE(bystander.is_served());
    EXPECT_NE(handshake(keep_alive), "");
    // An empty text frame is no JSON.
    WsClient no_json(port, kPath);
    no_json.send_text("");
    EXPECT_EQ(no_json.read_frame().close_code(), 1007U);
    EXPECT_TRUE(bystander.is_served());
}

TEST_F(Attack, AMessageInFragmentsOfOneByteIsOneMessageAndItsLimitHolds) {
    limits.max_message = 8192;
    start();
    Bystander bystander(*this);
    const auto in_bytes = [](std::string_view text, bool end) {
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            out += client_frame(i == 0 ? kText : kContinuation, text.substr(i, 1),
                                {.final = end && i + 1 == text.size()});
        }
        return out;
    };
    WsClient whole(port, kPath);
    const auto id = handshake(whole);
    const auto publish = Rig::publish(id, "/a", "\"" + std::string(8000, 'x') + "\"");
    whole.raw.send(in_bytes(publish, true));
    EXPECT_THAT(whole.read_text().value_or(""), HasSubstr("\"successful\":true"));
    WsClient endless(port, kPath);
    endless.raw.send(in_bytes(std::string(9000, ' '), false));
    EXPECT_EQ(endless.read_frame().close_code(), 1009U);
    EXPECT_TRUE(bystander.is_served());
}

TEST_F(Attack, OnlyAnnouncedBytesCostNothing) {
    start();
    Bystander bystander(*this);
    WsClient frame(port, kPath);
    frame.raw.send(client_frame(kText, "[", {.claimed_length = 1ULL << 40U}));
    EXPECT_EQ(frame.read_frame().close_code(), 1009U);
    Client body(port);
    body.send("POST " + std::string(kPath) +
              " HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n[");
    EXPECT_EQ(body.read_reply().status, 413);
    EXPECT_TRUE(bystander.is_served());
}

TEST_F(Attack, TheTableOfLimitsHoldsForBayeux) {
    engine_options.max_subscriptions = 32;
    start();
    Client client(port);
    const auto id = handshake(client);
    const auto many = [&](std::size_t count) {
        std::string all = "[";
        for (std::size_t i = 0; i < count; ++i) {
            if (i != 0) all += ',';
            all += Rig::publish(id, "/a", "1");
        }
        return all + "]";
    };
    const auto nested = [&](std::size_t depth) {
        // Two levels are the message and its array.
        return "[" + Rig::publish(id, "/a", std::string(depth - 2, '[') + std::string(depth - 2, ']')) + "]";
    };
    const std::pair<std::string, bool> kCases[] = {
        {many(1024), true},  {many(1025), false},  {many(5000), false},
        {nested(128), true}, {nested(129), false}, {nested(100'000), false},
    };
    for (const auto& [text, fits] : kCases) {
        Client sender(port);
        EXPECT_EQ(post(sender, text).status == 200, fits) << text.size();
    }
    for (std::size_t i = 0; i < 40; ++i) {
        const auto reply = post(client, Rig::subscribe(id, "/channel/" + std::to_string(i))).body;
        EXPECT_EQ(reply.contains("\"successful\":true"), i < 32) << i;
        EXPECT_TRUE(i < 32 || reply.contains("429:4501,subscriptions:rate_limited")) << reply;
    }
    EXPECT_EQ(engines->counters().subscriptions, 32U);
}

TEST_F(Attack, AnOutgoingQueueHoldsItsMessagesAndNoMore) {
    engine_options.queue_messages = 100;
    start();
    Client speaker(port);
    const auto speaker_id = handshake(speaker);
    for (const std::size_t count : {100U, 101U, 1000U}) {
        Client client(port);
        const auto id = handshake(client);
        post(client, Rig::connect(id, "1"));
        const auto channel = "/queue/" + std::to_string(count);
        post(client, Rig::subscribe(id, channel));
        for (std::size_t i = 0; i < count; ++i)
            post(speaker, Rig::publish(speaker_id, channel, std::to_string(i)));
        const auto reply = post(client, Rig::connect(id, "2")).body;
        if (count > 100) {
            EXPECT_THAT(reply, HasSubstr("402::session_unknown")) << count;
        } else {
            EXPECT_THAT(reply, HasSubstr("\"data\":0}"));
            EXPECT_THAT(reply, HasSubstr("\"data\":99}"));
        }
    }
    EXPECT_EQ(engines->counters().sessions_cut, 2U);
}

// One life, ended in one of many ways; the even ones go all the way.
class Churn {
  public:
    Churn(const testing::BayeuxServer& server, int number) : server_(server), number_(number) {}

    void run() {
        switch (number_ % 2 == 0 ? 0 : number_ / 2 % 8) {
            case 0:
                return whole();
            case 1:  // nothing but a connection
                return Client(server_.port).reset();
            case 2: {  // in mid-head
                Client client(server_.port);
                client.send("GET /cobrowse/cometd HTTP/1.1\r\nHost: x\r\nUpgr");
                return client.reset();
            }
            case 3:  // after the upgrade
                return WsClient(server_.port, server_.kPath).raw.reset();
            case 4: {  // in mid-frame of the handshake
                WsClient socket(server_.port, server_.kPath);
                socket.raw.send(client_frame(kText, R"([{"channel":"/meta/hands)", {.claimed_length = 120}));
                return socket.raw.reset();
            }
            case 5: {  // before its answer came
                WsClient socket(server_.port, server_.kPath);
                socket.send_text(Rig::kHandshake);
                return socket.raw.reset();
            }
            case 6: {  // the same over HTTP
                Client client(server_.port);
                client.send("POST /cobrowse/cometd HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n[");
                return client.reset();
            }
            default: {  // with a session, subscribed, and a connect held
                WsClient socket(server_.port, server_.kPath);
                const auto id = server_.handshake(socket);
                socket.send_text(Rig::subscribe(id, channel()));
                socket.send_text(Rig::connect(id, "2"));
                return socket.raw.reset();
            }
        }
    }

  private:
    std::string channel() const { return "/churn/" + std::to_string(number_ % 50); }
    void whole() {
        const bool polls = number_ % 8 == 0;
        if (polls) {
            Client client(server_.port);
            const auto id = server_.handshake(client);
            for (const auto& message : {Rig::connect(id, "1"), Rig::subscribe(id, channel()),
                                        Rig::message(id, "/meta/disconnect", "3")}) {
                EXPECT_THAT(server_.post(client, message).body, HasSubstr("\"successful\":true"));
            }
            return;
        }
        WsClient socket(server_.port, server_.kPath);
        const auto id = server_.handshake(socket);
        for (const auto& message : {Rig::connect(id, "1"), Rig::subscribe(id, channel()),
                                    Rig::message(id, "/meta/disconnect", "3")}) {
            socket.send_text(message);
            EXPECT_THAT(socket.read_text().value_or(""), HasSubstr("\"successful\":true"));
        }
        socket.send_close(1000);
    }

    const testing::BayeuxServer& server_;
    const int number_;
};

TEST_F(Attack, ChurnLeavesNothingBehind) {
    engine_options.max_interval = Millis{2000};
    start();
    const auto churn = [&](int cycles) {
        constexpr int kThreads = 4;
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, t] {
                for (int i = t; i < cycles; i += kThreads) Churn(*this, i).run();
            });
        }
        threads.clear();
        EXPECT_TRUE(eventually([&] { return all_gone() && all_closed(); }));
        const auto now = engines->counters();
        EXPECT_EQ(now.sessions, 0U);
        EXPECT_EQ(now.held, 0U);
        EXPECT_EQ(now.subscriptions, 0U);
        EXPECT_EQ(server->stats().connections, 0U);
        EXPECT_EQ(server->stats().websockets, 0U);
    };
    // A few thousand; ./test churn says more.
    constexpr int kFew = 3000;
    const char* wish = std::getenv("TWINPANE_CHURN");
    const int cycles = wish != nullptr ? std::atoi(wish) : kFew;
    churn(1000 + cycles / 4);
    const auto files = open_files();
    const auto resident = resident_bytes();
    const auto used = ::mallinfo2().uordblks;  // 0 under a sanitizer, which looks for leaks itself
    churn(cycles);
    EXPECT_EQ(open_files(), files);
    // Tables keep the size of their fullest moment; one session in ten left behind would be far more.
    constexpr std::size_t kNoise = 256U << 10U;
    EXPECT_LE(::mallinfo2().uordblks, used + used / 20 + kNoise);
    EXPECT_GE(engines->counters().handshakes, static_cast<unsigned>(cycles) / 2);
    if (cycles > kFew && used != 0) {
        EXPECT_LE(resident_bytes(), resident + resident / 20);
    }
}

TEST_F(Attack, WithoutFreeDescriptorsLiveSessionsGoOnAndNewOnesComeLater) {
    start();
    Bystander bystander(*this);
    struct rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const auto restore = [&] { ::setrlimit(RLIMIT_NOFILE, &before); };
    // Room for a few connections, both ends of which are in this process.
    auto less = before;
    less.rlim_cur = open_files() + 8;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &less), 0);
    {
        std::vector<std::unique_ptr<Client>> takers;
        for (int i = 0; i < 20; ++i) takers.push_back(std::make_unique<Client>(port));
        EXPECT_FALSE(takers.back()->connected());
        for (int i = 0; i < 20; ++i) EXPECT_TRUE(bystander.is_served());
    }
    restore();
    Client client(port);
    EXPECT_NE(handshake(client), "");
    EXPECT_TRUE(bystander.is_served());
}

}  // namespace
}  // namespace twinpane::transport
