// The one catalogue of errors that a client can see. Each has a number for ever, an HTTP-like class (400,
// 401, 403, 404, 409, 410, 413, 429, 500, 503) and a name. On the wire:
//   Bayeux  error: "<class>:<number>[,<arg>...]:<name>"     (three digits, arguments, text: Bayeux 1.0,
//   'error') REST {"type":"about:blank","status":<class>,"code":<number>,"title":"<name>","detail":"<text>"}
//   (RFC 9457)
// tools/gen-errors writes docs/protocol/errors.md and web/packages/protocol/src/errors.ts from errors.def.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twinpane {

enum class Code : int {
#define TWINPANE_ERROR(number, status, id, name, text) id = number,
#include "base/errors.def"
#undef TWINPANE_ERROR
};

struct ErrorInfo {
    Code code;
    int status;             // HTTP-like class
    std::string_view name;  // snake_case, stable
    std::string_view text;  // one English sentence that says what to do
};

// Never fails: every Code has an entry.
const ErrorInfo& info(Code code);
// The whole catalogue, in order of number.
const std::vector<ErrorInfo>& error_catalogue();

// "403:4202:role_not_allowed", or "409:4301,17:sequence_gap" with one argument.
std::string bayeux_error(Code code, std::string_view args = {});

}  // namespace twinpane
