// The process that crash_test.cpp kills: writes sessions to the store in argv[1], numbers from argv[2] on,
// and prints a line for each call as soon as it is acknowledged: "put 7", "close 7", "account 7". Every third
// session is closed.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "storage/contract/queue_loop.hpp"
#include "storage/contract/records.hpp"
#include "storage/rocksdb/rocks_storage.hpp"

namespace {

using namespace twinpane;
using namespace twinpane::storage;

constexpr int kWindow = 64;  // calls under way

// One write(2) a line: what is in the pipe survives this process.
void say(const char* what, int number) {
    const std::string line = std::string(what) + " " + std::to_string(number) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(1);
}

int run(const std::string& path, int number) {
    auto store = RocksStorage::open(path);
    if (!store) {
        std::fprintf(stderr, "%s\n", store.error().context.c_str());
        return 1;
    }
    contract::QueueLoop loop;
    const auto live = (*store)->live(loop);
    const auto closer = (*store)->closer(loop);
    const auto accounts = (*store)->accounts(loop);
    int under_way = 0;
    const auto told = [&under_way](const char* what, int which) {
        ++under_way;
        return [&under_way, what, which](Result<void> result) {
            --under_way;
            if (result) say(what, which);
        };
    };
    for (;; ++number) {
        const auto name = std::to_string(number);
        live->put(contract::session(name, "t" + name), told("put", number));
        if (number % 3 == 0) closer->close(contract::session(name, "t" + name), told("close", number));
        if (number % 5 == 0) accounts->put(contract::account(name, "login" + name), told("account", number));
        loop.run_until([&] { return under_way < kWindow; });
    }
}

}  // namespace

int main(int argc, char** argv) {
    return argc == 3 ? run(argv[1], std::atoi(argv[2])) : 2;
}
