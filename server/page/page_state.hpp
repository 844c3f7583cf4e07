// One page life as it is held: the tree and everything beside it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "page/arena.hpp"
#include "page/names.hpp"
#include "page/string_table.hpp"

namespace twinpane::page {

struct Resource {
    std::string hash;  // hex SHA-256, "" when the resource is not available
    std::string type;
};

// The open tape of the last op 2 (section 3, op 13).
struct Tape {
    struct Level {
        Index node = kNil;
        Privacy privacy = Privacy::kShown;  // of the node and its ancestors
    };
    std::vector<Level> open;  // containers without their closing mark, outermost first
    Index parent = kNil;
    Privacy parent_privacy = Privacy::kShown;
    Index before = kNil;
    std::uint32_t next_id = 0;
    std::size_t base_depth = 0;  // depth of the first node
};

struct PageState {
    explicit PageState(std::uint64_t key) : arena(key), names(key) {}

    std::uint32_t epoch = 0;
    std::uint32_t seq = 0;
    bool begun = false;     // op 0 has come
    bool complete = false;  // op 1 has come

    Arena arena;
    Names names;
    StringTable strings;
    Tape tape;

    std::string url;
    std::string title;
    std::string lang;
    double width = 0;
    double height = 0;
    double ratio = 1;
    bool quirks = false;
    std::uint32_t focus = 0;  // may name a node that has gone since
    std::uint32_t hover = 0;
    std::optional<std::pair<double, double>> pointer;
    std::map<std::uint32_t, std::string> sheets;             // adopted ones, by sheet id; kept for the epoch
    std::map<std::string, Resource, std::less<>> resources;  // by URL
    std::size_t side_bytes = 0;                              // of url, title, sheets, resources

    // What max_bytes limits.
    std::size_t content_bytes() const {
        return arena.content_bytes() + names.bytes() + strings.bytes() + side_bytes;
    }
    std::size_t memory_bytes() const {
        return arena.memory_bytes() + names.bytes() + strings.memory_bytes() + side_bytes;
    }
    bool lives(std::uint32_t id) const { return id != 0 && arena.find(id) != kNil; }

    // Forgets the page; epoch and seq stay.
    void clear() {
        arena.clear();
        names.clear();
        strings.clear();
        tape = {};
        begun = complete = quirks = false;
        url = title = lang = {};
        width = height = 0;
        ratio = 1;
        focus = hover = 0;
        pointer.reset();
        sheets.clear();
        resources.clear();
        side_bytes = 0;
    }
};

}  // namespace twinpane::page
