// Whole files of one directory in memory, with their ETag and compressed form. Any thread. Internal to net.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/result.hpp"

namespace twinpane::net {

struct CachedFile {
    std::string bytes;
    std::string packed;  // gzip; empty when it would not pay
    std::string etag;    // without quotes
    std::string_view content_type;
    // What tells that the file on disk is still the same.
    std::int64_t modified_ns = 0;
    std::uint64_t inode = 0;
    std::size_t footprint() const { return bytes.size() + packed.size() + sizeof(CachedFile); }
};

class FileCache {
  public:
    // `directory` may not exist yet: nothing is found then.
    FileCache(std::filesystem::path directory, std::size_t max_file, std::size_t max_bytes);

    // `relative` has no dot segments and no leading '/'. Errors: kNotFound; kInternal when the file can't be
    // read.
    Result<std::shared_ptr<const CachedFile>> get(const std::string& relative);
    bool is_directory(const std::string& relative) const;

  private:
    using Entry = std::pair<std::string, std::shared_ptr<const CachedFile>>;

    bool is_inside(const std::filesystem::path& file) const;
    Result<std::shared_ptr<const CachedFile>> load(const std::filesystem::path& file,
                                                   const struct ::stat& found) const;
    std::shared_ptr<const CachedFile> find(const std::string& relative, const struct ::stat& found);
    void keep(const std::string& relative, std::shared_ptr<const CachedFile> file);

    const std::filesystem::path directory_;
    const std::size_t max_file_;
    const std::size_t max_bytes_;
    std::mutex mutex_;
    std::list<Entry> recent_;  // guarded by mutex_; the most recently used first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_name_;
    std::size_t bytes_ = 0;
};

}  // namespace twinpane::net
