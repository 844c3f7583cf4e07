#include "resource/signer.hpp"

#include <sodium.h>

#include <charconv>

#include "base/random.hpp"

namespace twinpane::resource {

namespace {
constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kHours = 13;
static_assert(crypto_auth_hmacsha256_KEYBYTES == 32);
}  // namespace

Signer::Signer(std::string_view secret) {
    // The file's secret is hex text; hashing it gives the key its size and this purpose only.
    const auto text = std::string("twinpane resource urls\n").append(secret);
    crypto_hash_sha256(key_.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

std::string Signer::sign(std::string_view scope, std::string_view expires) const {
    const auto text = std::string(scope).append("\n").append(expires);
    std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
    crypto_auth_hmacsha256(mac.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                           key_.data());
    std::array<char, 2 * crypto_auth_hmacsha256_BYTES + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), mac.data(), mac.size());
    return {hex.data(), 2 * mac.size()};
}

std::string Signer::url(std::string_view origin, std::string_view scope, std::int64_t now_ms) const {
    const auto expires = std::to_string((now_ms / kHour + kHours) * kHour);
    return std::string(origin) + "/cobrowse/resource/" + std::string(scope) + "/" + expires + "/" +
           sign(scope, expires) + "/";
}

bool Signer::verify(std::string_view scope, std::string_view expires, std::string_view signature,
                    std::int64_t now_ms) const {
    std::int64_t until = 0;
    const auto [rest, error] = std::from_chars(expires.data(), expires.data() + expires.size(), until);
    if (error != std::errc{} || rest != expires.data() + expires.size()) return false;
    return equal_constant_time(sign(scope, expires), signature) && until > now_ms;
}

}  // namespace twinpane::resource
