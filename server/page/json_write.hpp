// Appends JSON to a string. Only valid UTF-8 is given in.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace simdjson::dom {
class element;
}

namespace twinpane::page {

void write_string(std::string& out, std::string_view text);
void write_number(std::string& out, double value);  // shortest form; whole numbers without a fraction
void write_integer(std::string& out, std::int64_t value);
// The element as it was parsed, without white space.
void write_element(std::string& out, const simdjson::dom::element& element);

}  // namespace twinpane::page
