#include "transport/form_body.hpp"

#include <algorithm>
#include <cctype>

namespace twinpane::transport {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decode_form(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out.push_back(' ');
        } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                   hex_digit(text[i + 2]) >= 0) {
            out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Each field is an object or an array; their elements together make one array. Whether that is JSON is for
// the parser to say.
std::string join_fields(std::string_view body) {
    std::string out = "[";
    while (!body.empty()) {
        const auto end = std::min(body.find('&'), body.size());
        const auto field = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        constexpr std::string_view kName = "message=";
        if (!field.starts_with(kName)) continue;
        const auto decoded = decode_form(field.substr(kName.size()));
        auto elements = trim(decoded);
        if (elements.size() >= 2 && elements.front() == '[' && elements.back() == ']') {
            elements = trim(elements.substr(1, elements.size() - 2));
        }
        if (elements.empty()) continue;
        if (out.size() > 1) out += ',';
        out += elements;
    }
    return out + ']';
}

bool foreign_charset(std::string_view content_type) {
    const auto type = lower(content_type);
    const auto at = type.find("charset=");
    if (at == std::string::npos) return false;
    auto name = std::string_view(type).substr(at + 8);
    name = trim(name.substr(0, name.find(';')));
    if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
    return name != "utf-8" && name != "utf8" && name != "us-ascii";
}

}  // namespace

Result<std::string> json_of_body(std::string_view content_type, std::string body) {
    if (foreign_charset(content_type)) return fail(Code::kUnsupportedMediaType, "character set is not UTF-8");
    const bool form = lower(content_type).starts_with("application/x-www-form-urlencoded");
    if (form || body.starts_with("message=")) return join_fields(body);
    return body;
}

}  // namespace twinpane::transport
