// Images, fonts and style sheets of shared pages, as the customer's browser read them: named by the SHA-256
// of their bytes, kept in memory within the scope of one session, gone with it. They leave only under a
// signed URL on the viewer's host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace twinpane::resource {

struct Limits {
    std::size_t one = 5U << 20U;     // bytes of one resource
    std::size_t scope = 50U << 20U;  // bytes of one session
    std::size_t scope_count = 5000;  // resources of one session
    std::size_t all = 1U << 30U;     // bytes of all sessions
    std::size_t query = 1000;        // hashes in one question
};

struct Resource {
    std::string type;  // from the allow-list
    SharedBytes bytes;
};

// All members are safe from any thread.
class Store {
  public:
    explicit Store(Limits limits = {}) : limits_(limits) {}

    // Those of `hashes` that `scope` lacks, in order. kBadField when one is not 64 lower-case hex digits or
    // when there are too many.
    Result<std::vector<std::string>> missing(std::string_view scope,
                                             const std::vector<std::string>& hashes) const;

    // Keeps `bytes`. Errors: kUnsupportedMediaType, kMessageTooLarge (one, session or all; nothing is kept
    // then), kBadField when `hash` is not theirs. Keeping the same again is fine.
    Result<void> put(std::string_view scope, std::string_view hash, std::string_view type, std::string bytes);

    std::optional<Resource> get(std::string_view scope, std::string_view hash) const;
    // The session has ended.
    void drop(std::string_view scope);

    std::size_t bytes() const;

  private:
    struct Scope {
        std::unordered_map<std::string, Resource> items;
        std::size_t bytes = 0;
    };

    Limits limits_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Scope> scopes_;
    std::size_t bytes_ = 0;
};

// The media type to keep and serve `type` under, or nothing if it is not taken: images, fonts, style sheets.
std::optional<std::string> allowed_type(std::string_view type);

// Lower-case hex SHA-256.
std::string sha256_hex(std::string_view bytes);

}  // namespace twinpane::resource
