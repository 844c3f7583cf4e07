// The contract on RocksDB, and what is RocksDB's own: the folder, the schema, group commit, the bounds,
// closing.
#include "storage/rocksdb/rocks_storage.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/testing/manual_loop.hpp"
#include "storage/contract/contract.hpp"
#include "storage/rocksdb/database.hpp"
#include "storage/testing/temporary_folder.hpp"

namespace twinpane::storage {
namespace {

namespace fs = std::filesystem;
using contract::Caller;
using contract::session;
using storage::testing::TemporaryFolder;

std::unique_ptr<RocksStorage> open_store(const std::string& path, RocksOptions options = {}) {
    auto store = RocksStorage::open(path, options);
    if (!store) throw std::runtime_error(store.error().context);
    return std::move(*store);
}

struct RocksSubject {
    TemporaryFolder folder;
    std::unique_ptr<RocksStorage> store = open_store(folder.path());

    std::unique_ptr<LiveRegistry> live(Executor& executor) { return store->live(executor); }
    std::unique_ptr<History> history(Executor& executor) { return store->history(executor); }
    std::unique_ptr<SessionCloser> closer(Executor& executor) { return store->closer(executor); }
    std::unique_ptr<Accounts> accounts(Executor& executor) { return store->accounts(executor); }
    void restart() {
        store.reset();
        store = open_store(folder.path());
    }
};

unsigned mode_of(const fs::path& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) throw std::runtime_error("no such file");
    return info.st_mode & 0777U;
}

TEST(RocksStorage, KeepsItsFolderToItself) {
    TemporaryFolder folder;
    const std::string path = folder.path() + "/a/store";
    auto store = open_store(path);
    Caller<RocksStorage> caller(*store);
    ASSERT_TRUE(caller.put(session("s1", "1")));
    store->close();
    EXPECT_EQ(mode_of(path), 0700U);
    int files = 0;
    for (const auto& file : fs::directory_iterator(path)) {
        ++files;
        EXPECT_EQ(mode_of(file.path()) & 0077U, 0U) << file.path();
    }
    EXPECT_GT(files, 3);
    // An open folder is closed to others at the next start.
    fs::permissions(path, fs::perms::all);
    store = open_store(path);
    EXPECT_EQ(mode_of(path), 0700U);
}

TEST(RocksStorage, SaysWhyItCannotOpen) {
    TemporaryFolder folder;
    const auto store = open_store(folder.path() + "/used");
    const auto twice = RocksStorage::open(folder.path() + "/used");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, Code::kStoreFailed);
    EXPECT_NE(twice.error().context.find("/used"), std::string::npos);

    std::ofstream(folder.path() + "/file") << "not a folder";
    const auto not_folder = RocksStorage::open(folder.path() + "/file");
    ASSERT_FALSE(not_folder);
    EXPECT_EQ(not_folder.error().code, Code::kStoreFailed);
}

TEST(RocksStorage, SaysThatAnotherProgramUsesItsFolder) {
    TemporaryFolder folder;
    const auto store = open_store(folder.path());
    const auto second = RocksStorage::open(folder.path());
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().context.find("in use by another program"), std::string::npos)
        << second.error().context;
}

TEST(RocksStorage, RefusesAnotherSchema) {
    TemporaryFolder folder;
    open_store(folder.path())->close();
    {
        auto database =
            Database::open(folder.path(), {.cache_bytes = 1U << 20U, .write_buffer_bytes = 1U << 20U});
        ASSERT_TRUE(database);
        Database::Transaction change(**database);
        change.put(Family::kMeta, "schema", "2");
        ASSERT_TRUE(change.commit());
    }
    const auto later = RocksStorage::open(folder.path());
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, Code::kStoreFailed);
    EXPECT_NE(later.error().context.find("version 2"), std::string::npos) << later.error().context;
}

TEST(RocksStorage, ReportsRecordsItCannotRead) {
    TemporaryFolder folder;
    open_store(folder.path())->close();
    {
        auto database =
            Database::open(folder.path(), {.cache_bytes = 1U << 20U, .write_buffer_bytes = 1U << 20U});
        Database::Transaction change(**database);
        change.put(Family::kHistory, "s1", "secret garbage");
        ASSERT_TRUE(change.commit());
    }
    const auto store = open_store(folder.path());
    Caller<RocksStorage> caller(*store);
    const auto found = caller.loop.await<std::optional<SessionRecord>>(
        [&](auto done) { caller.history().find("s1", std::move(done)); });
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::kStoreFailed);
    EXPECT_EQ(found.error().context.find("secret"), std::string::npos);
    EXPECT_EQ(caller.find_history("s2"), std::nullopt);
}

TEST(RocksStorage, CommitsInGroups) {
    TemporaryFolder folder;
    const auto store = open_store(folder.path());
    Caller<RocksStorage> caller(*store);
    int answers = 0;
    for (int i = 0; i < 500; ++i) {
        caller.live().put(session(std::to_string(i), std::to_string(i)),
                          [&](auto r) { answers += r ? 1 : 0; });
    }
    caller.loop.run_until([&] { return answers == 500; });
    EXPECT_EQ(store->stats().calls, 500U);
    EXPECT_GE(store->stats().commits, 1U);
    EXPECT_LT(store->stats().commits, 250U) << "the calls did not share their fsyncs";
    EXPECT_FALSE(store->stats().failing);
}

TEST(RocksStorage, RefusesMoreThanTheQueueHolds) {
    TemporaryFolder folder;
    const auto store = open_store(folder.path(), {.max_queued_calls = 100'000, .max_queued_bytes = 4096});
    Caller<RocksStorage> caller(*store);
    auto large = session("large", "1");
    large.pages[0].title.assign(8192, 'x');
    const auto refused = caller.put(large);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kStoreFailed);
    EXPECT_TRUE(caller.put(session("small", "1"))) << "and goes on";
    EXPECT_EQ(store->stats().queued_bytes, 0U);
}

TEST(RocksStorage, ClosesAfterTheLastCall) {
    TemporaryFolder folder;
    contract::QueueLoop loop;
    auto store = open_store(folder.path());
    const auto live = store->live(loop);
    int kept = 0;
    for (int i = 0; i < 100; ++i) {
        live->put(session(std::to_string(i), std::to_string(i)), [&](auto r) { kept += r ? 1 : 0; });
    }
    store->close();
    EXPECT_EQ(loop.waiting(), 100U) << "completions are posted when close() returns";
    loop.run_until([&] { return kept == 100; });
    const auto late =
        loop.await<void>([&](auto done) { live->put(session("late", "late"), std::move(done)); });
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::kShuttingDown);
    store = open_store(folder.path());
    Caller<RocksStorage> caller(*store);
    EXPECT_EQ(caller.load("n1").size(), 100U);
}

TEST(RocksStorage, DropsRefreshTokensThatRanOut) {
    TemporaryFolder folder;
    twinpane::testing::ManualLoop clock;
    const auto store = open_store(folder.path(), {.clock = &clock});
    Caller<RocksStorage> caller(*store);
    const std::int64_t now = clock.unix_ms();
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(caller.put(
            RefreshToken{"m" + std::to_string(10 + i), "a1", now + (i % 2 == 0 ? 1000 : 1'000'000'000)}));
    }
    clock.advance(std::chrono::hours(25));
    // New ones sweep what lies behind them.
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(caller.put(RefreshToken{"a" + std::to_string(i), "a1", now + 2'000'000'000}));
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(caller.put(RefreshToken{"m" + std::to_string(10 + i) + "x", "a1", now + 2'000'000'000}));
    }
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(caller.take("m" + std::to_string(10 + i)).has_value(), i % 2 == 1) << i;
    }
}

}  // namespace

namespace contract {
INSTANTIATE_TYPED_TEST_SUITE_P(RocksDB, StorageContract, RocksSubject);
}  // namespace contract

}  // namespace twinpane::storage
