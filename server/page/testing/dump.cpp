#include "page/testing/dump.hpp"

#include <boost/json.hpp>

#include "page/mirror_impl.hpp"

namespace twinpane::page::testing {

namespace json = boost::json;

namespace {

// Children are left out; dump_tree puts the nodes together.
json::object dump_node(const PageState& page, const Node& node) {
    json::object out{{"id", node.id}, {"kind", static_cast<int>(node.kind)}};
    if (node.privacy != Privacy::kShown) out["privacy"] = static_cast<int>(node.privacy);
    switch (node.kind) {
        case Kind::kElement: {
            out["tag"] = page.names.text(node.tag);
            if (node.svg != 0) out["svg"] = node.svg;
            json::object attributes;
            for (const Attribute& held : node.attributes) attributes[page.names.text(held.name)] = held.value;
            if (!attributes.empty()) out["attributes"] = attributes;
            break;
        }
        case Kind::kText:
        case Kind::kCData:
            if (!node.data.empty()) out["data"] = node.data;
            break;
        case Kind::kDoctype:
            if (!node.data.empty()) out["name"] = node.data;
            if (!node.attributes[0].value.empty()) out["publicId"] = node.attributes[0].value;
            if (!node.attributes[1].value.empty()) out["systemId"] = node.attributes[1].value;
            break;
        case Kind::kShadowRoot:
            if ((node.flags & kClosed) != 0) out["closed"] = true;
            if ((node.flags & kDelegatesFocus) != 0) out["delegatesFocus"] = true;
            break;
        case Kind::kDocument:
            if ((node.flags & kQuirks) != 0) out["quirks"] = true;
            break;
        case Kind::kComment:
            break;
    }
    if (node.state != 0) out["state"] = node.state;
    if (!node.extra) return out;
    const Extra& extra = *node.extra;
    if (extra.value) out["value"] = *extra.value;
    if (extra.sheet) out["sheet"] = *extra.sheet;
    if (extra.selection) out["selection"] = {extra.selection->first, extra.selection->second};
    if (extra.scroll_x != 0 || extra.scroll_y != 0) out["scroll"] = {extra.scroll_x, extra.scroll_y};
    if (!extra.adopted.empty()) out["adopted"] = json::value_from(extra.adopted);
    json::object properties;
    for (const auto& [name, value] : extra.properties) properties[page.names.text(name)] = value;
    if (!properties.empty()) out["properties"] = properties;
    return out;
}

json::value dump_tree(const PageState& page) {
    const Arena& arena = page.arena;
    if (arena.root() == kNil) return nullptr;
    std::vector<json::object> open{dump_node(page, arena[arena.root()])};
    Index at = arena.root();
    while (true) {
        if (arena[at].first != kNil) {
            at = arena[at].first;
            open.push_back(dump_node(page, arena[at]));
            continue;
        }
        while (true) {
            if (open.size() == 1) return open.back();
            json::object done = std::move(open.back());
            open.pop_back();
            auto& children = open.back()["children"];
            (children.is_array() ? children.as_array() : children.emplace_array()).push_back(std::move(done));
            if (arena[at].next != kNil) {
                at = arena[at].next;
                open.push_back(dump_node(page, arena[at]));
                break;
            }
            at = arena[at].parent;
        }
    }
}

}  // namespace

std::string dump(const Mirror& mirror) {
    const PageState& page = dynamic_cast<const MirrorImpl&>(mirror).state();
    json::object out{{"page", nullptr}, {"count", page.arena.count()}, {"sum", page.arena.sum()}};
    if (page.begun) {
        json::object sheets;
        for (const auto& [id, css] : page.sheets) sheets[std::to_string(id)] = css;
        json::object resources;
        for (const auto& [url, held] : page.resources) resources[url] = {held.hash, held.type};
        json::value pointer;
        if (page.pointer) pointer = {page.pointer->first, page.pointer->second};
        out["page"] = json::object{
            {"e", page.epoch},
            {"s", page.seq},
            {"complete", page.complete},
            {"url", page.url},
            {"title", page.title},
            {"w", page.width},
            {"h", page.height},
            {"dpr", page.ratio},
            {"quirks", page.quirks},
            {"lang", page.lang},
            {"focus", page.lives(page.focus) ? page.focus : 0},
            {"hover", page.lives(page.hover) ? page.hover : 0},
            {"pointer", pointer},
            {"sheets", sheets},
            {"resources", resources},
            {"root", dump_tree(page)},
        };
    }
    return json::serialize(out);
}

}  // namespace twinpane::page::testing
