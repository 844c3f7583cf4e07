// Certificates and keys of the two listeners, as configured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/supervisor.hpp"
#include "net/tls.hpp"

namespace twinpane::app {

// `side` is "public" or "internal". Paths are relative to the configuration file. Nothing: in clear.
std::optional<net::TlsFiles> tls_files(const LoadedConfig& loaded, std::string_view side);

// What keeps the listeners from using them: each with the line of the option at fault. Reads the files.
std::vector<config::Problem> tls_problems(const LoadedConfig& loaded);

// What deserves a warning, one sentence each: certificates that have run out or will within two weeks of
// `now` (Unix time, ms), keys that others may read.
std::vector<std::string> tls_warnings(const LoadedConfig& loaded, std::int64_t now);

}  // namespace twinpane::app
