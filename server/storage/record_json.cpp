#include "storage/record_json.hpp"

#include <boost/json.hpp>

#include <concepts>
#include <type_traits>

namespace twinpane::storage {

namespace json = boost::json;

namespace {

constexpr int kVersion = 1;

// Each record names its fields once, for both directions: each_field(record, f) calls f("key", member).

template <typename Record, typename F>
    requires std::same_as<std::remove_const_t<Record>, Participant>
void each_field(Record& r, F f) {
    f("user", r.user_id), f("token", r.user_token_hash), f("role", r.role), f("name", r.name);
    f("account", r.account_id), f("joined", r.joined_ms), f("left", r.left_ms);
}

template <typename Record, typename F>
    requires std::same_as<std::remove_const_t<Record>, PageVisit>
void each_field(Record& r, F f) {
    f("url", r.url), f("title", r.title), f("entered", r.entered_ms), f("duration", r.duration_ms);
}

template <typename Record, typename F>
    requires std::same_as<std::remove_const_t<Record>, SessionEvent>
void each_field(Record& r, F f) {
    f("at", r.at_ms), f("type", r.type), f("by", r.by), f("detail", r.detail);
}

template <typename Record, typename F>
    requires std::same_as<std::remove_const_t<Record>, SessionRecord>
void each_field(Record& r, F f) {
    f("id", r.id), f("token", r.token), f("site", r.site), f("node", r.node), f("state", r.state),
        f("mode", r.mode);
    f("consent", r.consent), f("created", r.created_ms), f("activated", r.activated_ms),
        f("ended", r.ended_ms);
    f("endedBy", r.ended_by), f("endReason", r.end_reason), f("pageEpoch", r.page_epoch);
    f("participants", r.participants), f("pages", r.pages), f("events", r.events);
}

template <typename Record, typename F>
    requires std::same_as<std::remove_const_t<Record>, Account>
void each_field(Record& r, F f) {
    f("id", r.id), f("login", r.login), f("name", r.name), f("password", r.password_hash),
        f("roles", r.roles);
    f("disabled", r.disabled), f("created", r.created_ms);
}

template <typename Record, typename F>
    requires std::same_as<std::remove_const_t<Record>, RefreshToken>
void each_field(Record& r, F f) {
    f("hash", r.hash), f("account", r.account_id), f("expires", r.expires_ms);
}

template <typename T>
constexpr bool kIsVector = false;
template <typename T>
constexpr bool kIsVector<std::vector<T>> = true;

template <typename T>
json::value write(const T& value) {
    if constexpr (std::same_as<T, std::string> || std::is_arithmetic_v<T>) {
        return json::value(value);
    } else if constexpr (kIsVector<T>) {
        json::array out;
        out.reserve(value.size());
        for (const auto& item : value) out.push_back(write(item));
        return out;
    } else {
        json::object out;
        each_field(value, [&out](std::string_view key, const auto& member) { out[key] = write(member); });
        return out;
    }
}

// Throws what Boost.JSON throws for a value of another type; parse() turns it into an Error.
template <typename T>
void read(const json::value& from, T& out) {
    if constexpr (std::same_as<T, std::string>) {
        out = from.as_string();
    } else if constexpr (std::same_as<T, bool>) {
        out = from.as_bool();
    } else if constexpr (std::is_arithmetic_v<T>) {
        out = from.to_number<T>();
    } else if constexpr (kIsVector<T>) {
        for (const json::value& item : from.as_array()) read(item, out.emplace_back());
    } else {
        const json::object& fields = from.as_object();
        each_field(out, [&fields](std::string_view key, auto& member) {
            if (const json::value* held = fields.if_contains(key)) read(*held, member);
        });
    }
}

template <typename T>
std::string serialize(const T& record) {
    json::value out = write(record);
    out.as_object()["v"] = kVersion;
    return json::serialize(out);
}

template <typename T>
Result<T> parse(std::string_view text) {
    json::parse_options options;
    options.allow_invalid_utf8 = true;  // whatever was given to the port comes back
    json::error_code error;
    const json::value held = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
    const json::object* fields = error ? nullptr : held.if_object();
    if (fields == nullptr) return fail(Code::kStoreFailed, "a stored record is not a JSON object");
    const json::value* version = fields->if_contains("v");
    if (version == nullptr || !version->is_int64() || version->as_int64() != kVersion) {
        return fail(Code::kStoreFailed, "a stored record has another version than 1");
    }
    try {
        T out;
        read(held, out);
        return out;
    } catch (const std::exception&) {  // the message may quote the record
        return fail(Code::kStoreFailed, "a field of a stored record has the wrong type");
    }
}

}  // namespace

std::string to_json(const SessionRecord& record) {
    return serialize(record);
}
std::string to_json(const Account& account) {
    return serialize(account);
}
std::string to_json(const RefreshToken& token) {
    return serialize(token);
}

Result<SessionRecord> session_from_json(std::string_view json) {
    return parse<SessionRecord>(json);
}
Result<Account> account_from_json(std::string_view json) {
    return parse<Account>(json);
}
Result<RefreshToken> refresh_from_json(std::string_view json) {
    return parse<RefreshToken>(json);
}

}  // namespace twinpane::storage
