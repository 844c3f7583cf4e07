// Operations 2, 3, 4 and 13: the tree.
#include "page/folder.hpp"
#include "page/privacy.hpp"

namespace twinpane::page {

namespace {

constexpr std::size_t kMaxAttributes = 2048;
constexpr std::size_t kNodeEffort = 32;
constexpr std::size_t kMaxShort = 256;  // tags, parts of a doctype

bool is_container(Kind kind) {
    return kind == Kind::kElement || kind == Kind::kShadowRoot || kind == Kind::kDocument;
}

}  // namespace

bool Folder::op_add(Items& in) {
    Tape& tape = page_.tape;
    if (!tape.open.empty()) return invalid("the tape before is open");
    std::uint32_t first = 0;
    if (!read_parent_and_next(in, tape.parent, tape.before) || !read_id(in, first)) return false;
    if (!depth_of(tape.parent, tape.base_depth)) return false;
    ++tape.base_depth;
    tape.parent_privacy = effective_privacy(page_, tape.parent);
    tape.next_id = first;
    return run_tape(in);
}

bool Folder::op_continue(Items& in) {
    if (page_.tape.open.empty()) return invalid("no open tape");
    return run_tape(in);
}

bool Folder::run_tape(Items& in) {
    while (!in.done()) {
        std::int64_t head = 0;
        if (!in.integer(head, 0, kMaxId)) return invalid("head expected");
        if (head != 0) {
            if (!place_node(in, head)) return false;
        } else if (page_.tape.open.empty()) {
            return invalid("closing mark without an opening");
        } else {
            page_.tape.open.pop_back();
        }
    }
    return true;
}

bool Folder::place_node(Items& in, std::int64_t head) {
    Tape& tape = page_.tape;
    const bool top = tape.open.empty();
    const Index parent = top ? tape.parent : tape.open.back().node;
    const Privacy above = top ? tape.parent_privacy : tape.open.back().privacy;
    const Index before = top ? tape.before : kNil;
    const std::uint32_t id = tape.next_id;

    const auto kind_bits = static_cast<std::uint8_t>(head & 7);
    if (kind_bits == 0) return invalid("kind 0");
    const auto kind = static_cast<Kind>(kind_bits);
    const auto own = static_cast<std::uint8_t>(head >> 4 & 3);
    if (own > 2) return invalid("unknown privacy class");
    if (id > kMaxId) return invalid("no node id is left");
    if (page_.arena.find(id) != kNil || page_.sheets.contains(id)) return invalid("the id is taken");
    if (!may_stand(kind, id, parent, before)) return false;
    if (page_.arena.count() >= limits_.max_nodes) return too_large("too many nodes");
    if (tape.base_depth + tape.open.size() > limits_.max_depth) return too_large("too deep");
    if (!spend(kNodeEffort)) return false;

    const Index at = page_.arena.create(id);
    ++tape.next_id;
    Node& node = page_.arena[at];
    node.kind = kind;
    node.privacy = static_cast<Privacy>(own);
    const auto count = static_cast<std::size_t>(head >> 7);
    bool ok = true;
    switch (kind) {
        case Kind::kElement:
            ok = place_element(in, node, above, count, head);
            break;
        case Kind::kText:
        case Kind::kCData:
            ok = place_text(in, node, parent, above);
            break;
        case Kind::kComment:
            break;
        case Kind::kDoctype:
            ok = place_doctype(in, node);
            break;
        case Kind::kShadowRoot:
            node.flags = count & 3U;
            break;
        case Kind::kDocument:
            node.flags = count & 1U;
            break;
    }
    page_.arena.attach(at, parent, before);
    if (!ok) return false;
    const bool leaf = (head & 8) != 0;
    if (is_container(kind) && !leaf) tape.open.push_back({at, strictest(above, node.privacy)});
    return true;
}

bool Folder::place_element(Items& in, Node& node, Privacy above, std::size_t count, std::int64_t head) {
    const std::size_t head_item = in.position() - 1;
    Str tag_name;
    if (!in.str(tag_name) || tag_name.text.empty() || tag_name.text.size() > kMaxShort)
        return invalid("tag expected");
    if (!grow(page_.names.cost(tag_name.text))) return false;
    node.tag = page_.names.intern(tag_name.text);
    node.svg = static_cast<std::uint8_t>(head >> 6 & 1);
    if (count > kMaxAttributes) return too_large("too many attributes");

    // All pairs first: `type` may come behind `value`.
    pairs_.clear();
    for (std::size_t i = 0; i < count; ++i) {
        Pair& pair = pairs_.emplace_back();
        if (!in.str(pair.name) || pair.name.text.empty()) return invalid("attribute name expected");
        if (!in.str(pair.value)) return invalid("attribute value expected");
        if (tag_name.text == "input" && pair.name.text == "type" &&
            equal_ignoring_case(pair.value.text, "password")) {
            node.privacy = Privacy::kMasked;
            node.flags |= kWasPassword;
        }
    }
    const Privacy privacy = strictest(above, node.privacy);
    node.attributes.reserve(count);
    std::size_t dropped = 0;
    for (std::size_t i = 0; i < count; ++i) {
        Pair& pair = pairs_[i];
        // What stripped() blanked a moment ago is "" here too, as it is for the viewers.
        for (Str* str : {&pair.name, &pair.value}) {
            if (str->entry) str->text = *page_.strings.get(*str->entry);
        }
        if (hides_attribute(privacy, tag_name.text, pair.name.text)) {
            stripped(pair.value);
            edits_.drop_item(op_index_, head_item + 2 + 2 * i);
            edits_.drop_item(op_index_, head_item + 3 + 2 * i);
            ++dropped;
        } else if (!set_attribute(node, pair.name, pair.value)) {
            return false;
        }
    }
    if (dropped > 0) {
        const auto less = head - (static_cast<std::int64_t>(dropped) << 7);
        edits_.replace_item(op_index_, head_item, std::to_string(less));
    }
    return true;
}

bool Folder::place_text(Items& in, Node& node, Index parent, Privacy above) {
    Str data;
    if (!in.str(data)) return invalid("text expected");
    if (data.text.size() > limits_.max_text) return too_large("text too long");
    std::string_view text = data.text;
    if (!spend(page_.tape.open.size())) return false;  // the walk up of hides_text
    if (hides_text(page_, strictest(above, node.privacy), parent) && !harmless_text(text)) {
        stripped(data);
        edits_.replace_item(op_index_, in.position() - 1, '"' + std::string(kBullets) + '"');
        text = kBullets;
    }
    if (!grow(text.size())) return false;
    page_.arena.charge(text.size(), 0);
    node.data = text;
    return true;
}

bool Folder::place_doctype(Items& in, Node& node) {
    Str name;
    Str public_id;
    Str system_id;
    if (!in.str(name) || !in.str(public_id) || !in.str(system_id)) return invalid("doctype expected");
    for (const Str* part : {&name, &public_id, &system_id}) {
        if (part->text.size() > kMaxShort) return invalid("doctype too long");
    }
    if (!grow(name.text.size() + public_id.text.size() + system_id.text.size())) return false;
    node.data = name.text;
    node.attributes.push_back({.name = 0, .value = std::string(public_id.text)});
    node.attributes.push_back({.name = 0, .value = std::string(system_id.text)});
    page_.arena.charge(Arena::content_bytes(node), 0);
    return true;
}

bool Folder::op_remove(Items& in) {
    if (!page_.tape.open.empty()) return invalid("the tape is open");
    if (in.done()) return invalid("node id expected");
    while (!in.done()) {
        Index at = kNil;
        if (!read_node(in, at)) return false;
        if (at == page_.arena.root()) return invalid("the root stays");
        page_.arena.detach(at);
        page_.arena.destroy(at);
    }
    return true;
}

bool Folder::op_move(Items& in) {
    if (!page_.tape.open.empty()) return invalid("the tape is open");
    Index at = kNil;
    Index parent = kNil;
    Index before = kNil;
    if (!read_node(in, at) || !read_parent_and_next(in, parent, before)) return false;
    Arena& arena = page_.arena;
    const Node& node = arena[at];
    if (node.kind == Kind::kDocument || node.kind == Kind::kShadowRoot)
        return invalid("this kind does not move");
    if (before == at) return invalid("node before itself");
    if (!may_stand(node.kind, node.id, parent, before)) return false;
    for (Index up = parent; up != kNil; up = arena[up].parent) {
        if (up == at) return invalid("node under itself");
    }
    std::size_t depth = 0;
    std::size_t height = 0;
    if (!depth_of(parent, depth) || !height_of(at, height)) return false;
    if (depth + height > limits_.max_depth) return too_large("too deep");
    const Privacy was = effective_privacy(page_, at);
    arena.detach(at);
    arena.attach(at, parent, before);
    return effective_privacy(page_, at) <= was || rise(at);
}

// Levels of a subtree: 1 for a single node.
bool Folder::height_of(Index top, std::size_t& height) {
    const Arena& arena = page_.arena;
    std::size_t level = 1;
    std::size_t visited = 1;
    height = 1;
    Index at = top;
    while (true) {
        if (arena[at].first != kNil) {
            at = arena[at].first;
            ++level;
        } else {
            while (at != top && arena[at].next == kNil) {
                at = arena[at].parent;
                --level;
            }
            if (at == top) break;
            at = arena[at].next;
        }
        height = level > height ? level : height;
        if (++visited % 1024 == 0 && !spend(1024 * kNodeEffort)) return false;
    }
    return spend((visited % 1024) * kNodeEffort);
}

}  // namespace twinpane::page
