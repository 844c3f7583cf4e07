// Small pieces of HTTP's grammar (RFC 9110 5.6) that several files here need. ASCII only, no locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace twinpane::net {

constexpr char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}
// "tchar" of RFC 9110 5.6.2.
constexpr bool is_token_char(char c) {
    return is_digit(c) || is_alpha(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
// -1 when `c` is no hexadecimal digit.
constexpr int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    const char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_token(std::string_view text);
bool equal_no_case(std::string_view a, std::string_view b);
// Without blanks and tabs at both ends.
std::string_view trim(std::string_view text);
// True when the comma-separated `list` holds `token`, without case.
bool list_has(std::string_view list, std::string_view token);
// Percent-decodes `text`; nothing when an escape is cut off or not hexadecimal. With `plus_is_blank`, as in
// queries.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

}  // namespace twinpane::net
