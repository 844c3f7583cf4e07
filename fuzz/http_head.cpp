// The way of a request's bytes: wall, Beast, target, chunked body. However the bytes are cut, the outcome is
// the same; what the wall lets through, Beast reads the same way.
#include <algorithm>
#include <string>
#include <string_view>

#include "check.hpp"
#include "net/chunk_decoder.hpp"
#include "net/detail_beast/head_parser.hpp"
#include "net/request_wall.hpp"
#include "net/target.hpp"
#include "net/text.hpp"

namespace {
using namespace twinpane::net;

constexpr std::size_t kMaxBody = 5000;

struct Scan {
    bool refused = false;
    std::size_t length = 0;
    bool operator==(const Scan&) const = default;
};

Scan scan(std::string_view bytes, std::size_t piece) {
    Scan out;
    std::size_t seen = 0;
    while (seen < bytes.size()) {
        const auto now = std::min(bytes.size(), seen + piece);
        if (scan_head(bytes.substr(0, now), seen, {}, out.length)) {
            out.refused = true;
            return out;
        }
        if (out.length > 0) return out;
        seen = now;
    }
    return out;
}

struct Body {
    ChunkDecoder::State state = ChunkDecoder::State::kMore;
    std::size_t used = 0;
    std::string text;
    bool operator==(const Body&) const = default;
};

Body read_chunks(std::string_view bytes, std::size_t piece) {
    ChunkDecoder decoder;
    Body out;
    while (out.used < bytes.size() && out.state == ChunkDecoder::State::kMore) {
        std::size_t used = 0;
        out.state = decoder.feed(bytes.substr(out.used, piece), used, out.text, kMaxBody);
        FUZZ_CHECK(used > 0);
        out.used += used;
        FUZZ_CHECK(out.text.size() <= kMaxBody);
    }
    return out;
}

void read_body(std::string_view rest) {
    const auto whole = read_chunks(rest, rest.size() + 1);
    const auto single = read_chunks(rest, 1);
    FUZZ_CHECK(whole.state == single.state);
    if (whole.state == ChunkDecoder::State::kDone) FUZZ_CHECK(whole == single);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    read_body(bytes);
    const auto whole = scan(bytes, size + 1);
    const auto single = scan(bytes, 1);
    // In one piece a fault behind the head's end is not looked at; byte by byte neither.
    FUZZ_CHECK(whole == single);
    if (whole.refused || whole.length == 0) return 0;
    FUZZ_CHECK(whole.length <= HeadLimits{}.max_head);

    const auto head = bytes.substr(0, whole.length);
    Framing framing;
    if (check_head(head, {}, framing)) return 0;
    FUZZ_CHECK(framing.fields <= HeadLimits{}.max_fields);
    FUZZ_CHECK(!framing.chunked || !framing.has_content_length);
    detail_beast::ParsedHead parsed;
    if (!detail_beast::parse_head(head, parsed)) return 0;
    if (parsed.headers.items().size() != framing.fields) return 0;  // refused by the connection
    // The two readings of where the message ends.
    const auto length = parsed.headers.find("Content-Length");
    FUZZ_CHECK(length.has_value() == framing.has_content_length);
    const auto encoding = parsed.headers.find("Transfer-Encoding");
    FUZZ_CHECK(encoding.has_value() == framing.chunked);
    if (encoding) FUZZ_CHECK(equal_no_case(*encoding, "chunked"));
    FUZZ_CHECK(framing.minor_version == 0 || parsed.headers.find("Host").has_value());
    FUZZ_CHECK(head.starts_with(parsed.method + " " + parsed.target + " "));
    if (const auto target = parse_target(parsed.target)) {
        FUZZ_CHECK(target->path.starts_with('/'));
        FUZZ_CHECK(target->path.find("//") == std::string::npos);
        FUZZ_CHECK((target->path + "/").find("/../") == std::string::npos);
        FUZZ_CHECK((target->path + "/").find("/./") == std::string::npos);
        for (const char c : target->path)
            FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '\\');
    }
    if (framing.chunked) read_body(bytes.substr(whole.length));
    return 0;
}
