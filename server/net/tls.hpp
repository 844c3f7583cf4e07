// TLS of a listener, as the rest of the house sees it: which files, and whether they are any good.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace twinpane::net {

// PEM files: the server's certificate followed by its chain, and its private key without a passphrase.
struct TlsFiles {
    std::string certificate, key;
};

struct TlsFacts {
    std::int64_t not_after = 0;  // the certificate is good until then; Unix time, seconds
};

// Why a pair of files can't be used.
struct TlsProblem {
    enum class Where : std::uint8_t { kCertificate, kKey } where = Where::kCertificate;
    std::string reason;  // names the file; no full stop
};

// Reads both files and tries them as a listener would. A certificate that has run out is no problem here:
// not_after says so. Blocks on the disk; any thread.
std::expected<TlsFacts, TlsProblem> check_tls_files(const TlsFiles& files);

}  // namespace twinpane::net
