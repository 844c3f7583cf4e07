#include "transport/form_body.hpp"

#include <algorithm>
#include <utility>

#include "net/text.hpp"
#include "transport/charset.hpp"

namespace twinpane::transport {

namespace {

std::string decode_form(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out.push_back(' ');
        } else if (text[i] == '%' && i + 2 < text.size() && net::hex_value(text[i + 1]) >= 0 &&
                   net::hex_value(text[i + 2]) >= 0) {
            out.push_back(static_cast<char>(net::hex_value(text[i + 1]) * 16 + net::hex_value(text[i + 2])));
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
Result<std::string> join_fields(std::string_view fields, Charset charset) {
    std::string out = "[";
    while (!fields.empty()) {
        const auto end = std::min(fields.find('&'), fields.size());
        const auto field = fields.substr(0, end);
        fields.remove_prefix(std::min(end + 1, fields.size()));
        constexpr std::string_view kName = "message=";
        if (!field.starts_with(kName)) continue;
        const auto decoded = to_utf8(charset, decode_form(field.substr(kName.size())));
        if (!decoded) return std::unexpected(decoded.error());
        auto elements = trim(*decoded);
        if (elements.size() >= 2 && elements.front() == '[' && elements.back() == ']') {
            elements = trim(elements.substr(1, elements.size() - 2));
        }
        if (elements.empty()) continue;
        if (out.size() > 1) out += ',';
        out += elements;
    }
    return out + ']';
}

}  // namespace

Result<std::string> json_of_body(std::string_view content_type, std::string body) {
    const auto charset = charset_of(content_type);
    if (!charset) return fail(Code::kUnsupportedMediaType, "character set");
    constexpr std::string_view kForm = "application/x-www-form-urlencoded";
    const bool form = net::equal_no_case(content_type.substr(0, kForm.size()), kForm);
    if (form || body.starts_with("message=")) return join_fields(body, *charset);
    return to_utf8(*charset, std::move(body));
}

Result<std::string> json_of_query(std::string_view query) {
    return join_fields(query, Charset::kUtf8);
}

}  // namespace twinpane::transport
