// Who may shake hands with the Bayeux server: inside, agents with an access token in ext.twinpane.token;
// outside, everybody as nobody. Broadcast channels are closed outside, but for those that are opened.
#pragma once

#include "bayeux/engine.hpp"
#include "observe/log.hpp"
#include "rest/open_channels.hpp"
#include "rest/tokens.hpp"

namespace twinpane::rest {

// Any loop.
class SecurityPolicy final : public bayeux::SecurityPolicy {
  public:
    // `open`: for everybody, on the public listener. Inside agents may use every broadcast channel.
    // `log`: a line for each refusal, by number; never the token or the channel. Both outlive the policy.
    SecurityPolicy(const AccessTokens& tokens, observe::Log& log, OpenChannels open = {});

    // Errors: kNotAuthenticated, kTokenExpired, kUnsupportedVersion.
    void handshake(
        const bayeux::Peer& peer, std::string_view ext,
        std::move_only_function<void(Result<std::shared_ptr<const bayeux::Principal>>)> done) override;
    bool may_subscribe(const bayeux::Principal& who, const bayeux::Peer& peer,
                       std::string_view channel) override;
    bool may_publish(const bayeux::Principal& who, const bayeux::Peer& peer,
                     std::string_view channel) override;

  private:
    Error refused(Error error, const bayeux::Peer& peer) const;
    bool covers(const bayeux::Peer& peer, std::string_view channel) const;

    const AccessTokens& tokens_;
    observe::Log& log_;
    const OpenChannels open_;
    std::shared_ptr<const bayeux::Principal> nobody_;
};

}  // namespace twinpane::rest
