// callback-polling: requests in the query of a GET, answers as a script that calls a function of the page's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace twinpane::transport {

// May a script call this name? Letters, digits, '.', '_', '-', '$', at least one, at most `max_length`:
// nothing that could be more than a name.
bool valid_callback(std::string_view name, std::size_t max_length);

// The script that calls `callback` with `json`. It begins with a comment, so that no other kind of file can
// be made of it, and holds none of the line ends (U+2028, U+2029) that end a string of older scripts.
std::string callback_script(std::string_view callback, std::string_view json);

}  // namespace twinpane::transport
