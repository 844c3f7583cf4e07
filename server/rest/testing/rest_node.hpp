// A node for tests of REST: real listeners on real loops, Bayeux clients made by hand, everything kept in
// memory, and a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cobrowse/testing/fake_engine.hpp"
#include "cobrowse/testing/fake_mirror.hpp"
#include "net/server.hpp"
#include "net/testing/client.hpp"
#include "rest/accounts.hpp"
#include "rest/context.hpp"
#include "rest/routes.hpp"
#include "storage/testing/memory_store.hpp"

namespace twinpane::rest::testing {

namespace json = boost::json;
using cobrowse::testing::FakeEngine;
using cobrowse::testing::FakeMirror;
using net::testing::Client;
using net::testing::Reply;

inline constexpr auto kPassword = "correct horse battery";
inline constexpr std::string_view kViewerHost = "view.localhost:8701";
inline constexpr std::string_view kShop = "Origin: https://shop.example\r\n";
inline constexpr std::string_view kJson = "Content-Type: application/json\r\n";

class MovedClock final : public Clock {
  public:
    Millis monotonic() const override { return real_.monotonic() + Millis{ahead_.load()}; }
    std::int64_t unix_ms() const override { return real_.unix_ms() + ahead_.load(); }
    void advance(Millis by) { ahead_ += by.count(); }

  private:
    SystemClock real_;
    std::atomic<std::int64_t> ahead_{0};
};

class RestNode {
  public:
    explicit RestNode(unsigned loops = 2)
        : log(observe::Level::kError, ""),
          server_(net::Server::create(loops, {})),
          tokens("0123456789abcdef0123456789abcdef", clock, Millis{15 * 60'000}),
          signer("0123456789abcdef0123456789abcdef") {
        cobrowse::Config config;
        cobrowse::Site shop;
        shop.name = "shop";
        shop.origins = {"https://shop.example"};
        config.sites = {shop};
        config.resource_url = [this](std::string_view scope, std::int64_t now) {
            return signer.url("http://view.localhost:8701", scope, now);
        };
        config.resources_done = [this](std::string_view scope) { resources.drop(scope); };
        std::vector<cobrowse::LoopParts> parts;
        std::vector<LoopParts> rest_parts;
        for (auto* loop : server_->loops()) {
            engines_.push_back(std::make_unique<FakeEngine>(loop->index()));
            live_.push_back(store.live(*loop));
            closers_.push_back(store.closer(*loop));
            accounts_.push_back(store.accounts(*loop));
            history_.push_back(store.history(*loop));
            parts.push_back({*loop, *loop, *engines_.back(), *live_.back(), *closers_.back()});
            rest_parts.push_back({*loop, *accounts_.back(), *history_.back()});
        }
        cobrowse_ = std::make_unique<cobrowse::Cobrowse>(
            config, clock, random,
            [this](page::MirrorLimits) { return std::make_unique<FakeMirror>(nodes_); }, log, parts);
        Settings settings;
        settings.public_url = "http://cobrowse.localhost:8700";
        settings.internal_url = "http://agent.localhost:8701";
        settings.viewer_origin = "http://view.localhost:8701";
        context = std::make_unique<RestContext>(settings, rest_parts, *cobrowse_, resources, signer, tokens,
                                                workers_, clock, random, log);
        mount_public(public_routes_, *context);
        mount_internal(internal_routes_, *context);
        public_port = *server_->listen(net::Side::kPublic, {}, public_routes_);
        internal_port = *server_->listen(net::Side::kInternal, {}, internal_routes_);
        server_->run();
        add_account("anna");
    }
    ~RestNode() {
        server_->stop(Millis{200});
        cobrowse_.reset();
    }

    storage::Account add_account(const std::string& login, bool disabled = false) {
        // One hash for all: making them is slow.
        static const auto hash = hash_password(kPassword);
        storage::Account account;
        account.id = "id-of-" + login;
        account.login = login;
        account.name = "Agent " + login;
        account.password_hash = hash;
        account.roles = {"agent"};
        account.disabled = disabled;
        on_loop(0, [&] { accounts_[0]->put(account, [](Result<void> stored) { ASSERT_TRUE(stored); }); });
        return account;
    }

    // Runs `work` on a loop and waits for it.
    template <typename F>
    std::invoke_result_t<F> on_loop(unsigned i, F work) {
        std::packaged_task<std::invoke_result_t<F>()> task(std::move(work));
        auto result = task.get_future();
        server_->loops()[i]->post([&task] { task(); });
        if (result.wait_for(std::chrono::seconds(20)) != std::future_status::ready) std::abort();
        return result.get();
    }

    // A Bayeux verb of a client on loop i; its answer, or null when it failed.
    json::value verb(const bayeux::ClientRef& who, const std::string& name, const json::value& data) {
        const auto i = who.loop;
        const std::string channel = name.starts_with("/") ? name : "/service/session/" + name;
        const auto receipt =
            on_loop(i, [&] { return engines_[i]->publish(who, channel, serialize(data), "\"q\""); });
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!on_loop(i, [&] { return receipt->done; })) {
            if (std::chrono::steady_clock::now() > until) return nullptr;
            std::this_thread::yield();
        }
        return on_loop(i, [&]() -> json::value {
            if (receipt->error) return nullptr;
            auto& inbox = engines_[i]->client(who).inbox;
            for (auto it = inbox.rbegin(); it != inbox.rend(); ++it) {
                if (it->id == "\"q\"" && it->channel == channel) return it->data;
            }
            return json::object{};
        });
    }
    bayeux::ClientRef connect(unsigned loop, int role, const std::string& account = "anna") {
        return on_loop(loop, [&] {
            if (role == 1) return engines_[loop]->connect({false, "https://shop.example", "192.0.2.1"}, {});
            bayeux::Principal who;
            who.kind = bayeux::Principal::Kind::kAgent;
            who.id = "id-of-" + account;
            who.name = "Agent " + account;
            return engines_[loop]->connect({true, "", "192.0.2.2"}, who);
        });
    }

    Reply get(const std::string& target, const std::string& headers = {}) {
        return Client(internal_port).request("GET", target, headers);
    }
    Reply post(const std::string& target, const json::value& body, const std::string& headers = {}) {
        return Client(internal_port).request("POST", target, std::string(kJson) + headers, serialize(body));
    }
    Reply public_post(const std::string& target, const json::value& body, const std::string& headers = {}) {
        return Client(public_port).request("POST", target, std::string(kJson) + headers, serialize(body));
    }
    // Any host name, no default headers.
    Reply raw(std::uint16_t port, const std::string& head, const std::string& body = {}) {
        Client client(port);
        client.send(head + (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
                    "\r\n" + body);
        return client.read_reply();
    }
    std::string bearer(const std::string& login = "anna") const {
        return "Authorization: Bearer " +
               tokens.issue({"id-of-" + login, login, "Agent " + login, {"agent"}}) + "\r\n";
    }

    MovedClock clock;
    SystemRandom random;
    observe::Log log;
    storage::testing::MemoryStore store;
    resource::Store resources;

  private:
    std::unique_ptr<net::Server> server_;
    std::shared_ptr<FakeMirror::Nodes> nodes_ = std::make_shared<FakeMirror::Nodes>();
    std::vector<std::unique_ptr<FakeEngine>> engines_;
    std::vector<std::unique_ptr<storage::LiveRegistry>> live_;
    std::vector<std::unique_ptr<storage::SessionCloser>> closers_;
    std::vector<std::unique_ptr<storage::Accounts>> accounts_;
    std::vector<std::unique_ptr<storage::History>> history_;
    std::unique_ptr<cobrowse::Cobrowse> cobrowse_;
    PasswordWorkers workers_{1, 16};
    net::RouteTable public_routes_, internal_routes_;

  public:
    AccessTokens tokens;
    resource::Signer signer;
    std::unique_ptr<RestContext> context;
    std::uint16_t public_port = 0;
    std::uint16_t internal_port = 0;
};

inline json::object body_of(const Reply& reply) {
    boost::system::error_code error;
    auto value = json::parse(reply.body, error);
    return error || !value.is_object() ? json::object{} : value.as_object();
}
// The number of a problem document; 0 if it is none.
inline int code_of(const Reply& reply) {
    if (reply.header("Content-Type") != "application/problem+json") return 0;
    const auto body = body_of(reply);
    if (!body.contains("code") || body.at("status") != reply.status) return 0;
    return static_cast<int>(body.at("code").as_int64());
}

// A session with a page, made over Bayeux.
struct Shown {
    explicit Shown(RestNode& owner, unsigned customer_loop = 0, unsigned agent_loop = 1) : node(owner) {
        customer = node.connect(customer_loop, 1);
        agent = node.connect(agent_loop, 2);
        token = text(node.verb(customer, "create", json::object{}), "sessionToken");
        const auto joined = node.verb(customer, "join", {{"sessionToken", token}, {"role", 1}});
        customer_token = text(joined, "userToken");
        id = text(joined, "sessionHistoryId");
        agent_token = text(node.verb(agent, "join", {{"sessionToken", token}, {"role", 2}}), "userToken");
    }
    static std::string text(const json::value& from, std::string_view name) {
        return from.is_object() ? std::string(from.at(name).as_string()) : "";
    }
    void allow() { node.verb(customer, "consent", {{"allow", true}}); }
    void show(int lines = 1, const std::string& filler = "") {
        allow();
        node.verb(
            customer, "/service/page",
            json::parse(R"({"v":1,"e":1,"s":1,"o":[[0,{"u":"https://shop.example/a?x=1","t":"A"}],[1]]})"));
        for (int s = 2; s <= lines; ++s) {
            node.verb(customer, "/service/page", {{"v", 1}, {"e", 1}, {"s", s}, {"o", {{21, filler}}}});
        }
    }

    RestNode& node;
    bayeux::ClientRef customer, agent;
    std::string token, id, customer_token, agent_token;
};

}  // namespace twinpane::rest::testing
