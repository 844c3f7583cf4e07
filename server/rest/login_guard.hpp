// Counts wrong passwords per login and per address, for all loops together: the counting runs on one of them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/executor.hpp"
#include "cobrowse/tries.hpp"

namespace twinpane::rest {

// Any thread. Outlives everything it has posted; the executor outlives it.
class LoginGuard {
  public:
    LoginGuard(Executor& executor, const Clock& clock)
        : executor_(executor), counts_(std::make_shared<Counts>(clock)) {}

    // Books one try, then posts go(may it be made) to `home`.
    void book(std::string login, std::string address, Executor& home,
              std::move_only_function<void(bool)> go) {
        executor_.post([counts = counts_, login = std::move(login), address = std::move(address), &home,
                        go = std::move(go)]() mutable {
            bool may = counts->logins.book(login);
            if (may && !counts->addresses.book(address)) {
                counts->logins.take_back(login);
                may = false;
            }
            home.post([may, go = std::move(go)]() mutable { go(may); });
        });
    }
    // The booked try was right.
    void take_back(std::string login, std::string address) {
        executor_.post([counts = counts_, login = std::move(login), address = std::move(address)] {
            counts->logins.take_back(login);
            counts->addresses.take_back(address);
        });
    }

  private:
    struct Counts {
        explicit Counts(const Clock& clock) : logins(clock, {}), addresses(clock, {}) {}
        cobrowse::Tries logins, addresses;
    };
    Executor& executor_;
    std::shared_ptr<Counts> counts_;
};

}  // namespace twinpane::rest
