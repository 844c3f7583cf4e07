// Structured log lines: "time level event key=value ...". One line per event, on standard error or a file.
// Level says who is at fault: a peer's mistakes are info, ours are error. Never page content, tokens or
// codes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace twinpane::observe {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };

struct Field {
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, const std::string& v) : key(k), value(v) {}
    Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
    template <typename T>
        requires std::is_arithmetic_v<T>
    Field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}

    std::string_view key;
    std::string value;
};

// Thread-safe. Lines above a rate of 200 a second per event name are counted, not written, and the count is
// reported once a second has passed ("suppressed=n"), so that a flood of bad input can't fill the disk.
class Log {
  public:
    // `level`: debug, info, warn or error. `node` stands on every line when it is not empty.
    Log(Level level, std::string node);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});
    void debug(std::string_view event, std::initializer_list<Field> f = {}) {
        write(Level::kDebug, event, f);
    }
    void info(std::string_view event, std::initializer_list<Field> f = {}) { write(Level::kInfo, event, f); }
    void warn(std::string_view event, std::initializer_list<Field> f = {}) { write(Level::kWarn, event, f); }
    void error(std::string_view event, std::initializer_list<Field> f = {}) {
        write(Level::kError, event, f);
    }
    void flush();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// One line's text after time and level: values with blanks, quotes or control characters are quoted and
// escaped.
std::string format_line(std::string_view event, std::initializer_list<Field> fields);

// "debug" ... "error"; anything else is kInfo.
Level parse_level(std::string_view name);

}  // namespace twinpane::observe
