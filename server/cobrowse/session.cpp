#include "cobrowse/session.hpp"

#include <algorithm>

#include "cobrowse/events.hpp"
#include "cobrowse/ids.hpp"

namespace twinpane::cobrowse {

namespace {
constexpr double kBurst = 5;

// A session whose site is no longer configured goes on with the least rights.
const Site& unknown_site() {
    static const Site site = [] {
        Site none;
        none.policy.allow_write = false;
        return none;
    }();
    return site;
}

const char* name_of(Consent consent) {
    switch (consent) {
        case Consent::kNone:
            return "none";
        case Consent::kAsked:
            return "asked";
        case Consent::kGiven:
            return "given";
        case Consent::kRefused:
            return "refused";
    }
    return "none";
}

Bucket bucket(std::size_t per_second) {
    return {static_cast<double>(per_second), static_cast<double>(per_second) * kBurst};
}
}  // namespace

Session::Session(const Surroundings& around, storage::SessionRecord record, Birth birth)
    : around_(around),
      record_(std::move(record)),
      birth_(birth),
      site_(around.config.find_site(record_.site)),
      keeper_(std::make_shared<Keeper>(around.live, around.closer, record_)),
      mirror_(around.mirror(around.config.limits.mirror)),
      bytes_(bucket(around.config.limits.stream_bytes_per_second)),
      batches_(bucket(around.config.limits.stream_batches_per_second)),
      code_until_(now() + around.config.limits.code_ttl - Millis{unix_now() - record_.created_ms}),
      last_activity_(now()) {
    if (site_ == nullptr) site_ = &unknown_site();
    around_.stats.sessions.fetch_add(1, std::memory_order_relaxed);
}

Session::~Session() {
    around_.timers.cancel(timer_);
    keeper_->abandon();
    around_.stats.sessions.fetch_sub(1, std::memory_order_relaxed);
}

void Session::open(storage::Done<void> done) {
    schedule();
    keeper_->save(std::move(done));
}

void Session::restore() {
    for (const auto& who : record_.participants) {
        Person person;
        person.user_id = who.user_id;
        person.away_since = now();
        person.acts = bucket(around_.config.limits.acts_per_second);
        people_.push_back(std::move(person));
        if (who.left_ms == 0) around_.outlet.user_added(who.user_token_hash, record_.token);
        if (who.role == kCustomer) continue;
        if (code_owner_.empty()) code_owner_ = who.account_id;
        if (who.role != kAgent) continue;
        agent_came_ = true;
        consent_ = Consent::kAsked;
        if (record_.mode == "write" && who.left_ms == 0) writer_ = who.user_id;
    }
    next_user_ = static_cast<unsigned>(people_.size()) + 1;
    if (record_.consent) {
        consent_ = Consent::kGiven;
    } else if (const auto last = std::ranges::find(record_.events.rbegin(), record_.events.rend(), "consent",
                                                   &storage::SessionEvent::type);
               last != record_.events.rend() && last->detail.find("refused") != std::string::npos) {
        consent_ = Consent::kRefused;
    }
    // The address is the same one when the customer's page is still there.
    page_load_ = record_.pages.empty();
    broken_ = true;
    schedule();
}

std::size_t Session::index_of(std::string_view user_id) const {
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (people_[i].user_id == user_id) return present(i) ? i : kNobody;
    }
    return kNobody;
}

std::size_t Session::index_of_token(std::string_view user_token) const {
    const auto hash = hash_secret(user_token);
    auto found = kNobody;
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (equal_constant_time(participant(i).user_token_hash, hash)) found = i;
    }
    return found != kNobody && present(found) && !people_[found].pending ? found : kNobody;
}

std::size_t Session::customer() const {
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (present(i) && participant(i).role == kCustomer) return i;
    }
    return kNobody;
}

Result<std::size_t> Session::speaker(const Caller& caller, const std::string& user_id) const {
    if (ended_) return fail(Code::kSessionEnded, "session over");
    const auto i = index_of(user_id);
    if (i == kNobody || people_[i].client != caller.client) return fail(Code::kNotJoined, "replaced or left");
    return i;
}

void Session::note(std::string type, std::string by, std::string detail) {
    if (record_.events.size() >= around_.config.limits.events) return;
    record_.events.push_back({unix_now(), std::move(type), std::move(by), std::move(detail)});
}

void Session::tell(std::size_t to, std::string event) {
    if (to != kNobody && online(to))
        around_.outlet.deliver(*people_[to].client, kEventChannel, std::move(event));
}

void Session::tell_all(const std::string& event, std::size_t except) {
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (i != except) tell(i, event);
    }
}

std::string Session::answer_of_join(std::size_t i, const std::string& user_token, bool resumed) const {
    namespace json = boost::json;
    json::array users;
    for (std::size_t k = 0; k < people_.size(); ++k) {
        if (present(k) && (!people_[k].pending || k == i)) users.push_back(user_json(participant(k)));
    }
    json::object answer{{"v", 1},
                        {"userToken", user_token},
                        {"userId", participant(i).user_id},
                        {"sessionHistoryId", record_.id},
                        {"users", std::move(users)},
                        {"state", record_.state},
                        {"mode", record_.mode},
                        {"consent", name_of(consent_)},
                        {"base", around_.config.base},
                        {"page", nullptr},
                        {"grace", around_.config.limits.rejoin_grace.count() / 1000}};
    if (participant(i).role == kCustomer) {
        answer["page"] = {{"e", record_.page_epoch}, {"next", resumed ? mirror_->seq() + 1 : 1}};
        const auto& policy = site_->policy;
        answer["policy"] = {{"formValues", policy.form_values_shown ? "shown" : "private"},
                            {"mask", json::value_from(policy.mask)},
                            {"allowWrite", policy.allow_write},
                            {"allowSubmit", policy.allow_submit}};
        answer["resources"] = around_.config.base + "/resource/";
    } else if (participant(i).role == kAgent) {
        if (consent_ == Consent::kGiven && mirror_->seq() > 0) {
            answer["page"] = {
                {"e", mirror_->epoch()}, {"s", mirror_->seq()}, {"complete", mirror_->complete()}};
        }
        if (around_.config.resource_url) {
            answer["resources"] = around_.config.resource_url(record_.id, unix_now());
        }
    }
    return json::serialize(answer);
}

// All agents are away since ...; nothing when one is here or there is none.
std::optional<Millis> Session::away_deadline() const {
    if (paused_ || consent_ != Consent::kGiven) return std::nullopt;
    std::optional<Millis> latest;
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (!present(i) || participant(i).role != kAgent) continue;
        if (online(i)) return std::nullopt;
        latest = std::max(latest.value_or(Millis{0}), people_[i].away_since);
    }
    if (!latest) return std::nullopt;
    return *latest + around_.config.limits.agent_away;
}

std::optional<Millis> Session::next_deadline() const {
    if (ended_) return std::nullopt;
    std::optional<Millis> next;
    const auto consider = [&](Millis at) { next = next ? std::min(*next, at) : at; };
    const auto& limits = around_.config.limits;
    if (!agent_came_) {
        consider(code_until_);
    } else {
        consider(last_activity_ + limits.inactivity);
    }
    for (std::size_t i = 0; i < people_.size(); ++i) {
        if (present(i) && !people_[i].pending && !people_[i].client) {
            consider(people_[i].away_since + limits.rejoin_grace);
        }
        if (online(i) && people_[i].silent_since != Millis{0} && !people_[i].silent) {
            consider(people_[i].silent_since + limits.link_grace);
        }
    }
    if (ask_) consider(ask_->until);
    if (order_at_ != Millis{0}) consider(order_at_);
    if (const auto away = away_deadline()) consider(*away);
    return next;
}

// One timer for all deadlines. It may fire early (a deadline that moved on); it never fires late.
void Session::schedule() {
    const auto next = next_deadline();
    if (!next) {
        around_.timers.cancel(timer_);
        timer_ = 0;
        return;
    }
    if (timer_ != 0 && timer_at_ <= *next) return;
    around_.timers.cancel(timer_);
    timer_at_ = *next;
    timer_ = around_.timers.after(std::max(*next - now(), Millis{0}), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->timer_ = 0;
            self->on_time();
        }
    });
}

void Session::on_time() {
    const auto at = now();
    const auto& limits = around_.config.limits;
    if (!agent_came_ && at >= code_until_) return end("server", "timeout", {});
    if (agent_came_ && at >= last_activity_ + limits.inactivity) return end("server", "inactivity", {});
    for (std::size_t i = 0; i < people_.size() && !ended_; ++i) {
        if (present(i) && !people_[i].pending && !people_[i].client &&
            at >= people_[i].away_since + limits.rejoin_grace) {
            part(i, "timeout", {});
        }
    }
    if (ended_) return;
    for (std::size_t i = 0; i < people_.size(); ++i) {
        const auto since = people_[i].silent_since;
        if (online(i) && since != Millis{0} && !people_[i].silent && at >= since + limits.link_grace)
            tell_silent(i);
    }
    if (ask_ && at >= ask_->until) {
        drop_ask("withdrawn", ask_->user_id);
        save();
    }
    if (const auto away = away_deadline(); away && at >= *away) {
        paused_ = true;
        stop_page();
        to_pointer("server");
        save();
    }
    if (order_at_ != Millis{0} && at >= order_at_) order_page();
    schedule();
}

void Session::store_failed(const Error& error) {
    around_.stats.store_failures.fetch_add(1, std::memory_order_relaxed);
    around_.log.error("cobrowse.store_failed", {{"session", record_.id}, {"why", error.context}});
}

void Session::save() {
    keeper_->save([weak = weak_from_this()](Result<void> stored) {
        const auto self = weak.lock();
        if (self && !stored && !self->ended_) self->store_failed(stored.error());
    });
}

std::vector<Session::Painted> Session::painted() const {
    std::vector<Painted> out;
    for (const auto& person : people_) {
        if (person.painted.epoch != 0) out.push_back({person.user_id, person.painted, person.painted_at});
    }
    return out;
}

}  // namespace twinpane::cobrowse
