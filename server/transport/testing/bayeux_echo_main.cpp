// A Bayeux server for tests with stock clients: two loops, open broadcast channels, and a service
// /service/echo:
//   /service/echo          answers with the data it got, under the same id
//   /service/echo/late     the same, but the publish reply follows 50 ms later
//   /service/echo/bye      disconnects the caller
//   /service/echo/<other>  404:4004:unknown_verb
// Usage: bayeux_echo [PORT [MILLISECONDS [OPTION...]]]: port to listen on (0 picks one), how long a connect
// is held, and
//   callback-polling          is served, too
//   cookie                    cookie mode; the cookie goes to insecure pages, too
//   deliver-only              messages come with the answers to connects only
//   max-interval=MS           how long a silent session is kept
//   multi-session=MS          the pause for a browser's surplus sessions
//   deflate                   permessage-deflate is agreed on
//   origin=ORIGIN             a page that may connect; without any, all may
// Prints the port, then answers each line "counters" on its standard input with one line of JSON; runs until
// that ends.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <vector>

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

struct Arguments {
    std::uint16_t port = 0;
    bayeux::EngineOptions engine;
    transport::BayeuxOptions transports;
    std::vector<std::string> origins;
};

// False: an argument is not known.
bool read_arguments(std::span<char*> words, Arguments& out) {
    if (words.size() > 1) out.port = static_cast<std::uint16_t>(std::atoi(words[1]));
    if (words.size() > 2) out.engine.timeout = Millis{std::atoi(words[2])};
    for (std::string_view word : words.subspan(std::min<std::size_t>(3, words.size()))) {
        const auto equals = std::min(word.find('='), word.size());
        const auto name = word.substr(0, equals);
        const auto value = word.substr(std::min(equals + 1, word.size()));
        if (name == "callback-polling") {
            out.transports.callback_polling.on = true;
            out.engine.connection_types.emplace_back(name);
        } else if (name == "cookie") {
            out.transports.cookie = transport::BrowserCookie{.secure = false};
        } else if (name == "deliver-only") {
            out.engine.meta_connect_deliver_only = true;
        } else if (name == "max-interval") {
            out.engine.max_interval = Millis{std::atoi(std::string(value).c_str())};
        } else if (name == "multi-session") {
            out.engine.multi_session_interval = Millis{std::atoi(std::string(value).c_str())};
        } else if (name == "deflate") {
            out.transports.compression.offered = true;
        } else if (name == "origin") {
            out.origins.emplace_back(value);
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!read_arguments({argv, static_cast<std::size_t>(argc)}, arguments)) {
        std::fprintf(stderr, "see the head of bayeux_echo_main.cpp for the arguments\n");
        return 2;
    }

    SystemClock clock;
    SystemRandom random;
    OpenPolicy policy;
    net::RouteTable routes;
    const auto server = net::Server::create(2, {});
    const auto loops = server->loops();
    std::vector<Echo> echoes(loops.size());
    bayeux::EngineGroup engines(arguments.engine);
    for (std::size_t i = 0; i < loops.size(); ++i) {
        echoes[i].attach(engines.add(*loops[i], *loops[i], clock, random, policy), *loops[i]);
    }
    arguments.transports.random = &random;
    const auto allowed = [&origins = arguments.origins](net::Side, std::string_view origin) {
        return origins.empty() || std::ranges::find(origins, origin) != origins.end();
    };
    transport::Bayeux bayeux(engines, allowed, {}, {}, arguments.transports);
    bayeux.mount(routes, net::Side::kPublic, {"/cobrowse/cometd"});
    const auto port =
        server->listen(net::Side::kPublic, {.host = "127.0.0.1", .port = arguments.port}, routes);
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
