// A one-pass JSON validator that builds nothing: it checks a text completely (RFC 8259, depth, not UTF-8) and
// yields slices of it. What it accepts may be spliced into other messages byte for byte, so numbers stay
// exact. Every view returned points into the text that was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twinpane::bayeux::json {

inline constexpr unsigned kMaxDepth = 128;

// Walks a text. Each function returns false when the text is not JSON there; the scanner is then unusable.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

    // The next byte that is not blank, 0 at the end of the text.
    char peek();
    // Consumes blanks and then `wanted`, if it is there.
    bool take(char wanted);
    // Consumes one value and yields its slice. `depth` is the nesting level around it.
    bool value(std::string_view& slice, unsigned depth);
    // Consumes a string; the slice has its quotes. `escaped`: it has a backslash in it.
    bool string(std::string_view& slice, bool& escaped);
    // True if only blanks are left.
    bool at_end() { return peek() == 0 && at_ == end_; }

  private:
    void blanks();
    bool skip(unsigned depth);
    bool skip_string(bool& escaped);
    bool skip_number();
    bool skip_word(std::string_view word);

    const char* at_;
    const char* end_;
};

// The helpers below take slices that a Scanner has accepted.

// The text of a string slice (quotes included). Lone surrogates become U+FFFD.
std::string decode(std::string_view string_slice);
// True if a string slice stands for exactly `text`; `text` has no byte that JSON must escape.
bool is(std::string_view string_slice, std::string_view text);
// The member of that name in an object slice; the last one when there are several, as JavaScript reads it.
std::optional<std::string_view> member(std::string_view object_slice, std::string_view name);
// A non-negative integer of at most nine digits; nothing for any other value.
std::optional<std::uint32_t> small_integer(std::string_view slice);
// Appends `text` (UTF-8) as a JSON string with quotes.
void append_quoted(std::string& out, std::string_view text);

}  // namespace twinpane::bayeux::json
