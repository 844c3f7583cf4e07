// Making accounts. Blocks while the password is hashed: for start-up and administration, not on a loop.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "storage/ports.hpp"

namespace twinpane::rest {

// Lower case, without blanks around. Empty if it is no login: 1 to 100 of a-z 0-9 . _ - @ +
std::string normal_login(std::string_view login);

struct NewAccount {
    std::string login;
    std::string name;  // shown to customers; the login if empty
    std::string password;
    std::vector<std::string> roles = {"agent"};
};

// A whole account, not yet stored. kBadField: login or password (8 to 1,024 bytes).
Result<storage::Account> create_account(const NewAccount& wanted, const Clock& clock, Random& random);

// On the first start: stores `wanted` if there is no account at all. `done` gets whether it was made, on the
// port's executor. `accounts`, `clock` and `random` live until then.
void ensure_first_account(storage::Accounts& accounts, NewAccount wanted, const Clock& clock, Random& random,
                          storage::Done<bool> done);

}  // namespace twinpane::rest
