// UTF-8 that arrives in pieces: fails at the first byte that can't be part of a valid text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace twinpane::net {

// The number of bytes (0..3) at the end of `text` that begin a character but do not finish it; nothing when
// the end can't become valid. Looks at the last three bytes only.
std::optional<std::size_t> utf8_unfinished(std::string_view text);

// Checks the text that grows in a buffer.
class Utf8Progress {
  public:
    // `whole` is everything so far; looks only at what is new. False: it can't become valid any more.
    bool advance(std::string_view whole);
    // True when nothing unfinished is left.
    bool complete(std::string_view whole) const { return checked_ == whole.size(); }
    void reset() { checked_ = 0; }

  private:
    std::size_t checked_ = 0;  // valid up to here, at a character's border
};

}  // namespace twinpane::net
