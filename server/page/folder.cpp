#include "page/folder.hpp"

#include "page/privacy.hpp"

namespace twinpane::page {

namespace dom = simdjson::dom;

namespace {

// Beyond this a batch costs more than its size can explain: a few bytes on the wire that move megabytes each,
// over and over. The largest honest batch (1 MiB of text spliced to the end of a 4 MiB text node) needs a
// tenth.
constexpr std::size_t kMaxEffort = 64U << 20U;
constexpr std::size_t kMaxOps = 65'536;

}  // namespace

bool Folder::fold(const dom::element& batch, bool first_batch) {
    strings_before_ = page_.strings.size();
    if (!append_strings(batch)) return false;
    dom::array ops;
    if (batch["o"].get(ops) != simdjson::SUCCESS) return invalid("no operations");
    if (ops.size() > kMaxOps) return invalid("too many operations");
    for (const dom::element item : ops) {
        dom::array op;
        if (item.get(op) != simdjson::SUCCESS) return invalid("operation is not an array");
        Items in(op, page_.strings);
        opcode_ = -1;
        if (!in.integer(opcode_, 0, 1000)) return invalid("no opcode");
        // Op 0 is the first op of the first batch, and only there.
        if ((opcode_ == 0) != (first_batch && op_index_ == 0)) return invalid("op 0 is missing or misplaced");
        if (!apply(opcode_, in)) return false;
        if (!in.done()) return invalid("too many items");
        ++op_index_;
    }
    if (first_batch && op_index_ == 0) return invalid("op 0 is missing or misplaced");
    return true;
}

Error Folder::error() const {
    return {
        .code = code_,
        .context = "op " + std::to_string(op_index_) + " (code " + std::to_string(opcode_) + "): " + why_};
}

bool Folder::refuse(Code code, const char* why) {
    if (code_ == Code::kInternal) {
        code_ = code;
        why_ = why;
    }
    return false;
}

bool Folder::grow(std::size_t bytes) {
    if (page_.content_bytes() + bytes > limits_.max_bytes) return too_large("too many bytes");
    return spend(bytes);
}

bool Folder::spend(std::size_t effort) {
    effort_ += effort;
    return effort_ <= kMaxEffort || too_large("too much work for one batch");
}

bool Folder::append_strings(const dom::element& batch) {
    dom::element field;
    if (batch["t"].get(field) != simdjson::SUCCESS) return true;
    dom::array strings;
    if (field.get(strings) != simdjson::SUCCESS) return invalid("t is not an array");
    for (const dom::element item : strings) {
        std::string_view text;
        if (item.get(text) != simdjson::SUCCESS) return invalid("t holds something else than strings");
        if (!grow(text.size())) return false;
        if (!page_.strings.append(text)) return invalid("string table is full");
    }
    return true;
}

bool Folder::apply(std::int64_t opcode, Items& in) {
    switch (opcode) {
        case 0:
            return op_begin(in);
        case 1:
            return op_complete();
        case 2:
            return op_add(in);
        case 3:
            return op_remove(in);
        case 4:
            return op_move(in);
        case 5:
            return op_attributes(in);
        case 6:
            return op_text(in);
        case 7:
            return op_splice(in);
        case 8:
            return op_value(in);
        case 9:
            return op_state(in);
        case 10:
            return op_scroll(in);
        case 11:
            return op_viewport(in);
        case 12:
            return op_pointer(in);
        case 13:
            return op_continue(in);
        case 14:
            return op_focus(in, page_.focus);
        case 15:
            return op_focus(in, page_.hover);
        case 16:
            return op_click(in);
        case 17:
            return op_sheet(in, false);
        case 18:
            return op_adopted(in);
        case 19:
            return op_sheet(in, true);
        case 20:
            return op_url(in);
        case 21:
            return op_title(in);
        case 22:
            return op_checksum(in);
        case 23:
            return op_resource(in);
        case 24:
            return op_privacy(in);
        case 25:
            return op_property(in);
        case 26:
            return op_selection(in);
        default:
            return invalid("unknown operation");
    }
}

bool Folder::read_id(Items& in, std::uint32_t& id) {
    std::int64_t value = 0;
    if (!in.integer(value, 1, kMaxId)) return invalid("node id expected");
    id = static_cast<std::uint32_t>(value);
    return true;
}

bool Folder::read_node(Items& in, Index& at) {
    std::uint32_t id = 0;
    if (!read_id(in, id)) return false;
    at = page_.arena.find(id);
    return at != kNil || invalid("unknown node");
}

bool Folder::read_parent_and_next(Items& in, Index& parent, Index& before) {
    std::int64_t parent_id = 0;
    std::int64_t next_id = 0;
    if (!in.integer(parent_id, 0, kMaxId) || !in.integer(next_id, 0, kMaxId))
        return invalid("node id expected");
    parent = before = kNil;
    if (parent_id != 0) {
        parent = page_.arena.find(static_cast<std::uint32_t>(parent_id));
        if (parent == kNil) return invalid("unknown parent");
    }
    if (next_id != 0) {
        before = page_.arena.find(static_cast<std::uint32_t>(next_id));
        if (before == kNil || parent == kNil || page_.arena[before].parent != parent) {
            return invalid("next is not a child of the parent");
        }
    }
    return true;
}

// Whether a node of `kind` may be put under `parent` before `before`.
bool Folder::may_stand(Kind kind, std::uint32_t id, Index parent, Index before) {
    const Arena& arena = page_.arena;
    if (parent == kNil) {
        return (kind == Kind::kDocument && id == 1 && arena.root() == kNil) ||
               invalid("only one document is the root");
    }
    const Node& above = arena[parent];
    const Node* first = above.first == kNil ? nullptr : &arena[above.first];
    switch (above.kind) {
        case Kind::kElement:
        case Kind::kShadowRoot:
        case Kind::kDocument:
            break;
        default:
            return invalid("the parent cannot have children");
    }
    if (kind == Kind::kDocument) {
        const bool frame =
            above.kind == Kind::kElement && (tag(parent) == "iframe" || tag(parent) == "frame");
        return (frame && first == nullptr) || invalid("a document is the only child of a frame");
    }
    if (first != nullptr && first->kind == Kind::kDocument)
        return invalid("a document is the only child of a frame");
    const bool shadow_first = first != nullptr && first->kind == Kind::kShadowRoot;
    if (kind == Kind::kShadowRoot) {
        return (above.kind == Kind::kElement && !shadow_first && before == above.first) ||
               invalid("a shadow root is the first child of an element");
    }
    return !(shadow_first && before == above.first) || invalid("nothing stands before a shadow root");
}

// 1 for the root. Bounded by max_depth.
bool Folder::depth_of(Index at, std::size_t& depth) {
    depth = 0;
    for (; at != kNil; at = page_.arena[at].parent) ++depth;
    return spend(depth * 4);
}

std::string_view Folder::tag(Index at) const {
    const Node& node = page_.arena[at];
    return node.kind == Kind::kElement ? page_.names.text(node.tag) : std::string_view{};
}

bool Folder::set_string(std::string& held, std::string_view text, std::size_t& account) {
    if (!grow(text.size())) return false;
    account = account + text.size() - held.size();
    held = text;
    return true;
}

void Folder::stripped(const Str& value) {
    ++report_.values_stripped;
    if (!value.entry || *value.entry < strings_before_) return;
    page_.strings.blank(*value.entry);
    edits_.blank_string(*value.entry - strings_before_);
}

}  // namespace twinpane::page
