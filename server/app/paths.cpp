#include "app/paths.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/random.hpp"

namespace twinpane::app {

namespace fs = std::filesystem;

Result<fs::path> web_root(const LoadedConfig& loaded) {
    std::error_code error;
    const auto& configured = loaded.config.text("web.root");
    if (!configured.empty()) {
        auto path = fs::path(loaded.path).parent_path() / configured;
        if (fs::is_directory(path, error)) return path;
        return fail(Code::kConfigInvalid, "web.root: no folder " + path.string());
    }
    const auto program = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const auto* candidate :
         {"../web/dist", "../share/twinpane/web", "../../../../web/dist", "../../../web/dist"}) {
        auto path = fs::weakly_canonical(program / candidate, error);
        if (!error && fs::is_directory(path, error)) return path;
    }
    return fail(Code::kConfigInvalid,
                "the built web files are not found: build them (npm run build in web/) or set web.root");
}

Result<fs::path> data_folder(const LoadedConfig& loaded, const std::string& override_path) {
    fs::path path = override_path;
    if (path.empty()) path = fs::path(loaded.path).parent_path() / loaded.config.text("data");
    std::error_code error;
    path = fs::absolute(path, error);
    if (!fs::is_directory(path, error)) {
        fs::create_directories(path.parent_path(), error);
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
            return fail(Code::kConfigInvalid, "can't make " + path.string() + ": " + std::strerror(errno));
        }
    }
    if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
        return fail(Code::kConfigInvalid, "can't write to " + path.string());
    }
    return path;
}

Result<void> write_private(const fs::path& path, std::string_view text) {
    auto part = path;
    part += ".part";
    ::unlink(part.c_str());
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return fail(Code::kInternal, "can't write " + part.string() + ": " + std::strerror(errno));
    bool good = true;
    while (good && !text.empty()) {
        const auto done = ::write(fd, text.data(), text.size());
        if (done < 0 && errno == EINTR) continue;
        good = done > 0;
        if (good) text.remove_prefix(static_cast<std::size_t>(done));
    }
    good = good && ::fsync(fd) == 0;
    ::close(fd);
    if (!good || ::rename(part.c_str(), path.c_str()) != 0) {
        ::unlink(part.c_str());
        return fail(Code::kInternal, "can't write " + path.string() + ": " + std::strerror(errno));
    }
    return {};
}

Result<std::string> read_file(const fs::path& path, std::size_t limit) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) return fail(Code::kNotFound, "can't read " + path.string());
    if (size > limit) return fail(Code::kMessageTooLarge, path.string() + " is larger than expected");
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(Code::kNotFound, "can't read " + path.string());
    return text.str();
}

Result<std::string> secret_key(const fs::path& data, const std::string& name) {
    constexpr std::size_t kHexLength = 64;
    const auto folder = data / "keys";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail(Code::kInternal, "can't make " + folder.string());
    }
    const auto path = folder / name;
    std::error_code error;
    if (!fs::exists(path, error)) {
        SystemRandom random;
        if (auto written = write_private(path, random_hex(random, kHexLength / 2)); !written) {
            return std::unexpected(written.error());
        }
    }
    auto text = read_file(path, kHexLength);
    if (!text) return text;
    if (text->size() != kHexLength)
        return fail(Code::kInternal, path.string() + " is damaged: it must hold 64 hex digits");
    return text;
}

}  // namespace twinpane::app
