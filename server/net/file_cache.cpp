#include "net/file_cache.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

#include "net/gzip.hpp"
#include "net/static_files.hpp"

namespace twinpane::net {

namespace {
namespace fs = std::filesystem;
// Once per file, but on a loop's thread: what is larger should come with a .gz of its own.
constexpr std::size_t kGzipUpTo = 8U << 20U;
constexpr int kLevel = 6;

std::int64_t modified_ns(const struct ::stat& file) {
    return std::int64_t{file.st_mtim.tv_sec} * 1'000'000'000 + file.st_mtim.tv_nsec;
}

std::optional<std::string> read_file(const fs::path& path, std::size_t size) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes(size, '\0');
    if (!in.read(bytes.data(), static_cast<std::streamsize>(size))) return std::nullopt;
    return bytes;
}

std::string etag_of(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string out;
    for (std::size_t i = 0; i < 12; ++i) {
        constexpr std::string_view kHex = "0123456789abcdef";
        out.push_back(kHex[digest[i] >> 4U]);
        out.push_back(kHex[digest[i] & 15U]);
    }
    return out;
}
}  // namespace

FileCache::FileCache(fs::path directory, std::size_t max_file, std::size_t max_bytes)
    : directory_(std::move(directory)), max_file_(max_file), max_bytes_(max_bytes) {}

bool FileCache::is_directory(const std::string& relative) const {
    std::error_code ec;
    const auto path = directory_ / relative;
    return fs::is_directory(path, ec) && is_inside(path);
}

bool FileCache::is_inside(const fs::path& file) const {
    std::error_code ec;
    const auto root = fs::canonical(directory_, ec);
    if (ec) return false;
    const auto real = fs::canonical(file, ec);
    if (ec) return false;
    return std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
}

Result<std::shared_ptr<const CachedFile>> FileCache::get(const std::string& relative) {
    const auto path = directory_ / relative;
    struct ::stat found{};
    if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return fail(Code::kNotFound);
    if (auto hit = find(relative, found)) return hit;
    if (!is_inside(path)) return fail(Code::kNotFound);
    auto file = load(path, found);
    if (file) keep(relative, *file);
    return file;
}

Result<std::shared_ptr<const CachedFile>> FileCache::load(const fs::path& path,
                                                          const struct ::stat& found) const {
    const auto size = static_cast<std::size_t>(found.st_size);
    if (size > max_file_) return fail(Code::kInternal, path.string() + " is larger than what is served");
    auto bytes = read_file(path, size);
    if (!bytes) return fail(Code::kInternal, "can't read " + path.string());
    const auto file = std::make_shared<CachedFile>();
    file->bytes = std::move(*bytes);
    file->etag = etag_of(file->bytes);
    file->content_type = content_type_of(path.native());
    file->modified_ns = modified_ns(found);
    file->inode = found.st_ino;

    auto sibling = path;
    sibling += ".gz";
    struct ::stat packed{};
    if (::stat(sibling.c_str(), &packed) == 0 && S_ISREG(packed.st_mode) &&
        modified_ns(packed) >= modified_ns(found) && static_cast<std::size_t>(packed.st_size) < size &&
        is_inside(sibling)) {
        file->packed = read_file(sibling, static_cast<std::size_t>(packed.st_size)).value_or("");
    }
    if (file->packed.empty() && size > kGzipFrom && size <= kGzipUpTo &&
        is_compressible_type(file->content_type)) {
        file->packed = gzip(file->bytes, kLevel).value_or("");
        if (file->packed.size() >= size) file->packed.clear();
    }
    return file;
}

std::shared_ptr<const CachedFile> FileCache::find(const std::string& relative, const struct ::stat& found) {
    const std::lock_guard lock(mutex_);
    const auto known = by_name_.find(relative);
    if (known == by_name_.end()) return nullptr;
    const auto& file = *known->second->second;
    if (file.modified_ns != modified_ns(found) || file.inode != found.st_ino ||
        file.bytes.size() != static_cast<std::size_t>(found.st_size)) {
        return nullptr;
    }
    recent_.splice(recent_.begin(), recent_, known->second);
    return known->second->second;
}

void FileCache::keep(const std::string& relative, std::shared_ptr<const CachedFile> file) {
    const std::lock_guard lock(mutex_);
    const auto forget = [this](std::list<Entry>::iterator entry) {
        bytes_ -= entry->second->footprint();
        by_name_.erase(entry->first);
        recent_.erase(entry);
    };
    if (const auto known = by_name_.find(relative); known != by_name_.end()) forget(known->second);
    const auto size = file->footprint();
    if (size > max_bytes_) return;
    while (bytes_ + size > max_bytes_) forget(std::prev(recent_.end()));
    recent_.emplace_front(relative, std::move(file));
    by_name_.emplace(relative, recent_.begin());
    bytes_ += size;
}

}  // namespace twinpane::net
