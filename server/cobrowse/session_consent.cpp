// What agents may do: the customer's yes to being seen, and write mode.
#include "cobrowse/events.hpp"
#include "cobrowse/session.hpp"

namespace twinpane::cobrowse {

namespace {
std::string state_detail(std::string_view state) {
    return boost::json::serialize(boost::json::object{{"state", state}});
}
}  // namespace

void Session::consent(const Caller& caller, const std::string& user_id, const ConsentRequest& request,
                      Answer answer) {
    const auto i = speaker(caller, user_id);
    if (!i) return answer.fail(i.error());
    if (participant(*i).role != kCustomer) return answer.fail(Code::kRoleNotAllowed, "consent");
    if (consent_ == Consent::kNone) return answer.fail(Code::kWrongState, "nobody has asked");
    touch();
    const bool was_given = consent_ == Consent::kGiven;
    if (was_given == request.allow && consent_ != Consent::kAsked) return answer.ok("{}");

    consent_ = request.allow ? Consent::kGiven : Consent::kRefused;
    record_.consent = request.allow;
    boost::json::object detail{{"state", request.allow ? "given" : "refused"}};
    if (!request.text.empty()) detail["text"] = request.text;
    note("consent", user_id, boost::json::serialize(detail));
    if (request.allow) {
        record_.state = "active";
        if (record_.activated_ms == 0) record_.activated_ms = unix_now();
        paused_ = false;
        // The epoch of the join is still unused unless the page was shown before.
        if (broken_ || mirror_->epoch() != record_.page_epoch || mirror_->seq() != 0) new_epoch();
    } else {
        if (was_given) stop_page();
        drop_ask("withdrawn", user_id);
        to_pointer(user_id);
    }
    keeper_->save([self = shared_from_this(), epoch = record_.page_epoch, allow = request.allow,
                   answer = std::move(answer)](Result<void> stored) mutable {
        if (!stored) {
            self->store_failed(stored.error());
            answer.fail(stored.error());
        } else {
            answer.ok("{}");
        }
        if (self->ended_) return;
        self->tell_all(event_json("consent", {{"state", allow ? "given" : "refused"}}), kNobody);
        if (allow && self->consent_ == Consent::kGiven && self->record_.page_epoch == epoch) {
            self->tell(self->customer(), event_json("page", {{"do", "begin"}, {"e", epoch}}));
        }
        self->schedule();
    });
}

void Session::mode(const Caller& caller, const std::string& user_id, const ModeRequest& request,
                   Answer answer) {
    using Kind = ModeRequest::Kind;
    const auto i = speaker(caller, user_id);
    if (!i) return answer.fail(i.error());
    const auto role = participant(*i).role;
    if (role == kController) return answer.fail(Code::kRoleNotAllowed, "mode");
    if (request.kind == Kind::kWantWrite && role != kAgent)
        return answer.fail(Code::kRoleNotAllowed, "want write");
    if (request.kind == Kind::kAnswer && role != kCustomer)
        return answer.fail(Code::kRoleNotAllowed, "answer");
    touch();

    if (request.kind == Kind::kWantWrite) {
        if (consent_ != Consent::kGiven) return answer.fail(Code::kConsentNeeded, "write mode");
        if (!site_->policy.allow_write)
            return answer.fail(Code::kRoleNotAllowed, "the site forbids write mode");
        if (ask_ || !writer_.empty()) return answer.fail(Code::kWrongState, "asked or granted already");
        ask_ = ModeAsk{random_hex(around_.random, 8), user_id, request.why,
                       now() + around_.config.limits.mode_request};
        note("mode", user_id, state_detail("asked"));
        schedule();
        keeper_->save([self = shared_from_this(), id = ask_->id, user_id,
                       answer = std::move(answer)](Result<void> stored) mutable {
            // Asking changes no right: it goes on even when the time line could not be written.
            if (!stored) self->store_failed(stored.error());
            if (self->ended_) return answer.fail(Code::kSessionEnded, "ended while asking");
            answer.ok(boost::json::serialize(boost::json::object{{"v", 1}, {"requestId", id}}));
            if (!self->ask_ || self->ask_->id != id) return;
            boost::json::object event{{"mode", "write"}, {"by", user_id}, {"state", "asked"}};
            const auto open = event_json("mode", event);
            event["requestId"] = id;
            event["why"] = self->ask_->why;
            self->tell(self->customer(), event_json("mode", std::move(event)));
            self->tell_all(open, self->customer());
        });
        return;
    }

    if (request.kind == Kind::kAnswer) {
        if (!ask_ || !equal_constant_time(ask_->id, request.request_id)) {
            return answer.fail(Code::kWrongState, "no such request");
        }
        if (!request.allow) {
            drop_ask("refused", user_id);
        } else {
            writer_ = ask_->user_id;
            record_.mode = "write";
            ask_.reset();
            note("mode", user_id, state_detail("write"));
        }
        const bool changed = request.allow;
        keeper_->save([self = shared_from_this(), user_id, changed,
                       answer = std::move(answer)](Result<void> stored) mutable {
            if (!stored) {
                self->store_failed(stored.error());
                // Who gets an error for a yes has not said yes.
                if (changed && !self->ended_) self->to_pointer("server");
                return answer.fail(stored.error());
            }
            answer.ok("{}");
            if (changed && !self->ended_ && self->record_.mode == "write") {
                self->tell_all(event_json("mode", {{"mode", "write"}, {"by", user_id}, {"state", "changed"}}),
                               kNobody);
            }
        });
        return;
    }

    // Back to pointer mode: the customer takes it back, the agent gives it back or withdraws the question.
    if (role == kAgent && ((ask_ && ask_->user_id != user_id) || (!writer_.empty() && writer_ != user_id))) {
        return answer.fail(Code::kRoleNotAllowed, "another agent's mode");
    }
    drop_ask(role == kCustomer ? "refused" : "withdrawn", user_id);
    to_pointer(user_id);
    keeper_->save([self = shared_from_this(), answer = std::move(answer)](Result<void> stored) mutable {
        if (!stored) {
            self->store_failed(stored.error());
            return answer.fail(stored.error());
        }
        answer.ok("{}");
    });
}

// Takes write mode away, at once.
void Session::to_pointer(const std::string& by) {
    if (writer_.empty() && record_.mode == "pointer") return;
    writer_.clear();
    record_.mode = "pointer";
    note("mode", by, state_detail("pointer"));
    tell_all(event_json("mode", {{"mode", "pointer"}, {"by", by}, {"state", "changed"}}), kNobody);
}

// The open question for write mode is over without a yes.
void Session::drop_ask(const char* state, const std::string& by) {
    if (!ask_) return;
    ask_.reset();
    note("mode", by, state_detail(state));
    tell_all(event_json("mode", {{"mode", record_.mode}, {"by", by}, {"state", state}}), kNobody);
}

}  // namespace twinpane::cobrowse
