// What the Bayeux extensions put into `ext`: pure text in, text out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twinpane::bayeux {

// timesync: a client that sends its clock gets the server's, and what it needs to work out lag and offset.
// All times are milliseconds since 1970.
struct TimeSync {
    std::int64_t client = 0;            // tc
    std::int64_t received = 0;          // ts
    std::optional<std::int64_t> error;  // a: how far the client's idea of our clock is off; old clients: none
    bool wanted = true;                 // false: the client is in time already

    // Reads ext.timesync of a request (`ext` is a JSON slice, or empty) that arrived at `now`.
    static std::optional<TimeSync> read(std::string_view ext, std::int64_t now);
    // The value of the reply's ext.timesync; `now` is when it leaves.
    std::string reply(std::int64_t now) const;
};

// ack: what a request's ext says.
bool wants_acknowledgements(std::string_view ext);
std::optional<std::uint32_t> acknowledged_batch(std::string_view ext);

// timestamp: ISO 8601 in UTC, as JSON: "\"2026-01-31T23:59:59.250Z\"".
std::string timestamp_json(std::int64_t unix_ms);

}  // namespace twinpane::bayeux
