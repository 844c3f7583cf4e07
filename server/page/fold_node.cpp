// Operations 5 to 10 and 24 to 26: what nodes hold.
#include <algorithm>

#include "page/folder.hpp"
#include "page/privacy.hpp"
#include "page/utf16.hpp"

namespace twinpane::page {

namespace {

constexpr std::size_t kMaxAttributes = 2048;
constexpr std::size_t kMaxProperties = 16;
constexpr std::size_t kMaxPropertyName = 64;
constexpr std::size_t kNodeEffort = 32;

}  // namespace

// Sets or, without a value, removes.
bool Folder::set_attribute(Node& node, Str name, const std::optional<Str>& value) {
    if (value && value->text.size() > limits_.max_attribute) return too_large("attribute too long");
    if (!grow(page_.names.cost(name.text) + (value ? Arena::attribute_bytes(value->text) : 0))) return false;
    const Name key = page_.names.intern(name.text);
    if (!spend(node.attributes.size() * 4)) return false;
    const auto found = std::ranges::find(node.attributes, key, &Attribute::name);
    if (found == node.attributes.end()) {
        if (!value) return true;
        if (node.attributes.size() >= kMaxAttributes) return too_large("too many attributes");
        page_.arena.charge(Arena::attribute_bytes(value->text), 0);
        node.attributes.push_back({.name = key, .value = std::string(value->text)});
        return true;
    }
    page_.arena.charge(value ? Arena::attribute_bytes(value->text) : 0, Arena::attribute_bytes(found->value));
    if (value) {
        found->value = value->text;
    } else {
        node.attributes.erase(found);
    }
    return true;
}

bool Folder::op_attributes(Items& in) {
    Index at = kNil;
    if (!read_node(in, at)) return false;
    Node& node = page_.arena[at];
    if (node.kind != Kind::kElement) return invalid("not an element");
    if (in.done()) return invalid("attribute name expected");
    const Items pairs = in;
    Str name;
    std::optional<Str> value;
    while (!in.done()) {
        if (!in.str(name) || name.text.empty()) return invalid("attribute name expected");
        if (!in.str_or_null(value)) return invalid("attribute value expected");
        // Once a password field, always masked: pages show the password by changing the type.
        if (value && name.text == "type" && tag(at) == "input" &&
            equal_ignoring_case(value->text, "password")) {
            node.flags |= kWasPassword;
            node.privacy = Privacy::kMasked;
            if (!rise(at)) return false;
        }
    }
    const Privacy privacy = effective_privacy(page_, at);
    Items again = pairs;
    bool kept = false;
    while (!again.done()) {
        again.str(name);
        again.str_or_null(value);
        if (value && hides_attribute(privacy, tag(at), name.text)) {
            stripped(*value);
            edits_.drop_item(op_index_, again.position() - 2);
            edits_.drop_item(op_index_, again.position() - 1);
            continue;
        }
        kept = true;
        if (!set_attribute(node, name, value)) return false;
    }
    if (!kept) edits_.drop_op(op_index_);
    return true;
}

bool Folder::op_text(Items& in) {
    Index at = kNil;
    Str data;
    if (!read_node(in, at)) return false;
    if (!in.str(data)) return invalid("text expected");
    Node& node = page_.arena[at];
    if (node.kind != Kind::kText && node.kind != Kind::kCData) return invalid("not a text node");
    if (data.text.size() > limits_.max_text) return too_large("text too long");
    if (hides_text(page_, effective_privacy(page_, at), node.parent) && !harmless_text(data.text)) {
        stripped(data);
        edits_.drop_op(op_index_);
        return true;
    }
    if (!grow(data.text.size())) return false;
    page_.arena.charge(data.text.size(), node.data.size());
    node.data = data.text;
    return true;
}

bool Folder::op_splice(Items& in) {
    Index at = kNil;
    std::int64_t start = 0;
    std::int64_t remove = 0;
    Str insert;
    if (!read_node(in, at)) return false;
    if (!in.integer(start, 0, kMaxId) || !in.integer(remove, 0, kMaxId)) return invalid("position expected");
    if (!in.str(insert)) return invalid("text expected");
    Node& node = page_.arena[at];
    if (node.kind != Kind::kText && node.kind != Kind::kCData) return invalid("not a text node");
    if (hides_text(page_, effective_privacy(page_, at), node.parent)) {
        // What is held is not what the customer has, so positions mean nothing here.
        stripped(insert);
        edits_.drop_op(op_index_);
        return true;
    }
    if (node.data.size() + insert.text.size() > limits_.max_text) return too_large("text too long");
    if (!grow(insert.text.size()) || !spend(node.data.size())) return false;
    const std::size_t before = node.data.size();
    if (!utf16_splice(node.data, static_cast<std::size_t>(start), static_cast<std::size_t>(remove),
                      insert.text)) {
        return invalid("position beyond the text");
    }
    page_.arena.charge(node.data.size(), before);
    return true;
}

bool Folder::op_value(Items& in) {
    Index at = kNil;
    Str value;
    if (!read_node(in, at)) return false;
    if (!in.str(value)) return invalid("value expected");
    Node& node = page_.arena[at];
    if (node.kind != Kind::kElement) return invalid("not an element");
    if (effective_privacy(page_, at) != Privacy::kShown) {
        stripped(value);
        edits_.drop_op(op_index_);
        return true;
    }
    if (value.text.size() > limits_.max_text) return too_large("value too long");
    if (!grow(value.text.size())) return false;
    auto& held = node.more().value;
    page_.arena.charge(value.text.size(), held ? held->size() : 0);
    held = value.text;
    return true;
}

bool Folder::op_state(Items& in) {
    Index at = kNil;
    std::int64_t bits = 0;
    if (!read_node(in, at)) return false;
    if (!in.integer(bits, 0, 15)) return invalid("state bits expected");
    Node& node = page_.arena[at];
    if (node.kind != Kind::kElement) return invalid("not an element");
    const std::int64_t hidden = bits & hidden_state(effective_privacy(page_, at), tag(at));
    if (hidden != 0) {
        ++report_.values_stripped;
        bits &= ~hidden;
        if (bits == 0) {
            edits_.drop_op(op_index_);
            return true;
        }
        edits_.replace_item(op_index_, in.position() - 1, std::to_string(bits));
    }
    node.state = static_cast<std::uint8_t>(bits);
    node.flags |= kStateTold;
    return true;
}

bool Folder::op_scroll(Items& in) {
    Index at = kNil;
    double x = 0;
    double y = 0;
    if (!read_node(in, at)) return false;
    if (!in.number(x) || !in.number(y)) return invalid("position expected");
    Node& node = page_.arena[at];
    if (node.kind != Kind::kElement && node.kind != Kind::kDocument)
        return invalid("this node does not scroll");
    if (x == 0 && y == 0 && !node.extra) return true;
    node.more().scroll_x = x;
    node.more().scroll_y = y;
    return true;
}

bool Folder::op_selection(Items& in) {
    Index at = kNil;
    std::int64_t start = 0;
    std::int64_t end = 0;
    if (!read_node(in, at)) return false;
    if (!in.integer(start, 0, kMaxId) || !in.integer(end, 0, kMaxId)) return invalid("position expected");
    Node& node = page_.arena[at];
    if (node.kind != Kind::kElement) return invalid("not an element");
    if (effective_privacy(page_, at) != Privacy::kShown) {
        strip_op();
        return true;
    }
    node.more().selection = {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end)};
    return true;
}

bool Folder::op_privacy(Items& in) {
    Index at = kNil;
    std::int64_t privacy = 0;
    if (!read_node(in, at)) return false;
    if (!in.integer(privacy, 0, 2)) return invalid("unknown privacy class");
    const Privacy was = effective_privacy(page_, at);
    Node& node = page_.arena[at];
    node.privacy = static_cast<Privacy>(privacy);
    if (node.kind == Kind::kElement && (node.flags & kWasPassword) != 0) node.privacy = Privacy::kMasked;
    if (effective_privacy(page_, at) > was && !rise(at)) return false;
    // Nodes that the open tape still brings stand under the new class.
    Tape& tape = page_.tape;
    if (!tape.open.empty()) {
        Privacy above = tape.parent_privacy = effective_privacy(page_, tape.parent);
        for (Tape::Level& level : tape.open) {
            above = level.privacy = strictest(above, page_.arena[level.node].privacy);
        }
    }
    return spend(tape.open.size() * 4);
}

bool Folder::rise(Index at) {
    return spend(drop_hidden(page_, at) * kNodeEffort);
}

bool Folder::op_property(Items& in) {
    Index at = kNil;
    Str name;
    Str value;
    if (!read_node(in, at)) return false;
    if (!in.str(name) || name.text.empty() || name.text.size() > kMaxPropertyName) {
        return invalid("property name expected");
    }
    if (!in.str(value)) return invalid("property value expected");
    Node& node = page_.arena[at];
    if (node.kind != Kind::kElement) return invalid("not an element");
    if (value.text.size() > limits_.max_attribute) return too_large("property too long");
    if (!grow(page_.names.cost(name.text) + value.text.size())) return false;
    const Name key = page_.names.intern(name.text);
    auto& properties = node.more().properties;
    const std::size_t before = Arena::content_bytes(node);
    std::erase_if(properties, [key](const auto& property) { return property.first == key; });
    if (properties.size() >= kMaxProperties) return too_large("too many properties");
    properties.emplace_back(key, value.text);
    page_.arena.charge(Arena::content_bytes(node), before);
    return true;
}

}  // namespace twinpane::page
