#include "options.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

#include "probe.hpp"

namespace twinpane::load {

namespace {

constexpr const char* kUsage =
    "bench_load SCENARIO --url http://127.0.0.1:PORT/PATH [option…]\n"
    "  echo       --count connections, --size bytes: each sends the next message when the last is back\n"
    "  publish    --count pairs, --size, --across: a publisher and a subscriber each, one message in flight\n"
    "  fanout     --count subscribers, --burst, --size: bursts to all of them\n"
    "  rooms      --count clients, --rate messages/s, --size: 100 rooms, 10 for each client, on a schedule\n"
    "  idle       --count sessions: what they weigh\n"
    "  reconnect  --count sessions, --live others, --jitter, --forget: all lose their connections at once\n"
    "  --transport websocket|long-polling|bare, --warmup s, --seconds s, --pid server, --cpu number\n";

bool parse_url(std::string_view url, Target& target) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return false;
    url.remove_prefix(scheme + 3);
    const auto slash = std::min(url.find('/'), url.size());
    const auto authority = url.substr(0, slash);
    const auto colon = authority.rfind(':');
    if (colon == std::string_view::npos) return false;
    auto host = std::string(authority.substr(0, colon));
    if (host == "localhost") host = "127.0.0.1";
    const auto port = authority.substr(colon + 1);
    std::from_chars(port.data(), port.data() + port.size(), target.port);
    target.host = authority;
    target.path = slash < url.size() ? std::string(url.substr(slash)) : "/";
    target.address.sin_family = AF_INET;
    target.address.sin_port = htons(target.port);
    return target.port != 0 && ::inet_pton(AF_INET, host.c_str(), &target.address.sin_addr) == 1;
}

bool parse_transport(std::string_view name, Transport& transport) {
    static const std::map<std::string_view, Transport> kNames{{"websocket", Transport::kWebSocket},
                                                              {"long-polling", Transport::kLongPolling},
                                                              {"bare", Transport::kBare}};
    const auto found = kNames.find(name);
    if (found == kNames.end()) return false;
    transport = found->second;
    return true;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv) {
    Options options;
    bool good = argc > 1;
    if (good) options.scenario = argv[1];
    const std::map<std::string_view, unsigned*> numbers{{"--count", &options.count},
                                                        {"--live", &options.live},
                                                        {"--size", &options.size},
                                                        {"--burst", &options.burst},
                                                        {"--rate", &options.rate}};
    const std::map<std::string_view, bool*> flags{
        {"--across", &options.across}, {"--forget", &options.forget}, {"--jitter", &options.jitter}};
    for (int i = 2; i < argc && good; ++i) {
        const std::string_view name = argv[i];
        if (const auto flag = flags.find(name); flag != flags.end()) {
            *flag->second = true;
            continue;
        }
        good = i + 1 < argc;
        if (!good) break;
        const char* value = argv[++i];
        if (name == "--url") {
            good = parse_url(value, options.target);
        } else if (name == "--transport") {
            good = parse_transport(value, options.transport);
        } else if (name == "--pid") {
            options.pid = std::atoi(value);
        } else if (name == "--cpu") {
            options.cpu = std::atoi(value);
        } else if (name == "--warmup") {
            options.warmup = std::atof(value);
        } else if (name == "--seconds") {
            options.seconds = std::atof(value);
        } else if (const auto number = numbers.find(name); number != numbers.end()) {
            *number->second = static_cast<unsigned>(std::strtoul(value, nullptr, 10));
        } else {
            good = false;
        }
    }
    if (!good || options.target.port == 0) {
        std::fputs(kUsage, stderr);
        return std::nullopt;
    }
    if (options.pid == 0) options.pid = pid_listening_on(options.target.port);
    return options;
}

}  // namespace twinpane::load
