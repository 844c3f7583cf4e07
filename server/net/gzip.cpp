#include "net/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "net/text.hpp"

namespace twinpane::net {

namespace {
constexpr int kGzipWindow = 15 + 16;  // zlib's way of asking for a gzip header

Bytef* bytes_of(std::string_view text) {
    // zlib's interface lacks const; it does not write to its input.
    return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}
}  // namespace

std::optional<std::string> gzip(std::string_view plain, int level) {
    z_stream stream{};
    if (::deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return std::nullopt;
    std::string out(::deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
    stream.next_in = bytes_of(plain);
    stream.avail_in = static_cast<uInt>(plain.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const bool whole = ::deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    if (!whole) return std::nullopt;
    return out;
}

std::optional<std::string> gunzip(std::string_view packed, std::size_t limit) {
    z_stream stream{};
    if (::inflateInit2(&stream, kGzipWindow) != Z_OK) return std::nullopt;
    stream.next_in = bytes_of(packed);
    stream.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    std::array<char, 16384> part{};
    int status = Z_OK;
    while (status == Z_OK && out.size() <= limit) {
        stream.next_out = reinterpret_cast<Bytef*>(part.data());
        stream.avail_out = part.size();
        status = ::inflate(&stream, Z_NO_FLUSH);
        out.append(part.data(), part.size() - stream.avail_out);
    }
    ::inflateEnd(&stream);
    if (status != Z_STREAM_END || out.size() > limit) return std::nullopt;
    return out;
}

bool accepts_gzip(const Headers& headers) {
    const auto value = headers.find("Accept-Encoding");
    if (!value) return false;
    std::string_view rest = *value;
    while (true) {
        const auto comma = rest.find(',');
        const auto item = rest.substr(0, comma);
        const auto semicolon = item.find(';');
        if (equal_no_case(trim(item.substr(0, semicolon)), "gzip")) {
            if (semicolon == std::string_view::npos) return true;
            const auto weight = trim(item.substr(semicolon + 1));
            // "q=0", "q=0.", "q=0.000" refuse; any other weight takes it.
            return weight.find_first_not_of("0.", std::min<std::size_t>(2, weight.size())) !=
                   std::string_view::npos;
        }
        if (comma == std::string_view::npos) return false;
        rest.remove_prefix(comma + 1);
    }
}

bool is_compressible_type(std::string_view content_type) {
    const auto type = trim(content_type.substr(0, content_type.find(';')));
    if (type.size() > 5 && equal_no_case(type.substr(0, 5), "text/")) return true;
    static constexpr std::array<std::string_view, 10> kTypes = {
        "application/json",
        "application/problem+json",
        "application/javascript",
        "application/manifest+json",
        "application/xml",
        "application/xhtml+xml",
        "image/svg+xml",
        "application/wasm",
        "font/ttf",
        "image/x-icon",
    };
    return std::ranges::any_of(kTypes, [type](std::string_view known) { return equal_no_case(type, known); });
}

}  // namespace twinpane::net
