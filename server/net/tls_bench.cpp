// What an idle WebSocket costs the server's process, in clear and with TLS, and what a handshake costs in
// CPU. The server is a process of its own, so that only it is measured; the client keeps bare sockets. Prints
// a table and, last, a line of JSON. Exit code 1: more than the 26 KiB that a TLS connection may cost.
//   tls_bench [connections]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/server.hpp"
#include "net/testing/tls.hpp"

namespace twinpane::net {
namespace {

constexpr double kMostTlsKib = 26;
constexpr int kWarmUp = 200;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(2);
}

class Silent final : public WebSocketHandler {
  public:
    void on_message(std::string_view) override {}
    void on_close(std::uint16_t) override {}
};

struct Child {
    pid_t pid = 0;
    std::uint16_t port = 0;
};

// One loop, no pings: nothing happens on a connection once it is open.
Child start_server(const std::optional<TlsFiles>& tls) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) die("pipe");
    const pid_t pid = ::fork();
    if (pid < 0) die("fork");
    if (pid > 0) {
        ::close(pipe[1]);
        Child child{pid, 0};
        if (::read(pipe[0], &child.port, sizeof child.port) != sizeof child.port) die("the server");
        ::close(pipe[0]);
        return child;
    }
    Limits limits;
    limits.ws_ping = Millis{3'600'000};
    limits.max_connections = 1'000'000;
    RouteTable routes;
    routes.upgrade("/ws", [](const Request&, const std::shared_ptr<WebSocket>&) {
        UpgradeDecision decision;
        decision.second.handler = std::make_shared<Silent>();
        return decision;
    });
    const auto server = Server::create(1, limits);
    const auto port = server->listen(Side::kPublic, {.tls = tls}, routes);
    if (!port) {
        std::fprintf(stderr, "%s\n", port.error().context.c_str());
        std::exit(2);
    }
    server->run();
    if (::write(pipe[1], &*port, sizeof *port) != sizeof *port) std::exit(2);
    ::close(pipe[1]);
    while (true) ::pause();
}

// Opens a WebSocket and keeps nothing but the socket.
int open_idle(std::uint16_t port, bool tls) {
    static constexpr std::string_view kAsk =
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket < 0 || ::connect(socket, reinterpret_cast<::sockaddr*>(&address), sizeof address) != 0)
        die("connect");
    std::array<char, 4096> reply{};
    long got = 0;
    if (tls) {
        testing::TlsLayer layer(socket, {});
        if (!layer.connected() || layer.send(kAsk) <= 0) die("handshake");
        got = layer.receive(reply.data(), reply.size());
    } else {
        if (::send(socket, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) < 0) die("send");
        got = ::recv(socket, reply.data(), reply.size(), 0);
    }
    if (got <= 0 ||
        !std::string_view(reply.data(), static_cast<std::size_t>(got)).starts_with("HTTP/1.1 101"))
        die("upgrade");
    return socket;
}

double resident_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr);
    }
    die("VmRSS");
}

double cpu_us(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/schedstat");
    double main_thread = 0;
    stat >> main_thread;
    double all = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        std::ifstream each(task.path() / "schedstat");
        double nanoseconds = 0;
        if (each >> nanoseconds) all += nanoseconds;
    }
    return std::max(all, main_thread) / 1000;
}

struct Cost {
    double kib = 0, open_us = 0;
};

Cost measure(const std::optional<TlsFiles>& tls, int connections) {
    const auto server = start_server(tls);
    std::vector<int> sockets;
    for (int i = 0; i < kWarmUp; ++i) sockets.push_back(open_idle(server.port, tls.has_value()));
    const auto kib = resident_kib(server.pid);
    const auto cpu = cpu_us(server.pid);
    for (int i = 0; i < connections; ++i) sockets.push_back(open_idle(server.port, tls.has_value()));
    Cost cost;
    cost.open_us = (cpu_us(server.pid) - cpu) / connections;
    cost.kib = (resident_kib(server.pid) - kib) / connections;
    for (const int socket : sockets) ::close(socket);
    ::kill(server.pid, SIGKILL);
    ::waitpid(server.pid, nullptr, 0);
    return cost;
}

int run(int connections) {
    ::rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const testing::Folder folder;
    const auto pair = testing::write_certificate(folder.path, "server", "localhost");
    const auto plain = measure(std::nullopt, connections);
    const auto tls = measure(pair, connections);
    std::printf("  %d idle WebSockets        in clear        TLS 1.3\n", connections);
    std::printf("  process memory each     %7.2f KiB    %7.2f KiB   (at most %.0f)\n", plain.kib, tls.kib,
                kMostTlsKib);
    std::printf("  CPU to open one         %7.0f us     %7.0f us\n", plain.open_us, tls.open_us);
    std::printf(R"({"name":"tls","connections":%d,"plain_kib":%.2f,"tls_kib":%.2f,"most_tls_kib":%.0f,)"
                R"("plain_open_us":%.0f,"tls_open_us":%.0f})"
                "\n",
                connections, plain.kib, tls.kib, kMostTlsKib, plain.open_us, tls.open_us);
    return tls.kib <= kMostTlsKib ? 0 : 1;
}

}  // namespace
}  // namespace twinpane::net

int main(int argc, char** argv) {
    return twinpane::net::run(argc > 1 ? std::atoi(argv[1]) : 5000);
}
