// Loops and listeners: posting, timers, the flush at the turn's end, ports, limits, stopping.
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "net/testing/test_server.hpp"

namespace twinpane::net {
namespace {

using testing::Client;
using testing::eventually;
using testing::mirror_handler;
using testing::TestServer;

TEST(Loops, RunPostedTasksInOrder) {
    TestServer server;
    ASSERT_TRUE(server.start());
    std::vector<int> order;
    auto* loop = server.server->loops()[0];
    for (int i = 0; i < 1000; ++i) loop->post([&order, i] { order.push_back(i); });
    server.on_loop([] {});
    ASSERT_EQ(order.size(), 1000U);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Loops, PostFromManyThreads) {
    TestServer server;
    ASSERT_TRUE(server.start());
    int count = 0;  // touched on the loop only
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 5000; ++i) server.server->loops()[0]->post([&count] { ++count; });
            });
        }
    }
    EXPECT_EQ(server.on_loop([&count] { return count; }), 20'000);
}

TEST(Loops, KnowWhereTheyAre) {
    TestServer server;
    server.loops = 2;
    ASSERT_TRUE(server.start());
    const auto loops = server.server->loops();
    ASSERT_EQ(loops.size(), 2U);
    EXPECT_EQ(loops[1]->index(), 1U);
    EXPECT_FALSE(loops[0]->is_here());
    EXPECT_TRUE(server.on_loop([&] { return loops[1]->is_here() && !loops[0]->is_here(); }, 1));
}

TEST(Loops, TimersFireInOrderOfTime) {
    TestServer server;
    ASSERT_TRUE(server.start());
    auto* loop = server.server->loops()[0];
    std::vector<int> fired;
    std::atomic<bool> done{false};
    server.on_loop([&] {
        loop->after(Millis{60}, [&] { fired.push_back(3); });
        loop->after(Millis{20}, [&] { fired.push_back(1); });
        const auto cancelled = loop->after(Millis{30}, [&] { fired.push_back(99); });
        loop->after(Millis{40}, [&] { fired.push_back(2); });
        loop->after(Millis{90}, [&] { done = true; });
        loop->cancel(cancelled);
    });
    ASSERT_TRUE(eventually([&] { return done.load(); }));
    EXPECT_EQ(fired, (std::vector{1, 2, 3}));
}

TEST(Loops, ATimerSetByATimer) {
    TestServer server;
    ASSERT_TRUE(server.start());
    auto* loop = server.server->loops()[0];
    std::atomic<int> runs{0};
    std::function<void()> again = [&] {
        if (++runs < 5) loop->after(Millis{1}, [&] { again(); });
    };
    server.on_loop([&] { loop->after(Millis{1}, [&] { again(); }); });
    EXPECT_TRUE(eventually([&] { return runs == 5; }));
}

struct CountingFlush final : Flushable {
    void flush() override { ++flushes; }
    std::atomic<int> flushes{0};
};

TEST(Loops, FlushOnceAtTheEndOfTheTurn) {
    TestServer server;
    ASSERT_TRUE(server.start());
    auto* loop = server.server->loops()[0];
    const auto item = std::make_shared<CountingFlush>();
    server.on_loop([&] {
        for (int i = 0; i < 10; ++i) loop->flush_at_end(item);
        // Tasks that are ready in this turn come before the flush.
        loop->post([&] {
            loop->flush_at_end(item);
            EXPECT_EQ(item->flushes, 0);
        });
        EXPECT_EQ(item->flushes, 0);
    });
    EXPECT_TRUE(eventually([&] { return item->flushes == 1; }));
    server.on_loop([&] { loop->flush_at_end(item); });
    EXPECT_TRUE(eventually([&] { return item->flushes == 2; }));
}

TEST(Loops, TasksPostedAfterTheEndAreDestroyed) {
    TestServer server;
    ASSERT_TRUE(server.start());
    auto* loop = server.server->loops()[0];
    server.server->stop(Millis{0});
    const auto token = std::make_shared<int>(0);
    loop->post([token] { FAIL(); });
    EXPECT_EQ(token.use_count(), 1);
}

TEST(Listener, NamesABusyPort) {
    const RouteTable routes;
    for (const unsigned loops : {1U, 2U}) {
        const auto first = Server::create(loops, {});
        const auto port = first->listen(Side::kPublic, {}, routes);
        ASSERT_TRUE(port);
        EXPECT_NE(*port, 0);
        for (const unsigned others : {1U, 2U}) {
            const auto second = Server::create(others, {});
            const auto busy = second->listen(Side::kInternal, {.port = *port}, routes);
            ASSERT_FALSE(busy) << "two servers would share the port unnoticed";
            EXPECT_EQ(busy.error().code, Code::kBadRequest);
            EXPECT_EQ(busy.error().context,
                      "127.0.0.1:" + std::to_string(*port) + " is in use by another program");
        }
    }
}

TEST(Listener, NamesWhatItCannotBind) {
    const RouteTable routes;
    const auto server = Server::create(1, {});
    const auto foreign = server->listen(Side::kPublic, {.host = "203.0.113.7"}, routes);
    ASSERT_FALSE(foreign);
    EXPECT_TRUE(foreign.error().context.starts_with("can't listen on 203.0.113.7:0: "))
        << foreign.error().context;
    const auto nonsense = server->listen(Side::kPublic, {.host = "no such host."}, routes);
    ASSERT_FALSE(nonsense);
    EXPECT_NE(nonsense.error().context.find("no such host."), std::string::npos);
}

TEST(Listener, TakesNamesAndIpv6) {
    RouteTable routes;
    routes.prefix("GET", "/", mirror_handler());
    const auto server = Server::create(1, {});
    EXPECT_TRUE(server->listen(Side::kPublic, {.host = "localhost"}, routes));
    const auto any = server->listen(Side::kPublic, {.host = "::"}, routes);
    ASSERT_TRUE(any);
    server->run();
    Client client(*any);
    EXPECT_EQ(client.request("GET", "/x").body, "GET /x?|");
}

TEST(Listener, SeveralLoopsShareAPort) {
    TestServer server;
    server.loops = 2;
    std::atomic<unsigned> seen{0};
    server.routes.prefix("GET", "/",
                         [&](const Request& request, const std::shared_ptr<Responder>& responder) {
                             seen |= 1U << request.loop->index();
                             responder->respond({});
                         });
    ASSERT_TRUE(server.start());
    // The kernel spreads connections by hash: sooner or later both loops have had one.
    EXPECT_TRUE(eventually([&] {
        Client client(server.port);
        EXPECT_EQ(client.request("GET", "/").status, 200);
        return seen == 3U;
    }));
}

TEST(Listener, SidesHaveTheirOwnRoutes) {
    RouteTable routes[2];
    routes[0].exact("GET", "/public", mirror_handler());
    routes[1].exact("GET", "/internal",
                    [](const Request& request, const std::shared_ptr<Responder>& responder) {
                        EXPECT_EQ(request.side, Side::kInternal);
                        responder->respond({});
                    });
    const auto server = Server::create(1, {});
    const auto outside = server->listen(Side::kPublic, {}, routes[0]);
    const auto inside = server->listen(Side::kInternal, {}, routes[1]);
    ASSERT_TRUE(outside && inside);
    server->run();
    Client customer(*outside);
    Client agent(*inside);
    EXPECT_EQ(customer.request("GET", "/public").status, 200);
    EXPECT_EQ(customer.request("GET", "/internal").status, 404);
    EXPECT_EQ(agent.request("GET", "/internal").status, 200);
    EXPECT_EQ(agent.request("GET", "/public").status, 404);
}

TEST(Listener, RefusesAboveTheConnectionLimit) {
    TestServer server;
    server.limits.max_connections = 3;
    server.routes.prefix("GET", "/", mirror_handler());
    ASSERT_TRUE(server.start());
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<Client>(server.port));
        EXPECT_EQ(clients.back()->request("GET", "/").status, 200);
    }
    Client fourth(server.port);
    const auto reply = fourth.read_reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.body.find("\"code\":5004"), std::string::npos);
    EXPECT_TRUE(fourth.ended());
    EXPECT_EQ(server.server->stats().refused, 1U);
    clients.pop_back();
    EXPECT_TRUE(eventually([&] {
        Client next(server.port);
        return next.request("GET", "/").status == 200;
    })) << "a place that is free again is given again";
}

TEST(Listener, ComesBackWhenDescriptorsWereExhausted) {
    TestServer server;
    server.routes.prefix("GET", "/", mirror_handler());
    ASSERT_TRUE(server.start());
    ::rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    // The next descriptor is the client's, the one after that would be the server's.
    const int next = ::dup(0);
    ::close(next);
    auto tight = before;
    tight.rlim_cur = static_cast<::rlim_t>(next) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    Client client(server.port);
    client.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    const bool refused = eventually([&] { return server.server->stats().refused > 0; });
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(refused);
    EXPECT_EQ(client.read_reply().body, "GET /late?|") << "the backlog kept the caller";
}

TEST(Stop, FinishesWhatIsBegunAndRefusesTheRest) {
    TestServer server;
    std::shared_ptr<Responder> held;
    std::atomic<bool> called{false};
    server.routes.exact("GET", "/held", [&](const Request&, std::shared_ptr<Responder> responder) {
        held = std::move(responder);
        called = true;
    });
    server.routes.exact("GET", "/", mirror_handler());
    ASSERT_TRUE(server.start());
    Client busy(server.port);
    Client idle(server.port);
    EXPECT_EQ(idle.request("GET", "/").status, 200);
    busy.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return called.load(); }));
    auto* loop = server.server->loops()[0];
    std::thread stopper([&] { server.server->stop(Millis{20'000}); });
    EXPECT_TRUE(idle.ended()) << "idle connections are closed at once";
    EXPECT_TRUE(eventually([&] { return !Client(server.port).connected(); })) << "nobody listens any more";
    loop->post([&] {
        Response response;
        response.body = "finished";
        std::exchange(held, nullptr)->respond(std::move(response));
    });
    const auto reply = busy.read_reply();
    EXPECT_EQ(reply.body, "finished");
    EXPECT_EQ(reply.header("Connection"), "close");
    EXPECT_TRUE(busy.ended());
    stopper.join();
    EXPECT_EQ(server.server->stats().connections, 0U);
}

TEST(Stop, EndsAtItsDeadline) {
    TestServer server;
    std::vector<std::shared_ptr<Responder>> held;
    std::atomic<bool> called{false}, gone{false};
    server.routes.exact("GET", "/held", [&](const Request&, std::shared_ptr<Responder> responder) {
        responder->on_gone([&] { gone = true; });
        held.push_back(std::move(responder));
        called = true;
    });
    ASSERT_TRUE(server.start());
    Client client(server.port);
    client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return called.load(); }));
    server.server->stop(Millis{30});
    EXPECT_TRUE(gone) << "the one who holds the answer is told";
    EXPECT_TRUE(client.ended());
    held.front()->respond({});  // long after: nothing happens
    server.server.reset();
    held.clear();  // a Responder may outlive the server
}

TEST(Stop, WithoutRunAndTwice) {
    const RouteTable routes;
    const auto server = Server::create(2, {});
    ASSERT_TRUE(server->listen(Side::kPublic, {}, routes));
    server->stop(Millis{10});
    server->stop(Millis{10});
}

}  // namespace
}  // namespace twinpane::net
