// The small grammars inside a request: query, cookies, escapes, the form of a POST, extension offers. Lines
// of the input: a name, a query, a Cookie header, an extension header; the rest is a form.
#include <array>
#include <string>
#include <string_view>

#include "check.hpp"
#include "net/gzip.hpp"
#include "net/http.hpp"
#include "net/target.hpp"
#include "net/text.hpp"
#include "net/ws_extension.hpp"
#include "transport/form_body.hpp"

namespace {
using namespace twinpane;

void check_extensions(std::string_view value) {
    net::Headers headers;
    headers.add("Sec-WebSocket-Extensions", std::string(value));
    const auto offers = net::parse_extensions(headers);
    if (!offers) return;
    FUZZ_CHECK(!offers->empty() && offers->size() <= 16);
    for (const auto& offer : *offers) {
        FUZZ_CHECK(net::is_token(offer.name));
        for (const auto& [key, parameter] : offer.parameters) {
            FUZZ_CHECK(net::is_token(key));
            FUZZ_CHECK(!parameter || net::is_token(*parameter));
        }
    }
    const auto terms = net::choose_deflate(*offers);
    if (!terms) return;
    FUZZ_CHECK(terms->server_bits >= 9 && terms->server_bits <= 15);
    // Our own answer is an offer that we would take.
    net::Headers again;
    again.add("Sec-WebSocket-Extensions", net::deflate_answer(*terms));
    FUZZ_CHECK(net::choose_deflate(net::parse_extensions(again).value()).has_value());
}

void check_escapes(std::string_view text) {
    for (const bool plus : {false, true}) {
        const auto decoded = net::percent_decode(text, plus);
        if (!decoded) continue;
        FUZZ_CHECK(decoded->size() <= text.size());
        // Escaped anew it stands for the same.
        std::string escaped;
        static constexpr char kHex[] = "0123456789ABCDEF";
        for (const char c : *decoded) {
            const auto byte = static_cast<unsigned char>(c);
            escaped += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
        }
        FUZZ_CHECK(net::percent_decode(escaped, plus) == decoded);
    }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::array<std::string_view, 4> lines;
    for (auto& line : lines) {
        line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    const auto& [name, query, cookies, extensions] = lines;
    net::Request request;
    request.query = query;
    request.headers.add("Cookie", std::string(cookies));
    request.headers.add("Accept-Encoding", std::string(extensions));
    if (const auto value = request.query_value(name)) FUZZ_CHECK(value->size() <= query.size());
    if (const auto value = request.cookie(name)) {
        FUZZ_CHECK(value->size() < cookies.size());
        FUZZ_CHECK(value->find(';') == std::string_view::npos);
        FUZZ_CHECK(cookies.find(name) != std::string_view::npos);
    }
    net::accepts_gzip(request.headers);
    check_escapes(query);
    if (const auto target = net::parse_target(query)) FUZZ_CHECK(target->path.size() <= query.size());
    check_extensions(extensions);
    // Latin-1 grows to twice its size.
    const auto body = transport::json_of_body(cookies, std::string(rest));
    if (body) FUZZ_CHECK(body->size() <= 2 * rest.size() + 2);
    const auto fields = transport::json_of_query(query);
    if (fields) FUZZ_CHECK(fields->size() <= query.size() + 2);
    return 0;
}
