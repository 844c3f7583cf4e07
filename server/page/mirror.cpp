#include "page/mirror.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "page/activation.hpp"
#include "page/folder.hpp"
#include "page/mirror_impl.hpp"
#include "page/privacy.hpp"
#include "page/snapshot.hpp"
#include "page/utf16.hpp"

namespace twinpane::page {

namespace dom = simdjson::dom;

namespace {

constexpr std::size_t kMaxBatch = 16U << 20U;  // far above any message limit in front of the mirror
constexpr std::size_t kMaxNesting = 32;        // a batch needs 5

// Parser and padded copy, one per thread: a loop folds one batch at a time, for all its sessions.
class BatchParser {
  public:
    static BatchParser& of_this_thread() {
        thread_local BatchParser parser;
        return parser;
    }

    // The result lives until the next call.
    simdjson::error_code parse(std::string_view json, dom::element& out) {
        if (json.size() > kMaxBatch) return simdjson::CAPACITY;
        if (text_.size() < json.size() + simdjson::SIMDJSON_PADDING) {
            text_.resize(json.size() + simdjson::SIMDJSON_PADDING);
        }
        if (parser_.capacity() < json.size() || parser_.max_depth() != kMaxNesting) {
            const std::size_t room = std::max(json.size(), std::size_t{64} << 10U);
            if (const auto error = parser_.allocate(room, kMaxNesting)) return error;
        }
        std::memcpy(text_.data(), json.data(), json.size());
        std::memset(text_.data() + json.size(), 0, simdjson::SIMDJSON_PADDING);
        replace_lone_surrogates(text_.data(), json.size());
        return parser_.parse(text_.data(), json.size(), false).get(out);
    }

  private:
    std::vector<char> text_;
    dom::parser parser_{kMaxBatch};
};

bool read_uint32(const dom::element& batch, std::string_view key, std::uint32_t& out) {
    std::uint64_t value = 0;
    if (batch[key].get(value) != simdjson::SUCCESS || value == 0 || value > 0xFFFFFFFFU) return false;
    out = static_cast<std::uint32_t>(value);
    return true;
}

std::uint64_t random_key() {
    SystemRandom random;
    std::uint64_t key = 0;
    random.fill(std::as_writable_bytes(std::span(&key, 1)));
    return key;
}

}  // namespace

std::unique_ptr<Mirror> Mirror::create(MirrorLimits limits) {
    return std::make_unique<MirrorImpl>(limits, random_key());
}

void MirrorImpl::begin_epoch(std::uint32_t epoch) {
    page_.clear();
    page_.epoch = epoch;
    page_.seq = 0;
    broken_.reset();
}

Result<FoldReport> MirrorImpl::fold(std::string_view batch_json) {
    dom::element batch;
    if (const auto error = BatchParser::of_this_thread().parse(batch_json, batch)) {
        return broken(
            Error{Code::kStreamInvalid, std::string("not a batch: ") + simdjson::error_message(error)});
    }
    std::uint64_t version = 0;
    FoldReport report;
    if (batch["v"].get(version) != simdjson::SUCCESS || version != 1 ||
        !read_uint32(batch, "e", report.epoch) || !read_uint32(batch, "s", report.seq)) {
        return broken(Error{Code::kStreamInvalid, "not a batch of version 1"});
    }
    if (report.epoch != page_.epoch) {
        return fail(Code::kEpochStale, "present epoch is " + std::to_string(page_.epoch));
    }
    if (broken_) return std::unexpected(*broken_);
    if (report.seq <= page_.seq) {
        report.seq = 0;
        return report;
    }
    if (report.seq != page_.seq + 1) {
        return fail(Code::kSequenceGap, "expected " + std::to_string(page_.seq + 1));
    }
    Folder folder(page_, limits_, report);
    if (!folder.fold(batch, report.seq == 1)) return broken(folder.error());
    page_.seq = report.seq;
    if (!folder.edits().empty()) report.rewritten = folder.edits().apply(batch);
    return report;
}

// Remembers why the epoch is lost, and lets go of the half-changed page.
std::unexpected<Error> MirrorImpl::broken(Error error) {
    if (!broken_) {
        broken_ = std::move(error);
        page_.clear();
    }
    return std::unexpected(*broken_);
}

void MirrorImpl::snapshot(const std::function<bool(std::string line)>& sink) const {
    if (page_.complete) write_snapshot(page_, sink);
}

Mirror::NodeInfo MirrorImpl::node(std::uint32_t id) const {
    NodeInfo out;
    const Index at = id == 0 ? kNil : page_.arena.find(id);
    if (at == kNil) return out;
    out.exists = true;
    out.privacy = effective_privacy(page_, at);
    const Node& node = page_.arena[at];
    if (node.kind == Kind::kElement) {
        out.tag = lower(page_.names.text(node.tag));
        if (out.tag == "input" || out.tag == "button") {
            if (const auto* type = attribute(page_, node, "type")) out.type = lower(*type);
        }
    }
    const auto activation = activation_of(page_, at);
    out.click_submits = activation.click_submits;
    out.enter_submits = activation.enter_submits;
    for (Index up = at; up != kNil; up = page_.arena[up].parent) {
        const Node& held = page_.arena[up];
        if (held.kind != Kind::kElement) continue;
        const std::string tag = lower(page_.names.text(held.tag));
        if (tag != "a" && tag != "area") continue;
        const auto* href = attribute(page_, held, "href");
        if (href == nullptr) href = attribute(page_, held, "xlink:href");
        if (href == nullptr) continue;
        out.href = *href;
        break;
    }
    return out;
}

}  // namespace twinpane::page
