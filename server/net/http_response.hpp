// Turns a Response into bytes. Internal to net.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace twinpane::net {

// What of the request decides about the form of its answer.
struct AnswerForm {
    int minor_version = 1;
    bool head_only = false;  // HEAD
    bool gzip = false;       // the client takes it
    bool close = false;      // "Connection: close" goes out
    bool secure = false;     // came by TLS: HSTS goes out
};

// "Not Found" for 404; "Status" for what has no name here.
std::string_view reason_phrase(int status);
// 1xx, 204 and 304 have no body.
bool status_has_body(int status);

// Compresses the body in place if form, type and size say so, and sets the headers that go with it.
void maybe_compress(Response& response, bool client_takes_gzip);

// Status line and headers, empty line included. `length`: the body's; nothing for a streamed answer, which is
// then chunked in HTTP/1.1. Headers that net itself sets are left out when the handler gave them. Nothing
// when a header would break the message (line break in it, bad name): the handler's mistake.
std::optional<std::string> response_head(int status, const Headers& headers,
                                         std::optional<std::size_t> length, const AnswerForm& form,
                                         std::string_view date);

}  // namespace twinpane::net
