#include "net/problem.hpp"

#include <array>
#include <cstdio>

namespace twinpane::net {

namespace {
void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            out += escape.data();
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
}
}  // namespace

Response problem_response(Code code, std::string_view detail, int status) {
    const auto& entry = info(code);
    Response response;
    response.status = status != 0 ? status : entry.status;
    response.headers.add("Content-Type", "application/problem+json");
    response.headers.add("Cache-Control", "no-store");
    response.body = R"({"type":"about:blank","status":)" + std::to_string(response.status) + R"(,"code":)" +
                    std::to_string(static_cast<int>(code)) + R"(,"title":)";
    append_json_string(response.body, entry.name);
    response.body += R"(,"detail":)";
    append_json_string(response.body, detail.empty() ? entry.text : detail);
    response.body += "}";
    return response;
}

}  // namespace twinpane::net
