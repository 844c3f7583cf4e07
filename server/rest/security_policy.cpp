#include "rest/security_policy.hpp"

#include <boost/json.hpp>

namespace twinpane::rest {

namespace {
namespace json = boost::json;

// ext.twinpane.token; empty if there is none.
Result<std::string> token_of(std::string_view ext) {
    if (ext.empty()) return std::string{};
    boost::system::error_code error;
    const auto value = json::parse({ext.data(), ext.size()}, error);
    if (error || !value.is_object()) return std::string{};
    const auto* ours = value.as_object().if_contains("twinpane");
    if (ours == nullptr || !ours->is_object()) return std::string{};
    if (const auto* version = ours->as_object().if_contains("v")) {
        if (!version->is_int64() || version->as_int64() != 1)
            return fail(Code::kUnsupportedVersion, "handshake");
    }
    const auto* token = ours->as_object().if_contains("token");
    if (token == nullptr || !token->is_string()) return std::string{};
    return std::string(token->as_string());
}
}  // namespace

SecurityPolicy::SecurityPolicy(const AccessTokens& tokens, observe::Log& log, OpenChannels open)
    : tokens_(tokens),
      log_(log),
      open_(std::move(open)),
      nobody_(std::make_shared<const bayeux::Principal>()) {}

void SecurityPolicy::handshake(
    const bayeux::Peer& peer, std::string_view ext,
    std::move_only_function<void(Result<std::shared_ptr<const bayeux::Principal>>)> done) {
    const auto token = token_of(ext);
    if (!token) return done(std::unexpected(refused(token.error(), peer)));
    if (!peer.internal) return done(nobody_);
    const auto agent = tokens_.verify(*token);
    if (!agent) return done(std::unexpected(refused(agent.error(), peer)));
    done(principal_of(*agent));
}

bool SecurityPolicy::may_subscribe(const bayeux::Principal&, const bayeux::Peer& peer,
                                   std::string_view channel) {
    return covers(peer, channel);
}

bool SecurityPolicy::may_publish(const bayeux::Principal&, const bayeux::Peer& peer,
                                 std::string_view channel) {
    return covers(peer, channel);
}

bool SecurityPolicy::covers(const bayeux::Peer& peer, std::string_view channel) const {
    if (peer.internal || open_.cover(channel)) return true;
    refused(Error{Code::kRoleNotAllowed, "channel"}, peer);
    return false;
}

Error SecurityPolicy::refused(Error error, const bayeux::Peer& peer) const {
    log_.info("bayeux.denied", {{"code", static_cast<int>(error.code)},
                                {"peer", peer.address},
                                {"internal", peer.internal},
                                {"why", error.context}});
    return error;
}

}  // namespace twinpane::rest
