// A Bayeux server on free ports for tests of the transports: everything about it can be set before start().
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bayeux/testing/rig.hpp"
#include "net/testing/client.hpp"
#include "net/testing/test_server.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::transport::testing {

// Lets everybody do everything.
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

// Answers a publish on /service/who with what the transport knows about the sender.
class Who final : public bayeux::ServiceHandler {
  public:
    explicit Who(bayeux::Engine& engine) { engine.service("/service/who", *this); }
    void on_publish(const bayeux::Publish& publish, bayeux::Reply reply) override {
        const auto& peer = publish.peer;
        reply.fail(Error{Code::kBadField, {}}, "origin=" + peer.origin + " browser=" + peer.browser +
                                                   (peer.browser_bound ? " bound" : ""));
    }
    void on_session_removed(const bayeux::ClientRef&, bool) override {}
};

class BayeuxServer {
  public:
    static constexpr auto kPath = "/cobrowse/cometd";
    static constexpr auto kOrigin = "Origin: https://shop.example\r\n";
    using Client = net::testing::Client;
    using WsClient = net::testing::WsClient;

    ~BayeuxServer() {
        if (!server) return;
        engines->begin_shutdown();
        server->stop(Millis{2000});
    }

    void start() {
        server = net::Server::create(loops, net_limits);
        engines = std::make_unique<bayeux::EngineGroup>(engine_options);
        for (auto* loop : server->loops()) {
            services.push_back(std::make_unique<Who>(engines->add(*loop, *loop, clock, random, policy)));
        }
        options.random = &random;
        bayeux = std::make_unique<Bayeux>(
            *engines, [](net::Side, std::string_view origin) { return origin == "https://shop.example"; },
            limits, OnRefused{}, options);
        bayeux->mount(routes, net::Side::kPublic, {kPath});
        port = *server->listen(net::Side::kPublic, {}, routes);
        server->run();
    }

    net::testing::Reply post(Client& client, std::string_view body, std::string_view headers = {}) const {
        return client.request("POST", kPath, headers, body);
    }
    // The first message of an answer or a frame, without the array.
    static std::string first(std::string_view array) {
        return array.size() < 2 ? std::string() : std::string(array.substr(1, array.size() - 2));
    }
    std::string handshake(Client& client, std::string_view headers = {}) const {
        return Rig::field(first(post(client, Rig::kHandshake, headers).body), "clientId");
    }
    std::string handshake(WsClient& socket) const {
        socket.send_text(Rig::kHandshake);
        return Rig::field(first(socket.read_text().value_or("")), "clientId");
    }

    using Rig = bayeux::testing::Rig;
    unsigned loops = 2;
    net::Limits net_limits;
    bayeux::EngineOptions engine_options;
    BayeuxLimits limits;
    BayeuxOptions options;

    SystemClock clock;
    SystemRandom random;
    OpenPolicy policy;
    net::RouteTable routes;
    std::unique_ptr<net::Server> server;
    std::unique_ptr<bayeux::EngineGroup> engines;
    std::vector<std::unique_ptr<Who>> services;
    std::unique_ptr<Bayeux> bayeux;
    std::uint16_t port = 0;
};

}  // namespace twinpane::transport::testing
