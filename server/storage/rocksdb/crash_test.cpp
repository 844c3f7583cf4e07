// kill -9 at random: what was acknowledged is there, and nothing is half done.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "storage/contract/contract.hpp"
#include "storage/rocksdb/rocks_storage.hpp"
#include "storage/testing/temporary_folder.hpp"

namespace twinpane::storage {
namespace {

struct Acknowledged {
    std::set<int> put, closed, accounts;
    std::size_t count() const { return put.size() + closed.size() + accounts.size(); }
};

// Runs the writer until it has acknowledged `calls` calls, kills it, and reads what it had said until then.
void run_and_kill(const std::string& path, int first, std::size_t calls, Acknowledged& into) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
    std::string program = TWINPANE_CRASH_WRITER;
    std::string folder = path;
    std::string number = std::to_string(first);
    std::array<char*, 4> argv = {program.data(), folder.data(), number.data(), nullptr};
    pid_t pid = 0;
    ASSERT_EQ(::posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);

    std::string text;
    std::array<char, 4096> buffer{};
    bool killed = false;
    for (ssize_t n = 0; (n = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (!killed && static_cast<std::size_t>(std::ranges::count(text, '\n')) >= calls) {
            ::kill(pid, SIGKILL);
            killed = true;
        }
    }
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the writer ended by itself";

    std::istringstream lines(text);
    std::string what;
    for (int which = 0; lines >> what >> which;) {
        (what == "put" ? into.put : what == "close" ? into.closed : into.accounts).insert(which);
    }
}

void check(RocksStorage& store, const Acknowledged& told, int first, int last) {
    contract::Caller<RocksStorage> caller(store);
    std::set<std::string> live;
    for (const SessionRecord& record : caller.load("n1")) live.insert(record.id);
    for (int i = first; i < last; ++i) {
        const auto name = std::to_string(i);
        const auto expected = contract::session(name, "t" + name);
        const auto past = caller.find_history(name);
        const auto by_token = caller.find_token("t" + name);
        EXPECT_EQ(live.contains(name), by_token.has_value()) << "index and record differ: " << i;
        EXPECT_FALSE(live.contains(name) && past) << "closed by half: " << i;
        if (told.put.contains(i)) {
            EXPECT_TRUE(past || by_token) << "lost: " << i;
        }
        if (told.closed.contains(i)) {
            EXPECT_TRUE(past.has_value()) << "close lost: " << i;
        }
        EXPECT_EQ(past.value_or(expected), expected);
        EXPECT_EQ(by_token.value_or(expected), expected);
        const auto account = caller.find_account(name);
        EXPECT_EQ(caller.find_login("login" + name), account) << "index and record differ: account " << i;
        EXPECT_TRUE(account || !told.accounts.contains(i)) << "lost: account " << i;
    }
}

TEST(RocksStorageCrash, KeepsWhatWasAcknowledged) {
    testing::TemporaryFolder folder;
    std::mt19937 random(std::random_device{}());
    Acknowledged told;
    constexpr int kRounds = 4;
    constexpr int kRange = 100'000;
    for (int round = 0; round < kRounds; ++round) {
        const std::size_t calls = 1 + random() % 1500;
        SCOPED_TRACE("round " + std::to_string(round) + ", killed after " + std::to_string(calls) + " calls");
        Acknowledged now;
        run_and_kill(folder.path(), round * kRange, calls, now);
        ASSERT_FALSE(HasFatalFailure());
        EXPECT_GE(now.count(), calls);
        const auto store = RocksStorage::open(folder.path());
        ASSERT_TRUE(store) << store.error().context;
        contract::Caller<RocksStorage> caller(**store);
        for (const int i : told.put) {
            const auto name = std::to_string(i);
            EXPECT_TRUE(caller.find_token("t" + name) || caller.find_history(name))
                << "lost from an earlier round: " << i;
        }
        check(**store, now, round * kRange, *now.put.rbegin() + 100);  // calls under way may be there, whole
        told.put.insert(now.put.begin(), now.put.end());
    }
}

}  // namespace
}  // namespace twinpane::storage
