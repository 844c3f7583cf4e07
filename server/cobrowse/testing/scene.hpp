// A customer and an agent in one session, on loops as a test wants them.
#pragma once

#include "cobrowse/testing/world.hpp"

namespace twinpane::cobrowse::testing {

inline std::string page_batch(std::int64_t e, std::int64_t s,
                              const std::string& url = "https://shop.example/a?q=1#f",
                              const std::string& title = "Shop") {
    return R"({"v":1,"e":)" + std::to_string(e) + R"(,"s":)" + std::to_string(s) + R"(,"o":[[0,{"u":")" +
           url + R"(","t":")" + title + R"("}],[1]]})";
}
inline std::string batch(std::int64_t e, std::int64_t s, const std::string& ops = "[10,1,0,5]") {
    return R"({"v":1,"e":)" + std::to_string(e) + R"(,"s":)" + std::to_string(s) + R"(,"o":[)" + ops + "]}";
}
inline std::string act(std::int64_t e, const std::string& acts, int n = 1) {
    return R"({"v":1,"e":)" + std::to_string(e) + R"(,"n":)" + std::to_string(n) + R"(,"a":[)" + acts + "]}";
}

// Where the parties' Bayeux sessions live; the session runs where the customer is.
struct Layout {
    unsigned loops, customer, agent;
};

struct Scene {
    explicit Scene(Layout layout = {1, 0, 0}, Config config = test_config(), std::uint64_t seed = 1,
                   bool real_pages = false)
        : world(layout.loops, std::move(config), seed, real_pages),
          customer(world.customer(layout.customer)),
          agent(world.agent(layout.agent)) {}

    void waiting(std::string_view site = "shop") {
        if (site == "bank") customer = world.customer(customer.ref().loop, "https://bank.example");
        customer.start(site);
        EXPECT_EQ(agent.join(customer.session_token, 2), kOk);
    }
    // Joined and allowed; nothing shown yet. `e` is the epoch to use.
    void allowed(std::string_view site = "shop") {
        waiting(site);
        EXPECT_EQ(customer.call("consent", {{"allow", true}, {"text", "May they look?"}}), kOk);
        for (const auto& event : customer.take()) {
            if (event.at("type") == "page") e = event.at("e").as_int64();
        }
        EXPECT_GT(e, 0);
        agent.take();
    }
    void shown(std::string_view site = "shop") {
        allowed(site);
        EXPECT_EQ(customer.publish(kPageChannel, page_batch(e, 1)), kOk);
        agent.take();
        agent.take(kPageChannel);
        customer.take();
    }
    void write(std::string_view site = "shop") {
        shown(site);
        EXPECT_EQ(agent.call("mode", {{"want", "write"}}), kOk);
        const auto id = agent.answer().at("requestId");
        EXPECT_EQ(customer.call("mode", {{"answer", id}, {"allow", true}}), kOk);
        agent.take();
        customer.take();
    }
    std::shared_ptr<Session> session() { return world.session(customer.session_token); }

    World world;
    User customer, agent;
    std::int64_t e = 0;
};

}  // namespace twinpane::cobrowse::testing
