#include "rest/accounts.hpp"

#include <algorithm>

#include "cobrowse/text.hpp"
#include "rest/passwords.hpp"

namespace twinpane::rest {

namespace {
constexpr std::size_t kMaxLogin = 100;
constexpr std::size_t kMaxName = 80;
}  // namespace

std::string normal_login(std::string_view login) {
    while (!login.empty() && login.front() == ' ') login.remove_prefix(1);
    while (!login.empty() && login.back() == ' ') login.remove_suffix(1);
    if (login.empty() || login.size() > kMaxLogin) return {};
    std::string out(login);
    for (auto& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                           std::string_view("._-@+").find(c) != std::string_view::npos;
        if (!plain) return {};
    }
    return out;
}

Result<storage::Account> create_account(const NewAccount& wanted, const Clock& clock, Random& random) {
    storage::Account account;
    account.login = normal_login(wanted.login);
    if (account.login.empty()) return fail(Code::kBadField, "login");
    if (wanted.password.size() < kMinPassword || wanted.password.size() > kMaxPassword) {
        return fail(Code::kBadField, "password: 8 to 1,024 bytes");
    }
    account.id = random_uuid(random);
    account.name = wanted.name.empty() ? account.login : cobrowse::clean_text(wanted.name, kMaxName);
    account.password_hash = hash_password(wanted.password);
    account.roles = wanted.roles;
    account.created_ms = clock.unix_ms();
    return account;
}

void ensure_first_account(storage::Accounts& accounts, NewAccount wanted, const Clock& clock, Random& random,
                          storage::Done<bool> done) {
    accounts.list([&accounts, wanted = std::move(wanted), &clock, &random,
                   done = std::move(done)](Result<std::vector<storage::Account>> all) mutable {
        if (!all) return done(std::unexpected(all.error()));
        if (!all->empty()) return done(false);
        auto account = create_account(wanted, clock, random);
        if (!account) return done(std::unexpected(account.error()));
        accounts.put(std::move(*account), [done = std::move(done)](Result<void> stored) mutable {
            if (!stored) return done(std::unexpected(stored.error()));
            done(true);
        });
    });
}

}  // namespace twinpane::rest
