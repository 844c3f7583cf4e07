// Random but valid page streams, with a plain model of the tree that they build.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "page/json_write.hpp"

namespace twinpane::page::testing {

class Story {
  public:
    struct Node {
        std::uint32_t parent = 0;
        int kind = 1;
        std::string tag;
        std::vector<std::uint32_t> children;
        bool closed = false;    // has or had a class: nothing is put into it
        std::size_t units = 0;  // of text: UTF-16 length
    };

    explicit Story(std::uint64_t seed, std::uint32_t epoch = 1) : random_(seed), epoch_(epoch) {}

    const std::map<std::uint32_t, Node>& nodes() const { return nodes_; }

    // The first batch: a page of about `size` nodes, complete.
    std::string begin(std::size_t size) {
        ops_ = R"([0,{"u":"https://a.example/","t":"T","w":1000,"h":700,"d":1.5,"q":0,"l":"en"}])";
        const std::uint32_t document = next_id_;
        add(0, 0, [&] { subtree(6, 0, size); });
        document_ = document;
        ops_ += ",[1]";
        return batch();
    }

    // A later batch of `count` operations.
    std::string more(int count) {
        ops_.clear();
        for (int i = 0; i < count; ++i) operation();
        return batch();
    }

    std::uint32_t seq() const { return seq_; }

  private:
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
    }
    bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }

    std::string batch() {
        std::string out = R"({"v":1,"e":)" + std::to_string(epoch_) + R"(,"s":)" + std::to_string(++seq_);
        if (!fresh_.empty()) out += R"(,"t":[)" + fresh_ + ']';
        fresh_.clear();
        return out + R"(,"o":[)" + ops_ + "]}";
    }

    void op(const std::string& items) {
        if (!ops_.empty()) ops_ += ',';
        ops_ += '[' + items + ']';
    }

    std::string word() {
        static const std::vector<std::string> kWords = {"a", "Grüße", "\U0001F600", "<b>&\"\\\n",
                                                        "",  "日本",  "x y  z",     "\u0001"};
        std::string out;
        for (std::size_t i = below(4); i > 0; --i) out += kWords[below(kWords.size())];
        return out;
    }

    static std::size_t units(const std::string& text) {
        std::size_t n = 0;
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            n += (byte & 0xC0U) == 0x80U ? 0 : byte >= 0xF0U ? 2 : 1;
        }
        return n;
    }

    // A str: literal, new in the table, or from the table.
    std::string str(const std::string& text) {
        if (const auto known = table_.find(text); known != table_.end() && chance(80)) {
            return std::to_string(known->second);
        }
        std::string json;
        write_string(json, text);
        if (!chance(30) || table_.contains(text)) return json;
        if (!fresh_.empty()) fresh_ += ',';
        fresh_ += json;
        const auto index = table_.size();
        table_[text] = index;
        return std::to_string(index);
    }

    template <typename Tape>
    void add(std::uint32_t parent, std::uint32_t before, Tape tape) {
        items_ =
            "2," + std::to_string(parent) + ',' + std::to_string(before) + ',' + std::to_string(next_id_);
        place_ = before;
        parent_ = parent;
        tape();
        op(items_);
    }

    std::uint32_t enter(int kind, std::uint32_t parent) {
        const std::uint32_t id = next_id_++;
        nodes_[id] = {.parent = parent, .kind = kind, .tag = {}, .children = {}};
        if (parent != 0) {
            auto& siblings = nodes_[parent].children;
            const auto at =
                parent == parent_ && place_ != 0 ? std::ranges::find(siblings, place_) : siblings.end();
            siblings.insert(at, id);
        }
        return id;
    }

    // Appends a node with up to `size` nodes below it to the tape.
    void subtree(int kind, std::uint32_t parent, std::size_t size) {
        const std::uint32_t id = enter(kind, parent);
        const bool leaf = size == 0 && chance(70);
        int head = kind | (leaf ? 8 : 0);
        switch (kind) {
            case 2:
            case 7: {
                const std::string text = word();
                nodes_[id].units = units(text);
                items_ += ',' + std::to_string(kind) + ',' + str(text);
                return;
            }
            case 3:
                items_ += ",3";
                return;
            case 4:
                items_ += R"(,4,"html","","about:legacy")";
                return;
            case 5:
                head |= static_cast<int>(below(4)) << 7;
                break;
            case 6:
                head |= static_cast<int>(below(2)) << 7;
                break;
            default:
                break;
        }
        if (kind == 1) {
            static const std::vector<std::string> kTags = {"div",    "p",  "span", "iframe",
                                                           "x-card", "li", "svg"};
            std::string& tag = nodes_[id].tag;
            tag = kTags[below(kTags.size())];
            const std::size_t count = below(4);
            head |= static_cast<int>(count) << 7 | (tag == "svg" ? 64 : 0);
            items_ += ',' + std::to_string(head) + ',' + str(tag);
            for (std::size_t i = 0; i < count; ++i) {
                items_ += ',' + str("a" + std::to_string(below(5))) + ',' + str(word());
            }
        } else {
            items_ += ',' + std::to_string(head);
        }
        if (leaf) return;
        children(id, size);
        items_ += ",0";
    }

    void children(std::uint32_t id, std::size_t size) {
        const std::string tag = nodes_[id].tag;
        if (tag == "iframe") {
            if (size > 0) subtree(6, id, size - 1);
            return;
        }
        if (tag == "x-card" && size > 0 && chance(50)) {
            subtree(5, id, size / 2);
            size /= 2;
        }
        while (size > 0) {
            const std::size_t share = 1 + below(size);
            static const std::vector<int> kKinds = {1, 1, 1, 1, 2, 2, 3, 7};
            const int kind = share > 1 ? 1 : kKinds[below(kKinds.size())];
            subtree(kind, id, share - 1);
            size -= share;
        }
    }

    // A random live node for which `fits` holds, 0 when a few tries find none.
    template <typename Fits>
    std::uint32_t pick(Fits fits) {
        for (int tries = 0; tries < 20; ++tries) {
            auto at = nodes_.lower_bound(static_cast<std::uint32_t>(1 + below(next_id_)));
            if (at != nodes_.end() && fits(at->first, at->second)) return at->first;
        }
        return 0;
    }

    std::uint32_t pick_parent() {
        return pick([](std::uint32_t, const Node& n) {
            return !n.closed && ((n.kind == 1 && n.tag != "iframe") || n.kind == 5);
        });
    }

    // A child of `parent` to insert before, or 0.
    std::uint32_t pick_before(std::uint32_t parent, std::uint32_t not_this = 0) {
        const auto& siblings = nodes_[parent].children;
        if (siblings.empty() || chance(30)) return 0;
        const std::uint32_t before = siblings[below(siblings.size())];
        return before == not_this || nodes_[before].kind == 5 ? 0 : before;
    }

    bool inside(std::uint32_t node, std::uint32_t top) {
        for (; node != 0; node = nodes_[node].parent) {
            if (node == top) return true;
        }
        return false;
    }

    void unlink(std::uint32_t id) { std::erase(nodes_[nodes_[id].parent].children, id); }

    void forget(std::uint32_t id) {
        for (const std::uint32_t child : nodes_[id].children) forget(child);
        nodes_.erase(id);
    }

    void operation() {
        const auto element = [](std::uint32_t, const Node& n) { return n.kind == 1; };
        switch (below(16)) {
            case 0:
            case 1:
                if (const auto parent = pick_parent()) {
                    const auto before = pick_before(parent);
                    const auto size = below(12);
                    add(parent, before, [&] {
                        for (std::size_t n = 1 + below(3); n > 0; --n) subtree(1, parent, size);
                    });
                }
                break;
            case 2:
                if (const auto id = pick([&](std::uint32_t i, const Node&) { return i != document_; })) {
                    op("3," + std::to_string(id));
                    unlink(id);
                    forget(id);
                }
                break;
            case 3:
            case 4:
                move();
                break;
            case 5:
                if (const auto id = pick(element)) {
                    op("5," + std::to_string(id) + ',' + str("a" + std::to_string(below(5))) + ',' +
                       (chance(30) ? "null" : str(word())));
                }
                break;
            case 6:
                text();
                break;
            case 7:
                if (const auto id = pick(element)) op("8," + std::to_string(id) + ',' + str(word()));
                break;
            case 8:
                if (const auto id = pick(element))
                    op("9," + std::to_string(id) + ',' + std::to_string(below(16)));
                break;
            case 9:
                if (const auto id = pick(element))
                    op("10," + std::to_string(id) + ",0.5," + std::to_string(below(99)));
                break;
            case 10:
                hide();
                break;
            case 11:
                page_state();
                break;
            case 12:
                if (const auto id = pick(element))
                    op((chance(50) ? "17," : "19,") + std::to_string(id) + ',' + str(word()));
                break;
            case 13:
                adopted();
                break;
            case 14:
                if (const auto id = pick(element))
                    op("26," + std::to_string(id) + ",0," + std::to_string(below(9)));
                break;
            default:
                if (const auto id = pick(element))
                    op("25," + std::to_string(id) + R"(,"media",)" + str(word()));
                break;
        }
    }

    // A class for an element without children, which then gets none: what becomes of hidden text is for the
    // vectors, here its length would no longer be known.
    void hide() {
        const auto id = pick([](std::uint32_t, const Node& n) { return n.kind == 1 && n.children.empty(); });
        if (id == 0) return;
        op("24," + std::to_string(id) + ',' + std::to_string(below(3)));
        nodes_[id].closed = true;
    }

    void move() {
        const auto id =
            pick([](std::uint32_t, const Node& n) { return n.parent != 0 && n.kind != 5 && n.kind != 6; });
        const auto parent = pick_parent();
        if (id == 0 || parent == 0 || inside(parent, id)) return;
        const auto before = pick_before(parent, id);
        op("4," + std::to_string(id) + ',' + std::to_string(parent) + ',' + std::to_string(before));
        unlink(id);
        auto& siblings = nodes_[parent].children;
        siblings.insert(before == 0 ? siblings.end() : std::ranges::find(siblings, before), id);
        nodes_[id].parent = parent;
    }

    void text() {
        const auto id = pick([](std::uint32_t, const Node& n) { return n.kind == 2 || n.kind == 7; });
        if (id == 0) return;
        const std::string data = word();
        std::size_t& length = nodes_[id].units;
        if (chance(50)) {
            op("6," + std::to_string(id) + ',' + str(data));
            length = units(data);
            return;
        }
        const std::size_t start = below(length + 1);
        const std::size_t remove = below(length - start + 1);
        op("7," + std::to_string(id) + ',' + std::to_string(start) + ',' + std::to_string(remove) + ',' +
           str(data));
        length = length - remove + units(data);
    }

    void page_state() {
        switch (below(6)) {
            case 0:
                op("11,800,600,1");
                break;
            case 1:
                op("12,5," + std::to_string(below(99)) + ",0");
                break;
            case 2:
                op("14," + std::to_string(below(next_id_)));
                break;
            case 3:
                op("15," + std::to_string(below(next_id_)));
                break;
            case 4:
                op("20," + str("https://a.example/" + std::to_string(below(9))));
                break;
            default:
                op("23," + str("https://a.example/i" + std::to_string(below(9))) + R"(,"","image/png")");
                break;
        }
    }

    void adopted() {
        const auto root = pick([](std::uint32_t, const Node& n) { return n.kind == 5 || n.kind == 6; });
        if (root == 0) return;
        // Sheet ids from far above the nodes'.
        std::string items = "18," + std::to_string(root);
        for (std::size_t n = below(3); n > 0; --n) items += ',' + std::to_string(2'000'000'000 + below(5));
        op(items);
        op("18," + std::to_string(root) + ",2000000009");
        op("17,2000000009," + str(word()));
    }

    std::mt19937_64 random_;
    std::uint32_t epoch_;
    std::uint32_t seq_ = 0;
    std::uint32_t next_id_ = 1;
    std::uint32_t document_ = 0;
    std::uint32_t place_ = 0;
    std::uint32_t parent_ = 0;
    std::string ops_;
    std::string items_;
    std::string fresh_;
    std::map<std::string, std::size_t> table_;
    std::map<std::uint32_t, Node> nodes_;
};

}  // namespace twinpane::page::testing
