// Channel names: grammar, kinds and wildcards (bayeux 1.0, with CometD's character set).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace twinpane::bayeux {

// Bounds that keep the look-up of wildcards cheap.
inline constexpr std::size_t kMaxChannelLength = 512;
inline constexpr std::size_t kMaxChannelSegments = 32;

struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

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

enum class Characters : std::uint8_t { kChecked, kAny };  // CometD's set, or any within a segment

// Of a normalised name.
ChannelKind classify_channel(std::string_view name, Characters characters = Characters::kChecked);

// Calls `visit` with each name that `channel`, which is no wildcard, is found under: itself, /a/b/*, then
// /a/b/**, /a/**, /**. `scratch` is reused by callers, so that nothing is allocated; the views end with each
// call.
template <typename Visit>
void for_each_pattern(std::string_view channel, std::string& scratch, Visit&& visit) {
    visit(channel);
    auto slash = channel.rfind('/');
    scratch.assign(channel.substr(0, slash)).append("/*");
    visit(std::string_view(scratch));
    while (true) {
        scratch.resize(slash);
        scratch.append("/**");
        visit(std::string_view(scratch));
        if (slash == 0) return;
        slash = channel.rfind('/', slash - 1);
    }
}

// Is there a channel that both reach? Each is a normalised name or pattern.
bool overlap(std::string_view one, std::string_view other);

// Names and patterns that channels can be held against. Patterns end in /* or /**.
class PatternSet {
  public:
    // Names that are no channels are ignored.
    explicit PatternSet(const std::vector<std::string>& names);
    bool empty() const { return names_.empty(); }
    bool matches(std::string_view channel);

  private:
    std::unordered_set<std::string, StringHash, std::equal_to<>> names_;
    std::string scratch_;
};

}  // namespace twinpane::bayeux
