#include "page/privacy.hpp"

#include <algorithm>

namespace twinpane::page {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Empty for other nodes than elements.
std::string_view tag_of(const PageState& page, Index at) {
    const Node& node = page.arena[at];
    return node.kind == Kind::kElement ? page.names.text(node.tag) : std::string_view{};
}

bool is_option(std::string_view tag) {
    return tag == "option" || tag == "optgroup";
}

void drop_hidden_in_element(PageState& page, Node& node, Privacy privacy) {
    const std::string_view tag = page.names.text(node.tag);
    std::erase_if(node.attributes, [&](const Attribute& attribute) {
        return hides_attribute(privacy, tag, page.names.text(attribute.name));
    });
    node.state &= static_cast<std::uint8_t>(~hidden_state(privacy, tag));
    if (node.extra) {
        node.extra->value.reset();
        node.extra->selection.reset();
    }
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

Privacy effective_privacy(const PageState& page, Index at) {
    Privacy privacy = Privacy::kShown;
    for (; at != kNil && privacy != Privacy::kMasked; at = page.arena[at].parent) {
        privacy = strictest(privacy, page.arena[at].privacy);
    }
    return privacy;
}

bool hides_attribute(Privacy privacy, std::string_view tag, std::string_view name) {
    if (privacy == Privacy::kShown) return false;
    const bool option = tag == "option";
    if (name == "selected") return option;
    if (name == "checked") return tag == "input";
    return name == "value" && !(option && privacy == Privacy::kPrivate);
}

std::uint8_t hidden_state(Privacy privacy, std::string_view tag) {
    return privacy != Privacy::kShown && (tag == "option" || tag == "input") ? 3 : 0;
}

bool hides_text(Privacy privacy, std::string_view tag, bool option) {
    if (tag == "style") return false;  // the look of what is hidden is not its content
    // Options of a private select are the page's words; only which one is selected is the customer's.
    return privacy == Privacy::kMasked || (privacy == Privacy::kPrivate && !option);
}

bool hides_text(const PageState& page, Privacy privacy, Index parent) {
    if (privacy == Privacy::kShown || parent == kNil) return false;
    bool option = false;
    for (Index at = parent; at != kNil && !option; at = page.arena[at].parent)
        option = is_option(tag_of(page, at));
    return hides_text(privacy, tag_of(page, parent), option);
}

bool harmless_text(std::string_view text) {
    while (!text.empty()) {
        if (const char c = text.front(); c == ' ' || (c >= '\t' && c <= '\r')) {
            text.remove_prefix(1);
        } else if (text.starts_with("\u2022") || text.starts_with("\u00a0")) {
            text.remove_prefix(text.front() == '\xC2' ? 2 : 3);
        } else {
            return false;
        }
    }
    return true;
}

std::size_t drop_hidden(PageState& page, Index top) {
    Arena& arena = page.arena;
    // What holds for the children of the nodes on the way down: no recursion, no walk up for every node.
    struct Level {
        Privacy privacy = Privacy::kShown;
        bool option = false;
        std::string_view tag;
    };
    Level above;
    if (const Index parent = arena[top].parent; parent != kNil) {
        above = {.privacy = effective_privacy(page, parent), .tag = tag_of(page, parent)};
        for (Index at = parent; at != kNil; at = arena[at].parent)
            above.option |= is_option(tag_of(page, at));
    }
    std::vector<Level> levels{above};
    std::size_t visited = 0;
    Index at = top;
    while (at != kNil) {
        ++visited;
        Node& node = arena[at];
        const Privacy privacy = strictest(levels.back().privacy, node.privacy);
        if (privacy != Privacy::kShown) {
            const std::size_t before = Arena::content_bytes(node);
            if (node.kind == Kind::kElement) {
                drop_hidden_in_element(page, node, privacy);
            } else if ((node.kind == Kind::kText || node.kind == Kind::kCData) &&
                       hides_text(privacy, levels.back().tag, levels.back().option) &&
                       !harmless_text(node.data)) {
                node.data = kBullets;
            }
            arena.charge(Arena::content_bytes(node), before);
        }
        if (node.first != kNil) {
            const std::string_view tag = tag_of(page, at);
            levels.push_back(
                {.privacy = privacy, .option = levels.back().option || is_option(tag), .tag = tag});
            at = node.first;
            continue;
        }
        while (at != top && arena[at].next == kNil) {
            at = arena[at].parent;
            levels.pop_back();
        }
        at = at == top ? kNil : arena[at].next;
    }
    return visited;
}

}  // namespace twinpane::page
