// The RocksDB of a store: its folder, column families and schema, and transactions on it. Internal to
// rocksdb; no RocksDB type shows.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace twinpane::storage {

enum class Family { kMeta, kLive, kLiveToken, kHistory, kAccounts, kAccountLogin, kRefresh };

class Database {
  public:
    struct Sizes {
        std::size_t cache_bytes;
        std::size_t write_buffer_bytes;
    };
    static Result<std::unique_ptr<Database>> open(const std::string& path, Sizes sizes);
    ~Database();

    // What a group of calls reads and writes. Reads see the writes before them in the group. Errors:
    // kStoreFailed.
    class Transaction {
      public:
        explicit Transaction(Database& database);
        ~Transaction();
        Transaction(const Transaction&) = delete;
        Transaction& operator=(const Transaction&) = delete;

        Result<std::optional<std::string>> get(Family family, std::string_view key);
        void put(Family family, std::string_view key, std::string_view value);
        void erase(Family family, std::string_view key);
        // Calls `visit` for each entry from `from` on, in order of keys, until it returns false.
        using Visit = std::function<bool(std::string_view key, std::string_view value)>;
        Result<void> scan(Family family, std::string_view from, const Visit& visit);

        bool wrote() const;
        std::size_t bytes() const;
        // Writes everything as one unit and waits until it is on the disk.
        Result<void> commit();

      private:
        struct State;
        std::unique_ptr<State> state_;
    };

  private:
    Database();
    Result<void> check_schema();

    struct Handles;
    std::unique_ptr<Handles> handles_;
};

}  // namespace twinpane::storage
