// Where things lie on disk.
#pragma once

#include <filesystem>
#include <string>

#include "app/supervisor.hpp"
#include "base/result.hpp"

namespace twinpane::app {

// The folder with the built web files, by option web.root or beside the program.
Result<std::filesystem::path> web_root(const LoadedConfig& loaded);

// The data folder: made with mode 0700 when it isn't there.
Result<std::filesystem::path> data_folder(const LoadedConfig& loaded, const std::string& override_path);

// 32 secret bytes kept in a 0600 file below `data`, made at first use.
Result<std::string> secret_key(const std::filesystem::path& data, const std::string& name);

// Writes `text` to a new file of mode 0600, whole or not at all, replacing an old one.
Result<void> write_private(const std::filesystem::path& path, std::string_view text);

// The whole file, at most `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace twinpane::app
