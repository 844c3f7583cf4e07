// The batch that viewers get when the second wall took something out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace simdjson::dom {
class element;
}

namespace twinpane::page {

// Collects what to change while a batch is folded. Ops and items count from 0; item 0 of an op is its opcode.
class Edits {
  public:
    void drop_op(std::size_t op) { dropped_.insert(op); }
    void drop_item(std::size_t op, std::size_t item) { items_[{op, item}].clear(); }
    void replace_item(std::size_t op, std::size_t item, std::string json) {
        items_[{op, item}] = std::move(json);
    }
    // Entry `entry` of the batch's own `t` becomes "".
    void blank_string(std::size_t entry) { blanked_.insert(entry); }

    bool empty() const { return dropped_.empty() && items_.empty() && blanked_.empty(); }

    // `batch` with the changes made.
    std::string apply(const simdjson::dom::element& batch) const;

  private:
    void apply_ops(std::string& out, const simdjson::dom::element& ops) const;
    void apply_strings(std::string& out, const simdjson::dom::element& strings) const;

    std::set<std::size_t> dropped_;
    std::map<std::pair<std::size_t, std::size_t>, std::string> items_;  // "": left out
    std::set<std::size_t> blanked_;
};

}  // namespace twinpane::page
