// Log in, stay logged in, log out. The access token lives in the desk's memory; the refresh token in a cookie
// that scripts can't read, good for one use.
#include <boost/json.hpp>

#include "cobrowse/ids.hpp"
#include "rest/accounts.hpp"
#include "rest/call.hpp"
#include "rest/routes.hpp"

namespace twinpane::rest {

namespace {
namespace json = boost::json;

constexpr std::string_view kCookie = "__Host-twinpane";

std::string cookie(std::string_view value, std::int64_t seconds) {
    return std::string(kCookie) + "=" + std::string(value) +
           "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds);
}

net::Headers cleared() {
    net::Headers headers;
    headers.add("Set-Cookie", cookie("", 0));
    return headers;
}

Agent agent_of(const storage::Account& account) {
    return {account.id, account.login, account.name, account.roles};
}

// Answers with a new pair of tokens.
void let_in(Call call, const storage::Account& account) {
    const auto agent = agent_of(account);
    auto secret = random_hex(call.ctx.random, 32);
    const auto ttl = call.ctx.settings.refresh_ttl;
    storage::RefreshToken token{cobrowse::hash_secret(secret), account.id,
                                call.ctx.clock.unix_ms() + ttl.count()};
    auto& accounts = call.loop().accounts;
    accounts.put_refresh(std::move(token), [call = std::move(call), agent, secret = std::move(secret),
                                            ttl](Result<void> stored) mutable {
        if (!stored) return call.fail(Code::kStoreFailed, stored.error().context);
        net::Headers headers;
        headers.add("Set-Cookie", cookie(secret, ttl.count() / 1000));
        call.answer(200,
                    {{"accessToken", call.ctx.tokens.issue(agent)},
                     {"expiresIn", call.ctx.tokens.ttl().count() / 1000},
                     {"agent",
                      {{"id", agent.id},
                       {"login", agent.login},
                       {"name", agent.name},
                       {"roles", json::value_from(agent.roles)}}}},
                    std::move(headers));
    });
}

// An unknown login takes the same way, and the same time, as a wrong password.
void check_password(Call call, std::string login, std::string password,
                    std::optional<storage::Account> account) {
    const auto hash = account ? account->password_hash : dummy_hash();
    auto& workers = call.ctx.passwords;
    auto& home = call.loop().executor;
    auto shared = std::make_shared<Call>(std::move(call));
    const bool taken = workers.verify(hash, std::move(password), home,
                                      [shared, login, account = std::move(account)](bool right) mutable {
                                          if (!right || !account || account->disabled)
                                              return shared->fail(Code::kBadCredentials, "login");
                                          shared->ctx.guard.take_back(login, shared->request.peer);
                                          shared->ctx.log.info("rest.login", {{"account", account->id}});
                                          let_in(std::move(*shared), *account);
                                      });
    if (!taken) shared->fail(Code::kRateLimited, "logins");
}

void login(Call call) {
    if (const auto same = same_origin(call.ctx, call.request); !same) return call.fail(same.error());
    const auto body = call.json_body();
    if (!body) return call.fail(body.error());
    const auto* name = body->if_contains("login");
    const auto* password = body->if_contains("password");
    if (name == nullptr || password == nullptr) return call.fail(Code::kMissingField, "login or password");
    if (!name->is_string() || !password->is_string() || password->as_string().size() > kMaxPassword) {
        return call.fail(Code::kBadField, "login or password");
    }
    // What is no login at all is still counted and checked like any other that does not exist.
    auto login = normal_login({name->as_string().data(), name->as_string().size()});
    std::string secret(password->as_string());
    auto& guard = call.ctx.guard;
    auto& home = call.loop().executor;
    const auto address = call.request.peer;
    guard.book(
        login, address, home, [call = std::move(call), login, secret = std::move(secret)](bool may) mutable {
            if (!may) return call.fail(Code::kTooManyTries, "login");
            auto& accounts = call.loop().accounts;
            accounts.find_login(login, [call = std::move(call), login, secret = std::move(secret)](
                                           Result<std::optional<storage::Account>> found) mutable {
                if (!found) return call.fail(Code::kStoreFailed, found.error().context);
                check_password(std::move(call), std::move(login), std::move(secret), std::move(*found));
            });
        });
}

// A header that no form can send, and the browser's own word about where the request comes from.
Result<void> by_our_own_page(const Call& call) {
    if (call.request.headers.find("X-Twinpane") != "1") return fail(Code::kBadRequest, "X-Twinpane");
    return same_origin(call.ctx, call.request);
}

void refresh(Call call) {
    if (const auto own = by_our_own_page(call); !own) return call.fail(own.error());
    const auto secret = call.request.cookie(kCookie);
    if (!secret || secret->empty()) return call.fail(Code::kNotAuthenticated, "no refresh cookie");
    auto& accounts = call.loop().accounts;
    accounts.take_refresh(
        cobrowse::hash_secret(*secret),
        [call = std::move(call)](Result<std::optional<storage::RefreshToken>> token) mutable {
            if (!token) return call.fail(Code::kStoreFailed, token.error().context);
            if (!*token || (*token)->expires_ms <= call.ctx.clock.unix_ms()) {
                return call.fail(Code::kNotAuthenticated, "refresh token", cleared());
            }
            auto& again = call.loop().accounts;
            again.find((*token)->account_id,
                       [call = std::move(call)](Result<std::optional<storage::Account>> found) mutable {
                           if (!found) return call.fail(Code::kStoreFailed, found.error().context);
                           if (!*found || (*found)->disabled)
                               return call.fail(Code::kNotAuthenticated, "account", cleared());
                           let_in(std::move(call), **found);
                       });
        });
}

void logout(Call call) {
    if (const auto own = by_our_own_page(call); !own) return call.fail(own.error());
    const auto secret = call.request.cookie(kCookie);
    if (!secret || secret->empty()) return call.answer_empty(204, cleared());
    auto& accounts = call.loop().accounts;
    accounts.take_refresh(
        cobrowse::hash_secret(*secret),
        [call = std::move(call)](Result<std::optional<storage::RefreshToken>> token) mutable {
            if (!token) return call.fail(Code::kStoreFailed, token.error().context);
            call.answer_empty(204, cleared());
        });
}
}  // namespace

void mount_auth(net::RouteTable& routes, RestContext& context) {
    const net::RouteLimits small{.max_body = 8U << 10U};
    for (const auto& base : context.settings.bases()) {
        routes.exact("POST", base + "/rest/auth/login", on_host(context, Host::kDesk, login), small);
        routes.exact("POST", base + "/rest/auth/refresh", on_host(context, Host::kDesk, refresh), small);
        routes.exact("POST", base + "/rest/auth/logout", on_host(context, Host::kDesk, logout), small);
    }
}

}  // namespace twinpane::rest
