// The names of a session and its participants, and where they lead.
//   session token  nine digits; token mod 256 is the shard, shard mod loops the loop that runs the session
//   user token     two hex digits of the shard, then 128 random bits in hex; a secret, kept only as its hash
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace twinpane::cobrowse {

inline constexpr unsigned kShards = 256;

// Uniform among the nine-digit tokens whose session runs on `loop` of `loops` (1 .. 256).
std::string draw_session_token(Random& random, unsigned loop, unsigned loops);
// Nine digits, nothing else.
bool is_session_token(std::string_view token);
// Only for valid tokens.
unsigned shard_of_session(std::string_view token);

std::string draw_user_token(Random& random, unsigned shard);
// The shard, if the text has the form of a user token.
std::optional<unsigned> shard_of_user(std::string_view token);

// Hex SHA-256.
std::string hash_secret(std::string_view secret);

}  // namespace twinpane::cobrowse
