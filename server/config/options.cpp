#include "config/options.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace twinpane::config {

namespace {
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
}  // namespace

const std::vector<Option>& options() {
    using enum Type;
    static const std::vector<Option> table = {
        {"node.name",
         kText,
         "node1",
         0,
         0,
         {},
         "This node's name: part of its sticky base path /cobrowse/n/<name>. Letters, digits, '-'."},
        {"data",
         kText,
         "data",
         0,
         0,
         {},
         "Folder of everything that is kept; made with mode 0700. Relative to the configuration file."},
        {"storage", kChoice, "rocksdb", 0, 0, {"rocksdb"}, "Where sessions, history and accounts are kept."},
        {"web.root",
         kText,
         "",
         0,
         0,
         {},
         "Folder with the built web files (js/, desk/, view/). Empty: ../web/dist or ../../../web/dist "
         "beside the program."},
        {"server.loops", kInt, "0", 0, 64, {}, "Event loops, one thread each. 0: one per core."},
        {"public.host", kText, "127.0.0.1", 0, 0, {}, "Address of the public listener (customers)."},
        {"public.port", kInt, "8700", 0, 65535, {}, "Port of the public listener. 0 picks a free one."},
        {"public.url",
         kOrigin,
         "http://cobrowse.localhost:8700",
         0,
         0,
         {},
         "How customers' browsers reach the public listener (through the balancer, if there is one)."},
        {"internal.host",
         kText,
         "127.0.0.1",
         0,
         0,
         {},
         "Address of the internal listener (agents, integrators)."},
        {"internal.port", kInt, "8701", 0, 65535, {}, "Port of the internal listener. 0 picks a free one."},
        {"internal.url",
         kOrigin,
         "http://agent.localhost:8701",
         0,
         0,
         {},
         "How agents' browsers reach the internal listener; the desk's origin."},
        {"viewer.origin",
         kOrigin,
         "http://view.localhost:8701",
         0,
         0,
         {},
         "Origin of its own for the page view, another host name than the desk's (cookies cross ports); it "
         "leads to the internal listener."},
        {"limits.connections",
         kInt,
         "15000",
         10,
         1'000'000,
         {},
         "Open connections, both listeners together."},
        {"limits.head", kSize, "16KiB", 1 * kKiB, 1 * kMiB, {}, "HTTP request line and header fields."},
        {"limits.header_fields", kInt, "100", 10, 1000, {}, "Header fields of one request."},
        {"limits.message",
         kSize,
         "1MiB",
         64 * kKiB,
         64 * kMiB,
         {},
         "One Bayeux transport message, WebSocket or POST."},
        {"limits.queue_bytes",
         kSize,
         "1MiB",
         64 * kKiB,
         64 * kMiB,
         {},
         "Bytes waiting for one slow reader before it is cut."},
        {"limits.queue_messages",
         kInt,
         "4096",
         16,
         1'000'000,
         {},
         "Messages waiting for one slow reader before it is cut."},
        {"limits.write_stall",
         kDuration,
         "10s",
         100,
         10 * kMinute,
         {},
         "A connection that takes no byte for so long is cut."},
        {"limits.head_timeout", kDuration, "10s", 100, 10 * kMinute, {}, "Time for the head of a request."},
        {"limits.body_timeout", kDuration, "30s", 100, 10 * kMinute, {}, "Time for the body of a request."},
        {"limits.sessions", kInt, "10000", 1, 10'000'000, {}, "Live co-browse sessions on this node."},
        {"ws.ping",
         kDuration,
         "25s",
         1 * kSecond,
         10 * kMinute,
         {},
         "A ping to every WebSocket that was silent for so long."},
        {"ws.pong", kDuration, "8s", 1 * kSecond, 10 * kMinute, {}, "Time for the answer to a ping."},
        {"cometd.timeout", kDuration, "30s", 0, 10 * kMinute, {}, "How long a /meta/connect is held."},
        {"cometd.interval",
         kDuration,
         "0ms",
         0,
         10 * kMinute,
         {},
         "Pause between connects that clients are told to keep."},
        {"cometd.maxInterval",
         kDuration,
         "10s",
         1 * kSecond,
         1 * kHour,
         {},
         "Silence after which a Bayeux session is removed."},
        {"session.code_ttl",
         kDuration,
         "10m",
         10 * kSecond,
         1 * kHour,
         {},
         "How long the nine digits admit an agent."},
        {"session.rejoin_grace",
         kDuration,
         "10m",
         1 * kSecond,
         24 * kHour,
         {},
         "How long a participant may stay away before the session goes on without them."},
        {"session.inactivity",
         kDuration,
         "30m",
         10 * kSecond,
         24 * kHour,
         {},
         "A session without any page change or act for so long ends."},
        {"session.mode_request",
         kDuration,
         "30s",
         5 * kSecond,
         10 * kMinute,
         {},
         "How long a request for write mode waits for its answer."},
        {"session.page_nodes", kInt, "1000000", 1000, 10'000'000, {}, "Nodes of one mirrored page."},
        {"session.page_bytes",
         kSize,
         "64MiB",
         1 * kMiB,
         1024 * kMiB,
         {},
         "Text, attributes and style sheets of one mirrored page."},
        {"session.resource_bytes",
         kSize,
         "50MiB",
         0,
         1024 * kMiB,
         {},
         "Images, fonts and the like kept for one session."},
        {"auth.first_agent",
         kText,
         "Agent",
         0,
         0,
         {},
         "Name, as customers see it, of the account \"agent\" that the first start makes."},
        {"auth.access_ttl",
         kDuration,
         "15m",
         1 * kMinute,
         24 * kHour,
         {},
         "Life of an agent's access token."},
        {"auth.refresh_ttl", kDuration, "12h", 1 * kMinute, 720 * kHour, {}, "Life of a login without use."},
        {"stop.drain",
         kDuration,
         "10s",
         0,
         5 * kMinute,
         {},
         "On SIGTERM: time for answers and closing handshakes."},
        {"log.level",
         kChoice,
         "info",
         0,
         0,
         {"debug", "info", "warn", "error"},
         "The least level that is written."},
        {"demo.port",
         kInt,
         "0",
         0,
         65535,
         {},
         "Port of the demo shop that the supervisor starts beside the node. 0: none."},
        {"sites[].name",
         kText,
         "",
         0,
         0,
         {},
         "A web site that customers share; its name in the records. Letters, digits, '-'."},
        {"sites[].origins",
         kOrigins,
         "",
         0,
         0,
         {},
         "The exact origins of its pages; a page from elsewhere is refused."},
        {"sites[].form_values",
         kChoice,
         "private",
         0,
         0,
         {"private", "shown"},
         "Whether agents see what stands in form fields. Passwords never."},
        {"sites[].mask", kList, "", 0, 0, {}, "CSS selectors of elements that agents neither see nor reach."},
        {"sites[].allow_write", kBool, "true", 0, 0, {}, "Whether an agent may ask to click and type."},
        {"sites[].allow_submit",
         kBool,
         "false",
         0,
         0,
         {},
         "Whether an agent in write mode may press submit buttons."},
    };
    return table;
}

const Option* find_option(std::string_view name) {
    for (const auto& option : options()) {
        if (option.name == name) return &option;
    }
    return nullptr;
}

namespace {

struct Unit {
    std::string_view suffix;
    std::int64_t factor;
};
constexpr Unit kDurationUnits[] = {{"h", kHour}, {"m", kMinute}, {"s", kSecond}, {"ms", 1}};
constexpr Unit kSizeUnits[] = {{"MiB", kMiB}, {"KiB", kKiB}};

template <std::size_t N>
bool parse_number(std::string_view text, const Unit (&units)[N], std::int64_t& out) {
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || number < 0) return false;
    const std::string_view suffix(rest, end);
    if (suffix.empty()) {
        out = number;
        return true;
    }
    for (const auto& unit : units) {
        if (unit.suffix != suffix) continue;
        if (number > INT64_MAX / unit.factor) return false;
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

std::string range_error(const Option& option) {
    const Value low = option.min;
    const Value high = option.max;
    return "must be between " + show(option, low) + " and " + show(option, high);
}

}  // namespace

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
            const bool good = option.type == Type::kInt        ? parse_number(text, none, number)
                              : option.type == Type::kDuration ? parse_number(text, kDurationUnits, number)
                                                               : parse_number(text, kSizeUnits, number);
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
            return Value{std::string(text)};
        case Type::kChoice: {
            if (std::ranges::find(option.choices, text) != option.choices.end())
                return Value{std::string(text)};
            std::string reason = "must be one of:";
            for (const auto choice : option.choices) reason.append(" ").append(choice);
            return reason;
        }
        case Type::kOrigin:
            if (text.empty() || is_origin(text)) return Value{std::string(text)};
            return std::string(
                "must be an origin such as https://www.example.com, lower case, nothing after the port");
        case Type::kList:
        case Type::kOrigins:
            return std::string("must be a list");
    }
    return std::string("has an unknown type");
}

std::variant<Value, std::string> parse_list(const Option& option, const std::vector<std::string>& items) {
    if (option.type != Type::kList && option.type != Type::kOrigins) return std::string("must not be a list");
    if (items.size() > 1000) return std::string("has more than 1000 entries");
    for (const auto& item : items) {
        if (item.empty()) return std::string("has an empty entry");
        if (option.type == Type::kOrigins && !is_origin(item)) {
            return "has \"" + item + "\", which is not an origin such as https://www.example.com";
        }
    }
    return Value{items};
}

Value default_value(const Option& option) {
    if (option.type == Type::kList || option.type == Type::kOrigins) return std::vector<std::string>{};
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
