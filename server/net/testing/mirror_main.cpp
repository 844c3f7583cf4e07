// An HTTP server for the tests behind proxies: answers every request with what it understood
// (mirror_handler), and writes the same down as a line of JSON on its standard output, with the X-Mark
// headers that the proxy has put on. Prints its port first, runs until its standard input ends.
#include <cstdio>
#include <iostream>
#include <mutex>
#include <string>

#include "net/server.hpp"
#include "net/testing/test_server.hpp"
#include "net/text.hpp"

namespace {
using namespace twinpane;

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7F || c == '"' || c == '\\') {
            static constexpr char kHex[] = "0123456789abcdef";
            out += {'\\', 'u', '0', '0', kHex[byte >> 4U], kHex[byte & 15U]};
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string line_of(const net::Request& request) {
    std::string marks;
    for (const auto& [name, value] : request.headers.items()) {
        if (net::equal_no_case(name, "X-Mark")) marks += (marks.empty() ? "" : ",") + in_quotes(value);
    }
    return "{\"method\":" + in_quotes(request.method) + ",\"target\":" + in_quotes(request.target) +
           ",\"marks\":[" + marks + "],\"body\":" + in_quotes(request.body) + "}";
}
}  // namespace

int main() {
    std::mutex mutex;
    net::RouteTable routes;
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
        routes.prefix(
            method, "/",
            [&mutex](const net::Request& request, const std::shared_ptr<net::Responder>& responder) {
                {
                    const std::lock_guard lock(mutex);
                    std::printf("%s\n", line_of(request).c_str());
                    std::fflush(stdout);
                }
                net::testing::mirror_handler()(request, responder);
            });
    }
    const auto server = net::Server::create(1, {});
    const auto port = server->listen(net::Side::kPublic, {}, routes);
    if (!port) {
        std::fprintf(stderr, "%s\n", port.error().context.c_str());
        return 1;
    }
    server->run();
    std::printf("%u\n", static_cast<unsigned>(*port));
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
    }
    server->stop(Millis{1000});
    return 0;
}
