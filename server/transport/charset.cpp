#include "transport/charset.hpp"

#include <algorithm>
#include <utility>

#include "net/text.hpp"

namespace twinpane::transport {

namespace {

void append_utf8(std::string& out, std::uint32_t c) {
    const auto tail = [&](unsigned shift) { out.push_back(static_cast<char>(0x80U | (c >> shift & 0x3FU))); };
    if (c < 0x80) {
        out.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
        out.push_back(static_cast<char>(0xC0U | c >> 6U));
        tail(0);
    } else if (c < 0x10000) {
        out.push_back(static_cast<char>(0xE0U | c >> 12U));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xF0U | c >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

Result<std::string> from_utf16(std::string_view bytes, bool little_endian) {
    if (bytes.size() % 2 != 0) return fail(Code::kBadJson, "half a UTF-16 unit");
    std::string out;
    out.reserve(bytes.size());
    std::uint32_t high = 0;  // a surrogate that waits for its other half
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const auto first = static_cast<unsigned char>(bytes[i]);
        const auto second = static_cast<unsigned char>(bytes[i + 1]);
        const std::uint32_t unit = little_endian ? second << 8U | first : first << 8U | second;
        const bool low = (unit & 0xFC00U) == 0xDC00U;
        if (low != (high != 0)) return fail(Code::kBadJson, "half a UTF-16 pair");
        if ((unit & 0xFC00U) == 0xD800U) {
            high = unit;
        } else {
            append_utf8(out, low ? 0x10000U + ((high & 0x3FFU) << 10U) + (unit & 0x3FFU) : unit);
            high = 0;
        }
    }
    if (high != 0) return fail(Code::kBadJson, "half a UTF-16 pair");
    return out;
}

}  // namespace

std::optional<Charset> charset_of(std::string_view content_type) {
    while (!content_type.empty()) {
        const auto part = net::trim(content_type.substr(0, content_type.find(';')));
        content_type.remove_prefix(std::min(content_type.size(), content_type.find(';')));
        if (!content_type.empty()) content_type.remove_prefix(1);
        const auto equals = part.find('=');
        if (equals == std::string_view::npos || !net::equal_no_case(part.substr(0, equals), "charset"))
            continue;
        auto name = part.substr(equals + 1);
        if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
            name = name.substr(1, name.size() - 2);
        constexpr std::pair<std::string_view, Charset> kNames[] = {
            {"utf-8", Charset::kUtf8},        {"utf8", Charset::kUtf8},        {"us-ascii", Charset::kUtf8},
            {"iso-8859-1", Charset::kLatin1}, {"latin1", Charset::kLatin1},    {"utf-16", Charset::kUtf16},
            {"utf-16le", Charset::kUtf16Le},  {"utf-16be", Charset::kUtf16Be},
        };
        for (const auto& [known, charset] : kNames) {
            if (net::equal_no_case(name, known)) return charset;
        }
        return std::nullopt;
    }
    return Charset::kUtf8;
}

Result<std::string> to_utf8(Charset charset, std::string bytes) {
    const auto view = std::string_view(bytes);
    switch (charset) {
        case Charset::kUtf8:
            return bytes;
        case Charset::kLatin1: {
            std::string out;
            out.reserve(bytes.size() + bytes.size() / 8);
            for (const unsigned char c : bytes) append_utf8(out, c);
            return out;
        }
        case Charset::kUtf16:
            if (view.starts_with("\xFF\xFE")) return from_utf16(view.substr(2), true);
            return from_utf16(view.starts_with("\xFE\xFF") ? view.substr(2) : view, false);
        case Charset::kUtf16Le:
            return from_utf16(view, true);
        case Charset::kUtf16Be:
            return from_utf16(view, false);
    }
    return fail(Code::kUnsupportedMediaType);
}

}  // namespace twinpane::transport
