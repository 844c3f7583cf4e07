#include "bayeux/json.hpp"

#include <array>

namespace twinpane::bayeux::json {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Bytes that a string scan may pass without a look: all but controls, quote and backslash.
constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (unsigned i = 0x20; i < 256; ++i) plain[i] = i != '"' && i != '\\';
    return plain;
}();

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0U | (point >> 6U));
        put(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
        put(0xE0U | (point >> 12U));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    } else {
        put(0xF0U | (point >> 18U));
        put(0x80U | ((point >> 12U) & 0x3FU));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    }
}

// Four hex digits at text[at]; the scanner has checked that they are there.
std::uint32_t hex4(std::string_view text, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value * 16 + static_cast<std::uint32_t>(hex_digit(text[at + i]));
    return value;
}

}  // namespace

void Scanner::blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

char Scanner::peek() {
    blanks();
    return at_ == end_ ? '\0' : *at_;
}

bool Scanner::take(char wanted) {
    blanks();
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
}

bool Scanner::value(std::string_view& slice, unsigned depth) {
    blanks();
    const char* begin = at_;
    if (!skip(depth)) return false;
    slice = {begin, static_cast<std::size_t>(at_ - begin)};
    return true;
}

bool Scanner::string(std::string_view& slice, bool& escaped) {
    blanks();
    const char* begin = at_;
    if (!skip_string(escaped)) return false;
    slice = {begin, static_cast<std::size_t>(at_ - begin)};
    return true;
}

bool Scanner::skip(unsigned depth) {
    blanks();
    if (at_ == end_) return false;
    bool escaped = false;
    switch (*at_) {
        case '"':
            return skip_string(escaped);
        case 't':
            return skip_word("true");
        case 'f':
            return skip_word("false");
        case 'n':
            return skip_word("null");
        case '{':
            if (depth >= kMaxDepth) return false;
            ++at_;
            if (take('}')) return true;
            do {
                blanks();
                if (!skip_string(escaped) || !take(':') || !skip(depth + 1)) return false;
            } while (take(','));
            return take('}');
        case '[':
            if (depth >= kMaxDepth) return false;
            ++at_;
            if (take(']')) return true;
            do {
                if (!skip(depth + 1)) return false;
            } while (take(','));
            return take(']');
        default:
            return skip_number();
    }
}

bool Scanner::skip_string(bool& escaped) {
    escaped = false;
    if (at_ == end_ || *at_ != '"') return false;
    ++at_;
    while (at_ != end_) {
        if (kPlain[static_cast<unsigned char>(*at_)]) {
            ++at_;
            continue;
        }
        const char c = *at_++;
        if (c == '"') return true;
        if (c != '\\' || at_ == end_) return false;
        escaped = true;
        switch (*at_++) {
            case '"':
            case '\\':
            case '/':
            case 'b':
            case 'f':
            case 'n':
            case 'r':
            case 't':
                break;
            case 'u':
                if (end_ - at_ < 4) return false;
                for (int i = 0; i < 4; ++i) {
                    if (hex_digit(*at_++) < 0) return false;
                }
                break;
            default:
                return false;
        }
    }
    return false;
}

bool Scanner::skip_number() {
    const auto digits = [this] {
        if (at_ == end_ || !is_digit(*at_)) return false;
        while (at_ != end_ && is_digit(*at_)) ++at_;
        return true;
    };
    if (at_ != end_ && *at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
        ++at_;
    } else if (!digits()) {
        return false;
    }
    if (at_ != end_ && *at_ == '.') {
        ++at_;
        if (!digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
        ++at_;
        if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
        if (!digits()) return false;
    }
    return true;
}

bool Scanner::skip_word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view(at_, word.size()) != word) {
        return false;
    }
    at_ += word.size();
    return true;
}

std::string decode(std::string_view string_slice) {
    const auto text = string_slice.substr(1, string_slice.size() - 2);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out.push_back(text[i]);
            continue;
        }
        switch (text[++i]) {
            case 'b':
                out.push_back('\b');
                break;
            case 'f':
                out.push_back('\f');
                break;
            case 'n':
                out.push_back('\n');
                break;
            case 'r':
                out.push_back('\r');
                break;
            case 't':
                out.push_back('\t');
                break;
            case 'u': {
                auto point = hex4(text, i + 1);
                i += 4;
                if (point >= 0xD800 && point < 0xDC00 && text.substr(i + 1, 2) == "\\u") {
                    const auto low = hex4(text, i + 3);
                    if (low >= 0xDC00 && low < 0xE000) {
                        point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
                        i += 6;
                    }
                }
                if (point >= 0xD800 && point < 0xE000) point = 0xFFFD;
                append_utf8(out, point);
                break;
            }
            default:  // quote, backslash, slash
                out.push_back(text[i]);
        }
    }
    return out;
}

bool is(std::string_view string_slice, std::string_view text) {
    if (string_slice.size() < 2) return false;
    if (string_slice.find('\\') != std::string_view::npos) return decode(string_slice) == text;
    return string_slice.substr(1, string_slice.size() - 2) == text;
}

std::optional<std::string_view> member(std::string_view object_slice, std::string_view name) {
    std::optional<std::string_view> found;
    Scanner scan(object_slice);
    if (!scan.take('{') || scan.take('}')) return found;
    do {
        std::string_view key;
        std::string_view value;
        bool escaped = false;
        if (!scan.string(key, escaped) || !scan.take(':') || !scan.value(value, 1)) return found;
        if (is(key, name)) found = value;
    } while (scan.take(','));
    return found;
}

std::optional<std::uint32_t> small_integer(std::string_view slice) {
    if (slice.empty() || slice.size() > 9) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : slice) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return value;
}

void append_quoted(std::string& out, std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    out.push_back('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (kPlain[byte]) {
            out.push_back(c);
        } else if (byte < 0x20) {
            out += "\\u00";
            out.push_back(kHex[byte >> 4U]);
            out.push_back(kHex[byte & 15U]);
        } else {
            out.push_back('\\');
            out.push_back(c);
        }
    }
    out.push_back('"');
}

}  // namespace twinpane::bayeux::json
