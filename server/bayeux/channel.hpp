// Channel names: grammar, kinds and wildcards (bayeux 1.0, with CometD's character set).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace twinpane::bayeux {

// Bounds that keep the look-up of wildcards cheap.
inline constexpr std::size_t kMaxChannelLength = 512;
inline constexpr std::size_t kMaxChannelSegments = 32;

// The name that all checks are made on: surrounding blanks and trailing slashes taken off. A view into
// `name`.
std::string_view normalise_channel(std::string_view name);

enum class ChannelKind : std::uint8_t {
    kInvalid,
    kMeta,
    kService,
    kBroadcast,
    kWild,  // ends in /* or /**; to subscribe to only. Never below /meta or /service
};

// Of a normalised name.
ChannelKind classify_channel(std::string_view name);

// What `channel`, which is no wildcard, is found under: itself, /a/b/*, then /a/b/**, /a/**, /**.
// Appends to `patterns`, which is reused by callers.
void matching_patterns(std::string_view channel, std::vector<std::string>& patterns);

}  // namespace twinpane::bayeux
