// The page: batches in, batches out, new page lives, and what agents do on it.
#include <algorithm>

#include "cobrowse/events.hpp"
#include "cobrowse/session.hpp"
#include "cobrowse/text.hpp"

namespace twinpane::cobrowse {

namespace {
constexpr std::size_t kMaxUrl = 2048;
constexpr std::size_t kMaxTitle = 300;
constexpr Millis kOrderBackoff{1'000};
constexpr Millis kOrderBackoffMax{30'000};
}  // namespace

void Session::new_epoch() {
    ++record_.page_epoch;
    mirror_->begin_epoch(record_.page_epoch);
    broken_ = false;
    order_at_ = Millis{0};
}

// Asks the customer for a whole new page. The epoch is given out once it is durable.
void Session::order_page() {
    new_epoch();
    around_.stats.page_orders.fetch_add(1, std::memory_order_relaxed);
    keeper_->save([weak = weak_from_this(), epoch = record_.page_epoch](Result<void> stored) {
        const auto self = weak.lock();
        if (!self || self->ended_ || self->record_.page_epoch != epoch) return;
        if (!stored) {
            self->store_failed(stored.error());
            return self->page_broken(Code::kStoreFailed);
        }
        if (self->consent_ != Consent::kGiven || self->paused_) return;
        self->tell(self->customer(), event_json("page", {{"do", "begin"}, {"e", epoch}}));
    });
}

// The mirror can't go on. Orders a new page life, later and later; in the end the next page load has to help.
void Session::page_broken(Code code) {
    broken_ = true;
    ++failures_;
    around_.log.info("cobrowse.page_broken",
                     {{"session", record_.id}, {"code", static_cast<int>(code)}, {"times", failures_}});
    if (failures_ > around_.config.limits.page_retries) return stop_page();
    if (failures_ == 1) return order_page();
    order_at_ = now() + std::min(kOrderBackoff * (1U << std::min(failures_ - 2, 10U)), kOrderBackoffMax);
    schedule();
}

// The customer sends nothing more; what is still under way is stale.
void Session::stop_page() {
    new_epoch();
    tell(customer(), event_json("page", {{"do", "stop"}}));
}

bool Session::resumes(const std::optional<PagePosition>& position) const {
    if (!position || broken_) return false;
    if (position->epoch != record_.page_epoch || mirror_->epoch() != record_.page_epoch) return false;
    // Nothing sent, nothing got: the epoch can still be begun. Otherwise the customer must have sent all we
    // have.
    return mirror_->seq() == 0 ? position->sent == 0 : position->sent >= mirror_->seq();
}

void Session::page(const Caller& caller, const std::string& user_id, std::string_view data, Answer answer) {
    const auto i = speaker(caller, user_id);
    if (!i) return answer.fail(i.error());
    if (participant(*i).role == kAgent) return painted_by(*i, data, std::move(answer));
    if (participant(*i).role != kCustomer) return answer.fail(Code::kRoleNotAllowed, "page");
    if (consent_ != Consent::kGiven) return answer.fail(Code::kConsentNeeded, "page");
    if (broken_) return answer.fail(Code::kEpochStale, "this page life is broken");
    const auto size = static_cast<double>(data.size());
    const auto wait = std::max(bytes_.wait(size, now()), batches_.wait(1, now()));
    if (wait > Millis{0}) {
        around_.stats.rate_limited.fetch_add(1, std::memory_order_relaxed);
        return answer.fail(Code::kRateLimited, "page stream", std::to_string(wait.count()));
    }
    bytes_.take(size);
    batches_.take(1);
    touch();

    const auto report = mirror_->fold(data);
    if (report) {
        if (report->seq == 0) {
            around_.stats.duplicates.fetch_add(1, std::memory_order_relaxed);
        } else {
            folded(*report, data);
        }
        return answer.ok();
    }
    const auto code = report.error().code;
    switch (code) {
        case Code::kSequenceGap:
            return answer.fail(report.error(), std::to_string(mirror_->seq() + 1));
        case Code::kEpochStale:
            return answer.fail(report.error());
        case Code::kPageTooLarge:
        case Code::kChecksumMismatch:
            answer.fail(report.error());
            return page_broken(code);
        default:
            around_.log.info("cobrowse.stream_invalid",
                             {{"session", record_.id}, {"why", report.error().context}});
            answer.fail(Code::kStreamInvalid, report.error().context);
            return end("server", "error", {});
    }
}

void Session::folded(const page::FoldReport& report, std::string_view data) {
    auto& stats = around_.stats;
    stats.batches.fetch_add(1, std::memory_order_relaxed);
    stats.batch_bytes.fetch_add(data.size(), std::memory_order_relaxed);
    if (report.values_stripped != 0) {
        stats.values_stripped.fetch_add(report.values_stripped, std::memory_order_relaxed);
        around_.log.warn("cobrowse.values_stripped",
                         {{"session", record_.id}, {"count", report.values_stripped}});
    }
    SharedBytes message;
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (participant(i).role != kAgent || !online(i)) continue;
        // One encoding for all viewers; the very bytes that came unless something had to be taken out.
        if (!message) {
            message =
                bayeux::encode_message(kPageChannel, report.rewritten.empty() ? data : report.rewritten);
        }
        around_.outlet.relay(*people_[i].client, message);
    }
    if (report.page_began || report.url_changed || report.title_changed) visit(report);
    if (report.page_complete) failures_ = 0;
    if (report.page_began || report.page_complete || report.url_changed || report.title_changed) {
        const auto event = page_event();
        for (std::size_t i = 0; i < people_.size(); ++i) {
            if (participant(i).role == kAgent) tell(i, event);
        }
    }
}

// History's list of pages: one entry per page load or change of address.
void Session::visit(const page::FoldReport& report) {
    const auto full = mirror_->url();
    auto url = clean_text(site_->policy.keep_query ? full : strip_query(full), kMaxUrl);
    auto title = clean_text(mirror_->title(), kMaxTitle);
    const bool loaded = report.page_began && page_load_;
    if (report.page_began) page_load_ = false;
    const bool moved = record_.pages.empty() || record_.pages.back().url != url;
    if (!loaded && !moved) {
        if (record_.pages.back().title == title) return;
        record_.pages.back().title = std::move(title);
        return save();
    }
    const auto at = unix_now();
    if (!record_.pages.empty() && record_.pages.back().duration_ms == 0) {
        record_.pages.back().duration_ms = at - record_.pages.back().entered_ms;
    }
    if (record_.pages.size() >= around_.config.limits.events) return;
    record_.pages.push_back({std::move(url), std::move(title), at, 0});
    save();
}

std::string Session::page_event() const {
    return event_json("page", {{"e", mirror_->epoch()},
                               {"s", mirror_->seq()},
                               {"complete", mirror_->complete()},
                               {"url", mirror_->url()},
                               {"title", mirror_->title()}});
}

void Session::painted_by(std::size_t i, std::string_view data, Answer answer) {
    const auto paint = parse_paint(data);
    if (!paint) return answer.fail(paint.error());
    if (const auto wait = people_[i].acts.wait(1, now()); wait > Millis{0}) {
        return answer.fail(Code::kRateLimited, "paint reports", std::to_string(wait.count()));
    }
    people_[i].acts.take(1);
    people_[i].painted = *paint;
    people_[i].painted_at = now();
    around_.stats.paints.fetch_add(1, std::memory_order_relaxed);
    answer.ok();
}

void Session::viewer_ready(const bayeux::ClientRef& client, const std::string& user_id) {
    const auto i = index_of(user_id);
    if (ended_ || i == kNobody || people_[i].client != client) return;
    around_.stats.viewers_resumed.fetch_add(1, std::memory_order_relaxed);
    around_.outlet.resume(client, page_event());
}

void Session::act(const Caller& caller, const std::string& user_id, const ActRequest& request,
                  Answer answer) {
    const auto refuse = [&](Code code, std::string context, std::string args = {}) {
        around_.stats.acts_refused.fetch_add(1, std::memory_order_relaxed);
        answer.fail(code, std::move(context), std::move(args));
    };
    const auto i = speaker(caller, user_id);
    if (!i) return answer.fail(i.error());
    if (participant(*i).role != kAgent) return refuse(Code::kRoleNotAllowed, "act");
    if (consent_ != Consent::kGiven) return refuse(Code::kConsentNeeded, "act");
    if (const auto wait = people_[*i].acts.wait(1, now()); wait > Millis{0}) {
        around_.stats.rate_limited.fetch_add(1, std::memory_order_relaxed);
        return refuse(Code::kRateLimited, "acts", std::to_string(wait.count()));
    }
    people_[*i].acts.take(1);
    touch();
    if (broken_ || !mirror_->complete()) return refuse(Code::kNoPage, "act");
    if (request.epoch != mirror_->epoch()) return refuse(Code::kEpochStale, "act");
    const bool may_write = writer_ == user_id && site_->policy.allow_write;
    for (const auto& item : request.acts) {
        const bool pointer = item.op == ActOp::kPointer || item.op == ActOp::kMark;
        if (!pointer && !may_write) return refuse(Code::kWriteModeNeeded, "act");
        if (const auto code = refuse_act(item))
            return refuse(*code, "act " + std::to_string(static_cast<int>(item.op)));
    }
    const auto to = customer();
    if (to == kNobody || !reachable(to)) return refuse(Code::kWrongState, "the customer is away");
    boost::json::object head{{"v", 1}, {"e", request.epoch}, {"n", request.number}, {"from", user_id}};
    auto message = boost::json::serialize(head);
    message.pop_back();
    message.append(",\"a\":").append(request.array).append("}");
    around_.outlet.deliver(*people_[to].client, kActChannel, std::move(message));
    around_.stats.acts.fetch_add(1, std::memory_order_relaxed);
    answer.ok();
}

// Why this act is not let through, given that the mode allows it.
std::optional<Code> Session::refuse_act(const Act& act) const {
    if (act.op == ActOp::kPointer || act.op == ActOp::kMark) return std::nullopt;
    if (act.op == ActOp::kNavigate) {
        if (act.text != "go") return std::nullopt;
        const auto origin = origin_of(act.url);
        if (origin.empty() || !allows_origin(*site_, origin)) return Code::kOriginNotAllowed;
        return std::nullopt;
    }
    if (act.node == 0) return std::nullopt;  // blur, nothing hovered
    const auto node = mirror_->node(act.node);
    if (!node.exists) return Code::kNodeUnknown;
    if (act.op == ActOp::kScroll || act.op == ActOp::kHover) return std::nullopt;
    // Passwords and files are closed whatever the page stream says of them.
    const bool input = node.tag == "input";
    if (node.privacy == page::Privacy::kMasked ||
        (input && (node.type == "password" || node.type == "file"))) {
        return Code::kElementMasked;
    }
    switch (act.op) {
        case ActOp::kClick:
            if (node.click_submits && !site_->policy.allow_submit) return Code::kSubmitClosed;
            return std::nullopt;
        case ActOp::kKey:
            if (!site_->policy.allow_submit &&
                ((act.text == "Enter" && node.enter_submits) || (act.text == " " && node.click_submits))) {
                return Code::kSubmitClosed;
            }
            // In a private field only keys that don't edit its unseen value.
            if (node.privacy == page::Privacy::kPrivate && act.text != "Enter" && act.text != "Tab" &&
                act.text != "Escape" && act.text != " ") {
                return Code::kElementMasked;
            }
            return std::nullopt;
        case ActOp::kSelect:
            if (node.tag != "select") return Code::kActInvalid;
            return std::nullopt;
        default:
            return std::nullopt;
    }
}

Result<Snapshot> Session::snapshot(std::string_view user_token, std::string_view account) const {
    if (ended_) return fail(Code::kSessionEnded, "session over");
    const auto i = index_of_token(user_token);
    if (i == kNobody) return fail(Code::kUserTokenUnknown, "snapshot");
    if (participant(i).role != kAgent || participant(i).account_id != account) {
        return fail(Code::kRoleNotAllowed, "snapshot");
    }
    if (consent_ != Consent::kGiven) return fail(Code::kConsentNeeded, "snapshot");
    if (broken_ || !mirror_->complete()) return fail(Code::kNoPage, "snapshot");
    auto lines = std::make_shared<std::vector<std::string>>();
    mirror_->snapshot([&](std::string line) {
        lines->push_back(std::move(line));
        return true;
    });
    around_.stats.snapshots.fetch_add(1, std::memory_order_relaxed);
    return Snapshot(std::move(lines));
}

Result<std::string> Session::upload_scope(std::string_view user_token) const {
    if (ended_) return fail(Code::kSessionEnded, "session over");
    const auto i = index_of_token(user_token);
    if (i == kNobody) return fail(Code::kUserTokenUnknown, "upload");
    if (participant(i).role != kCustomer) return fail(Code::kRoleNotAllowed, "upload");
    if (consent_ != Consent::kGiven) return fail(Code::kConsentNeeded, "upload");
    return record_.id;
}

}  // namespace twinpane::cobrowse
