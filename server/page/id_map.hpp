// Node id -> place in the arena: open addressing with backward-shift deletion, 8 bytes a slot.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "page/hash.hpp"

namespace twinpane::page {

class IdMap {
  public:
    static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

    explicit IdMap(std::uint64_t key) : key_(key) { clear(); }

    void clear() {
        slots_.assign(kInitial, Slot{});
        slots_.shrink_to_fit();
        size_ = 0;
    }

    std::uint32_t find(std::uint32_t id) const {
        for (std::size_t at = home(id); slots_[at].id != 0; at = after(at)) {
            if (slots_[at].id == id) return slots_[at].place;
        }
        return kNone;
    }

    // `id` is not 0 and not there yet.
    void insert(std::uint32_t id, std::uint32_t place) {
        if ((size_ + 1) * 10 > slots_.size() * 7) grow();
        put(Slot{.id = id, .place = place});
        ++size_;
    }

    void erase(std::uint32_t id) {
        std::size_t hole = home(id);
        while (slots_[hole].id != id) {
            if (slots_[hole].id == 0) return;
            hole = after(hole);
        }
        // Close the gap, so that every entry stays reachable from its home.
        for (std::size_t at = after(hole); slots_[at].id != 0; at = after(at)) {
            const std::size_t want = home(slots_[at].id);
            if (((at - want) & mask()) >= ((at - hole) & mask())) {
                slots_[hole] = slots_[at];
                hole = at;
            }
        }
        slots_[hole] = Slot{};
        --size_;
    }

    std::size_t size() const { return size_; }
    std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

  private:
    struct Slot {
        std::uint32_t id = 0;
        std::uint32_t place = 0;
    };
    static constexpr std::size_t kInitial = 64;

    std::size_t mask() const { return slots_.size() - 1; }
    std::size_t home(std::uint32_t id) const { return keyed_hash(id, key_) & mask(); }
    std::size_t after(std::size_t at) const { return (at + 1) & mask(); }

    void put(Slot slot) {
        std::size_t at = home(slot.id);
        while (slots_[at].id != 0) at = after(at);
        slots_[at] = slot;
    }

    void grow() {
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.id != 0) put(slot);
        }
    }

    std::uint64_t key_;
    std::vector<Slot> slots_;
    std::size_t size_ = 0;
};

}  // namespace twinpane::page
