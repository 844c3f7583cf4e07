// Operations 0, 1, 11, 12 and 14 to 23: the page as a whole.
#include <algorithm>

#include "page/folder.hpp"

namespace twinpane::page {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t kEntryOverhead = 96;  // map node, strings' own size
constexpr std::size_t kMaxAdopted = 4096;
constexpr std::size_t kHashLength = 64;
constexpr std::size_t kMaxType = 256;

bool is_hash(std::string_view text) {
    return text.empty() || (text.size() == kHashLength && std::ranges::all_of(text, [](char c) {
                                return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                            }));
}

// Fields of op 0. Absent ones keep their default, others have to be of the right type.
bool field(const dom::object& from, std::string_view key, std::string_view& out) {
    dom::element item;
    return from[key].get(item) != simdjson::SUCCESS || item.get(out) == simdjson::SUCCESS;
}
bool field(const dom::object& from, std::string_view key, double& out) {
    dom::element item;
    return from[key].get(item) != simdjson::SUCCESS ||
           (item.get(out) == simdjson::SUCCESS && out >= 0 && out < 1e6);
}

}  // namespace

bool Folder::op_begin(Items& in) {
    dom::element item;
    dom::object fields;
    if (!in.element(item) || item.get(fields) != simdjson::SUCCESS)
        return invalid("page description expected");
    std::string_view url;
    std::string_view title;
    std::string_view lang;
    double quirks = 0;
    page_.ratio = 1;
    if (!field(fields, "u", url) || !field(fields, "t", title) || !field(fields, "l", lang) ||
        !field(fields, "w", page_.width) || !field(fields, "h", page_.height) ||
        !field(fields, "d", page_.ratio) || !field(fields, "q", quirks)) {
        return invalid("page description expected");
    }
    page_.quirks = quirks != 0;
    page_.begun = true;
    report_.page_began = report_.url_changed = report_.title_changed = true;
    return set_string(page_.url, url, page_.side_bytes) && set_string(page_.title, title, page_.side_bytes) &&
           set_string(page_.lang, lang, page_.side_bytes);
}

bool Folder::op_complete() {
    if (!page_.tape.open.empty()) return invalid("the tape is open");
    if (page_.arena.root() == kNil) return invalid("a page without a document");
    report_.page_complete = true;
    page_.complete = true;
    return true;
}

bool Folder::op_viewport(Items& in) {
    return (in.number(page_.width) && in.number(page_.height) && in.number(page_.ratio) && page_.width >= 0 &&
            page_.height >= 0 && page_.ratio >= 0) ||
           invalid("viewport expected");
}

bool Folder::op_pointer(Items& in) {
    do {
        double x = 0;
        double y = 0;
        double elapsed = 0;
        if (!in.number(x) || !in.number(y) || !in.number(elapsed)) return invalid("position expected");
        page_.pointer = {x, y};
    } while (!in.done());
    return true;
}

// Ops 14 and 15: an unknown node changes nothing.
bool Folder::op_focus(Items& in, std::uint32_t& held) {
    std::int64_t id = 0;
    if (!in.integer(id, 0, kMaxId)) return invalid("node id expected");
    const auto wanted = static_cast<std::uint32_t>(id);
    if (id == 0 || page_.lives(wanted)) held = wanted;
    return true;
}

bool Folder::op_click(Items& in) {
    std::int64_t id = 0;
    double x = 0;
    double y = 0;
    if (!in.integer(id, 0, kMaxId)) return invalid("node id expected");
    return (in.number(x) && in.number(y)) || invalid("position expected");
}

bool Folder::op_sheet(Items& in, bool append) {
    std::uint32_t id = 0;
    Str css;
    if (!read_id(in, id)) return false;
    if (!in.str(css)) return invalid("style sheet expected");
    std::string* text = nullptr;
    const Index at = page_.arena.find(id);
    if (at != kNil) {
        Node& node = page_.arena[at];
        if (node.kind != Kind::kElement) return invalid("not an element");
        auto& sheet = node.more().sheet;
        if (!sheet) sheet.emplace();
        text = &*sheet;
    } else {
        const auto found = page_.sheets.find(id);
        if (found == page_.sheets.end()) return invalid("unknown style sheet");
        text = &found->second;
    }
    const std::size_t before = text->size();
    if ((append ? before : 0) + css.text.size() > limits_.max_text) return too_large("style sheet too long");
    if (!grow(css.text.size())) return false;
    if (append) {
        *text += css.text;
    } else {
        *text = css.text;
    }
    if (at != kNil) {
        page_.arena.charge(text->size(), before);
    } else {
        page_.side_bytes = page_.side_bytes + text->size() - before;
    }
    return true;
}

bool Folder::op_adopted(Items& in) {
    Index at = kNil;
    if (!read_node(in, at)) return false;
    Node& node = page_.arena[at];
    if (node.kind != Kind::kDocument && node.kind != Kind::kShadowRoot)
        return invalid("not a document or shadow root");
    std::vector<std::uint32_t> sheets;
    while (!in.done()) {
        std::uint32_t id = 0;
        if (!read_id(in, id)) return false;
        if (page_.arena.find(id) != kNil) return invalid("a style sheet has the id of a node");
        if (sheets.size() >= kMaxAdopted) return too_large("too many adopted style sheets");
        if (!page_.sheets.contains(id)) {
            if (!grow(kEntryOverhead)) return false;
            page_.sheets.emplace(id, std::string{});
            page_.side_bytes += kEntryOverhead;
        }
        sheets.push_back(id);
    }
    if (!grow(sheets.size() * sizeof(std::uint32_t))) return false;
    auto& held = node.more().adopted;
    page_.arena.charge(sheets.size() * sizeof(std::uint32_t), held.size() * sizeof(std::uint32_t));
    held = std::move(sheets);
    return true;
}

bool Folder::op_url(Items& in) {
    Str url;
    if (!in.str(url)) return invalid("address expected");
    report_.url_changed = true;
    return set_string(page_.url, url.text, page_.side_bytes);
}

bool Folder::op_title(Items& in) {
    Str title;
    if (!in.str(title)) return invalid("title expected");
    report_.title_changed = true;
    return set_string(page_.title, title.text, page_.side_bytes);
}

bool Folder::op_checksum(Items& in) {
    std::int64_t count = 0;
    std::int64_t sum = 0;
    if (!in.integer(count, 0, kMaxId) || !in.integer(sum, 0, 0xFFFFFFFF)) return invalid("checksum expected");
    if (static_cast<std::size_t>(count) == page_.arena.count() && sum == page_.arena.sum()) return true;
    return refuse(Code::kChecksumMismatch, "another number of nodes, or another sum");
}

bool Folder::op_resource(Items& in) {
    Str url;
    Str hash;
    Str type;
    if (!in.str(url) || !in.str(hash) || !in.str(type) || !is_hash(hash.text) ||
        type.text.size() > kMaxType) {
        return invalid("resource expected");
    }
    if (!grow(url.text.size() + hash.text.size() + type.text.size() + kEntryOverhead)) return false;
    auto found = page_.resources.find(url.text);
    if (found == page_.resources.end()) {
        found = page_.resources.emplace(std::string(url.text), Resource{}).first;
        page_.side_bytes += url.text.size() + kEntryOverhead;
    }
    return set_string(found->second.hash, hash.text, page_.side_bytes) &&
           set_string(found->second.type, type.text, page_.side_bytes);
}

}  // namespace twinpane::page
