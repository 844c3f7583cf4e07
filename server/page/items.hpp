// Reads the items of one operation from left to right. Internal: simdjson stays out of the public header.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "page/string_table.hpp"

namespace twinpane::page {

constexpr std::int64_t kMaxId = 0x7FFFFFFF;

// A str of the tables in section 2 and 3: literal, or from the string table.
struct Str {
    std::string_view text;
    std::optional<std::size_t> entry;  // index in the string table
};

class Items {
  public:
    Items(simdjson::dom::array array, const StringTable& strings)
        : at_(array.begin()), end_(array.end()), strings_(&strings) {}

    bool done() const { return !(at_ != end_); }
    // Number of items read so far; the last one has this index minus one.
    std::size_t position() const { return position_; }

    // Each reads one item; false: there is none, or it is of another type or out of range.
    bool element(simdjson::dom::element& out) {
        if (done()) return false;
        out = *at_;
        ++at_;
        ++position_;
        return true;
    }

    bool integer(std::int64_t& out, std::int64_t low, std::int64_t high) {
        simdjson::dom::element item;
        return element(item) && item.get(out) == simdjson::SUCCESS && out >= low && out <= high;
    }

    bool number(double& out) {
        simdjson::dom::element item;
        return element(item) && item.get(out) == simdjson::SUCCESS && out >= -kFar && out <= kFar;
    }

    bool str(Str& out) {
        simdjson::dom::element item;
        return element(item) && resolve(item, out);
    }

    // As str(), or null: then `out` stays empty.
    bool str_or_null(std::optional<Str>& out) {
        simdjson::dom::element item;
        if (!element(item)) return false;
        out.reset();
        return item.is_null() || resolve(item, out.emplace());
    }

  private:
    static constexpr double kFar = 1e9;

    bool resolve(const simdjson::dom::element& item, Str& out) const {
        out.entry.reset();
        if (item.get(out.text) == simdjson::SUCCESS) return true;
        std::uint64_t index = 0;
        if (item.get(index) != simdjson::SUCCESS) return false;
        const auto text = strings_->get(index);
        if (!text) return false;
        out.text = *text;
        out.entry = static_cast<std::size_t>(index);
        return true;
    }

    simdjson::dom::array::iterator at_;
    simdjson::dom::array::iterator end_;
    std::size_t position_ = 0;
    const StringTable* strings_;
};

}  // namespace twinpane::page
