#include "observe/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <mutex>
#include <unordered_map>

namespace twinpane::observe {

namespace {
constexpr int kLinesPerSecond = 200;
constexpr std::size_t kEventNames = 1000;  // bound of the rate table

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::kDebug:
            return spdlog::level::debug;
        case Level::kInfo:
            return spdlog::level::info;
        case Level::kWarn:
            return spdlog::level::warn;
        case Level::kError:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

void append_value(std::string& out, std::string_view value) {
    bool plain = !value.empty();
    for (const unsigned char c : value) {
        if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7F) plain = false;
    }
    if (plain) {
        out.append(value);
        return;
    }
    out.push_back('"');
    for (const unsigned char c : value) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(static_cast<char>(c));
        } else if (c < ' ' || c == 0x7F) {
            constexpr std::string_view hex = "0123456789abcdef";
            out.append("\\x");
            out.push_back(hex[c >> 4U]);
            out.push_back(hex[c & 15U]);
        } else {
            out.push_back(static_cast<char>(c));
        }
    }
    out.push_back('"');
}
}  // namespace

struct Log::Impl {
    struct Rate {
        std::chrono::steady_clock::time_point window{};
        int lines = 0;
        int suppressed = 0;
    };

    std::shared_ptr<spdlog::logger> logger;
    std::string node;
    std::mutex mutex;
    std::unordered_map<std::string, Rate> rates;

    // How many lines were held back before this one, or -1 to hold this one back too.
    int admit(std::string_view event) {
        const std::lock_guard lock(mutex);
        const auto now = std::chrono::steady_clock::now();
        if (rates.size() >= kEventNames) rates.clear();
        auto& rate = rates[std::string(event)];
        if (now - rate.window >= std::chrono::seconds(1)) {
            const int held = rate.suppressed;
            rate = Rate{now, 1, 0};
            return held;
        }
        if (++rate.lines > kLinesPerSecond) {
            ++rate.suppressed;
            return -1;
        }
        return 0;
    }
};

Log::Log(Level level, std::string node) : impl_(std::make_unique<Impl>()) {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    impl_->logger = std::make_shared<spdlog::logger>("twinpane", sink);
    impl_->logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    impl_->logger->set_level(to_spdlog(level));
    impl_->logger->flush_on(spdlog::level::warn);
    impl_->node = std::move(node);
}

Log::~Log() {
    impl_->logger->flush();
}

void Log::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (!impl_->logger->should_log(to_spdlog(level))) return;
    const int held = impl_->admit(event);
    if (held < 0) return;
    auto line = format_line(event, fields);
    if (!impl_->node.empty()) append_value(line.append(" node="), impl_->node);
    if (held > 0) line.append(" suppressed=").append(std::to_string(held));
    impl_->logger->log(to_spdlog(level), "{}", line);
}

void Log::flush() {
    impl_->logger->flush();
}

std::string format_line(std::string_view event, std::initializer_list<Field> fields) {
    std::string line(event);
    for (const auto& field : fields) {
        line.append(" ").append(field.key).append("=");
        append_value(line, field.value);
    }
    return line;
}

Level parse_level(std::string_view name) {
    if (name == "debug") return Level::kDebug;
    if (name == "warn") return Level::kWarn;
    if (name == "error") return Level::kError;
    return Level::kInfo;
}

}  // namespace twinpane::observe
