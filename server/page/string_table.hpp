// The epoch's string table (section 1): strings appended by batches, referred to by index.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinpane::page {

class StringTable {
  public:
    static constexpr std::size_t kMaxEntries = 32'768;
    static constexpr std::size_t kMaxBytes = 4U << 20U;

    // False when the table is full. Views handed out before become invalid.
    bool append(std::string_view text) {
        if (entries_.size() >= kMaxEntries || text.size() > kMaxBytes - bytes_.size()) return false;
        entries_.push_back(
            {static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size())});
        bytes_ += text;
        return true;
    }

    // Valid until the next append().
    std::optional<std::string_view> get(std::uint64_t index) const {
        if (index >= entries_.size()) return std::nullopt;
        const Entry entry = entries_[index];
        return std::string_view(bytes_).substr(entry.offset, entry.size);
    }

    // Makes an entry "", and leaves no trace of what it was.
    void blank(std::size_t index) {
        Entry& entry = entries_[index];
        std::fill_n(bytes_.begin() + entry.offset, entry.size, '\0');
        entry.size = 0;
    }

    std::size_t size() const { return entries_.size(); }
    std::size_t bytes() const { return bytes_.size(); }
    std::size_t memory_bytes() const { return bytes_.capacity() + entries_.capacity() * sizeof(Entry); }

    void clear() { *this = StringTable{}; }

  private:
    struct Entry {
        std::uint32_t offset;
        std::uint32_t size;
    };
    std::string bytes_;
    std::vector<Entry> entries_;
};

}  // namespace twinpane::page
