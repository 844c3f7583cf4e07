// The one implementation of Mirror. Internal to page and its tests.
#pragma once

#include <optional>

#include "page/mirror.hpp"
#include "page/page_state.hpp"

namespace twinpane::page {

class MirrorImpl final : public Mirror {
  public:
    MirrorImpl(MirrorLimits limits, std::uint64_t key) : limits_(limits), page_(key) {}

    void begin_epoch(std::uint32_t epoch) override;
    std::uint32_t epoch() const override { return page_.epoch; }
    std::uint32_t seq() const override { return page_.seq; }
    bool complete() const override { return page_.complete; }
    Result<FoldReport> fold(std::string_view batch_json) override;
    void snapshot(const std::function<bool(std::string line)>& sink) const override;
    NodeInfo node(std::uint32_t id) const override;
    std::string url() const override { return page_.url; }
    std::string title() const override { return page_.title; }
    std::size_t node_count() const override { return page_.arena.count(); }
    std::size_t memory_bytes() const override { return page_.memory_bytes(); }

    const PageState& state() const { return page_; }

  private:
    std::unexpected<Error> broken(Error error);

    MirrorLimits limits_;
    PageState page_;
    std::optional<Error> broken_;  // the epoch is lost, and why
};

}  // namespace twinpane::page
