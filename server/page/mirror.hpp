// The page as the server holds it: folded from the page stream (docs/protocol/page-stream.md), served to
// joiners. One Mirror per session, on one loop. Pure: no I/O, no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace twinpane::page {

struct MirrorLimits {
    std::size_t max_nodes = 1'000'000;
    std::size_t max_bytes = 64U << 20U;  // text, attribute values, style sheets, string table
    std::size_t max_depth = 512;
    std::size_t max_attribute = 64U << 10U;
    std::size_t max_text = 4U << 20U;  // one text node or style sheet
};

enum class Privacy : std::uint8_t { kShown = 0, kPrivate = 1, kMasked = 2 };

// What a batch changed that the session cares about.
struct FoldReport {
    std::uint32_t epoch = 0;
    std::uint32_t seq = 0;
    bool page_began = false;     // a snapshot started: op 0
    bool page_complete = false;  // the snapshot is whole: op 1
    bool url_changed = false;
    bool title_changed = false;
    std::size_t values_stripped = 0;  // second wall: values found on private or masked nodes
    // Set when something was stripped: the batch to relay in place of the original bytes.
    std::string rewritten;
};

class Mirror {
  public:
    static std::unique_ptr<Mirror> create(MirrorLimits limits);
    virtual ~Mirror() = default;

    // Starts page life `epoch`: the next batch has to be seq 1 of it. Drops what is held.
    virtual void begin_epoch(std::uint32_t epoch) = 0;
    virtual std::uint32_t epoch() const = 0;
    // The last folded batch; 0 before the first.
    virtual std::uint32_t seq() const = 0;
    // True when a whole page is held that can be served.
    virtual bool complete() const = 0;

    // Folds one batch (the JSON object published on /service/page).
    // Errors: kEpochStale, kSequenceGap (nothing changed; ask for seq()+1), kStreamInvalid (the mirror is
    // unusable until begin_epoch), kPageTooLarge (likewise), kChecksumMismatch (likewise). A batch already
    // folded (seq <= seq()) of this epoch is reported with report.seq == 0 and changes nothing.
    virtual Result<FoldReport> fold(std::string_view batch_json) = 0;

    // Writes the page as batches (NDJSON lines, each at most about 256 KiB) that rebuild it at exactly this
    // epoch() and seq(), with the epoch's string table, which later batches refer to. Calls `sink` per line;
    // stops early when sink returns false. Only when complete().
    virtual void snapshot(const std::function<bool(std::string line)>& sink) const = 0;

    struct NodeInfo {
        bool exists = false;
        Privacy privacy = Privacy::kShown;  // the strictest of the node and its ancestors
        std::string tag;                    // lower-case, empty for non-elements
        std::string type;                   // lower-case type attribute of input and button
        std::string href;                   // of the node or its nearest ancestor link
        // A click there would send a form, also by what is around it (a button) or what it stands for (a
        // label); Enter with the focus there would.
        bool click_submits = false;
        bool enter_submits = false;
    };
    virtual NodeInfo node(std::uint32_t id) const = 0;

    virtual std::string url() const = 0;
    virtual std::string title() const = 0;
    virtual std::size_t node_count() const = 0;
    virtual std::size_t memory_bytes() const = 0;
};

}  // namespace twinpane::page
