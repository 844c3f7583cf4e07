// Access tokens of agents: JWT, HS256 and nothing else, short-lived, kept by nobody.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "bayeux/engine.hpp"

namespace twinpane::rest {

// Who an access token speaks for.
struct Agent {
    std::string id;
    std::string login;
    std::string name;
    std::vector<std::string> roles;
};

// Any thread.
class AccessTokens {
  public:
    // `secret`: at least 32 characters, from a private file of the node (all nodes of a cluster share it).
    AccessTokens(std::string_view secret, const Clock& clock, Millis ttl);

    std::string issue(const Agent& agent) const;
    // Errors: kTokenExpired, kNotAuthenticated (anything else that is wrong with it).
    Result<Agent> verify(std::string_view token) const;
    Millis ttl() const { return ttl_; }

  private:
    std::string key_;
    const Clock& clock_;
    Millis ttl_;
};

std::shared_ptr<const bayeux::Principal> principal_of(const Agent& agent);

}  // namespace twinpane::rest
