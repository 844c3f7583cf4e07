// What the supervisor prints once everything runs.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.hpp"

namespace twinpane::app {

struct WelcomeFacts {
    bool node_ready = false;
    int public_port = 0, internal_port = 0;
    int demo_port = 0;  // 0: no demo
    std::string login, password_file;
    std::string password;  // "-" when the account was made at an earlier start
    std::int64_t milliseconds = 0;
};

// One line that begins with READY, the addresses, the login, and with a demo a guided first minute.
std::string welcome(const config::Config& config, const WelcomeFacts& facts);

// A listener's origin when it came to listen on another port than configured (an override, or port 0): the
// origin's port is replaced if it was the configured one. "http://a:8700", 8700, 9000 -> "http://a:9000"; an
// origin of a balancer, "https://www.example.com", stays as it is.
std::string with_port(const std::string& origin, std::int64_t configured, int actual);

}  // namespace twinpane::app
