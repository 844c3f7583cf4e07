#include "net/upgrade.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "net/problem.hpp"
#include "net/text.hpp"
#include "net/ws_extension.hpp"

namespace twinpane::net {

namespace {
// 16 bytes in base64: 22 characters and "==".
bool is_key(std::string_view key) {
    if (key.size() != 24 || !key.ends_with("==")) return false;
    key.remove_suffix(2);
    return std::ranges::all_of(key,
                               [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '/'; });
}

std::size_t count(const Headers& headers, std::string_view name) {
    return static_cast<std::size_t>(std::ranges::count_if(
        headers.items(), [name](const auto& item) { return equal_no_case(item.first, name); }));
}

bool any_list_has(const Headers& headers, std::string_view name, std::string_view token) {
    return std::ranges::any_of(headers.items(), [&](const auto& item) {
        return equal_no_case(item.first, name) && list_has(item.second, token);
    });
}
}  // namespace

bool wants_websocket(const Headers& headers) {
    return any_list_has(headers, "Upgrade", "websocket");
}

std::optional<Response> check_upgrade(const Request& request, int minor_version, bool has_body) {
    const auto bad = [](std::string_view detail) { return problem_response(Code::kBadHttp, detail); };
    if (request.method != "GET") return bad("A WebSocket is opened with GET.");
    if (minor_version != 1) return bad("A WebSocket is opened with HTTP/1.1.");
    if (has_body) return bad("A WebSocket is opened without a body.");
    if (!any_list_has(request.headers, "Connection", "upgrade"))
        return bad("Connection lacks the token Upgrade.");
    const auto version = request.headers.find("Sec-WebSocket-Version");
    if (count(request.headers, "Sec-WebSocket-Version") != 1 || *version != "13") return upgrade_required();
    const auto key = request.headers.find("Sec-WebSocket-Key");
    if (count(request.headers, "Sec-WebSocket-Key") != 1 || !is_key(*key))
        return bad("Sec-WebSocket-Key is malformed.");
    if (!parse_extensions(request.headers)) return bad("Sec-WebSocket-Extensions is malformed.");
    return std::nullopt;
}

std::string websocket_accept(std::string_view key) {
    const auto text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    std::array<unsigned char, 64> encoded{};
    const auto length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
    return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

Response upgrade_required() {
    auto response =
        problem_response(Code::kUnsupportedVersion, "Only WebSocket version 13 is spoken here.", 426);
    response.headers.add("Upgrade", "websocket");
    response.headers.add("Sec-WebSocket-Version", "13");
    return response;
}

}  // namespace twinpane::net
