// The agent account of the first start: a generated password, kept in a 0600 file below the data folder.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "storage/ports.hpp"

namespace twinpane::app {

struct FirstAgent {
    std::string login;
    std::string password;  // empty: the account was there already
    std::filesystem::path file;
};

// Makes the account if there is none at all. `accounts` completes its calls on a thread of its own. Blocks,
// at most 30 seconds.
Result<FirstAgent> first_agent(storage::Accounts& accounts, const std::filesystem::path& data,
                               const std::string& name, const Clock& clock, Random& random);

}  // namespace twinpane::app
