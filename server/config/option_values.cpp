#include <algorithm>
#include <cctype>
#include <charconv>

#include "config/options.hpp"

namespace twinpane::config {

namespace {
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

struct Unit {
    std::string_view suffix;
    std::int64_t factor;
};
constexpr Unit kDurationUnits[] = {{"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", 1}};
constexpr Unit kSizeUnits[] = {{"MiB", kMiB}, {"KiB", kKiB}};

template <std::size_t N>
bool parse_number(std::string_view text, const Unit (&units)[N], bool negative, std::int64_t& out) {
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || (number < 0 && !negative)) return false;
    const std::string_view suffix(rest, end);
    if (suffix.empty()) {
        out = number;
        return true;
    }
    for (const auto& unit : units) {
        if (unit.suffix != suffix) continue;
        if (number > INT64_MAX / unit.factor || number < INT64_MIN / unit.factor) return false;
        out = number * unit.factor;
        return true;
    }
    return false;
}

template <std::size_t N>
std::string show_number(std::int64_t value, const Unit (&units)[N], std::string_view bare) {
    for (const auto& unit : units) {
        if (value != 0 && value % unit.factor == 0)
            return std::to_string(value / unit.factor).append(unit.suffix);
    }
    return std::to_string(value).append(bare);
}

bool is_token(std::string_view text) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return text.size() <= 100 && std::ranges::all_of(text, [&](unsigned char c) {
               return std::isalnum(c) != 0 || kMarks.contains(static_cast<char>(c));
           });
}

// "a, b,c" as a list.
std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        auto item = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
        while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
        out.emplace_back(item);
    }
    return out;
}

std::string choice_error(const Option& option, std::string_view opening) {
    std::string reason(opening);
    for (const auto choice : option.choices) reason.append(" ").append(choice);
    return reason;
}

// Why `item` can't be an entry of the list; empty if it can.
std::string entry_error(const Option& option, const std::string& item) {
    const auto wrong = [&item](const char* what) { return "has \"" + item + "\", which is not " + what; };
    switch (option.type) {
        case Type::kOrigins:
            return is_origin(item) ? "" : wrong("an origin such as https://www.example.com");
        case Type::kPaths:
            return is_url_path(item) ? "" : wrong("a path such as /cobrowse/cometd");
        case Type::kChannels:
            return is_broadcast_pattern(item) ? "" : wrong("a broadcast channel or pattern such as /chat/**");
        case Type::kChoices:
            if (std::ranges::find(option.choices, item) != option.choices.end()) return "";
            return choice_error(option, "has \"" + item + "\", which is not one of:");
        default:
            return "";
    }
}

std::string range_error(const Option& option) {
    const Value low = option.min;
    const Value high = option.max;
    return "must be between " + show(option, low) + " and " + show(option, high);
}

}  // namespace

bool is_url_path(std::string_view text) {
    if (text.size() < 2 || text.size() > 200 || text.front() != '/') return false;
    while (!text.empty()) {
        text.remove_prefix(1);
        const auto segment = text.substr(0, text.find('/'));
        if (segment.empty() || segment == "." || segment == "..") return false;
        const bool plain = std::ranges::all_of(segment, [](unsigned char c) {
            return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
        });
        if (!plain) return false;
        text.remove_prefix(segment.size());
    }
    return true;
}

bool is_broadcast_pattern(std::string_view text) {
    constexpr std::string_view kMarks = " !#$()*+-./@_{}~";
    const auto whole = text;
    if (text.size() < 2 || text.front() != '/') return false;
    for (const std::string_view closed : {"/meta", "/service"}) {
        if (text == closed || text.starts_with(std::string(closed) + "/")) return false;
    }
    if (!std::ranges::all_of(whole, [&](unsigned char c) {
            return std::isalnum(c) != 0 || kMarks.contains(static_cast<char>(c));
        }))
        return false;
    while (!text.empty()) {
        text.remove_prefix(1);
        const auto segment = text.substr(0, text.find('/'));
        if (segment.empty()) return false;
        text.remove_prefix(segment.size());
        const bool wild = segment == "*" || segment == "**";
        if (wild ? !text.empty() : segment.contains('*')) return false;
    }
    return true;
}

bool is_origin(std::string_view text) {
    std::string_view rest;
    if (text.starts_with("http://")) {
        rest = text.substr(7);
    } else if (text.starts_with("https://")) {
        rest = text.substr(8);
    } else {
        return false;
    }
    const auto colon = rest.rfind(':');
    auto host = rest;
    if (colon != std::string_view::npos && rest.back() != ']') {
        host = rest.substr(0, colon);
        const auto port = rest.substr(colon + 1);
        if (port.empty() || port.size() > 5) return false;
        int number = 0;
        const auto [p, e] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (e != std::errc{} || p != port.data() + port.size() || number < 1 || number > 65535) return false;
    }
    if (host.empty()) return false;
    return std::ranges::all_of(host, [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '.' || c == '[' || c == ']' ||
               c == ':';
    });
}

std::variant<Value, std::string> parse_value(const Option& option, std::string_view text) {
    switch (option.type) {
        case Type::kBool:
            if (text == "true" || text == "yes") return Value{true};
            if (text == "false" || text == "no") return Value{false};
            return std::string("must be true or false");
        case Type::kInt:
        case Type::kDuration:
        case Type::kSize: {
            std::int64_t number = 0;
            constexpr Unit none[] = {{"", 1}};
            const bool signs = option.min < 0;
            const bool good = option.type == Type::kInt ? parse_number(text, none, signs, number)
                              : option.type == Type::kDuration
                                  ? parse_number(text, kDurationUnits, signs, number)
                                  : parse_number(text, kSizeUnits, signs, number);
            if (!good) {
                if (option.type == Type::kInt) return std::string("must be a whole number");
                if (option.type == Type::kDuration)
                    return std::string("must be a time such as 500ms, 30s, 10m or 12h");
                return std::string("must be a size such as 4096, 64KiB or 1MiB");
            }
            if (number < option.min || number > option.max) return range_error(option);
            return Value{number};
        }
        case Type::kText:
        case Type::kIgnored:
            return Value{std::string(text)};
        case Type::kToken:
            if (text.empty() ? option.fallback.empty() : is_token(text)) return Value{std::string(text)};
            return std::string("must be a word of letters, digits and !#$%&'*+-.^_`|~");
        case Type::kChoice: {
            if (std::ranges::find(option.choices, text) != option.choices.end())
                return Value{std::string(text)};
            return choice_error(option, "must be one of:");
        }
        case Type::kOrigin:
            if (text.empty() || is_origin(text)) return Value{std::string(text)};
            return std::string(
                "must be an origin such as https://www.example.com, lower case, nothing after the port");
        case Type::kChoices:
            return parse_list(option, split(text));
        case Type::kList:
        case Type::kOrigins:
        case Type::kPaths:
        case Type::kChannels:
            return std::string("must be a list");
    }
    return std::string("has an unknown type");
}

std::variant<Value, std::string> parse_list(const Option& option, const std::vector<std::string>& items) {
    if (option.type == Type::kIgnored) return Value{std::string()};
    if (!is_list(option.type)) return std::string("must not be a list");
    if (items.size() > 1000) return std::string("has more than 1000 entries");
    if (items.empty() && (option.type == Type::kChoices || option.type == Type::kPaths)) {
        return std::string("must not be empty");
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto& item = items[i];
        if (item.empty()) return std::string("has an empty entry");
        if (auto reason = entry_error(option, item); !reason.empty()) return reason;
        if (option.type != Type::kList &&
            std::ranges::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), item) !=
                items.begin() + static_cast<std::ptrdiff_t>(i)) {
            return "has \"" + item + "\" twice";
        }
    }
    return Value{items};
}

bool is_list(Type type) {
    using enum Type;
    return type == kList || type == kOrigins || type == kPaths || type == kChannels || type == kChoices;
}

Value default_value(const Option& option) {
    if (is_list(option.type)) return split(option.fallback);
    auto parsed = parse_value(option, option.fallback);
    return std::get<Value>(parsed);
}

std::string show(const Option& option, const Value& value) {
    if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        if (option.type == Type::kDuration) return show_number(*number, kDurationUnits, "ms");
        if (option.type == Type::kSize) return show_number(*number, kSizeUnits, "");
        return std::to_string(*number);
    }
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    std::string out = "[";
    for (const auto& item : std::get<std::vector<std::string>>(value)) {
        if (out.size() > 1) out += ", ";
        out += '"' + item + '"';
    }
    return out + "]";
}

}  // namespace twinpane::config
