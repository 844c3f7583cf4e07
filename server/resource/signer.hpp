// Signed URLs: who has one may read the resources of that session until it expires, and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace twinpane::resource {

// Safe from any thread.
class Signer {
  public:
    // `secret`: at least 32 characters, kept by the caller in a private file so that URLs outlive a restart.
    explicit Signer(std::string_view secret);

    // "<origin>/cobrowse/resource/<scope>/<expires>/<signature>/". Expires 12 to 13 hours from now, on the
    // hour, so that within an hour the URL stays the same and browsers can cache.
    std::string url(std::string_view origin, std::string_view scope, std::int64_t now_ms) const;

    // Compares in constant time.
    bool verify(std::string_view scope, std::string_view expires, std::string_view signature,
                std::int64_t now_ms) const;

  private:
    std::string sign(std::string_view scope, std::string_view expires) const;

    std::array<unsigned char, 32> key_{};
};

}  // namespace twinpane::resource
