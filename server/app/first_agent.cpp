#include "app/first_agent.hpp"

#include "app/await.hpp"
#include "app/paths.hpp"
#include "rest/accounts.hpp"

namespace twinpane::app {

namespace {
constexpr Millis kPatience{30'000};

// Twenty letters and digits that can't be mistaken for one another when read aloud: 99 bits.
std::string generate_password(Random& random) {
    constexpr std::string_view letters = "abcdefghjkmnpqrstuvwxyz23456789";
    std::string out;
    for (int i = 0; i < 20; ++i) {
        if (i > 0 && i % 5 == 0) out.push_back('-');
        out.push_back(letters[random.below(letters.size())]);
    }
    return out;
}
}  // namespace

Result<FirstAgent> first_agent(storage::Accounts& accounts, const std::filesystem::path& data,
                               const std::string& name, const Clock& clock, Random& random) {
    FirstAgent agent{"agent", "", data / "agent-login.txt"};
    const auto there =
        await<std::vector<storage::Account>>(kPatience, [&](auto done) { accounts.list(std::move(done)); });
    if (!there) return std::unexpected(there.error());
    if (!there->empty()) return agent;

    // The file first: an account whose password nobody knows would be worse than a file without its account.
    agent.password = generate_password(random);
    const auto text = "login: " + agent.login + "\npassword: " + agent.password + "\n";
    if (auto written = write_private(agent.file, text); !written) return std::unexpected(written.error());
    rest::NewAccount wanted{agent.login, name, agent.password, {"agent"}};
    const auto made = await<bool>(kPatience, [&](auto done) {
        rest::ensure_first_account(accounts, std::move(wanted), clock, random, std::move(done));
    });
    if (!made) return std::unexpected(made.error());
    return agent;
}

}  // namespace twinpane::app
