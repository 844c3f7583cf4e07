#include "app/tls_files.hpp"

#include <sys/stat.h>

#include <array>
#include <filesystem>

namespace twinpane::app {

namespace {
constexpr std::array<std::string_view, 2> kSides{"public", "internal"};
constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kWarnDays = 14;

std::string option(std::string_view side, std::string_view leaf) {
    return std::string(side).append(".tls.").append(leaf);
}

std::string absolute(const LoadedConfig& loaded, const std::string& path) {
    return (std::filesystem::path(loaded.path).parent_path() / path).string();
}
}  // namespace

std::optional<net::TlsFiles> tls_files(const LoadedConfig& loaded, std::string_view side) {
    const auto& certificate = loaded.config.text(option(side, "certificate"));
    const auto& key = loaded.config.text(option(side, "key"));
    if (certificate.empty() || key.empty()) return std::nullopt;
    return net::TlsFiles{absolute(loaded, certificate), absolute(loaded, key)};
}

std::vector<config::Problem> tls_problems(const LoadedConfig& loaded) {
    std::vector<config::Problem> problems;
    for (const auto side : kSides) {
        const auto files = tls_files(loaded, side);
        if (!files) continue;
        const auto checked = net::check_tls_files(*files);
        if (checked) continue;
        const bool of_key = checked.error().where == net::TlsProblem::Where::kKey;
        const auto name = option(side, of_key ? "key" : "certificate");
        problems.push_back({loaded.config.line(name), name + ": " + checked.error().reason});
    }
    return problems;
}

std::vector<std::string> tls_warnings(const LoadedConfig& loaded, std::int64_t now) {
    std::vector<std::string> warnings;
    for (const auto side : kSides) {
        const auto files = tls_files(loaded, side);
        if (!files) continue;
        if (const auto facts = net::check_tls_files(*files)) {
            const auto left = facts->not_after - now / 1000;
            const auto name = option(side, "certificate");
            if (left <= 0) {
                warnings.push_back(name + " has run out: browsers refuse it");
            } else if (left < kWarnDays * kDay) {
                warnings.push_back(name + " runs out in " + std::to_string(left / kDay) + " day(s)");
            }
        }
        struct stat facts{};
        if (::stat(files->key.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0)
            warnings.push_back(option(side, "key") + " can be read by everybody on this machine");
    }
    return warnings;
}

}  // namespace twinpane::app
