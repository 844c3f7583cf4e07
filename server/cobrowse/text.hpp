// Small rules about texts that come from clients.
#pragma once

#include <string>
#include <string_view>

namespace twinpane::cobrowse {

// Without control characters (line breaks and tabs become a blank), trimmed, at most `max` bytes, cut between
// characters.
std::string clean_text(std::string_view text, std::size_t max);
// Without query and fragment.
std::string strip_query(std::string_view url);
// "https://host[:port]" in lower case, default ports left out; empty if `url` is not absolute http(s).
std::string origin_of(std::string_view url);

}  // namespace twinpane::cobrowse
