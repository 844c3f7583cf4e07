// The body of a long-polling POST: JSON, or a form with `message` fields as old browsers and Faye send it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace twinpane::transport {

// The JSON text of a POST's body; not yet parsed. A body that begins with "message=" is taken for a form
// whatever its content type: Faye's cross-origin transport names none. Several fields are joined into one
// array. Errors: kUnsupportedMediaType when the content type names a character set other than UTF-8.
Result<std::string> json_of_body(std::string_view content_type, std::string body);

}  // namespace twinpane::transport
