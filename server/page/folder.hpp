// Applies the operations of one batch to a page. Internal to page: mirror.cpp has checked version, epoch and
// number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "page/items.hpp"
#include "page/mirror.hpp"
#include "page/page_state.hpp"
#include "page/relay.hpp"

namespace twinpane::page {

class Folder {
  public:
    Folder(PageState& page, const MirrorLimits& limits, FoldReport& report)
        : page_(page), limits_(limits), report_(report) {}

    // False: see error(); the page is then half changed and of no more use.
    bool fold(const simdjson::dom::element& batch, bool first_batch);

    // Code and the place, never content: "op 3 (code 4): node under itself".
    Error error() const;
    const Edits& edits() const { return edits_; }

  private:
    // How an operation fails: always `return invalid("…")`.
    bool invalid(const char* why) { return refuse(Code::kStreamInvalid, why); }
    bool too_large(const char* why) { return refuse(Code::kPageTooLarge, why); }
    bool refuse(Code code, const char* why);

    // Bounds: bytes to be held, and effort for one batch (about bytes touched).
    bool grow(std::size_t bytes);
    bool spend(std::size_t effort);

    bool append_strings(const simdjson::dom::element& batch);
    bool apply(std::int64_t opcode, Items& in);

    // Reading and checking (folder.cpp).
    bool read_id(Items& in, std::uint32_t& id);
    bool read_node(Items& in, Index& at);
    bool read_parent_and_next(Items& in, Index& parent, Index& before);
    bool may_stand(Kind kind, std::uint32_t id, Index parent, Index before);
    bool depth_of(Index at, std::size_t& depth);
    std::string_view tag(Index at) const;

    bool set_string(std::string& held, std::string_view text, std::size_t& account);

    // The tree (fold_tree.cpp).
    bool op_add(Items& in);
    bool op_continue(Items& in);
    bool op_remove(Items& in);
    bool op_move(Items& in);
    bool run_tape(Items& in);
    bool place_node(Items& in, std::int64_t head);
    bool place_element(Items& in, Node& node, Privacy above, std::size_t count, std::int64_t head);
    bool place_text(Items& in, Node& node, Index parent, Privacy above);
    bool place_doctype(Items& in, Node& node);
    bool height_of(Index top, std::size_t& height);

    // What nodes hold (fold_node.cpp).
    bool op_attributes(Items& in);
    bool op_text(Items& in);
    bool op_splice(Items& in);
    bool op_value(Items& in);
    bool op_state(Items& in);
    bool op_scroll(Items& in);
    bool op_selection(Items& in);
    bool op_privacy(Items& in);
    bool op_property(Items& in);
    bool set_attribute(Node& node, Str name, const std::optional<Str>& value);
    bool rise(Index at);

    // The page (fold_page.cpp).
    bool op_begin(Items& in);
    bool op_complete();
    bool op_viewport(Items& in);
    bool op_pointer(Items& in);
    bool op_focus(Items& in, std::uint32_t& held);
    bool op_click(Items& in);
    bool op_sheet(Items& in, bool append);
    bool op_adopted(Items& in);
    bool op_url(Items& in);
    bool op_title(Items& in);
    bool op_checksum(Items& in);
    bool op_resource(Items& in);

    // The second wall took `value` out.
    void stripped(const Str& value);
    void strip_op() { ++report_.values_stripped, edits_.drop_op(op_index_); }

    PageState& page_;
    const MirrorLimits& limits_;
    FoldReport& report_;
    Edits edits_;
    std::size_t strings_before_ = 0;  // size of the string table when the batch came
    std::size_t op_index_ = 0;
    std::int64_t opcode_ = -1;
    std::size_t effort_ = 0;
    Code code_ = Code::kInternal;
    const char* why_ = "";

    struct Pair {
        Str name;
        Str value;
    };
    std::vector<Pair> pairs_;  // reused from element to element
};

}  // namespace twinpane::page
