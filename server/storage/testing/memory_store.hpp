// All storage ports in memory: for the unit tests of the folders above, and the reference for the contract
// suite.
//
//   MemoryStore store;
//   auto live = store.live(loop);          // each port object completes on the executor it is made for
//   auto closer = store.closer(loop);      // same data
//
// Any thread. Port objects share the data and may outlive the MemoryStore. Effects happen at the call,
// completions are posted. store.fail_next(n) makes the next n calls fail with kStoreFailed and change
// nothing.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.hpp"
#include "storage/ports.hpp"

namespace twinpane::storage::testing {

class MemoryStore {
  public:
    std::unique_ptr<LiveRegistry> live(Executor& executor) { return std::make_unique<Live>(data_, executor); }
    std::unique_ptr<History> history(Executor& executor) { return std::make_unique<Past>(data_, executor); }
    std::unique_ptr<SessionCloser> closer(Executor& executor) {
        return std::make_unique<Closer>(data_, executor);
    }
    std::unique_ptr<Accounts> accounts(Executor& executor) {
        return std::make_unique<People>(data_, executor);
    }

    void fail_next(int calls) {
        const std::lock_guard lock(data_->mutex);
        data_->failures = calls;
    }

    // What is held, for assertions; sorted by id.
    std::vector<SessionRecord> live_sessions() const {
        const std::lock_guard lock(data_->mutex);
        return values(data_->live);
    }
    std::vector<SessionRecord> ended_sessions() const {
        const std::lock_guard lock(data_->mutex);
        return values(data_->history);
    }

  private:
    struct Data {
        std::mutex mutex;
        int failures = 0;
        std::map<std::string, SessionRecord> live;      // by id
        std::map<std::string, std::string> live_token;  // token -> id
        std::map<std::string, SessionRecord> history;   // by id
        std::map<std::string, Account> accounts;        // by id
        std::map<std::string, std::string> logins;      // login -> id
        std::map<std::string, RefreshToken> refresh;    // by hash

        void drop_live(const std::string& id) {
            const auto found = live.find(id);
            if (found == live.end()) return;
            live_token.erase(found->second.token);
            live.erase(found);
        }
    };

    template <typename T>
    static std::vector<T> values(const std::map<std::string, T>& from) {
        std::vector<T> out;
        for (const auto& [key, value] : from) out.push_back(value);
        return out;
    }

    template <typename T>
    static std::optional<T> lookup(const std::map<std::string, T>& in, const std::string& key) {
        const auto found = in.find(key);
        return found == in.end() ? std::nullopt : std::optional<T>(found->second);
    }

    // Runs `work` under the lock and posts its result.
    class Port {
      public:
        Port(std::shared_ptr<Data> data, Executor& executor) : data_(std::move(data)), executor_(&executor) {}

      protected:
        template <typename T, typename Work>
        void run(Done<T> done, Work work) {
            Result<T> result = fail(Code::kStoreFailed, "asked to fail");
            {
                const std::lock_guard lock(data_->mutex);
                if (data_->failures > 0) {
                    --data_->failures;
                } else {
                    result = work(*data_);
                }
            }
            executor_->post(
                [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
        }

      private:
        std::shared_ptr<Data> data_;
        Executor* executor_;
    };

    class Live final : public LiveRegistry, private Port {
      public:
        using Port::Port;

        void put(SessionRecord record, Done<void> done) override {
            run<void>(std::move(done), [&](Data& data) -> Result<void> {
                if (const auto owner = lookup(data.live_token, record.token); owner && *owner != record.id) {
                    return fail(Code::kWrongState, "the token belongs to another live session");
                }
                data.drop_live(record.id);
                if (!record.token.empty()) data.live_token[record.token] = record.id;
                auto id = record.id;
                data.live.insert_or_assign(std::move(id), std::move(record));
                return {};
            });
        }

        void find_token(std::string token, Done<std::optional<SessionRecord>> done) override {
            run<std::optional<SessionRecord>>(std::move(done), [&](Data& data) {
                const auto id = lookup(data.live_token, token);
                return id ? lookup(data.live, *id) : std::nullopt;
            });
        }

        void remove(std::string id, Done<void> done) override {
            run<void>(std::move(done), [&](Data& data) -> Result<void> {
                data.drop_live(id);
                return {};
            });
        }

        void load(std::string node, Done<std::vector<SessionRecord>> done) override {
            run<std::vector<SessionRecord>>(std::move(done), [&](Data& data) {
                auto all = values(data.live);
                std::erase_if(all, [&](const SessionRecord& record) { return record.node != node; });
                return all;
            });
        }
    };

    class Past final : public History, private Port {
      public:
        using Port::Port;

        void put(SessionRecord record, Done<void> done) override {
            run<void>(std::move(done), [&](Data& data) -> Result<void> {
                auto id = record.id;
                data.history.insert_or_assign(std::move(id), std::move(record));
                return {};
            });
        }

        void find(std::string id, Done<std::optional<SessionRecord>> done) override {
            run<std::optional<SessionRecord>>(std::move(done),
                                              [&](Data& data) { return lookup(data.history, id); });
        }
    };

    class Closer final : public SessionCloser, private Port {
      public:
        using Port::Port;

        void close(SessionRecord ended, Done<void> done) override {
            run<void>(std::move(done), [&](Data& data) -> Result<void> {
                data.drop_live(ended.id);
                auto id = ended.id;
                data.history.insert_or_assign(std::move(id), std::move(ended));
                return {};
            });
        }
    };

    class People final : public Accounts, private Port {
      public:
        using Port::Port;

        void put(Account account, Done<void> done) override {
            run<void>(std::move(done), [&](Data& data) -> Result<void> {
                if (const auto owner = lookup(data.logins, account.login); owner && *owner != account.id) {
                    return fail(Code::kWrongState, "another account has that login");
                }
                if (const auto before = lookup(data.accounts, account.id)) data.logins.erase(before->login);
                data.logins[account.login] = account.id;
                auto id = account.id;
                data.accounts.insert_or_assign(std::move(id), std::move(account));
                return {};
            });
        }

        void find_login(std::string login, Done<std::optional<Account>> done) override {
            run<std::optional<Account>>(std::move(done), [&](Data& data) {
                const auto id = lookup(data.logins, login);
                return id ? lookup(data.accounts, *id) : std::nullopt;
            });
        }

        void find(std::string id, Done<std::optional<Account>> done) override {
            run<std::optional<Account>>(std::move(done),
                                        [&](Data& data) { return lookup(data.accounts, id); });
        }

        void list(Done<std::vector<Account>> done) override {
            run<std::vector<Account>>(std::move(done), [](Data& data) { return values(data.accounts); });
        }

        void put_refresh(RefreshToken token, Done<void> done) override {
            run<void>(std::move(done), [&](Data& data) -> Result<void> {
                auto hash = token.hash;
                data.refresh.insert_or_assign(std::move(hash), std::move(token));
                return {};
            });
        }

        void take_refresh(std::string hash, Done<std::optional<RefreshToken>> done) override {
            run<std::optional<RefreshToken>>(std::move(done), [&](Data& data) {
                auto token = lookup(data.refresh, hash);
                data.refresh.erase(hash);
                return token;
            });
        }
    };

    std::shared_ptr<Data> data_ = std::make_shared<Data>();
};

}  // namespace twinpane::storage::testing
