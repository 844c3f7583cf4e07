// A server on a free port for tests, with its routes and limits; and waiting for a condition.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "net/server.hpp"
#include "net/testing/client.hpp"

namespace twinpane::net::testing {

// True as soon as `condition` holds; false when it does not within kPatience.
inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

struct TestServer {
    RouteTable routes;
    Limits limits;
    std::optional<TlsFiles> tls;
    OnRefused on_refused;
    unsigned loops = 1;
    std::unique_ptr<Server> server;
    std::uint16_t port = 0;

    // After routes and limits are set. False: no port.
    bool start() {
        server = Server::create(loops, limits, on_refused);
        const auto bound = server->listen(Side::kPublic, {.tls = tls}, routes);
        if (!bound) return false;
        port = *bound;
        server->run();
        return true;
    }

    // Runs `call` on a loop's thread and waits for its result.
    template <typename Call>
    auto on_loop(Call call, unsigned index = 0) {
        std::promise<decltype(call())> promise;
        auto result = promise.get_future();
        server->loops()[index]->post([&promise, &call] {
            if constexpr (std::is_void_v<decltype(call())>) {
                call();
                promise.set_value();
            } else {
                promise.set_value(call());
            }
        });
        return result.get();
    }
};

// Answers "<method> <path>?<query>|<body>" as text/plain.
inline Handler mirror_handler() {
    return [](const Request& request, const std::shared_ptr<Responder>& responder) {
        Response response;
        response.headers.add("Content-Type", "text/plain");
        response.body = request.method + " " + request.path + "?" + request.query + "|" + request.body;
        responder->respond(std::move(response));
    };
}

}  // namespace twinpane::net::testing
