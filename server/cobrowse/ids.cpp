#include "cobrowse/ids.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace twinpane::cobrowse {

namespace {
constexpr std::uint64_t kTokens = 1'000'000'000;
constexpr std::size_t kUserTokenLength = 2 + 32;
constexpr std::string_view kHex = "0123456789abcdef";

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}
unsigned hex_value(char c) {
    return static_cast<unsigned>(kHex.find(c));
}
}  // namespace

std::string draw_session_token(Random& random, unsigned loop, unsigned loops) {
    while (true) {
        const auto number = random.below(kTokens);
        if (number % kShards % loops != loop) continue;
        auto digits = std::to_string(number);
        return std::string(9 - digits.size(), '0') + digits;
    }
}

bool is_session_token(std::string_view token) {
    return token.size() == 9 && std::ranges::all_of(token, [](char c) { return c >= '0' && c <= '9'; });
}

unsigned shard_of_session(std::string_view token) {
    std::uint64_t number = 0;
    for (const char c : token) number = number * 10 + static_cast<unsigned>(c - '0');
    return static_cast<unsigned>(number % kShards);
}

std::string draw_user_token(Random& random, unsigned shard) {
    std::string token{kHex[shard >> 4U & 15U], kHex[shard & 15U]};
    return token + random_hex(random, 16);
}

std::optional<unsigned> shard_of_user(std::string_view token) {
    if (token.size() != kUserTokenLength || !std::ranges::all_of(token, is_hex)) return std::nullopt;
    return hex_value(token[0]) << 4U | hex_value(token[1]);
}

std::string hash_secret(std::string_view secret) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
    std::string hex;
    hex.reserve(digest.size() * 2);
    for (const auto byte : digest) {
        hex.push_back(kHex[byte >> 4U]);
        hex.push_back(kHex[byte & 15U]);
    }
    return hex;
}

}  // namespace twinpane::cobrowse
