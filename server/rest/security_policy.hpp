// Who may shake hands with the Bayeux server: inside, agents with an access token in ext.twinpane.token;
// outside, everybody as nobody. Broadcast channels are closed outside.
#pragma once

#include "bayeux/engine.hpp"
#include "rest/tokens.hpp"

namespace twinpane::rest {

// Any loop.
class SecurityPolicy final : public bayeux::SecurityPolicy {
  public:
    struct Options {
        bool public_broadcast = false;
        bool internal_broadcast = true;
    };
    explicit SecurityPolicy(const AccessTokens& tokens) : SecurityPolicy(tokens, Options{}) {}
    SecurityPolicy(const AccessTokens& tokens, Options options);

    // Errors: kNotAuthenticated, kTokenExpired, kUnsupportedVersion.
    void handshake(
        const bayeux::Peer& peer, std::string_view ext,
        std::move_only_function<void(Result<std::shared_ptr<const bayeux::Principal>>)> done) override;
    bool may_subscribe(const bayeux::Principal& who, const bayeux::Peer& peer,
                       std::string_view channel) override;
    bool may_publish(const bayeux::Principal& who, const bayeux::Peer& peer,
                     std::string_view channel) override;

  private:
    const AccessTokens& tokens_;
    Options options_;
    std::shared_ptr<const bayeux::Principal> nobody_;
};

}  // namespace twinpane::rest
