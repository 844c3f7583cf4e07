// Errors as HTTP answers: application/problem+json (RFC 9457) with the number of the error catalogue in
// "code".
#pragma once

#include <string_view>

#include "base/errors.hpp"
#include "net/http.hpp"

namespace twinpane::net {

// `detail` goes to the client: no page content, tokens or codes in it. Empty: the catalogue's sentence.
// `status` 0: the catalogue's.
Response problem_response(Code code, std::string_view detail = {}, int status = 0);

}  // namespace twinpane::net
