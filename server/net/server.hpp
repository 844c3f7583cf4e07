// The running network side: N loops on N threads, and listeners that open one SO_REUSEPORT socket per loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/http.hpp"
#include "net/loop.hpp"
#include "net/tls.hpp"

namespace twinpane::net {

struct Limits {
    std::size_t max_head = 16U << 10U;
    std::size_t max_fields = 100;
    Millis tls_handshake{10'000};
    Millis head_timeout{10'000};
    Millis body_timeout{30'000};
    Millis keep_alive{75'000};
    Millis write_stall{10'000};
    Millis ws_ping{25'000};
    Millis ws_pong{8'000};
    std::size_t ws_queue_bytes = 1U << 20U;
    std::size_t ws_queue_frames = 4096;
    std::size_t max_connections = 15'000;  // per process, both sides together
};

struct ListenAddress {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;                      // 0 picks a free one; listen() says which
    std::optional<TlsFiles> tls = std::nullopt;  // nothing: in clear
};

// Counters for metrics and tests; every gauge goes back to zero. Bytes as on the wire. Any thread.
struct Stats {
    std::uint64_t connections = 0, websockets = 0, requests = 0, bytes_in = 0, bytes_out = 0, refused = 0;
};

// Told when a peer's bytes were refused below the routes: malformed HTTP, too large, too slow, a broken
// WebSocket frame, a failed TLS handshake. `number` is one of ours (base/errors.def) or a WebSocket close
// code; `why` never holds the peer's bytes. On the connection's loop.
using OnRefused = std::function<void(int number, std::string_view peer, std::string_view why)>;

class Server {
  public:
    // Creates `loops` loops (at least one), not yet running.
    static std::unique_ptr<Server> create(unsigned loops, Limits limits, OnRefused on_refused = {});
    virtual ~Server() = default;

    virtual std::vector<Loop*> loops() = 0;
    // Binds and listens at once; connections are accepted once run() is called. The table must outlive the
    // server. Error kBadRequest with "address:port is in use by another program" style context when it can't
    // bind, kBadCertificate when the TLS files can't be used.
    virtual Result<std::uint16_t> listen(Side side, const ListenAddress& address,
                                         const RouteTable& routes) = 0;
    // Reads the files of every TLS listener again; connections from now on get the new certificates, living
    // ones keep theirs. Error kBadCertificate: one of them can't be used, and nothing has changed. Blocks on
    // the disk; by the thread that listens and stops.
    virtual Result<void> reload_tls() = 0;
    // Starts the loops' threads; returns at once.
    virtual void run() = 0;
    // Two-phase stop: no new connections, then WebSockets closed (1001) and answers finished, at most `drain`
    // long; then the loops stop and their threads are joined. Not from a loop's thread.
    virtual void stop(Millis drain) = 0;
    virtual Stats stats() const = 0;
};

}  // namespace twinpane::net
