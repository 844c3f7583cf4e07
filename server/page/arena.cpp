#include "page/arena.hpp"

#include "base/bytes.hpp"
#include "page/checksum.hpp"

namespace twinpane::page {

Index Arena::create(std::uint32_t id) {
    Index at = kNil;
    if (!free_.empty()) {
        at = free_.back();
        free_.pop_back();
    } else {
        if (used_ % kChunk == 0) chunks_.push_back(std::make_unique<Node[]>(kChunk));
        at = used_++;
    }
    (*this)[at].id = id;
    ids_.insert(id, at);
    return at;
}

void Arena::attach(Index at, Index parent, Index before) {
    Node& node = (*this)[at];
    node.parent = parent;
    if (parent == kNil) {
        root_ = at;
    } else {
        Node& above = (*this)[parent];
        node.next = before;
        node.prev = before == kNil ? above.last : (*this)[before].prev;
        (node.prev == kNil ? above.first : (*this)[node.prev].next) = at;
        (before == kNil ? above.last : (*this)[before].prev) = at;
    }
    sum_ += mix(node.id, parent_id(node));
}

void Arena::detach(Index at) {
    Node& node = (*this)[at];
    sum_ -= mix(node.id, parent_id(node));
    if (node.parent == kNil) {
        root_ = kNil;
    } else {
        Node& above = (*this)[node.parent];
        (node.prev == kNil ? above.first : (*this)[node.prev].next) = node.next;
        (node.next == kNil ? above.last : (*this)[node.next].prev) = node.prev;
    }
    node.parent = node.prev = node.next = kNil;
}

void Arena::destroy(Index top) {
    // Leaf by leaf: always down to the first leaf, then on to its sibling or up, never by recursion.
    Index at = top;
    while (true) {
        while ((*this)[at].first != kNil) at = (*this)[at].first;
        Node& node = (*this)[at];
        const Index parent = at == top ? kNil : node.parent;
        const Index next = at == top ? kNil : node.next;
        if (parent != kNil) {
            sum_ -= mix(node.id, (*this)[parent].id);
            (*this)[parent].first = next;
        }
        content_ -= content_bytes(node);
        ids_.erase(node.id);
        node = Node{};
        free_.push_back(at);
        if (parent == kNil) return;
        at = next != kNil ? next : parent;
    }
}

Index Arena::preorder(Index at, Index top) const {
    if ((*this)[at].first != kNil) return (*this)[at].first;
    while (at != top) {
        if ((*this)[at].next != kNil) return (*this)[at].next;
        at = (*this)[at].parent;
    }
    return kNil;
}

void Arena::clear() {
    chunks_.clear();
    chunks_.shrink_to_fit();
    release(free_);
    used_ = 0;
    ids_.clear();
    root_ = kNil;
    sum_ = 0;
    content_ = 0;
}

std::size_t Arena::content_bytes(const Node& node) {
    std::size_t bytes = node.data.size();
    for (const Attribute& attribute : node.attributes) bytes += attribute_bytes(attribute.value);
    if (node.extra) {
        if (node.extra->value) bytes += node.extra->value->size();
        if (node.extra->sheet) bytes += node.extra->sheet->size();
        bytes += node.extra->adopted.size() * sizeof(std::uint32_t);
        for (const auto& [name, value] : node.extra->properties) bytes += value.size() + kExtraOverhead;
    }
    return bytes;
}

std::size_t Arena::memory_bytes() const {
    return chunks_.size() * kChunk * sizeof(Node) + free_.capacity() * sizeof(Index) + ids_.memory_bytes() +
           content_;
}

}  // namespace twinpane::page
