#include "rest/passwords.hpp"

#include <sodium.h>

#include <array>
#include <new>
#include <stdexcept>

namespace twinpane::rest {

namespace {
void start_sodium() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
}
}  // namespace

std::string hash_password(const std::string& password) {
    start_sodium();
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(),
                              crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
        throw std::bad_alloc();
    }
    return out.data();
}

bool verify_password(const std::string& hash, const std::string& password) {
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

const std::string& dummy_hash() {
    static const std::string hash = [] {
        start_sodium();
        std::string nobody(32, '\0');
        randombytes_buf(nobody.data(), nobody.size());
        return hash_password(nobody);
    }();
    return hash;
}

PasswordWorkers::PasswordWorkers(unsigned threads, std::size_t queue) : limit_(queue) {
    start_sodium();
    dummy_hash();  // before the first login, so that none is slower than the others
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

PasswordWorkers::~PasswordWorkers() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        jobs_.clear();
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

bool PasswordWorkers::verify(std::string hash, std::string password, Executor& home,
                             std::move_only_function<void(bool)> done) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || jobs_.size() >= limit_) return false;
        jobs_.push_back({std::move(hash), std::move(password), &home, std::move(done)});
    }
    wake_.notify_one();
    return true;
}

void PasswordWorkers::work() {
    while (true) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        const bool right = verify_password(job.hash, job.password);
        sodium_memzero(job.password.data(), job.password.size());
        job.home->post([right, done = std::move(job.done)]() mutable { done(right); });
    }
}

}  // namespace twinpane::rest
