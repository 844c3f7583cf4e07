// Interned strings: tags and attribute names, each held once per page.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "page/hash.hpp"

namespace twinpane::page {

using Name = std::uint32_t;

class Names {
  public:
    explicit Names(std::uint64_t key) : index_(0, KeyedStringHash{key}) {}

    // Bytes that interning `text` would add: 0 when it is there.
    std::size_t cost(std::string_view text) const {
        return index_.contains(text) ? 0 : text.size() + kOverhead;
    }

    Name intern(std::string_view text) {
        if (const auto found = index_.find(text); found != index_.end()) return found->second;
        const auto name = static_cast<Name>(texts_.size());
        const std::string& held = texts_.emplace_back(text);
        index_.emplace(held, name);
        bytes_ += text.size() + kOverhead;
        return name;
    }

    std::string_view text(Name name) const { return texts_[name]; }
    KeyedStringHash hash() const { return index_.hash_function(); }
    std::size_t bytes() const { return bytes_; }

    void clear() {
        index_.clear();
        texts_.clear();
        bytes_ = 0;
    }

  private:
    static constexpr std::size_t kOverhead = 80;  // string object, hash node and bucket

    std::deque<std::string> texts_;  // a deque: the views in index_ stay valid
    std::unordered_map<std::string_view, Name, KeyedStringHash> index_;
    std::size_t bytes_ = 0;
};

}  // namespace twinpane::page
