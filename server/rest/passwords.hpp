// Passwords: Argon2id in libsodium's string form. Verifying takes some 50 ms and 64 MiB, so it runs on its
// own few threads behind a bounded queue, never on a loop.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.hpp"

namespace twinpane::rest {

inline constexpr std::size_t kMaxPassword = 1024;
inline constexpr std::size_t kMinPassword = 8;

// Blocks for as long as the hash takes. Throws std::bad_alloc when there is no memory for it.
std::string hash_password(const std::string& password);
// Compares in constant time; false for a malformed hash.
bool verify_password(const std::string& hash, const std::string& password);
// A hash that no password has, as costly to check as a real one: for logins that don't exist.
const std::string& dummy_hash();

class PasswordWorkers {
  public:
    explicit PasswordWorkers(unsigned threads = 1, std::size_t queue = 64);
    // Finishes nothing that waits: those callbacks are destroyed.
    ~PasswordWorkers();
    PasswordWorkers(const PasswordWorkers&) = delete;
    PasswordWorkers& operator=(const PasswordWorkers&) = delete;

    // Posts done(right or not) to `home`. False: the queue is full, nothing will be called.
    bool verify(std::string hash, std::string password, Executor& home,
                std::move_only_function<void(bool)> done);

  private:
    struct Job {
        std::string hash, password;
        Executor* home;
        std::move_only_function<void(bool)> done;
    };
    void work();

    std::size_t limit_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace twinpane::rest
