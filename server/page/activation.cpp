#include "page/activation.hpp"

#include <algorithm>

namespace twinpane::page {

namespace {

// A label may name its control by id. A page with more nodes than this is not searched: the label counts as
// one that submits.
constexpr std::size_t kMaxSearched = 100'000;

std::string tag_of(const PageState& page, const Node& node) {
    return node.kind == Kind::kElement && node.svg == 0 ? lower(page.names.text(node.tag)) : std::string();
}

std::string type_of(const PageState& page, const Node& node) {
    const auto* type = attribute(page, node, "type");
    return type == nullptr ? std::string() : lower(*type);
}

// The form that the element belongs to: one it names, or the one around it.
bool has_form(const PageState& page, Index at) {
    if (const auto* named = attribute(page, page.arena[at], "form"); named != nullptr && !named->empty())
        return true;
    for (Index up = page.arena[at].parent; up != kNil; up = page.arena[up].parent) {
        const Node& node = page.arena[up];
        if (node.kind == Kind::kShadowRoot || node.kind == Kind::kDocument) return false;
        if (tag_of(page, node) == "form") return true;
    }
    return false;
}

// A button without a type, or with one that does not exist, is a submit button. One that says so counts even
// where no form is in sight: forms can be tied to their fields by the parser alone.
bool is_submit(const PageState& page, Index at, const std::string& tag) {
    const auto type = type_of(page, page.arena[at]);
    if (tag == "input") return type == "submit" || type == "image";
    if (tag != "button" || type == "button" || type == "reset") return false;
    return type == "submit" || has_form(page, at);
}

bool label_submits(const PageState& page, Index label) {
    const auto submits = [&](Index at) { return is_submit(page, at, tag_of(page, page.arena[at])); };
    const auto* named = attribute(page, page.arena[label], "for");
    const Index top = named == nullptr ? label : page.arena.root();
    if (named != nullptr && page.arena.count() > kMaxSearched) return true;
    for (Index at = top; at != kNil; at = page.arena.preorder(at, top)) {
        if (page.arena[at].kind != Kind::kElement) continue;
        if (named == nullptr) {
            if (submits(at)) return true;
        } else if (const auto* id = attribute(page, page.arena[at], "id"); id != nullptr && *id == *named) {
            if (submits(at)) return true;
        }
    }
    return false;
}

}  // namespace

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

const std::string* attribute(const PageState& page, const Node& node, std::string_view name) {
    const auto found = std::ranges::find_if(
        node.attributes, [&](const Attribute& held) { return page.names.text(held.name) == name; });
    return found == node.attributes.end() ? nullptr : &found->value;
}

Activation activation_of(const PageState& page, Index at) {
    Activation out;
    // A click on a text or an icon is one on the button around it, also out of a shadow root.
    for (Index up = at; up != kNil && page.arena[up].kind != Kind::kDocument; up = page.arena[up].parent) {
        const auto tag = tag_of(page, page.arena[up]);
        if (tag == "button" || tag == "input") {
            out.click_submits = is_submit(page, up, tag);
            if (tag == "input" && up == at) {
                const auto type = type_of(page, page.arena[up]);
                out.enter_submits = type != "button" && type != "reset" && has_form(page, up);
            }
            break;
        }
        if (tag == "label") {
            out.click_submits = label_submits(page, up);
            break;
        }
        if (tag == "select" || tag == "textarea") break;
        if (tag == "a" && attribute(page, page.arena[up], "href") != nullptr) break;
    }
    out.enter_submits = out.enter_submits || out.click_submits;
    return out;
}

}  // namespace twinpane::page
