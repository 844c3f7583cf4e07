#include "bayeux/extensions.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "bayeux/json.hpp"

namespace twinpane::bayeux {

namespace {

// A client that is this close need not be told; CometD's figure.
constexpr std::int64_t kAccuracy = 25;

std::optional<std::string_view> field(std::string_view ext, std::string_view name) {
    if (ext.empty() || ext.front() != '{') return std::nullopt;
    return json::member(ext, name);
}

// An integer within what a clock or a lag can be, so that sums stay exact.
std::optional<std::int64_t> integer(std::optional<std::string_view> slice) {
    constexpr std::int64_t kMost = 1LL << 53;
    std::int64_t value = 0;
    if (!slice) return std::nullopt;
    const auto* end = slice->data() + slice->size();
    const auto [stopped, error] = std::from_chars(slice->data(), end, value);
    if (error != std::errc{} || stopped != end || value > kMost || value < -kMost) return std::nullopt;
    return value;
}

}  // namespace

std::optional<TimeSync> TimeSync::read(std::string_view ext, std::int64_t now) {
    const auto sync = field(ext, "timesync");
    if (!sync || sync->front() != '{') return std::nullopt;
    const auto client = integer(json::member(*sync, "tc"));
    if (!client) return std::nullopt;
    TimeSync result;
    result.client = *client;
    result.received = now;
    if (const auto lag = integer(json::member(*sync, "l"))) {
        const auto offset = integer(json::member(*sync, "o")).value_or(0);
        result.error = *client + offset + *lag - now;
        result.wanted = *lag == 0 || std::abs(*result.error) >= kAccuracy;
    }
    return result;
}

std::string TimeSync::reply(std::int64_t now) const {
    auto text = "{\"tc\":" + std::to_string(client) + ",\"ts\":" + std::to_string(received) +
                ",\"p\":" + std::to_string(now - received);
    if (error) text += ",\"a\":" + std::to_string(*error);
    return text + '}';
}

bool wants_acknowledgements(std::string_view ext) {
    return field(ext, "ack") == "true";
}

std::optional<std::uint32_t> acknowledged_batch(std::string_view ext) {
    return json::small_integer(field(ext, "ack").value_or(""));
}

std::string timestamp_json(std::int64_t unix_ms) {
    const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds{unix_ms}};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{at - day};
    char text[40];
    std::snprintf(text, sizeof text, "\"%04d-%02u-%02uT%02d:%02d:%02d.%03dZ\"", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    return text;
}

}  // namespace twinpane::bayeux
