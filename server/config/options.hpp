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
    kChoice,  // one of `choices`
    kOrigin,  // scheme://host[:port], nothing after it; may be empty where the default is
    kList,    // of texts
    kOrigins  // list of origins
};

using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct Option {
    std::string_view name;  // dotted; "sites[]." for the fields of each site
    Type type;
    std::string_view fallback;      // as it would be written in the file
    std::int64_t min = 0, max = 0;  // for kInt, kDuration, kSize
    std::vector<std::string_view> choices;
    std::string_view doc;
};

const std::vector<Option>& options();

// Nullptr if there is no such option.
const Option* find_option(std::string_view name);

// The value of `text` under `option`, or the reason why it isn't one (a sentence without a full stop).
std::variant<Value, std::string> parse_value(const Option& option, std::string_view text);
// The same for the elements of a list.
std::variant<Value, std::string> parse_list(const Option& option, const std::vector<std::string>& items);

// The option's default as a value. Lists default to empty.
Value default_value(const Option& option);

// "30s", "64KiB": the shortest exact way to write a value.
std::string show(const Option& option, const Value& value);

// scheme://host[:port] with http or https, a host without user info, no path, query or trailing slash, lower
// case.
bool is_origin(std::string_view text);

}  // namespace twinpane::config
