// Who takes part: join, rejoin, leave, presence, and the end.
#include <algorithm>

#include "cobrowse/events.hpp"
#include "cobrowse/ids.hpp"
#include "cobrowse/session.hpp"
#include "cobrowse/text.hpp"

namespace twinpane::cobrowse {

namespace {
constexpr std::size_t kMaxName = 80;
constexpr Millis kCloseRetry{1'000};
constexpr unsigned kCloseRetryDoublings = 6;

std::string role_detail(int role) {
    return boost::json::serialize(boost::json::object{{"role", role}});
}
}  // namespace

Result<void> Session::may_join(const Caller& caller, const JoinRequest& request) const {
    if (ended_) return fail(Code::kSessionEnded, "session over");
    const auto taken = [&](auto&& matches) { return std::ranges::any_of(record_.participants, matches); };
    if (request.role == kCustomer) {
        if (birth_ != Birth::kAnywhere && caller.peer.internal != (birth_ == Birth::kInternal)) {
            return fail(Code::kRoleNotAllowed, "customer from the other side");
        }
        if (!caller.peer.internal && !caller.peer.origin.empty() &&
            !allows_origin(*site_, caller.peer.origin)) {
            return fail(Code::kOriginNotAllowed, "join");
        }
        if (taken([](const auto& who) { return who.role == kCustomer; }))
            return fail(Code::kCodeUsed, "customer");
        return {};
    }
    if (!caller.is_agent()) return fail(Code::kRoleNotAllowed, "not an agent");
    if (now() >= code_until_) return fail(Code::kCodeExpired, "code");
    if (customer() == kNobody) return fail(Code::kWrongState, "no customer yet");
    // The first agent's account owns the code: its controller may use it too, nobody else.
    if (!code_owner_.empty() && code_owner_ != caller.principal->id)
        return fail(Code::kCodeUsed, "other account");
    if (taken([&](const auto& who) {
            return who.role == request.role && (who.role == kAgent || who.left_ms == 0);
        })) {
        return fail(Code::kCodeUsed, "role taken");
    }
    return {};
}

void Session::join(const Caller& caller, const JoinRequest& request, Answer answer) {
    if (const auto allowed = may_join(caller, request); !allowed) return answer.fail(allowed.error());
    touch();
    const auto user_token = draw_user_token(around_.random, shard_of_session(record_.token));
    storage::Participant who;
    who.user_id = "u" + std::to_string(next_user_++);
    who.user_token_hash = hash_secret(user_token);
    who.role = request.role;
    who.joined_ms = unix_now();
    Person person;
    person.user_id = who.user_id;
    person.pending = true;
    const auto rate = static_cast<double>(around_.config.limits.acts_per_second);
    person.acts = Bucket(rate, rate * 5);
    if (request.role == kCustomer) {
        who.name = request.name;
        record_.state = "waiting";
        page_load_ = true;
        new_epoch();
    } else {
        who.name = clean_text(caller.principal->name, kMaxName);
        who.account_id = caller.principal->id;
        code_owner_ = caller.principal->id;
    }
    auto user_id = who.user_id;
    record_.participants.push_back(std::move(who));
    people_.push_back(std::move(person));
    note("joined", user_id, role_detail(request.role));
    keeper_->save([self = shared_from_this(), user_id, user_token, caller,
                   answer = std::move(answer)](Result<void> stored) mutable {
        self->joined(user_id, user_token, caller, std::move(stored), std::move(answer));
    });
}

void Session::joined(const std::string& user_id, const std::string& user_token, const Caller& caller,
                     Result<void> stored, Answer answer) {
    if (ended_) return answer.fail(Code::kSessionEnded, "ended while joining");
    const auto i = index_of(user_id);
    if (i == kNobody) return answer.fail(Code::kInternal, "participant lost");
    if (!stored) {
        store_failed(stored.error());
        forget(i);
        return answer.fail(stored.error());
    }
    people_[i].pending = false;
    attach(i, caller.client);
    const auto role = participant(i).role;
    around_.outlet.user_added(participant(i).user_token_hash, record_.token);
    bool asks = false;
    if (role == kAgent) {
        agent_came_ = true;
        touch();
        asks = consent_ == Consent::kNone || consent_ == Consent::kRefused;
        if (asks) {
            consent_ = Consent::kAsked;
            note("consent", user_id, R"({"state":"asked"})");
        }
    }
    answer.bind(answer_of_join(i, user_token, false), Binding{record_.token, around_.loop, user_id, role});
    tell_all(event_json("joined", {{"user", user_json(participant(i))}}), i);
    greet(i);
    if (asks) {
        tell(customer(), event_json("consent", {{"state", "asked"}, {"user", user_json(participant(i))}}));
        for (std::size_t k = 0; k < people_.size(); ++k) {
            if (k != i && k != customer()) tell(k, event_json("consent", {{"state", "asked"}}));
        }
    }
    schedule();
}

// What a newcomer's answer does not say: who is away, and what waits for the customer's answer.
void Session::greet(std::size_t i) {
    for (std::size_t k = 0; k < people_.size(); ++k) {
        if (k != i && present(k) && !people_[k].pending && !reachable(k)) {
            tell(i, event_json("presence", {{"userId", people_[k].user_id}, {"online", false}}));
        }
    }
    if (ask_ && participant(i).role == kCustomer) {
        tell(i, event_json("mode", {{"mode", "write"},
                                    {"by", ask_->user_id},
                                    {"state", "asked"},
                                    {"requestId", ask_->id},
                                    {"why", ask_->why}}));
    }
}

// A join that could not be stored has not happened.
void Session::forget(std::size_t i) {
    const auto role = participant(i).role;
    record_.participants.erase(record_.participants.begin() + static_cast<std::ptrdiff_t>(i));
    people_.erase(people_.begin() + static_cast<std::ptrdiff_t>(i));
    if (role == kCustomer) {
        record_.state = "created";
        return;
    }
    const auto owner =
        std::ranges::find_if(record_.participants, [](const auto& who) { return who.role != kCustomer; });
    code_owner_ = owner == record_.participants.end() ? std::string{} : owner->account_id;
}

void Session::attach(std::size_t i, const bayeux::ClientRef& client) {
    if (!people_[i].client) around_.stats.participants.fetch_add(1, std::memory_order_relaxed);
    people_[i].client = client;
    people_[i].silent_since = Millis{0};
}

void Session::detach(std::size_t i) {
    if (!people_[i].client) return;
    people_[i].client.reset();
    people_[i].away_since = now();
    people_[i].silent_since = Millis{0};
    around_.stats.participants.fetch_sub(1, std::memory_order_relaxed);
}

void Session::rejoin(const Caller& caller, const RejoinRequest& request, Answer answer) {
    if (ended_) return answer.fail(Code::kSessionEnded, "session over");
    const auto i = index_of_token(request.user_token);
    if (i == kNobody) return answer.fail(Code::kUserTokenUnknown, "user token");
    const auto role = participant(i).role;
    if (role == kCustomer) {
        if (!caller.peer.internal && !caller.peer.origin.empty() &&
            !allows_origin(*site_, caller.peer.origin)) {
            return answer.fail(Code::kOriginNotAllowed, "rejoin");
        }
    } else if (!caller.is_agent() || caller.principal->id != participant(i).account_id) {
        return answer.fail(Code::kRoleNotAllowed, "another account's user token");
    }
    touch();
    auto& person = people_[i];
    const bool noted_away = !person.client;
    const bool was_away = std::exchange(person.silent, false) || noted_away;
    if (person.client && *person.client != caller.client) {
        around_.outlet.deliver(*person.client, kEventChannel, event_json("replaced"));
        around_.outlet.unbind(*person.client, record_.token, person.user_id);
    }
    attach(i, caller.client);

    bool resumed = true;
    if (role == kCustomer) {
        resumed = resumes(request.page);
        if (!resumed) {
            if (!request.page) {
                page_load_ = true;
                failures_ = 0;
            }
            new_epoch();
        }
    }
    const bool wakes = role == kAgent && paused_;
    if (wakes) paused_ = false;
    if (was_away) {
        if (noted_away) note("back", person.user_id, {});
        tell_all(event_json("presence", {{"userId", person.user_id}, {"online", true}}), i);
    }
    auto finish = [self = shared_from_this(), user_id = person.user_id, token = request.user_token, caller,
                   resumed, wakes, answer = std::move(answer)](Result<void> stored) mutable {
        if (self->ended_) return answer.fail(Code::kSessionEnded, "ended while rejoining");
        const auto k = self->index_of(user_id);
        if (k == kNobody || self->people_[k].client != caller.client) {
            return answer.fail(Code::kNotJoined, "replaced while rejoining");
        }
        if (!stored) {
            self->store_failed(stored.error());
            self->detach(k);
            self->schedule();
            return answer.fail(stored.error());
        }
        answer.bind(self->answer_of_join(k, token, resumed),
                    Binding{self->record_.token, self->around_.loop, user_id, self->participant(k).role});
        self->greet(k);
        if (self->paused_ && self->participant(k).role == kCustomer) {
            self->tell(k, event_json("page", {{"do", "stop"}}));
        }
        if (wakes && self->consent_ == Consent::kGiven) self->order_page();
        self->schedule();
    };
    // A customer's new epoch must be durable before it is given out; everything else is known to the store.
    if (resumed) {
        finish({});
    } else {
        keeper_->save(std::move(finish));
    }
}

void Session::leave(const Caller& caller, const LeaveRequest& request, Answer answer) {
    if (ended_) return answer.fail(Code::kSessionEnded, "session over");
    const auto i = index_of_token(request.user_token);
    if (i == kNobody) return answer.fail(Code::kUserTokenUnknown, "user token");
    const auto role = participant(i).role;
    if (role != kCustomer && (!caller.is_agent() || caller.principal->id != participant(i).account_id)) {
        return answer.fail(Code::kRoleNotAllowed, "another account's user token");
    }
    if (request.stop && role != kController) return answer.fail(Code::kRoleNotAllowed, "stop");
    auto done = [answer = std::move(answer)](Result<void> stored) mutable {
        if (!stored) return answer.fail(stored.error());
        answer.ok("{}");
    };
    if (request.stop) {
        end("controller", "external", std::move(done));
    } else {
        part(i, "exit", std::move(done));
    }
}

void Session::client_gone(const bayeux::ClientRef& client, const std::string& user_id) {
    if (ended_) return;
    const auto i = index_of(user_id);
    if (i == kNobody || people_[i].client != client) return;
    detach(i);
    note("away", user_id, {});
    // A page that was on its way when its customer went is worth a line: it tells why the agent saw none.
    around_.log.info("cobrowse.away", {{"session", record_.id},
                                       {"user", user_id},
                                       {"page", mirror_->complete()  ? "whole"
                                                : mirror_->seq() > 0 ? "begun"
                                                                     : "none"}});
    if (!std::exchange(people_[i].silent, false))
        tell_all(event_json("presence", {{"userId", user_id}, {"online", false}}), i);
    schedule();
}

void Session::client_link(const bayeux::ClientRef& client, const std::string& user_id, bool up) {
    if (ended_) return;
    const auto i = index_of(user_id);
    if (i == kNobody || people_[i].client != client) return;
    if (up) return heard(i);
    if (people_[i].silent_since == Millis{0}) people_[i].silent_since = now();
    schedule();
}

void Session::heard(std::size_t i) {
    people_[i].silent_since = Millis{0};
    if (!std::exchange(people_[i].silent, false)) return;
    tell_all(event_json("presence", {{"userId", people_[i].user_id}, {"online", true}}), i);
}

void Session::tell_silent(std::size_t i) {
    people_[i].silent = true;
    tell_all(event_json("presence", {{"userId", people_[i].user_id}, {"online", false}}), i);
}

// One participant goes for good; the customer and the last agent take the session with them.
void Session::part(std::size_t i, const char* why, storage::Done<void> done) {
    const bool itself = std::string_view(why) == "exit";
    const auto role = participant(i).role;
    if (role == kCustomer) return end("customer", itself ? "self" : "lost", std::move(done));
    if (role == kAgent) {
        bool others = false;
        for (std::size_t k = 0; k < people_.size(); ++k) {
            others = others || (k != i && present(k) && participant(k).role == kAgent);
        }
        if (!others) return end("agent", itself ? "self" : "lost", std::move(done));
    }
    const auto user_id = people_[i].user_id;
    if (people_[i].client) around_.outlet.unbind(*people_[i].client, record_.token, user_id);
    detach(i);
    record_.participants[i].left_ms = unix_now();
    note("left", user_id, boost::json::serialize(boost::json::object{{"why", why}}));
    tell_all(event_json("left", {{"user", user_json(participant(i))}, {"why", why}}), i);
    if (ask_ && ask_->user_id == user_id) drop_ask("withdrawn", user_id);
    if (writer_ == user_id) to_pointer(user_id);
    keeper_->save(std::move(done));
    schedule();
}

void Session::end(std::string by, std::string reason, storage::Done<void> done) {
    if (ended_) {
        if (done) done(fail(Code::kSessionEnded, "session over"));
        return;
    }
    ended_ = true;
    const auto at = unix_now();
    note("ended", by, boost::json::serialize(boost::json::object{{"reason", reason}}));
    record_.state = "ended";
    record_.ended_ms = at;
    record_.ended_by = std::move(by);
    record_.end_reason = std::move(reason);
    if (!record_.pages.empty()) {
        auto& last = record_.pages.back();
        if (last.duration_ms == 0) last.duration_ms = at - last.entered_ms;
    }
    for (auto& who : record_.participants) {
        if (who.left_ms == 0) who.left_ms = at;
    }
    parting_.push_back(std::move(done));
    schedule();
    around_.stats.ended.fetch_add(1, std::memory_order_relaxed);
    around_.log.info("cobrowse.ended",
                     {{"session", record_.id}, {"by", record_.ended_by}, {"reason", record_.end_reason}});
    close(0);
}

// Nobody waits longer than for the first attempt; the record itself is tried until it is in.
void Session::close(unsigned attempt) {
    keeper_->close([weak = weak_from_this(), attempt](Result<void> stored) {
        const auto self = weak.lock();
        if (!self) return;
        if (!stored) self->store_failed(stored.error());
        if (attempt == 0) {
            for (auto& done : std::exchange(self->parting_, {})) {
                if (done) done(stored);
            }
            self->farewell();
        }
        if (stored) {
            self->around_.outlet.finished(self->record_);
            return;
        }
        const auto delay = kCloseRetry * (1U << std::min(attempt, kCloseRetryDoublings));
        self->timer_ = self->around_.timers.after(delay, [weak, attempt] {
            if (const auto again = weak.lock()) {
                again->timer_ = 0;
                again->close(attempt + 1);
            }
        });
    });
}

void Session::farewell() {
    const auto event = event_json("deactivated", {{"by", record_.ended_by}, {"reason", record_.end_reason}});
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (!people_[i].client) continue;
        around_.outlet.deliver(*people_[i].client, kEventChannel, event);
        around_.outlet.unbind(*people_[i].client, record_.token, people_[i].user_id);
        detach(i);
    }
}

}  // namespace twinpane::cobrowse
