// The cookie of cookie mode: what is sent, and what is taken back.
#pragma once

#include <string>
#include <string_view>

#include "net/http.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::transport {

// A fresh value: 128 random bits.
std::string new_browser(Random& random);

// The value that the request carries; empty if it has none or one that was never given out.
std::string browser_of(const net::Request& request, const BrowserCookie& cookie);

// The Set-Cookie header.
std::string set_cookie(const BrowserCookie& cookie, std::string_view value);

}  // namespace twinpane::transport
