// A configuration file read against the table of options. All errors are found in one go, each with its line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/options.hpp"

namespace twinpane::config {

struct Problem {
    int line = 0;  // 1-based; 0 when it concerns the whole file
    std::string reason;
    bool operator==(const Problem&) const = default;
};

struct Site {
    std::string name;
    std::vector<std::string> origins;
    bool form_values_shown = false;
    std::vector<std::string> mask;
    bool allow_write = true;
    bool allow_submit = false;
};

class Config {
  public:
    // All defaults, no sites (so nothing is served to anybody until one is configured).
    Config();

    bool flag(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;  // kInt, kDuration (ms), kSize (bytes)
    const std::string& text(std::string_view name) const;
    const std::vector<std::string>& list(std::string_view name) const;  // the list types
    // The value for one transport: its own, if it was given one, or the option's.
    bool flag(std::string_view name, Transport transport) const;
    std::int64_t integer(std::string_view name, Transport transport) const;
    const std::string& text(std::string_view name, Transport transport) const;
    // Of cometd.allowedTransports those that cometd.transports has; never empty.
    std::vector<std::string> transports() const;
    const std::vector<Site>& sites() const { return sites_; }
    // Where the file sets it, 1-based; 0: it has its default. Not for the fields of sites.
    int line(std::string_view name) const;

    // What deserves a warning at start, one sentence each.
    std::vector<std::string> warnings() const;

  private:
    friend class Reader;
    const Value& value(std::string_view name, Transport transport) const;
    // Beside every option the names with prefixes that were given (cometd.ws.timeout).
    std::map<std::string, Value, std::less<>> values_;
    std::map<std::string, int, std::less<>> lines_;
    std::vector<Site> sites_;
    std::vector<std::string> ignored_;  // options of type kIgnored that were given, with the reason
};

// Never throws. `yaml` is the file's text.
std::variant<Config, std::vector<Problem>> parse(const std::string& yaml);
// The same from a file; an unreadable one is a problem with line 0.
std::variant<Config, std::vector<Problem>> load(const std::string& path);

// The whole table as a commented YAML file that parse() accepts and that changes nothing.
std::string print_defaults();
// The same as a Markdown table.
std::string print_markdown();

}  // namespace twinpane::config
