// Result<T>: a value, or an Error with a number from the catalogue (errors.hpp). Expected failures are
// values; exceptions are for start-up constructors and programmer errors only.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/errors.hpp"

namespace twinpane {

struct Error {
    Code code = Code::kInternal;
    // For the log and the operator: what exactly, never page content, tokens or codes. Not sent to clients.
    std::string context;
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string context = {}) {
    return std::unexpected<Error>(Error{code, std::move(context)});
}

}  // namespace twinpane
