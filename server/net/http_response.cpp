#include "net/http_response.hpp"

#include <algorithm>
#include <array>

#include "net/gzip.hpp"
#include "net/text.hpp"

namespace twinpane::net {

namespace {
constexpr std::size_t kGzipUpTo = 4U << 20U;  // more would hold up everybody else on the loop
// Two years (RFC 6797). The operator's other hosts are none of our business: no includeSubDomains.
constexpr std::string_view kStrictTransport = "Strict-Transport-Security: max-age=63072000\r\n";
constexpr int kLevel = 5;  // on the loop's thread: about 25 ms per MiB of JSON, a third of level 9

bool is_nets_own(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kOwn = {"content-length", "date",
                                                             "connection",     "transfer-encoding",
                                                             "keep-alive",     "strict-transport-security"};
    return std::ranges::any_of(kOwn, [name](std::string_view own) { return equal_no_case(name, own); });
}

bool is_clean_value(std::string_view value) {
    return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}
}  // namespace

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return "Status";
    }
}

bool status_has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

void maybe_compress(Response& response, bool client_takes_gzip) {
    if (!response.compressible || response.body.size() <= kGzipFrom || response.status == 206) return;
    if (response.body.size() > kGzipUpTo) return;
    if (response.headers.find("Content-Encoding")) return;
    const auto type = response.headers.find("Content-Type");
    if (!type || !is_compressible_type(*type)) return;
    Headers headers;
    for (const auto& [name, value] : response.headers.items()) {
        // Two encodings of one thing may not share a strong validator (RFC 9110 8.8.1).
        const bool weaken = client_takes_gzip && equal_no_case(name, "etag") && !value.starts_with("W/");
        headers.add(name, weaken ? "W/" + value : value);
    }
    headers.add("Vary", "Accept-Encoding");
    if (client_takes_gzip) {
        auto packed = gzip(response.body, kLevel);
        if (!packed || packed->size() >= response.body.size()) return;
        response.body = std::move(*packed);
        headers.add("Content-Encoding", "gzip");
    }
    response.headers = std::move(headers);
}

std::optional<std::string> response_head(int status, const Headers& headers,
                                         std::optional<std::size_t> length, const AnswerForm& form,
                                         std::string_view date) {
    std::string out;
    out.reserve(256);
    out += "HTTP/1.1 ";
    out += std::to_string(status);
    out += ' ';
    out += reason_phrase(status);
    out += "\r\nDate: ";
    out += date;
    out += "\r\n";
    if (form.secure) out += kStrictTransport;
    for (const auto& [name, value] : headers.items()) {
        if (is_nets_own(name)) continue;
        if (!is_token(name) || !is_clean_value(value)) return std::nullopt;
        out += name;
        out += ": ";
        out += value;
        out += "\r\n";
    }
    if (length) {
        if (status_has_body(status)) out += "Content-Length: " + std::to_string(*length) + "\r\n";
    } else if (form.minor_version == 1 && status_has_body(status)) {
        out += "Transfer-Encoding: chunked\r\n";
    }
    out += form.close ? "Connection: close\r\n\r\n" : "\r\n";
    return out;
}

}  // namespace twinpane::net
