// Records for tests, with every field set.
#pragma once

#include <string>

#include "storage/ports.hpp"

namespace twinpane::storage::contract {

inline SessionRecord session(const std::string& id, const std::string& token,
                             const std::string& node = "n1") {
    SessionRecord r;
    r.id = id;
    r.token = token;
    r.site = "shop";
    r.node = node;
    r.state = "active";
    r.mode = "write";
    r.consent = true;
    r.created_ms = 1'700'000'000'001;
    r.activated_ms = 1'700'000'000'002;
    r.ended_ms = 1'700'000'000'003;
    r.ended_by = "customer";
    r.end_reason = "self";
    r.page_epoch = 4'000'000'000U;
    r.participants = {{.user_id = "u1",
                       .user_token_hash = "ab",
                       .role = 1,
                       .name = "Zoë",
                       .account_id = "",
                       .joined_ms = 5,
                       .left_ms = 6},
                      {.user_id = "u2",
                       .user_token_hash = "cd",
                       .role = 2,
                       .name = "Ada",
                       .account_id = "acc",
                       .joined_ms = 7,
                       .left_ms = 0}};
    r.pages = {{.url = "https://shop.example/a",
                .title = "A \"quoted\" \\ title\n",
                .entered_ms = 8,
                .duration_ms = 9}};
    r.events = {{.at_ms = 10, .type = "consent", .by = "u1", .detail = R"({"allow":true})"}};
    return r;
}

inline Account account(const std::string& id, const std::string& login) {
    return {.id = id,
            .login = login,
            .name = "Agent " + login,
            .password_hash = "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA",
            .roles = {"agent", "admin"},
            .disabled = true,
            .created_ms = 1'700'000'000'004};
}

inline RefreshToken refresh(const std::string& hash, const std::string& account_id = "a1") {
    return {.hash = hash, .account_id = account_id, .expires_ms = 4'102'444'800'000};
}

}  // namespace twinpane::storage::contract
