// The contract of ports.hpp as tests. An implementation passes a Subject to it:
//
//   struct Subject {                       // one store with data of its own, empty at first
//       std::unique_ptr<LiveRegistry> live(Executor&); … history, closer, accounts
//       void restart();                    // as if the process had ended and begun again; ports are made
//       anew
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StorageContract, Subject);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "storage/contract/queue_loop.hpp"
#include "storage/contract/records.hpp"
#include "storage/ports.hpp"

namespace twinpane::storage::contract {

// The ports of one store, as blocking calls.
template <typename Subject>
class Caller {
  public:
    using Session = std::optional<SessionRecord>;

    explicit Caller(Subject& subject)
        : live_(subject.live(loop)),
          history_(subject.history(loop)),
          closer_(subject.closer(loop)),
          accounts_(subject.accounts(loop)) {}

    Result<void> put(SessionRecord r) {
        return loop.template await<void>([&](auto done) { live_->put(std::move(r), std::move(done)); });
    }
    Session find_token(const std::string& token) {
        return value<Session>([&](auto done) { live_->find_token(token, std::move(done)); });
    }
    Result<void> remove(const std::string& id) {
        return loop.template await<void>([&](auto done) { live_->remove(id, std::move(done)); });
    }
    std::vector<SessionRecord> load(const std::string& node) {
        auto all = value<std::vector<SessionRecord>>([&](auto done) { live_->load(node, std::move(done)); });
        std::ranges::sort(all, {}, &SessionRecord::id);
        return all;
    }
    Result<void> put_history(SessionRecord r) {
        return loop.template await<void>([&](auto done) { history_->put(std::move(r), std::move(done)); });
    }
    Session find_history(const std::string& id) {
        return value<Session>([&](auto done) { history_->find(id, std::move(done)); });
    }
    Result<void> close(SessionRecord r) {
        return loop.template await<void>([&](auto done) { closer_->close(std::move(r), std::move(done)); });
    }
    Result<void> put(Account a) {
        return loop.template await<void>([&](auto done) { accounts_->put(std::move(a), std::move(done)); });
    }
    std::optional<Account> find_login(const std::string& login) {
        return value<std::optional<Account>>(
            [&](auto done) { accounts_->find_login(login, std::move(done)); });
    }
    std::optional<Account> find_account(const std::string& id) {
        return value<std::optional<Account>>([&](auto done) { accounts_->find(id, std::move(done)); });
    }
    std::vector<Account> list() {
        auto all = value<std::vector<Account>>([&](auto done) { accounts_->list(std::move(done)); });
        std::ranges::sort(all, {}, &Account::id);
        return all;
    }
    Result<void> put(RefreshToken t) {
        return loop.template await<void>(
            [&](auto done) { accounts_->put_refresh(std::move(t), std::move(done)); });
    }
    std::optional<RefreshToken> take(const std::string& hash) {
        return value<std::optional<RefreshToken>>(
            [&](auto done) { accounts_->take_refresh(hash, std::move(done)); });
    }

    LiveRegistry& live() { return *live_; }
    History& history() { return *history_; }
    SessionCloser& closer() { return *closer_; }
    Accounts& accounts() { return *accounts_; }

    QueueLoop loop;

  private:
    template <typename T, typename Start>
    T value(Start start) {
        auto result = loop.template await<T>(std::move(start));
        EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().context);
        return result ? std::move(*result) : T{};
    }

    std::unique_ptr<LiveRegistry> live_;
    std::unique_ptr<History> history_;
    std::unique_ptr<SessionCloser> closer_;
    std::unique_ptr<Accounts> accounts_;
};

template <typename Subject>
class StorageContract : public ::testing::Test {
  protected:
    Subject subject;
};

TYPED_TEST_SUITE_P(StorageContract);

TYPED_TEST_P(StorageContract, KeepsEveryFieldOfASession) {
    Caller<TypeParam> store(this->subject);
    const auto record = session("s1", "000000001");
    ASSERT_TRUE(store.put(record));
    EXPECT_EQ(store.find_token("000000001"), record);
    EXPECT_EQ(store.find_token("000000002"), std::nullopt);
    EXPECT_EQ(store.find_token(""), std::nullopt);
    ASSERT_TRUE(store.put_history(record));
    EXPECT_EQ(store.find_history("s1"), record);
    EXPECT_EQ(store.find_history("s2"), std::nullopt);
}

TYPED_TEST_P(StorageContract, ReplacesById) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(session("s1", "000000001")));
    auto changed = session("s1", "000000001");
    changed.state = "ended";
    changed.participants.clear();
    ASSERT_TRUE(store.put(changed));
    EXPECT_EQ(store.find_token("000000001"), changed);
    EXPECT_EQ(store.load("n1").size(), 1U);
    ASSERT_TRUE(store.put_history(session("s1", "000000001")));
    ASSERT_TRUE(store.put_history(changed));
    EXPECT_EQ(store.find_history("s1"), changed);
}

TYPED_TEST_P(StorageContract, TokenBelongsToOneLiveSession) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(session("s1", "000000001")));
    const auto refused = store.put(session("s2", "000000001"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kWrongState);
    EXPECT_EQ(store.find_token("000000001")->id, "s1");
    EXPECT_EQ(store.load("n1").size(), 1U);
    // A token is free again when its session has another one, or is gone.
    ASSERT_TRUE(store.put(session("s1", "000000009")));
    EXPECT_EQ(store.find_token("000000001"), std::nullopt);
    ASSERT_TRUE(store.put(session("s2", "000000001")));
    ASSERT_TRUE(store.remove("s2"));
    ASSERT_TRUE(store.put(session("s3", "000000001")));
    EXPECT_EQ(store.find_token("000000001")->id, "s3");
}

TYPED_TEST_P(StorageContract, SessionsWithoutTokenDoNotCollide) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(session("s1", "")));
    ASSERT_TRUE(store.put(session("s2", "")));
    EXPECT_EQ(store.load("n1").size(), 2U);
    EXPECT_EQ(store.find_token(""), std::nullopt);
}

TYPED_TEST_P(StorageContract, RemovesAndIgnoresWhatIsNotThere) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(session("s1", "000000001")));
    ASSERT_TRUE(store.remove("s1"));
    ASSERT_TRUE(store.remove("s1"));
    ASSERT_TRUE(store.remove("never"));
    EXPECT_EQ(store.find_token("000000001"), std::nullopt);
    EXPECT_TRUE(store.load("n1").empty());
}

TYPED_TEST_P(StorageContract, LoadsTheSessionsOfANode) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(session("s1", "000000001", "n1")));
    ASSERT_TRUE(store.put(session("s2", "000000002", "n2")));
    ASSERT_TRUE(store.put(session("s3", "000000003", "n1")));
    const auto loaded = store.load("n1");
    ASSERT_EQ(loaded.size(), 2U);
    EXPECT_EQ(loaded[0], session("s1", "000000001", "n1"));
    EXPECT_EQ(loaded[1], session("s3", "000000003", "n1"));
    EXPECT_TRUE(store.load("n").empty());
}

TYPED_TEST_P(StorageContract, ClosesInOneStep) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(session("s1", "000000001")));
    auto ended = session("s1", "000000001");
    ended.state = "ended";
    ASSERT_TRUE(store.close(ended));
    EXPECT_EQ(store.find_history("s1"), ended);
    EXPECT_EQ(store.find_token("000000001"), std::nullopt);
    EXPECT_TRUE(store.load("n1").empty());
    ASSERT_TRUE(store.put(session("s2", "000000001"))) << "the token is free again";
    // Again, and of one that was never live: the record is kept all the same; another session's token stays.
    ASSERT_TRUE(store.close(ended));
    ASSERT_TRUE(store.close(session("s3", "000000001")));
    EXPECT_EQ(store.find_history("s3")->id, "s3");
    EXPECT_EQ(store.find_token("000000001")->id, "s2");
}

TYPED_TEST_P(StorageContract, KeepsAccounts) {
    Caller<TypeParam> store(this->subject);
    const auto ada = account("a1", "ada");
    ASSERT_TRUE(store.put(ada));
    ASSERT_TRUE(store.put(account("a2", "bob")));
    EXPECT_EQ(store.find_login("ada"), ada);
    EXPECT_EQ(store.find_account("a1"), ada);
    EXPECT_EQ(store.find_login("eve"), std::nullopt);
    EXPECT_EQ(store.find_account("ada"), std::nullopt);
    const auto all = store.list();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1], account("a2", "bob"));
}

TYPED_TEST_P(StorageContract, LoginsAreUnique) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(account("a1", "ada")));
    const auto refused = store.put(account("a2", "ada"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kWrongState);
    EXPECT_EQ(store.find_account("a2"), std::nullopt);
    EXPECT_EQ(store.find_login("ada")->id, "a1");
    // A login given up is free.
    ASSERT_TRUE(store.put(account("a1", "ada.l")));
    EXPECT_EQ(store.find_login("ada"), std::nullopt);
    ASSERT_TRUE(store.put(account("a2", "ada")));
    EXPECT_EQ(store.list().size(), 2U);
}

TYPED_TEST_P(StorageContract, RefreshTokensAreGoodForOneUse) {
    Caller<TypeParam> store(this->subject);
    ASSERT_TRUE(store.put(refresh("h1")));
    ASSERT_TRUE(store.put(refresh("h2")));
    EXPECT_EQ(store.take("h1"), refresh("h1"));
    EXPECT_EQ(store.take("h1"), std::nullopt);
    EXPECT_EQ(store.take("h3"), std::nullopt);
    // Taken twice at once: one gets it.
    std::vector<bool> got;
    for (int i = 0; i < 2; ++i) {
        store.accounts().take_refresh("h2",
                                      [&](auto result) { got.push_back(result && result->has_value()); });
    }
    store.loop.run_until([&] { return got.size() == 2; });
    EXPECT_EQ(std::ranges::count(got, true), 1);
}

TYPED_TEST_P(StorageContract, CallsTakeEffectInOrder) {
    Caller<TypeParam> store(this->subject);
    // Nothing is waited for in between, and the ports differ.
    std::vector<int> finished;
    std::vector<std::string> seen;
    const auto note = [&](int step) {
        return [&finished, step](Result<void> r) { finished.push_back(r ? step : -step); };
    };
    const auto look = [&](int step) {
        return [&, step](Result<std::optional<SessionRecord>> r) {
            finished.push_back(step);
            seen.push_back(r && *r ? (*r)->state : "none");
        };
    };
    auto record = session("s1", "000000001");
    record.state = "waiting";
    store.live().put(record, note(1));
    store.live().find_token("000000001", look(2));
    record.state = "active";
    store.live().put(record, note(3));
    store.live().find_token("000000001", look(4));
    store.live().put(session("s2", "000000001"), note(5));
    record.state = "ended";
    store.closer().close(record, note(6));
    store.live().find_token("000000001", look(7));
    store.history().find("s1", look(8));
    store.loop.run_until([&] { return finished.size() == 8; });
    EXPECT_EQ(finished, (std::vector{1, 2, 3, 4, -5, 6, 7, 8}));
    EXPECT_EQ(seen, (std::vector<std::string>{"waiting", "active", "none", "ended"}));
}

TYPED_TEST_P(StorageContract, CompletesOnceOnItsOwnExecutor) {
    QueueLoop first;
    QueueLoop second;
    const auto one = this->subject.live(first);
    const auto two = this->subject.live(second);
    int calls_one = 0;
    int calls_two = 0;
    for (int i = 0; i < 50; ++i) {
        one->put(session("a" + std::to_string(i), "1" + std::to_string(i)), [&](auto) { ++calls_one; });
        two->put(session("b" + std::to_string(i), "2" + std::to_string(i)), [&](auto) { ++calls_two; });
    }
    EXPECT_EQ(calls_one + calls_two, 0) << "never within the call";
    first.run_until([&] { return calls_one == 50; });
    EXPECT_EQ(calls_two, 0) << "the other executor has not run";
    second.run_until([&] { return calls_two == 50; });
    EXPECT_EQ(first.waiting() + second.waiting(), 0U);
    EXPECT_EQ(calls_one, 50);
}

TYPED_TEST_P(StorageContract, RestartKeepsWhatWasAcknowledged) {
    {
        Caller<TypeParam> store(this->subject);
        ASSERT_TRUE(store.put(session("s1", "000000001")));
        ASSERT_TRUE(store.put(session("s2", "000000002")));
        ASSERT_TRUE(store.put(session("s3", "000000003")));
        ASSERT_TRUE(store.close(session("s2", "000000002")));
        ASSERT_TRUE(store.remove("s3"));
        ASSERT_TRUE(store.put(account("a1", "ada")));
        ASSERT_TRUE(store.put(refresh("h1")));
        ASSERT_TRUE(store.put(refresh("h2")));
        ASSERT_TRUE(store.take("h2"));
    }
    this->subject.restart();
    Caller<TypeParam> store(this->subject);
    EXPECT_EQ(store.find_token("000000001"), session("s1", "000000001"));
    EXPECT_EQ(store.load("n1").size(), 1U);
    EXPECT_EQ(store.find_token("000000002"), std::nullopt);
    EXPECT_EQ(store.find_token("000000003"), std::nullopt);
    EXPECT_EQ(store.find_history("s2"), session("s2", "000000002"));
    EXPECT_EQ(store.find_login("ada"), account("a1", "ada"));
    EXPECT_FALSE(store.put(account("a2", "ada")));
    EXPECT_EQ(store.take("h1"), refresh("h1"));
    EXPECT_EQ(store.take("h2"), std::nullopt);
}

TYPED_TEST_P(StorageContract, ManyWritersAtOnce) {
    constexpr int kThreads = 4;
    constexpr int kEach = 100;
    std::atomic<int> kept = 0;
    std::atomic<int> winners = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            QueueLoop loop;
            const auto live = this->subject.live(loop);
            int answers = 0;
            for (int i = 0; i < kEach; ++i) {
                const auto name = std::to_string(t) + "-" + std::to_string(i);
                live->put(session(name, name, "many"), [&](auto r) { kept += r ? 1 : 0, ++answers; });
                // All threads want this one.
                live->put(session("x" + name, "wanted" + std::to_string(i), "race"),
                          [&](auto r) { winners += r ? 1 : 0, ++answers; });
            }
            loop.run_until([&] { return answers == 2 * kEach; });
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(kept, kThreads * kEach);
    EXPECT_EQ(winners, kEach);
    Caller<TypeParam> store(this->subject);
    EXPECT_EQ(store.load("many").size(), static_cast<std::size_t>(kThreads * kEach));
    EXPECT_EQ(store.load("race").size(), static_cast<std::size_t>(kEach));
}

TYPED_TEST_P(StorageContract, LargeRecords) {
    Caller<TypeParam> store(this->subject);
    auto record = session("big", "000000001");
    record.pages.assign(
        64, {.url = std::string(16U << 10U, 'u'), .title = "t", .entered_ms = 1, .duration_ms = 2});
    ASSERT_TRUE(store.put(record));
    ASSERT_TRUE(store.close(record));
    this->subject.restart();
    Caller<TypeParam> again(this->subject);
    EXPECT_EQ(again.find_history("big"), record);
}

TYPED_TEST_P(StorageContract, StringsComeBackByteForByte) {
    Caller<TypeParam> store(this->subject);
    auto record = session("käse-日本-\U0001F600", "000000001");
    record.site = std::string("nul\0 in it", 10);
    record.pages[0].title = "\u2028 \x01 \t \u00e9 \U0001F469\u200D\U0001F680";
    record.pages[0].url = "not UTF-8: \xff\xfe";
    ASSERT_TRUE(store.put(record));
    EXPECT_EQ(store.find_token("000000001"), record);
    ASSERT_TRUE(store.close(record));
    EXPECT_EQ(store.find_history(record.id), record);
    ASSERT_TRUE(store.put(account("a1", "jürgen")));
    EXPECT_EQ(store.find_login("jürgen"), account("a1", "jürgen"));
}

REGISTER_TYPED_TEST_SUITE_P(StorageContract, KeepsEveryFieldOfASession, ReplacesById,
                            TokenBelongsToOneLiveSession, SessionsWithoutTokenDoNotCollide,
                            RemovesAndIgnoresWhatIsNotThere, LoadsTheSessionsOfANode, ClosesInOneStep,
                            KeepsAccounts, LoginsAreUnique, RefreshTokensAreGoodForOneUse,
                            CallsTakeEffectInOrder, CompletesOnceOnItsOwnExecutor,
                            RestartKeepsWhatWasAcknowledged, ManyWritersAtOnce, LargeRecords,
                            StringsComeBackByteForByte);

}  // namespace twinpane::storage::contract
