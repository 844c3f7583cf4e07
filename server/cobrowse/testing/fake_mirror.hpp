// A mirror for tests of sessions: it reads e, s and a few operations, fails as it is told, and holds the
// nodes that the test puts there. Understood: [0,{u,t}], [1], [20,url], [21,title]; {"fail":code} in a batch
// makes fold fail.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "page/mirror.hpp"

namespace twinpane::cobrowse::testing {

class FakeMirror final : public page::Mirror {
  public:
    // Shared between all fake mirrors of a test.
    using Nodes = std::map<std::uint32_t, NodeInfo>;
    explicit FakeMirror(std::shared_ptr<Nodes> nodes) : nodes_(std::move(nodes)) {}

    void begin_epoch(std::uint32_t epoch) override {
        epoch_ = epoch;
        seq_ = 0;
        complete_ = false;
        url_.clear();
        title_.clear();
        lines_.clear();
    }
    std::uint32_t epoch() const override { return epoch_; }
    std::uint32_t seq() const override { return seq_; }
    bool complete() const override { return complete_; }

    Result<page::FoldReport> fold(std::string_view text) override {
        boost::system::error_code error;
        const auto value = boost::json::parse({text.data(), text.size()}, error);
        if (error || !value.is_object() || !value.as_object().contains("e"))
            return fail(Code::kStreamInvalid, "fake");
        const auto& batch = value.as_object();
        const auto e = static_cast<std::uint32_t>(batch.at("e").as_int64());
        const auto s = static_cast<std::uint32_t>(batch.at("s").as_int64());
        if (e != epoch_) return fail(Code::kEpochStale, "fake");
        if (s <= seq_) return page::FoldReport{};
        if (s != seq_ + 1) return fail(Code::kSequenceGap, "fake");
        if (const auto* code = batch.if_contains("fail"))
            return fail(static_cast<Code>(code->as_int64()), "fake");
        page::FoldReport report;
        report.epoch = e;
        report.seq = seq_ = s;
        for (const auto& item : batch.at("o").as_array()) {
            const auto& op = item.as_array();
            switch (op[0].as_int64()) {
                case 0:
                    report.page_began = true;
                    url_ = op[1].at("u").as_string();
                    title_ = op[1].at("t").as_string();
                    break;
                case 1:
                    report.page_complete = complete_ = true;
                    break;
                case 20:
                    report.url_changed = true;
                    url_ = op[1].as_string();
                    break;
                case 21:
                    report.title_changed = true;
                    title_ = op[1].as_string();
                    break;
                default:
                    break;
            }
        }
        if (const auto* secret = batch.if_contains("secret")) {
            report.values_stripped = 1;
            auto clean = batch;
            clean.erase("secret");
            report.rewritten = serialize(clean);
            (void)secret;
        }
        lines_.emplace_back(text);
        return report;
    }

    void snapshot(const std::function<bool(std::string)>& sink) const override {
        for (const auto& line : lines_) {
            if (!sink(line)) return;
        }
    }
    NodeInfo node(std::uint32_t id) const override {
        const auto found = nodes_->find(id);
        return found == nodes_->end() ? NodeInfo{} : found->second;
    }
    std::string url() const override { return url_; }
    std::string title() const override { return title_; }
    std::size_t node_count() const override { return nodes_->size(); }
    std::size_t memory_bytes() const override { return 0; }

  private:
    std::shared_ptr<Nodes> nodes_;
    std::uint32_t epoch_ = 0;
    std::uint32_t seq_ = 0;
    bool complete_ = false;
    std::string url_, title_;
    std::vector<std::string> lines_;
};

}  // namespace twinpane::cobrowse::testing
