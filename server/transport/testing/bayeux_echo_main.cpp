// A Bayeux server for tests with stock clients: two loops, open broadcast channels, and a service
// /service/echo:
//   /service/echo          answers with the data it got, under the same id
//   /service/echo/late     the same, but the publish reply follows 50 ms later
//   /service/echo/bye      disconnects the caller
//   /service/echo/<other>  404:4004:unknown_verb
// Usage: bayeux_echo [PORT [MILLISECONDS]]: port to listen on (0 picks one), how long a connect is held.
// Prints the port, then answers each line "counters" on its standard input with one line of JSON; runs until
// that ends.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "bayeux/engine_group.hpp"
#include "net/server.hpp"
#include "transport/bayeux.hpp"

namespace {

using namespace twinpane;

class OpenPolicy final : public bayeux::SecurityPolicy {
  public:
    void handshake(
        const bayeux::Peer&, std::string_view ext,
        std::move_only_function<void(Result<std::shared_ptr<const bayeux::Principal>>)> done) override {
        // A handshake that says so is denied, to see what clients make of it.
        if (ext.find("\"deny\"") != std::string_view::npos) return done(fail(Code::kNotAuthenticated));
        done(std::make_shared<const bayeux::Principal>());
    }
    bool may_subscribe(const bayeux::Principal&, const bayeux::Peer&, std::string_view channel) override {
        return !channel.starts_with("/closed");
    }
    bool may_publish(const bayeux::Principal&, const bayeux::Peer&, std::string_view channel) override {
        return !channel.starts_with("/closed");
    }
};

class Echo final : public bayeux::ServiceHandler {
  public:
    void attach(bayeux::Engine& engine, Timers& timers) {
        engine_ = &engine;
        timers_ = &timers;
        engine.service("/service/echo", *this);
    }
    void on_publish(const bayeux::Publish& publish, bayeux::Reply reply) override {
        if (publish.channel == "/service/echo") {
            engine_->deliver(publish.from, publish.channel, publish.data, publish.id);
            reply.ok();
        } else if (publish.channel == "/service/echo/late") {
            engine_->deliver(publish.from, publish.channel, publish.data, publish.id);
            timers_->after(Millis{50}, [late = std::move(reply)]() mutable { late.ok(); });
        } else if (publish.channel == "/service/echo/bye") {
            reply.ok();
            engine_->disconnect(publish.from);
        } else {
            reply.fail(Error{Code::kUnknownVerb, {}});
        }
    }
    void on_session_removed(const bayeux::ClientRef&, bool) override {}

  private:
    bayeux::Engine* engine_ = nullptr;
    Timers* timers_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
    const auto wanted = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
    bayeux::EngineOptions options;
    options.timeout = Millis{argc > 2 ? std::atoi(argv[2]) : 30'000};

    SystemClock clock;
    SystemRandom random;
    OpenPolicy policy;
    net::RouteTable routes;
    const auto server = net::Server::create(2, {});
    const auto loops = server->loops();
    std::vector<Echo> echoes(loops.size());
    bayeux::EngineGroup engines(options);
    for (std::size_t i = 0; i < loops.size(); ++i) {
        echoes[i].attach(engines.add(*loops[i], *loops[i], clock, random, policy), *loops[i]);
    }
    transport::Bayeux bayeux(engines, [](net::Side, std::string_view) { return true; });
    bayeux.mount(routes, net::Side::kPublic, {"/cobrowse/cometd"});
    const auto port = server->listen(net::Side::kPublic, {.host = "127.0.0.1", .port = wanted}, routes);
    if (!port) {
        std::fprintf(stderr, "%s\n", port.error().context.c_str());
        return 1;
    }
    server->run();
    std::printf("%u\n", static_cast<unsigned>(*port));
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        const auto now = engines.counters();
        std::printf(R"({"sessions":%llu,"held":%llu,"subscriptions":%llu})"
                    "\n",
                    static_cast<unsigned long long>(now.sessions), static_cast<unsigned long long>(now.held),
                    static_cast<unsigned long long>(now.subscriptions));
        std::fflush(stdout);
    }
    engines.begin_shutdown();
    server->stop(Millis{1000});
    return 0;
}
