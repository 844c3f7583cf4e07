// What all TLS connections of a listener share: certificate, key, protocol versions, ciphers. Internal to
// net.
//
// TLS 1.2 and 1.3, AEAD ciphers with ephemeral keys only, no renegotiation, no compression, no early data,
// ALPN "http/1.1". Sessions resume in TLS 1.3 only, by one ticket a handshake that is good for two hours and
// always comes with a fresh key exchange; its key never leaves the process and is new with every context, so
// with every reload. TLS 1.2 tickets would put a recording of all connections at the mercy of that one key.
#pragma once

#include <expected>
#include <memory>

#include "net/tls.hpp"

struct ssl_ctx_st;

namespace twinpane::net {

// Immutable once made; any number of loops take connections from it.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

std::expected<TlsContext, TlsProblem> make_tls_context(const TlsFiles& files);

}  // namespace twinpane::net
