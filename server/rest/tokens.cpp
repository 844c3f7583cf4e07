#include "rest/tokens.hpp"

#include <jwt.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <stdexcept>

namespace twinpane::rest {

namespace {
namespace json = boost::json;

constexpr const char* kIssuer = "twinpane";
constexpr std::size_t kMaxToken = 4096;

struct FreeJwt {
    void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;

std::string take(char* text) {
    std::string out = text == nullptr ? "" : text;
    std::free(text);
    return out;
}
std::string grant(jwt_t* jwt, const char* name) {
    const char* text = jwt_get_grant(jwt, name);
    return text == nullptr ? "" : text;
}
}  // namespace

AccessTokens::AccessTokens(std::string_view secret, const Clock& clock, Millis ttl)
    : key_("twinpane access tokens\n"), clock_(clock), ttl_(ttl) {
    if (secret.size() < 32) throw std::invalid_argument("the secret for access tokens is too short");
    key_.append(secret);
}

std::string AccessTokens::issue(const Agent& agent) const {
    jwt_t* raw = nullptr;
    if (jwt_new(&raw) != 0) throw std::bad_alloc();
    const Jwt jwt(raw);
    const auto now = clock_.unix_ms() / 1000;
    const auto roles = json::serialize(json::object{{"roles", json::value_from(agent.roles)}});
    const bool good =
        jwt_add_grant(raw, "iss", kIssuer) == 0 && jwt_add_grant(raw, "sub", agent.id.c_str()) == 0 &&
        jwt_add_grant(raw, "login", agent.login.c_str()) == 0 &&
        jwt_add_grant(raw, "name", agent.name.c_str()) == 0 && jwt_add_grants_json(raw, roles.c_str()) == 0 &&
        jwt_add_grant_int(raw, "iat", now) == 0 &&
        jwt_add_grant_int(raw, "exp", now + ttl_.count() / 1000) == 0 &&
        jwt_set_alg(raw, JWT_ALG_HS256, reinterpret_cast<const unsigned char*>(key_.data()),
                    static_cast<int>(key_.size())) == 0;
    if (!good) throw std::runtime_error("an access token could not be made");
    return take(jwt_encode_str(raw));
}

Result<Agent> AccessTokens::verify(std::string_view token) const {
    if (token.empty() || token.size() > kMaxToken) return fail(Code::kNotAuthenticated, "no access token");
    jwt_t* raw = nullptr;
    if (jwt_decode(&raw, std::string(token).c_str(), reinterpret_cast<const unsigned char*>(key_.data()),
                   static_cast<int>(key_.size())) != 0) {
        return fail(Code::kNotAuthenticated, "access token not ours");
    }
    const Jwt jwt(raw);
    if (jwt_get_alg(raw) != JWT_ALG_HS256 || grant(raw, "iss") != kIssuer) {
        return fail(Code::kNotAuthenticated, "access token of another kind");
    }
    Agent agent{grant(raw, "sub"), grant(raw, "login"), grant(raw, "name"), {}};
    if (agent.id.empty()) return fail(Code::kNotAuthenticated, "access token without account");
    if (jwt_get_grant_int(raw, "exp") <= clock_.unix_ms() / 1000)
        return fail(Code::kTokenExpired, "access token");
    boost::system::error_code error;
    const auto roles = json::parse(take(jwt_get_grants_json(raw, "roles")), error);
    if (!error && roles.is_array()) {
        for (const auto& role : roles.as_array()) {
            if (role.is_string()) agent.roles.emplace_back(role.as_string());
        }
    }
    return agent;
}

std::shared_ptr<const bayeux::Principal> principal_of(const Agent& agent) {
    auto principal = std::make_shared<bayeux::Principal>();
    principal->kind = bayeux::Principal::Kind::kAgent;
    principal->id = agent.id;
    principal->name = agent.name;
    principal->roles = agent.roles;
    return principal;
}

}  // namespace twinpane::rest
