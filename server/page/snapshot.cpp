#include "page/snapshot.hpp"

#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "page/json_write.hpp"
#include "page/utf16.hpp"

namespace twinpane::page {

namespace {

constexpr std::size_t kLine = 176U << 10U;  // closes a line; what is then under way makes it about 256 KiB
constexpr std::size_t kPiece = 32U << 10U;  // long texts are cut here; escaping may double it
constexpr std::size_t kLevels = 512;

// Up to kPiece bytes, cut between characters.
std::string_view piece(std::string_view text) {
    if (text.size() <= kPiece) return text;
    std::size_t end = kPiece;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return text.substr(0, end);
}

class Writer {
  public:
    Writer(const PageState& page, const std::function<bool(std::string)>& sink) : page_(page), sink_(sink) {}

    void run() {
        begin();
        string_table();
        tree();
        long_texts();
        sheets();
        node_states();
        page_states();
        op(1);
        end_op();
        op(22);
        integer(static_cast<std::int64_t>(page_.arena.count()));
        integer(page_.arena.sum());
        end_op();
        flush();
    }

  private:
    using Lengthy = std::pair<Index, std::size_t>;  // node, bytes of its text already written

    // --- lines, operations, items ---

    void op(int code) {
        if (ops_.size() + strings_.size() > kLine) flush();
        if (!ops_.empty()) ops_ += ',';
        ops_ += '[';
        write_integer(ops_, code);
    }
    void end_op() { ops_ += ']'; }

    void integer(std::int64_t value) {
        ops_ += ',';
        write_integer(ops_, value);
    }
    void number(double value) {
        ops_ += ',';
        write_number(ops_, value);
    }
    void literal(std::string_view text) {
        ops_ += ',';
        write_string(ops_, text);
    }

    void str(std::string_view text) {
        const auto found = table_.find(text);
        if (found == table_.end()) return literal(text);
        integer(found->second);
    }

    void flush() {
        if ((ops_.empty() && strings_.empty()) || stopped_) return;
        std::string line = R"({"v":1,"e":)";
        line.reserve(ops_.size() + strings_.size() + 64);
        write_integer(line, page_.epoch);
        line += R"(,"s":)";
        write_integer(line, page_.seq);
        if (!strings_.empty()) {
            line += R"(,"t":[)";
            line += strings_;
            line += ']';
        }
        line += R"(,"o":[)";
        line += ops_;
        line += "]}\n";
        ops_.clear();
        strings_.clear();
        stopped_ = !sink_(std::move(line));
    }

    // --- the parts of a page ---

    // The batches that come after the snapshot refer to the epoch's string table, so a joiner has to have
    // exactly that one: all of it, in its order, and nothing else.
    void string_table() {
        for (std::size_t i = 0; i < page_.strings.size() && !stopped_; ++i) {
            const std::string_view text = *page_.strings.get(i);
            if (!strings_.empty()) strings_ += ',';
            write_string(strings_, text);
            table_.emplace(text, static_cast<std::uint32_t>(i));
            if (strings_.size() > kLine) flush();
        }
    }

    void begin() {
        op(0);
        ops_ += R"(,{"u":)";
        write_string(ops_, page_.url);
        ops_ += R"(,"t":)";
        write_string(ops_, page_.title);
        ops_ += R"(,"w":)";
        write_number(ops_, page_.width);
        ops_ += R"(,"h":)";
        write_number(ops_, page_.height);
        ops_ += R"(,"d":)";
        write_number(ops_, page_.ratio);
        ops_ += page_.quirks ? R"(,"q":1,"l":)" : R"(,"q":0,"l":)";
        write_string(ops_, page_.lang);
        ops_ += '}';
        end_op();
    }

    // One tape per run of consecutive ids in preorder. A run also ends where it would leave the parent of its
    // first node; then the next node goes, by a new op 2, to the end of the children that its parent has so
    // far.
    void tree() {
        const Arena& arena = page_.arena;
        open_.reserve(kLevels);
        Index run_parent = kNil;
        std::uint32_t expected = 0;
        for (Index at = arena.root(); at != kNil && !stopped_; at = arena.preorder(at, arena.root())) {
            const Node& node = arena[at];
            while (!open_.empty() && open_.back() != node.parent) close();
            const bool fits =
                expected != 0 && node.id == expected && (!open_.empty() || node.parent == run_parent);
            if (!fits) {
                while (!open_.empty()) close();
                if (expected != 0) end_op();
                op(2);
                integer(node.parent == kNil ? 0 : arena[node.parent].id);
                integer(0);
                integer(node.id);
                run_parent = node.parent;
            } else if (ops_.size() + strings_.size() > kLine) {
                end_op();
                flush();
                if (open_.empty()) {
                    // Nothing is open, so there is nothing to continue.
                    op(2);
                    integer(node.parent == kNil ? 0 : arena[node.parent].id);
                    integer(0);
                    integer(node.id);
                } else {
                    op(13);
                }
            }
            write_node(at, node);
            expected = node.id + 1;
        }
        while (!open_.empty()) close();
        if (expected != 0) end_op();
    }

    void close() {
        integer(0);
        open_.pop_back();
    }

    void write_node(Index at, const Node& node) {
        const bool container =
            node.kind == Kind::kElement || node.kind == Kind::kShadowRoot || node.kind == Kind::kDocument;
        const bool leaf = container && node.first == kNil;
        std::int64_t count = 0;
        if (node.kind == Kind::kElement) count = static_cast<std::int64_t>(node.attributes.size());
        if (node.kind == Kind::kShadowRoot || node.kind == Kind::kDocument) count = node.flags;
        integer(static_cast<std::int64_t>(node.kind) | (leaf ? 8 : 0) |
                static_cast<std::int64_t>(node.privacy) << 4 | static_cast<std::int64_t>(node.svg) << 6 |
                count << 7);
        switch (node.kind) {
            case Kind::kElement:
                str(page_.names.text(node.tag));
                for (const Attribute& attribute : node.attributes) {
                    str(page_.names.text(attribute.name));
                    str(attribute.value);
                }
                break;
            case Kind::kText:
            case Kind::kCData: {
                const std::string_view first = piece(node.data);
                literal(first);
                if (first.size() < node.data.size()) lengthy_.emplace_back(at, first.size());
                break;
            }
            case Kind::kDoctype:
                literal(node.data);
                literal(node.attributes[0].value);
                literal(node.attributes[1].value);
                break;
            default:
                break;
        }
        if (container && !leaf) open_.push_back(at);
    }

    void long_texts() {
        for (const auto& [at, written] : lengthy_) {
            const Node& node = page_.arena[at];
            std::size_t units = utf16_length(std::string_view(node.data).substr(0, written));
            for (std::string_view rest = std::string_view(node.data).substr(written);
                 !rest.empty() && !stopped_;) {
                const std::string_view part = piece(rest);
                op(7);
                integer(node.id);
                integer(static_cast<std::int64_t>(units));
                integer(0);
                literal(part);
                end_op();
                units += utf16_length(part);
                rest.remove_prefix(part.size());
            }
        }
    }

    void sheet_text(std::uint32_t id, std::string_view css) {
        int code = 17;
        do {
            const std::string_view part = piece(css);
            op(code);
            integer(id);
            literal(part);
            end_op();
            css.remove_prefix(part.size());
            code = 19;
        } while (!css.empty() && !stopped_);
    }

    // Sheets that no root adopts now may be adopted again: the document adopts them for a moment, so that
    // their text can be told.
    void sheets() {
        std::set<std::uint32_t> adopted;
        for_each([&](Index, const Node& node) {
            if (node.extra) adopted.insert(node.extra->adopted.begin(), node.extra->adopted.end());
        });
        const Node& root = page_.arena[page_.arena.root()];
        std::vector<std::uint32_t> unused;
        for (const auto& [id, css] : page_.sheets) {
            if (!adopted.contains(id)) unused.push_back(id);
        }
        constexpr std::size_t kAtOnce = 4096;
        for (std::size_t from = 0; from < unused.size(); from += kAtOnce) {
            op(18);
            integer(root.id);
            for (std::size_t i = from; i < std::min(unused.size(), from + kAtOnce); ++i) integer(unused[i]);
            end_op();
        }
        for_each([&](Index at, const Node& node) {
            const bool reset = at == page_.arena.root() && !unused.empty();
            if (!reset && (!node.extra || node.extra->adopted.empty())) return;
            op(18);
            integer(node.id);
            if (node.extra) {
                for (const std::uint32_t id : node.extra->adopted) integer(id);
            }
            end_op();
        });
        for (const auto& [id, css] : page_.sheets) {
            if (!css.empty()) sheet_text(id, css);
        }
        for_each([this](Index, const Node& node) {
            if (node.extra && node.extra->sheet) sheet_text(node.id, *node.extra->sheet);
        });
    }

    void node_states() {
        for_each([this](Index, const Node& node) {
            // A 0 that was told counts: without it a joiner would show what the `checked` attribute says.
            if (node.state != 0 || (node.flags & kStateTold) != 0) {
                op(9);
                integer(node.id);
                integer(node.state);
                end_op();
            }
            if (node.extra) extra(node, *node.extra);
        });
    }

    void extra(const Node& node, const Extra& held) {
        if (held.value) {
            op(8);
            integer(node.id);
            literal(*held.value);
            end_op();
        }
        if (held.selection) {
            op(26);
            integer(node.id);
            integer(held.selection->first);
            integer(held.selection->second);
            end_op();
        }
        if (held.scroll_x != 0 || held.scroll_y != 0) {
            op(10);
            integer(node.id);
            number(held.scroll_x);
            number(held.scroll_y);
            end_op();
        }
        for (const auto& [name, text] : held.properties) {
            op(25);
            integer(node.id);
            literal(page_.names.text(name));
            literal(text);
            end_op();
        }
    }

    void page_states() {
        for (const auto& [url, resource] : page_.resources) {
            op(23);
            literal(url);
            literal(resource.hash);
            literal(resource.type);
            end_op();
        }
        if (page_.pointer) {
            op(12);
            number(page_.pointer->first);
            number(page_.pointer->second);
            integer(0);
            end_op();
        }
        for (const auto& [code, id] : {std::pair(14, page_.focus), std::pair(15, page_.hover)}) {
            if (!page_.lives(id)) continue;
            op(code);
            integer(id);
            end_op();
        }
    }

    template <typename Visit>
    void for_each(Visit visit) {
        const Arena& arena = page_.arena;
        for (Index at = arena.root(); at != kNil && !stopped_; at = arena.preorder(at, arena.root())) {
            visit(at, arena[at]);
        }
    }

    const PageState& page_;
    const std::function<bool(std::string)>& sink_;
    bool stopped_ = false;
    std::string ops_;      // of the line being written
    std::string strings_;  // likewise: what it appends to the table
    std::unordered_map<std::string_view, std::uint32_t, KeyedStringHash> table_{0, page_.names.hash()};
    std::vector<Index> open_;
    std::vector<Lengthy> lengthy_;
};

}  // namespace

void write_snapshot(const PageState& page, const std::function<bool(std::string line)>& sink) {
    Writer(page, sink).run();
}

}  // namespace twinpane::page
