// Sec-WebSocket-Extensions (RFC 6455 9.1) and what of it becomes permessage-deflate (RFC 7692 section 7).
// Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"

namespace twinpane::net {

struct ExtensionOffer {
    std::string name;
    // In order; a quoted value without its quotes. No value: nothing behind the name.
    std::vector<std::pair<std::string, std::optional<std::string>>> parameters;
};

// All offers of the request, in the client's order of preference; empty when there is no such header. Nothing
// when a header breaks the grammar, or there are more offers or parameters than anybody could mean (16 each).
std::optional<std::vector<ExtensionOffer>> parse_extensions(const Headers& headers);

// What was agreed on. Context takeover is never: a frame is made once for all its receivers, and an idle
// connection holds no window.
struct DeflateTerms {
    int server_bits = 15;  // 9..15: how far back a frame to this client may refer
    bool say_bits = false;
};

// The first offer of permessage-deflate that can be met. Nothing: none can. A window of 8 bits can't (zlib
// has no raw deflate so small), nor can an offer with a parameter that is unknown, doubled or malformed.
std::optional<DeflateTerms> choose_deflate(const std::vector<ExtensionOffer>& offers);
// The value of Sec-WebSocket-Extensions in the answer.
std::string deflate_answer(const DeflateTerms& terms);

}  // namespace twinpane::net
