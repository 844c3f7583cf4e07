// The least that the work costs: a bare epoll loop that does the same reads and writes as the server under
// test, WebSocket framing included, and nothing else. No checks, no bounds, no timers: it serves
// bench/load, not the world.
//   bench_baseline PORT
// Prints the port (0 picks one); ends with its standard input.
//   /echo        sends every message back
//   /pub/NAME    every message goes to all who came as /sub/NAME, and an 80-byte reply to its sender
//   /sub/NAME
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct Connection;

struct Channel {
    std::vector<Connection*> subscribers;
};

struct Connection {
    int socket = -1;
    bool upgraded = false;
    Channel* publishes = nullptr;  // echoes if it neither publishes nor subscribes
    Channel* subscribes = nullptr;
    std::string in;   // an unfinished frame
    std::string out;  // what the kernel did not take
};

// The answer to an upgrade with the key that bench/load always sends.
constexpr std::string_view kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
constexpr std::string_view kReply =
    R"([{"id":"00000000","channel":"/bench/0","successful":true,"padding":"xxxxxxx"}])";
static_assert(kReply.size() == 78, "with its frame: 80 bytes");

class Loop {
  public:
    explicit Loop(int listener) : listener_(listener), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
        watch(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, this);
    }

    void run() {
        std::array<::epoll_event, 256> events;  // NOLINT: filled by the kernel
        while (true) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const auto& event = events[static_cast<std::size_t>(i)];
                if (event.data.ptr == nullptr) {
                    accept_all();
                } else if (event.data.ptr == this) {
                    if (::read(STDIN_FILENO, buffer_.data(), 1) <= 0) return;
                } else {
                    serve(*static_cast<Connection*>(event.data.ptr), event.events);
                }
            }
        }
    }

  private:
    void watch(int operation, int descriptor, std::uint32_t events, void* what) const {
        ::epoll_event event{events, {.ptr = what}};
        ::epoll_ctl(epoll_, operation, descriptor, &event);
    }

    void accept_all() {
        int socket = 0;
        while ((socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto* connection = new Connection;  // NOLINT: lives until serve() closes it
            connection->socket = socket;
            watch(EPOLL_CTL_ADD, socket, EPOLLIN, connection);
        }
    }

    void serve(Connection& connection, std::uint32_t events) {
        if ((events & EPOLLOUT) != 0) {
            watch(EPOLL_CTL_MOD, connection.socket, EPOLLIN, &connection);
            send(connection, std::exchange(connection.out, {}));
        }
        if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
        const auto got = ::recv(connection.socket, buffer_.data(), buffer_.size(), 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) return close(connection);
        char* bytes = buffer_.data();
        auto size = static_cast<std::size_t>(got);
        if (!connection.in.empty()) {
            connection.in.append(bytes, size);
            bytes = connection.in.data();
            size = connection.in.size();
        }
        const auto taken =
            connection.upgraded ? take_frames(connection, bytes, size) : upgrade(connection, {bytes, size});
        std::string rest(bytes + taken, size - taken);
        connection.in = std::move(rest);
    }

    std::size_t upgrade(Connection& connection, std::string_view head) {
        if (!head.ends_with("\r\n\r\n")) return 0;
        const auto path = head.substr(4, head.find(' ', 4) - 4);
        if (path.starts_with("/pub/")) connection.publishes = &channels_[std::string(path.substr(5))];
        if (path.starts_with("/sub/")) {
            connection.subscribes = &channels_[std::string(path.substr(5))];
            connection.subscribes->subscribers.push_back(&connection);
        }
        connection.upgraded = true;
        send(connection, kUpgraded);
        return head.size();
    }

    std::size_t take_frames(Connection& connection, char* bytes, std::size_t size) {
        out_.clear();
        replies_.clear();
        std::size_t taken = 0;
        while (true) {
            const std::size_t left = size - taken;
            auto* frame = reinterpret_cast<unsigned char*>(bytes + taken);
            if (left < 2) break;
            std::size_t head = 6;
            std::uint64_t length = frame[1] & 0x7FU;
            if (length == 126) {
                head = 8;
                if (left < head) break;
                length = static_cast<std::uint64_t>(frame[2]) << 8U | frame[3];
            }
            if (left < head + length) break;
            taken += head + length;
            unmask(bytes + taken - length, length, frame + head - 4);
            if ((frame[0] & 0x0FU) > 2) continue;
            append_frame(out_, {bytes + taken - length, length});
            if (connection.publishes != nullptr) append_frame(replies_, kReply);
        }
        if (out_.empty()) return taken;
        if (connection.publishes == nullptr) {
            send(connection, out_);
            return taken;
        }
        for (auto* subscriber : connection.publishes->subscribers) send(*subscriber, out_);
        send(connection, replies_);
        return taken;
    }

    static void unmask(char* at, std::size_t size, const unsigned char* key) {
        std::uint32_t narrow = 0;
        std::memcpy(&narrow, key, sizeof narrow);
        const auto wide = static_cast<std::uint64_t>(narrow) << 32U | narrow;
        std::size_t i = 0;
        for (; i + 8 <= size; i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at + i, sizeof word);
            word ^= wide;
            std::memcpy(at + i, &word, sizeof word);
        }
        for (; i < size; ++i) at[i] = static_cast<char>(static_cast<unsigned char>(at[i]) ^ key[i % 4]);
    }

    static void append_frame(std::string& out, std::string_view payload) {
        out.push_back(static_cast<char>(0x81));
        if (payload.size() < 126) {
            out.push_back(static_cast<char>(payload.size()));
        } else {
            out.push_back(126);
            out.push_back(static_cast<char>(payload.size() >> 8U));
            out.push_back(static_cast<char>(payload.size() & 0xFFU));
        }
        out.append(payload);
    }

    void send(Connection& connection, std::string_view bytes) {
        if (connection.out.empty()) {
            const auto sent =
                ::send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
            if (bytes.empty()) return;
            watch(EPOLL_CTL_MOD, connection.socket, EPOLLIN | EPOLLOUT, &connection);
        }
        connection.out.append(bytes);
    }

    static void close(Connection& connection) {
        if (connection.subscribes != nullptr) std::erase(connection.subscribes->subscribers, &connection);
        ::close(connection.socket);
        delete &connection;  // NOLINT: its events of this round are done
    }

    const int listener_;
    const int epoll_;
    std::map<std::string, Channel> channels_;
    std::array<char, 65536> buffer_{};
    std::string out_, replies_;
};

}  // namespace

int main(int argc, char** argv) {
    ::rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
    ::socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<::sockaddr*>(&address), size) != 0 ||
        ::listen(listener, 4096) != 0) {
        std::perror("bench_baseline");
        return 1;
    }
    ::getsockname(listener, reinterpret_cast<::sockaddr*>(&address), &size);
    std::printf("%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
    std::fflush(stdout);
    Loop(listener).run();
    return 0;
}
