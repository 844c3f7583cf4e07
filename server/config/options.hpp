// The one table of options: name, type, default, range and documentation. The reader, --check,
// --print-defaults and docs/ops/configuration.md all come from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace twinpane::config {

enum class Type : std::uint8_t {
    kBool,
    kInt,
    kDuration,  // milliseconds; written as 500ms, 30s, 10m, 12h or a bare number of milliseconds
    kSize,      // bytes; written as 64KiB, 1MiB or a bare number of bytes
    kText,
    kChoice,    // one of `choices`
    kOrigin,    // scheme://host[:port], nothing after it; may be empty where the default is
    kList,      // of texts
    kOrigins,   // list of origins
    kPaths,     // list of URL paths
    kChannels,  // list of broadcast channels and patterns
    kChoices,   // list of `choices`, at least one; may be written as one text with commas
    kToken,  // a word as HTTP knows it (RFC 9110), for names of cookies and the like; may be empty where the
             // default is
    kIgnored,  // any value, accepted without effect and with a warning; `doc` says why
};

// The Bayeux transports, as far as options tell them apart.
enum class Transport : std::uint8_t { kWebSocket, kLongPolling, kCallbackPolling };
using Transports = unsigned;  // bit 1 << Transport

using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct Option {
    std::string_view name;  // dotted; "sites[]." for the fields of each site
    Type type;
    std::string_view fallback;      // as it would be written in the file
    std::int64_t min = 0, max = 0;  // for kInt, kDuration, kSize
    std::vector<std::string_view> choices;
    std::string_view doc;
    // "cometd." options: the transports that may have a value of their own. It is written with CometD's
    // prefixes: cometd.ws.timeout, cometd.long-polling.timeout,
    // cometd.long-polling.json.timeout, cometd.long-polling.jsonp.timeout; the longer name
    // wins.
    Transports transports = 0;
};

const std::vector<Option>& options();

// Nullptr if there is no such option.
const Option* find_option(std::string_view name);

// A name with the prefix of a transport ("cometd.ws.timeout"): the option that it specialises, nullptr
// if there is none, and whether that option may differ by transport.
struct ScopedName {
    const Option* option = nullptr;
    bool allowed = false;
};
ScopedName split_scope(std::string_view name);

// The names with prefixes under which `name` may have a value for `transport`, the strongest first.
std::vector<std::string> scoped_names(std::string_view name, Transport transport);

// Is `name` the beginning of options' names, up to a dot?
bool is_section(std::string_view name);

// The value of `text` under `option`, or the reason why it isn't one (a sentence without a full stop).
std::variant<Value, std::string> parse_value(const Option& option, std::string_view text);
// The same for the elements of a list.
std::variant<Value, std::string> parse_list(const Option& option, const std::vector<std::string>& items);

// Is it a type whose value is a list?
bool is_list(Type type);

// The option's default as a value. A list's is written with commas.
Value default_value(const Option& option);

// "30s", "64KiB": the shortest exact way to write a value.
std::string show(const Option& option, const Value& value);

// An absolute path of plain segments: no escapes, no dot segments, no '/' at the end.
bool is_url_path(std::string_view text);

// A broadcast channel, or a pattern that ends in a segment '*' or '**'. Not below /meta or /service.
bool is_broadcast_pattern(std::string_view text);

// scheme://host[:port] with http or https, a host without user info, no path, query or trailing slash, lower
// case.
bool is_origin(std::string_view text);

}  // namespace twinpane::config
