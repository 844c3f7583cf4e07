#include "resource/store.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace twinpane::resource {

namespace {
constexpr std::size_t kHashLength = 64;

bool is_hash(std::string_view text) {
    return text.size() == kHashLength &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
}  // namespace

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    std::array<char, kHashLength + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
    return {hex.data(), kHashLength};
}

std::optional<std::string> allowed_type(std::string_view type) {
    auto name = std::string(type.substr(0, type.find(';')));
    while (!name.empty() && name.back() == ' ') name.pop_back();
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    static constexpr std::array<std::string_view, 21> kTypes = {"image/png",
                                                                "image/jpeg",
                                                                "image/gif",
                                                                "image/webp",
                                                                "image/avif",
                                                                "image/bmp",
                                                                "image/svg+xml",
                                                                "image/x-icon",
                                                                "image/vnd.microsoft.icon",
                                                                "image/apng",
                                                                "font/woff",
                                                                "font/woff2",
                                                                "font/ttf",
                                                                "font/otf",
                                                                "font/collection",
                                                                "application/font-woff",
                                                                "application/font-woff2",
                                                                "application/x-font-ttf",
                                                                "application/x-font-otf",
                                                                "application/vnd.ms-fontobject",
                                                                "text/css"};
    if (std::ranges::find(kTypes, name) == kTypes.end()) return std::nullopt;
    return name == "text/css" ? "text/css; charset=utf-8" : name;
}

Result<std::vector<std::string>> Store::missing(std::string_view scope,
                                                const std::vector<std::string>& hashes) const {
    if (hashes.size() > limits_.query) return fail(Code::kBadField, "hashes: too many");
    std::vector<std::string> out;
    const std::lock_guard lock(mutex_);
    const auto found = scopes_.find(std::string(scope));
    for (const auto& hash : hashes) {
        if (!is_hash(hash)) return fail(Code::kBadField, "hashes: not a SHA-256");
        if (found == scopes_.end() || !found->second.items.contains(hash)) out.push_back(hash);
    }
    return out;
}

Result<void> Store::put(std::string_view scope, std::string_view hash, std::string_view type,
                        std::string bytes) {
    const auto kept_type = allowed_type(type);
    if (!kept_type) return fail(Code::kUnsupportedMediaType, "resource type");
    if (bytes.size() > limits_.one) return fail(Code::kMessageTooLarge, "one resource");
    if (!is_hash(hash) || sha256_hex(bytes) != hash)
        return fail(Code::kBadField, "hash: not that of the bytes");

    const std::lock_guard lock(mutex_);
    auto& kept = scopes_[std::string(scope)];
    if (kept.items.contains(std::string(hash))) return {};
    if (kept.items.size() >= limits_.scope_count || kept.bytes + bytes.size() > limits_.scope) {
        return fail(Code::kMessageTooLarge, "resources of this session");
    }
    if (bytes_ + bytes.size() > limits_.all) return fail(Code::kMessageTooLarge, "resources of all sessions");
    kept.bytes += bytes.size();
    bytes_ += bytes.size();
    kept.items.emplace(std::string(hash), Resource{*kept_type, share(std::move(bytes))});
    return {};
}

std::optional<Resource> Store::get(std::string_view scope, std::string_view hash) const {
    const std::lock_guard lock(mutex_);
    const auto found = scopes_.find(std::string(scope));
    if (found == scopes_.end()) return std::nullopt;
    const auto item = found->second.items.find(std::string(hash));
    if (item == found->second.items.end()) return std::nullopt;
    return item->second;
}

void Store::drop(std::string_view scope) {
    const std::lock_guard lock(mutex_);
    const auto found = scopes_.find(std::string(scope));
    if (found == scopes_.end()) return;
    bytes_ -= found->second.bytes;
    scopes_.erase(found);
}

std::size_t Store::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace twinpane::resource
