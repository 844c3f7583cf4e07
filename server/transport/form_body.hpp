// What a polling request says: the body of a POST, JSON or a form with `message` fields as old browsers and
// Faye send it, or such fields in the query of a GET.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace twinpane::transport {

// The JSON text of a POST's body, in UTF-8; not yet parsed. A body that begins with "message=" is taken for a
// form whatever its content type: Faye's cross-origin transport names none. Several fields are joined into
// one array. Errors: kUnsupportedMediaType when the content type names a character set that is not read here,
// kBadJson when the body is not of the one that it names.
Result<std::string> json_of_body(std::string_view content_type, std::string body);

// The same for the `message` fields of a query.
Result<std::string> json_of_query(std::string_view query);

}  // namespace twinpane::transport
