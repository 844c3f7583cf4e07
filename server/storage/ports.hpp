// What is kept, as its users need it. Each port is small; every implementation passes the contract suite in
// contract/. Calls return at once; `done` is called exactly once, on the executor that the port object was
// made for, after the data is as durable as the port promises. Calls from one thread take effect in their
// order, also over several ports of one store, so a read sees the writes before it. A call that fails has
// changed nothing; kStoreFailed when the store cannot be written, is full of unwritten calls or holds what it
// cannot read, kShuttingDown after it was closed. Strings are bytes to the store, UTF-8 by convention.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace twinpane::storage {

template <typename T>
using Done = std::move_only_function<void(Result<T>)>;

struct Participant {
    std::string user_id;          // public within the session
    std::string user_token_hash;  // hex SHA-256 of the secret
    int role = 0;                 // 1 customer, 2 agent, 3 controller
    std::string name;
    std::string account_id;  // agents: who it is
    std::int64_t joined_ms = 0;
    std::int64_t left_ms = 0;  // 0: still there
    bool operator==(const Participant&) const = default;
};

struct PageVisit {
    std::string url;  // without query and fragment unless the site's policy keeps them
    std::string title;
    std::int64_t entered_ms = 0;
    std::int64_t duration_ms = 0;  // 0 while it is the current one
    bool operator==(const PageVisit&) const = default;
};

// One entry of the session's time line: consent, mode changes, joins, breaks.
struct SessionEvent {
    std::int64_t at_ms = 0;
    std::string type;    // "consent", "mode", "joined", "left", ...
    std::string by;      // user id, or "server"
    std::string detail;  // small JSON object
    bool operator==(const SessionEvent&) const = default;
};

// A session, live or past. `id` is for ever; `token` (nine digits) names it while it lives.
struct SessionRecord {
    std::string id;  // UUID
    std::string token;
    std::string site;
    std::string node;              // owner
    std::string state;             // "created", "waiting", "active", "ended"
    std::string mode = "pointer";  // "pointer", "write"
    bool consent = false;          // the customer agreed to show the page
    std::int64_t created_ms = 0, activated_ms = 0, ended_ms = 0;
    std::string ended_by;          // "customer", "agent", "controller", "server"
    std::string end_reason;        // "self", "external", "timeout", "inactivity", "lost", "error", ...
    std::uint32_t page_epoch = 0;  // highest page life given out
    std::vector<Participant> participants;
    std::vector<PageVisit> pages;
    std::vector<SessionEvent> events;
    bool operator==(const SessionRecord&) const = default;
};

// Sessions that live now. Durable: what was acknowledged survives kill -9.
class LiveRegistry {
  public:
    virtual ~LiveRegistry() = default;
    // Inserts or replaces by id. kWrongState if `token` belongs to another live session.
    virtual void put(SessionRecord record, Done<void> done) = 0;
    virtual void find_token(std::string token, Done<std::optional<SessionRecord>> done) = 0;
    virtual void remove(std::string id, Done<void> done) = 0;
    // All of `node`'s; at start-up.
    virtual void load(std::string node, Done<std::vector<SessionRecord>> done) = 0;
};

// Ended sessions. Durable; one record per id; the last put wins.
class History {
  public:
    virtual ~History() = default;
    virtual void put(SessionRecord record, Done<void> done) = 0;
    virtual void find(std::string id, Done<std::optional<SessionRecord>> done) = 0;
};

// Ends a live session in one step: history written and live entry removed, or neither.
class SessionCloser {
  public:
    virtual ~SessionCloser() = default;
    virtual void close(SessionRecord ended, Done<void> done) = 0;
};

struct Account {
    std::string id;             // UUID
    std::string login;          // unique, lower-case
    std::string name;           // shown to customers
    std::string password_hash;  // Argon2id, libsodium's string form
    std::vector<std::string> roles;
    bool disabled = false;
    std::int64_t created_ms = 0;
    bool operator==(const Account&) const = default;
};

struct RefreshToken {
    std::string hash;  // hex SHA-256 of the secret
    std::string account_id;
    std::int64_t expires_ms = 0;
    bool operator==(const RefreshToken&) const = default;
};

class Accounts {
  public:
    virtual ~Accounts() = default;
    // kWrongState if another account has that login.
    virtual void put(Account account, Done<void> done) = 0;
    virtual void find_login(std::string login, Done<std::optional<Account>> done) = 0;
    virtual void find(std::string id, Done<std::optional<Account>> done) = 0;
    virtual void list(Done<std::vector<Account>> done) = 0;
    virtual void put_refresh(RefreshToken token, Done<void> done) = 0;
    // Finds and removes: a refresh token is good for one use.
    virtual void take_refresh(std::string hash, Done<std::optional<RefreshToken>> done) = 0;
};

}  // namespace twinpane::storage
