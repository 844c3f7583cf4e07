// A flat JSON object on one line of standard output.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace twinpane::load {

class Report {
  public:
    void add(std::string_view name, double value) {
        char text[64];
        std::snprintf(text, sizeof text, std::isfinite(value) ? "%.6g" : "null", value);
        put(name, text);
    }
    void add(std::string_view name, std::uint64_t value) { put(name, std::to_string(value)); }
    // `text` needs no escape.
    void add(std::string_view name, std::string_view text) { put(name, "\"" + std::string(text) + "\""); }
    void print() const { std::printf("%s}\n", text_.c_str()); }

  private:
    void put(std::string_view name, std::string_view json) {
        if (text_.size() > 1) text_ += ',';
        text_.append("\"").append(name).append("\":").append(json);
    }
    std::string text_ = "{";
};

}  // namespace twinpane::load
