#include "storage/rocksdb/rocks_storage.hpp"

#include <utility>

#include "storage/record_json.hpp"
#include "storage/rocksdb/writer.hpp"

namespace twinpane::storage {

namespace {

using Transaction = Database::Transaction;

// Tokens that ran out this long ago are dropped, a few with each new one.
constexpr std::int64_t kExpiredForMs = 24LL * 3600 * 1000;
constexpr int kSweepEntries = 16;

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

// What is kept under `key`, parsed; nothing when there is no entry.
template <typename T>
Result<std::optional<T>> find(Transaction& on, Family family, std::string_view key,
                              Result<T> (*parse)(std::string_view)) {
    auto bytes = on.get(family, key);
    if (!bytes) return std::unexpected(bytes.error());
    if (!*bytes) return std::nullopt;
    auto record = parse(**bytes);
    if (!record) return std::unexpected(record.error());
    return std::move(*record);
}

// Likewise by way of an index whose entries hold the key.
template <typename T>
Result<std::optional<T>> find_by(Transaction& on, Family index, Family family, std::string_view value,
                                 Result<T> (*parse)(std::string_view)) {
    const auto key = on.get(index, value);
    if (!key) return std::unexpected(key.error());
    if (!*key) return std::nullopt;
    return find(on, family, **key, parse);
}

// Whether the unique `value` of record `id` is free or its own. kWrongState with `taken` otherwise.
Result<void> check_unique(Transaction& on, Family index, std::string_view value, std::string_view id,
                          const char* taken) {
    const auto owner = on.get(index, value);
    if (!owner) return std::unexpected(owner.error());
    if (*owner && **owner != id) return fail(Code::kWrongState, taken);
    return {};
}

Result<void> drop_live(Transaction& on, std::string_view id) {
    const auto held = find(on, Family::kLive, id, session_from_json);
    if (!held) return std::unexpected(held.error());
    if (!*held) return {};
    if (!(*held)->token.empty()) on.erase(Family::kLiveToken, (*held)->token);
    on.erase(Family::kLive, id);
    return {};
}

std::size_t size_of(const std::string& id, const std::string& json) {
    return id.size() + json.size();
}

class Live final : public LiveRegistry {
  public:
    Live(std::shared_ptr<Writer> writer, Executor& executor)
        : writer_(std::move(writer)), executor_(executor) {}

    void put(SessionRecord record, Done<void> done) override {
        // Encoded by the caller, so that the one writer thread has less to do.
        auto json = to_json(record);
        const std::size_t bytes = size_of(record.id, json);
        writer_->submit<void>(executor_, bytes, std::move(done),
                              [id = std::move(record.id), token = std::move(record.token),
                               json = std::move(json)](Transaction& on) -> Result<void> {
                                  if (auto free = check_unique(on, Family::kLiveToken, token, id,
                                                               "the token belongs to another session");
                                      !free) {
                                      return free;
                                  }
                                  if (auto dropped = drop_live(on, id); !dropped) return dropped;
                                  on.put(Family::kLive, id, json);
                                  if (!token.empty()) on.put(Family::kLiveToken, token, id);
                                  return {};
                              });
    }

    void find_token(std::string token, Done<std::optional<SessionRecord>> done) override {
        writer_->submit<std::optional<SessionRecord>>(
            executor_, token.size(), std::move(done), [token = std::move(token)](Transaction& on) {
                return find_by(on, Family::kLiveToken, Family::kLive, token, session_from_json);
            });
    }

    void remove(std::string id, Done<void> done) override {
        writer_->submit<void>(executor_, id.size(), std::move(done),
                              [id = std::move(id)](Transaction& on) { return drop_live(on, id); });
    }

    void load(std::string node, Done<std::vector<SessionRecord>> done) override {
        using All = std::vector<SessionRecord>;
        writer_->submit<All>(executor_, node.size(), std::move(done),
                             [node = std::move(node)](Transaction& on) -> Result<All> {
                                 All all;
                                 Result<void> parsed;
                                 const auto scanned =
                                     on.scan(Family::kLive, {}, [&](std::string_view, std::string_view json) {
                                         auto record = session_from_json(json);
                                         if (!record) {
                                             parsed = std::unexpected(record.error());
                                             return false;
                                         }
                                         if (record->node == node) all.push_back(std::move(*record));
                                         return true;
                                     });
                                 if (!scanned) return std::unexpected(scanned.error());
                                 if (!parsed) return std::unexpected(parsed.error());
                                 return all;
                             });
    }

  private:
    std::shared_ptr<Writer> writer_;
    Executor& executor_;
};

class Past final : public History {
  public:
    Past(std::shared_ptr<Writer> writer, Executor& executor)
        : writer_(std::move(writer)), executor_(executor) {}

    void put(SessionRecord record, Done<void> done) override {
        auto json = to_json(record);
        const std::size_t bytes = size_of(record.id, json);
        writer_->submit<void>(
            executor_, bytes, std::move(done),
            [id = std::move(record.id), json = std::move(json)](Transaction& on) -> Result<void> {
                on.put(Family::kHistory, id, json);
                return {};
            });
    }

    void find(std::string id, Done<std::optional<SessionRecord>> done) override {
        writer_->submit<std::optional<SessionRecord>>(
            executor_, id.size(), std::move(done), [id = std::move(id)](Transaction& on) {
                return storage::find(on, Family::kHistory, id, session_from_json);
            });
    }

  private:
    std::shared_ptr<Writer> writer_;
    Executor& executor_;
};

class Closer final : public SessionCloser {
  public:
    Closer(std::shared_ptr<Writer> writer, Executor& executor)
        : writer_(std::move(writer)), executor_(executor) {}

    void close(SessionRecord ended, Done<void> done) override {
        auto json = to_json(ended);
        const std::size_t bytes = size_of(ended.id, json);
        writer_->submit<void>(
            executor_, bytes, std::move(done),
            [id = std::move(ended.id), json = std::move(json)](Transaction& on) -> Result<void> {
                if (auto dropped = drop_live(on, id); !dropped) return dropped;
                on.put(Family::kHistory, id, json);
                return {};
            });
    }

  private:
    std::shared_ptr<Writer> writer_;
    Executor& executor_;
};

class People final : public Accounts {
  public:
    People(std::shared_ptr<Writer> writer, Executor& executor, const Clock& clock)
        : writer_(std::move(writer)), executor_(executor), clock_(clock) {}

    void put(Account account, Done<void> done) override {
        auto json = to_json(account);
        const std::size_t bytes = size_of(account.id, json);
        writer_->submit<void>(executor_, bytes, std::move(done),
                              [id = std::move(account.id), login = std::move(account.login),
                               json = std::move(json)](Transaction& on) -> Result<void> {
                                  if (auto free = check_unique(on, Family::kAccountLogin, login, id,
                                                               "another account has that login");
                                      !free) {
                                      return free;
                                  }
                                  const auto before =
                                      storage::find(on, Family::kAccounts, id, account_from_json);
                                  if (!before) return std::unexpected(before.error());
                                  if (*before) on.erase(Family::kAccountLogin, (*before)->login);
                                  on.put(Family::kAccounts, id, json);
                                  on.put(Family::kAccountLogin, login, id);
                                  return {};
                              });
    }

    void find_login(std::string login, Done<std::optional<Account>> done) override {
        writer_->submit<std::optional<Account>>(
            executor_, login.size(), std::move(done), [login = std::move(login)](Transaction& on) {
                return find_by(on, Family::kAccountLogin, Family::kAccounts, login, account_from_json);
            });
    }

    void find(std::string id, Done<std::optional<Account>> done) override {
        writer_->submit<std::optional<Account>>(
            executor_, id.size(), std::move(done), [id = std::move(id)](Transaction& on) {
                return storage::find(on, Family::kAccounts, id, account_from_json);
            });
    }

    void list(Done<std::vector<Account>> done) override {
        using All = std::vector<Account>;
        writer_->submit<All>(executor_, 0, std::move(done), [](Transaction& on) -> Result<All> {
            All all;
            Result<void> parsed;
            const auto scanned = on.scan(Family::kAccounts, {}, [&](std::string_view, std::string_view json) {
                auto account = account_from_json(json);
                if (!account) {
                    parsed = std::unexpected(account.error());
                    return false;
                }
                all.push_back(std::move(*account));
                return true;
            });
            if (!scanned) return std::unexpected(scanned.error());
            if (!parsed) return std::unexpected(parsed.error());
            return all;
        });
    }

    void put_refresh(RefreshToken token, Done<void> done) override {
        auto json = to_json(token);
        const std::size_t bytes = size_of(token.hash, json);
        const std::int64_t expired = clock_.unix_ms() - kExpiredForMs;
        writer_->submit<void>(
            executor_, bytes, std::move(done),
            [hash = std::move(token.hash), json = std::move(json), expired](Transaction& on) {
                const auto swept = sweep(on, hash, expired);
                on.put(Family::kRefresh, hash, json);
                return swept;
            });
    }

    void take_refresh(std::string hash, Done<std::optional<RefreshToken>> done) override {
        writer_->submit<std::optional<RefreshToken>>(
            executor_, hash.size(), std::move(done), [hash = std::move(hash)](Transaction& on) {
                auto token = storage::find(on, Family::kRefresh, hash, refresh_from_json);
                if (token && *token) on.erase(Family::kRefresh, hash);
                return token;
            });
    }

  private:
    // Looks at a few tokens from a random place on (hashes are evenly spread) and drops the expired, so that
    // tokens that nobody comes back with do not pile up.
    static Result<void> sweep(Transaction& on, std::string_view from, std::int64_t expired) {
        std::vector<std::string> old;
        int looked_at = 0;
        const auto scanned =
            on.scan(Family::kRefresh, from, [&](std::string_view key, std::string_view json) {
                const auto token = refresh_from_json(json);
                if (token && token->expires_ms < expired) old.emplace_back(key);
                return ++looked_at < kSweepEntries;
            });
        for (const std::string& key : old) on.erase(Family::kRefresh, key);
        return scanned;
    }

    std::shared_ptr<Writer> writer_;
    Executor& executor_;
    const Clock& clock_;
};

}  // namespace

class RocksStorage::Impl {
  public:
    Impl(std::unique_ptr<Database> database, RocksOptions options)
        : clock(options.clock != nullptr ? *options.clock : system_clock()),
          writer(std::make_shared<Writer>(std::move(database), options)) {}

    const Clock& clock;
    std::shared_ptr<Writer> writer;
};

Result<std::unique_ptr<RocksStorage>> RocksStorage::open(const std::string& path, RocksOptions options) {
    auto database = Database::open(
        path, {.cache_bytes = options.cache_bytes, .write_buffer_bytes = options.write_buffer_bytes});
    if (!database) return std::unexpected(database.error());
    return std::unique_ptr<RocksStorage>(
        new RocksStorage(std::make_unique<Impl>(std::move(*database), options)));
}

RocksStorage::RocksStorage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksStorage::~RocksStorage() {
    close();
}

std::unique_ptr<LiveRegistry> RocksStorage::live(Executor& executor) {
    return std::make_unique<Live>(impl_->writer, executor);
}
std::unique_ptr<History> RocksStorage::history(Executor& executor) {
    return std::make_unique<Past>(impl_->writer, executor);
}
std::unique_ptr<SessionCloser> RocksStorage::closer(Executor& executor) {
    return std::make_unique<Closer>(impl_->writer, executor);
}
std::unique_ptr<Accounts> RocksStorage::accounts(Executor& executor) {
    return std::make_unique<People>(impl_->writer, executor, impl_->clock);
}

RocksStorage::Stats RocksStorage::stats() const {
    return impl_->writer->stats();
}
void RocksStorage::close() {
    impl_->writer->close();
}

}  // namespace twinpane::storage
