#include "transport/callback.hpp"

#include <algorithm>
#include <cctype>

namespace twinpane::transport {

bool valid_callback(std::string_view name, std::size_t max_length) {
    constexpr std::string_view kMarks = "._-$";
    return !name.empty() && name.size() <= max_length && std::ranges::all_of(name, [&](unsigned char c) {
        return std::isalnum(c) != 0 || kMarks.contains(static_cast<char>(c));
    });
}

std::string callback_script(std::string_view callback, std::string_view json) {
    std::string out;
    out.reserve(callback.size() + json.size() + 8);
    out.append("/**/").append(callback).append("(");
    while (true) {
        // Both are E2 80 A8 and E2 80 A9 in UTF-8. Outside of strings JSON has neither.
        const auto at = json.find("\xE2\x80");
        out.append(json.substr(0, at));
        if (at == std::string_view::npos) break;
        const auto third = at + 2 < json.size() ? json[at + 2] : '\0';
        const bool line_end = third == '\xA8' || third == '\xA9';
        out.append(line_end ? (third == '\xA8' ? "\\u2028" : "\\u2029") : "\xE2\x80");
        json.remove_prefix(at + (line_end ? 3 : 2));
    }
    return out.append(");");
}

}  // namespace twinpane::transport
