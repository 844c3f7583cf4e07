#include "page/json_write.hpp"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>

namespace twinpane::page {

namespace dom = simdjson::dom;

void write_string(std::string& out, std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out += text.substr(done, i - done);
        done = i + 1;
        out += '\\';
        switch (c) {
            case '"':
            case '\\':
                out += static_cast<char>(c);
                break;
            case '\n':
                out += 'n';
                break;
            case '\r':
                out += 'r';
                break;
            case '\t':
                out += 't';
                break;
            default:
                out += "u00";
                out += kHex[c >> 4U];
                out += kHex[c & 15U];
        }
    }
    out += text.substr(done);
    out += '"';
}

void write_integer(std::string& out, std::int64_t value) {
    std::array<char, 24> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), end.ptr);
}

void write_number(std::string& out, double value) {
    if (std::abs(value) < 9e15 && value == std::trunc(value)) {
        write_integer(out, static_cast<std::int64_t>(value));
        return;
    }
    std::array<char, 40> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), end.ptr);
}

// Recursion is bounded by the depth that the parser allows (batch.cpp).
void write_element(std::string& out, const dom::element& element) {
    char separator = 0;
    const auto separate = [&] {
        if (separator != 0) out += separator;
        separator = ',';
    };
    switch (element.type()) {
        case dom::element_type::ARRAY:
            out += '[';
            for (const dom::element item : dom::array(element)) {
                separate();
                write_element(out, item);
            }
            out += ']';
            break;
        case dom::element_type::OBJECT:
            out += '{';
            for (const dom::key_value_pair field : dom::object(element)) {
                separate();
                write_string(out, field.key);
                out += ':';
                write_element(out, field.value);
            }
            out += '}';
            break;
        case dom::element_type::INT64:
            write_integer(out, std::int64_t(element));
            break;
        case dom::element_type::UINT64:
            out += std::to_string(std::uint64_t(element));
            break;
        case dom::element_type::DOUBLE:
            write_number(out, double(element));
            break;
        case dom::element_type::STRING:
            write_string(out, std::string_view(element));
            break;
        case dom::element_type::BOOL:
            out += bool(element) ? "true" : "false";
            break;
        case dom::element_type::NULL_VALUE:
            out += "null";
            break;
    }
}

}  // namespace twinpane::page
