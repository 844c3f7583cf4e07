// HTTP/1.1 as the rest of the house sees it: a request in, one answer out, later if need be. The parser
// (Beast, behind the strict wall) stays inside net/detail_beast.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/executor.hpp"
#include "net/loop.hpp"

namespace twinpane::net {

enum class Side : std::uint8_t { kPublic, kInternal };

// Names are compared without case. Values as received, blanks trimmed.
class Headers {
  public:
    void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
    // The first one of that name.
    std::optional<std::string_view> find(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

  private:
    std::vector<std::pair<std::string, std::string>> items_;
};

struct Request {
    std::string method;
    std::string target;  // as sent
    std::string path;    // percent-decoded once, no dot segments, no empty segments; "/" at least
    std::string query;   // without '?', as sent
    Headers headers;
    std::string body;  // within the route's limit
    std::string peer;  // remote address without port
    Side side = Side::kPublic;
    bool secure = false;   // came by TLS that ends here
    Loop* loop = nullptr;  // the loop this request is served on

    // The decoded value of `name` in the query, if there.
    std::optional<std::string> query_value(std::string_view name) const;
    // The value of cookie `name`, if there.
    std::optional<std::string_view> cookie(std::string_view name) const;
};

struct Response {
    int status = 200;
    Headers headers;  // Content-Length, Date, Connection, Strict-Transport-Security are net's own
    std::string body;
    bool compressible = true;  // may be sent gzipped when the client takes it and it is worth it
};

// Answers one request, once. Any thread may keep it, but calls belong on request.loop's thread. If it is
// dropped unanswered, the client gets 500.
class Responder {
  public:
    virtual ~Responder() = default;
    virtual void respond(Response response) = 0;
    // Streamed answer: head first, then body parts (chunked), then end. `write` returns the bytes now queued;
    // the writer pauses above 1 MiB until the task given to `on_drained` runs. That task runs on the loop,
    // each time the queue has been above 1 MiB and has fallen to 256 KiB; giving another one replaces it. A
    // streamed answer dropped before end() is cut off, so that the client sees that it is incomplete.
    virtual void start(int status, Headers headers) = 0;
    virtual std::size_t write(std::string part) = 0;
    virtual void end() = 0;
    virtual void on_drained(Task task) = 0;
    // Called at most once, on the loop, if the client goes away before the answer was complete and handed to
    // the kernel; so possibly after respond() or end().
    virtual void on_gone(Task task) = 0;
};

using Handler = std::function<void(Request, std::shared_ptr<Responder>)>;

// Called for a request with "Upgrade: websocket" under the route, after the HTTP checks: return a handler for
// the connection or an HTTP answer that refuses it. Sub-protocol selection: set `protocol`.
class WebSocket;
class WebSocketHandler {
  public:
    virtual ~WebSocketHandler() = default;
    // A whole text message, UTF-8 checked. The view ends with the call; 64 readable bytes follow it (padding
    // for SIMD parsers).
    virtual void on_message(std::string_view text) = 0;
    virtual void on_binary(std::string_view) {}
    // Once, last. `code` is the close code, 1006 when the connection broke.
    virtual void on_close(std::uint16_t code) = 0;
};

// A server-side WebSocket connection. On its loop's thread only.
class WebSocket {
  public:
    virtual ~WebSocket() = default;
    // Queues one whole message for the end of the turn. `frame` is an encoded frame (net/ws_codec.hpp
    // encode_text_frame), shared by any number of connections. Above the queue bounds (1 MiB, 4,096 frames)
    // the connection is closed with 4502 and false returned.
    virtual bool send(SharedBytes frame) = 0;
    virtual std::size_t queued_bytes() const = 0;
    // Above 0 when permessage-deflate is agreed on: compressed frames made for a window of at most that many
    // bits (net/deflater.hpp) may be sent too.
    virtual int deflate_bits() const { return 0; }
    bool deflates() const { return deflate_bits() > 0; }
    // Starts the closing handshake after what is queued.
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual Loop& loop() = 0;
};

struct UpgradeRefusal {
    Response response;
};
struct UpgradeAccept {
    std::shared_ptr<WebSocketHandler> handler;  // kept until on_close has run
    std::string protocol;
    std::size_t max_message = 1U << 20U;
    // Agree on permessage-deflate (RFC 7692) if the client offers it, always without context takeover. Never
    // for connections that carry secrets beside what others may choose, unless somebody has asked for it:
    // lengths tell (CRIME, BREACH).
    bool deflate = false;
};
using UpgradeDecision = std::pair<std::optional<UpgradeRefusal>, UpgradeAccept>;
using UpgradeHandler = std::function<UpgradeDecision(const Request&, std::shared_ptr<WebSocket>)>;

struct RouteLimits {
    std::size_t max_body = 64U << 10U;
};

// One table per side, built before start, read-only afterwards (any loop). Among the routes that match path
// and method the longest wins: exact paths before prefixes, longer prefixes before shorter. A prefix matches
// whole segments. HEAD falls back to GET (the body is left out). No match: 404, or 405 with Allow when the
// path is there.
class RouteTable {
  public:
    void exact(std::string method, std::string path, Handler handler, RouteLimits limits = {});
    void prefix(std::string method, std::string path, Handler handler, RouteLimits limits = {});
    void upgrade(std::string path, UpgradeHandler handler);  // exact path

    struct Match {
        const Handler* handler = nullptr;
        const UpgradeHandler* upgrade = nullptr;
        RouteLimits limits;
        std::vector<std::string> allowed;  // methods, when the path exists but not for this method
        bool upgrade_only = false;         // the path takes nothing but WebSocket upgrades
    };
    Match find(std::string_view method, std::string_view path, bool wants_upgrade) const;

  private:
    struct Entry {
        std::string method, path;
        Handler handler;
        RouteLimits limits;
        bool is_prefix = false;
    };
    std::vector<Entry> entries_;
    std::vector<std::pair<std::string, UpgradeHandler>> upgrades_;
};

}  // namespace twinpane::net
