// The nodes of one page: a tree in an arena, found by id, with count and checksum kept up to date. Knows
// structure only; what may stand where and what it may hold is the folder's business (fold.cpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "page/id_map.hpp"
#include "page/mirror.hpp"
#include "page/names.hpp"

namespace twinpane::page {

using Index = std::uint32_t;  // place in the arena, stable while the node lives
constexpr Index kNil = IdMap::kNone;

enum class Kind : std::uint8_t {
    kElement = 1,
    kText = 2,
    kComment = 3,
    kDoctype = 4,
    kShadowRoot = 5,
    kDocument = 6,
    kCData = 7,
};

// Bits of Node::flags.
constexpr std::uint8_t kQuirks = 1;          // document
constexpr std::uint8_t kClosed = 1;          // shadow root
constexpr std::uint8_t kDelegatesFocus = 2;  // shadow root
constexpr std::uint8_t kStateTold = 0x40;    // element: op 9 was heard, if only to say 0
constexpr std::uint8_t kWasPassword = 0x80;  // element: stays masked whatever comes

struct Attribute {
    Name name = 0;
    std::string value;
};

// What few nodes have.
struct Extra {
    std::optional<std::string> value;
    std::optional<std::string> sheet;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> selection;
    double scroll_x = 0;
    double scroll_y = 0;
    std::vector<std::uint32_t> adopted;
    std::vector<std::pair<Name, std::string>> properties;
};

struct Node {
    std::uint32_t id = 0;
    Index parent = kNil;
    Index first = kNil;
    Index last = kNil;
    Index prev = kNil;
    Index next = kNil;
    Name tag = 0;  // elements
    Kind kind = Kind::kElement;
    Privacy privacy = Privacy::kShown;  // its own class
    std::uint8_t svg = 0;
    std::uint8_t flags = 0;
    std::uint8_t state = 0;
    std::string data;                   // text, CDATA; doctype: its name
    std::vector<Attribute> attributes;  // elements; doctype: publicId and systemId
    std::unique_ptr<Extra> extra;

    Extra& more() {
        if (!extra) extra = std::make_unique<Extra>();
        return *extra;
    }
};

class Arena {
  public:
    explicit Arena(std::uint64_t key) : ids_(key) {}

    Index find(std::uint32_t id) const { return ids_.find(id); }
    Node& operator[](Index at) { return chunks_[at / kChunk][at % kChunk]; }
    const Node& operator[](Index at) const { return chunks_[at / kChunk][at % kChunk]; }
    Index root() const { return root_; }

    // A new node outside the tree; `id` is free. Attach it before anything else is created.
    Index create(std::uint32_t id);
    // Puts a detached node under `parent` (kNil: it becomes the root) before `before` (kNil: at the end). The
    // caller has checked that this makes a tree.
    void attach(Index node, Index parent, Index before);
    // Takes a node with its subtree out of the tree; it can be attached again or destroyed.
    void detach(Index node);
    // Frees a detached subtree.
    void destroy(Index top);

    // Preorder within the subtree of `top`; kNil at its end.
    Index preorder(Index at, Index top) const;

    std::size_t count() const { return ids_.size(); }
    std::uint32_t sum() const { return sum_; }
    void clear();

    // Bytes of everything the nodes hold besides themselves; kept by charge() and destroy().
    std::size_t content_bytes() const { return content_; }
    void charge(std::size_t added, std::size_t removed) { content_ = content_ + added - removed; }
    static std::size_t content_bytes(const Node& node);
    static std::size_t attribute_bytes(std::string_view value) { return value.size() + kAttributeOverhead; }

    std::size_t memory_bytes() const;

  private:
    static constexpr std::size_t kChunk = 512;
    static constexpr std::size_t kAttributeOverhead = 16;
    static constexpr std::size_t kExtraOverhead = 64;

    std::uint32_t parent_id(const Node& node) const {
        return node.parent == kNil ? 0 : (*this)[node.parent].id;
    }

    std::vector<std::unique_ptr<Node[]>> chunks_;  // chunks: growth moves no node
    std::vector<Index> free_;
    Index used_ = 0;
    IdMap ids_;
    Index root_ = kNil;
    std::uint32_t sum_ = 0;
    std::size_t content_ = 0;
};

}  // namespace twinpane::page
