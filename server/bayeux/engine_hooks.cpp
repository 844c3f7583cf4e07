#include <algorithm>
#include <cctype>

#include "bayeux/engine_impl.hpp"
#include "bayeux/json.hpp"

namespace twinpane::bayeux {

void Incoming::add_field(std::string_view name, std::string json) {
    message_.extra.emplace_back(keep('"' + std::string(name) + '"'), keep(std::move(json)));
}

// --- registration ---

HookTable& EngineImpl::table() {
    if (!table_) table_ = std::make_unique<HookTable>();
    return *table_;
}

void EngineImpl::add(Extension& extension) {
    table().extensions.push_back(&extension);
}

void EngineImpl::add(SessionListener& listener) {
    table().session_listeners.push_back(&listener);
}

bool EngineImpl::can_be_hooked(std::string_view channel) const {
    const auto kind = kind_of(channel);
    return kind != ChannelKind::kInvalid && kind != ChannelKind::kMeta;
}

bool EngineImpl::listen(std::string_view channel, ChannelListener& listener) {
    channel = normalise_channel(channel);
    if (!can_be_hooked(channel)) return false;
    table().channel_listeners.add(channel, listener);
    return true;
}

bool EngineImpl::authorize(std::string_view channel, Authorizer& authorizer) {
    channel = normalise_channel(channel);
    if (!can_be_hooked(channel)) return false;
    table().authorizers.add(channel, authorizer);
    return true;
}

bool EngineImpl::extend(const ClientRef& client, std::shared_ptr<Extension> extension) {
    const auto session = find(client.id);
    if (!session || !session->alive()) return false;
    session->extensions.push_back(std::move(extension));
    return true;
}

bool EngineImpl::configure(const ClientRef& client, const SessionSettings& settings) {
    const auto session = find(client.id);
    if (!session || !session->alive()) return false;
    session->broadcast_to_publisher = settings.broadcast_to_publisher;
    session->connect_only = settings.meta_connect_deliver_only || options_.meta_connect_deliver_only ||
                            session->queue.acknowledging();
    if (session->direct()) flush_to_stream(*session);
    return true;
}

Result<void> EngineImpl::publish(std::string_view channel, std::string_view data) {
    Message message;
    message.channel = normalise_channel(channel);
    message.data = data;
    if (kind_of(message.channel) != ChannelKind::kBroadcast)
        return fail(Code::kBadRequest, "no such channel");
    if (!publish_everywhere(message, nullptr)) return fail(Code::kRateLimited);
    return {};
}

// --- calling ---

// The session's own extensions see a message after the engine's, coming and going.
bool EngineImpl::extend_in(const Session* from, Incoming& message) const {
    const auto info = from != nullptr ? std::optional(from->info()) : std::nullopt;
    const auto* about = info ? &*info : nullptr;
    if (table_) {
        for (auto* extension : table_->extensions) {
            if (!extension->incoming(about, message)) return false;
        }
    }
    if (from == nullptr) return true;
    const auto own = from->extensions;  // an extension may add another
    return std::ranges::all_of(own, [&](const auto& one) { return one->incoming(about, message); });
}

// Null: deleted.
SharedBytes EngineImpl::extend_out(const Session* to, SharedBytes text, bool reply, Reach reach) const {
    const bool engines = reach != Reach::kSessions && table_ && !table_->extensions.empty();
    const bool own = reach != Reach::kEngines && to != nullptr && !to->extensions.empty();
    if (!engines && !own) return text;
    Outgoing message{json::decode(json::member(*text, "channel").value_or("\"\"")), reply, std::move(text)};
    const auto info = to != nullptr ? std::optional(to->info()) : std::nullopt;
    const auto* about = info ? &*info : nullptr;
    if (engines) {
        for (auto at = table_->extensions.rbegin(); at != table_->extensions.rend(); ++at) {
            if (!(*at)->outgoing(about, message)) return {};
        }
    }
    if (own) {
        const auto extensions = to->extensions;
        for (auto at = extensions.rbegin(); at != extensions.rend(); ++at) {
            if (!(*at)->outgoing(about, message)) return {};
        }
    }
    return message.text;
}

// What every reply ends with.
SharedBytes EngineImpl::finish(ReplyText& text, const Session* to) const {
    if (options_.extensions.timestamp) text.field("timestamp", timestamp_json(parts_.clock.unix_ms()));
    const auto whole = text.done();
    if (auto changed = extend_out(to, whole, true, Reach::kBoth)) return changed;
    const auto channel = json::decode(json::member(*whole, "channel").value_or("\"\""));
    return ReplyText(pool_, json::member(*whole, "id").value_or(""), channel, false)
        .error("404::message_deleted")
        .done();
}

void EngineImpl::tell(const Session& session,
                      void (SessionListener::*event)(const SessionInfo&, std::string_view),
                      std::string_view channel) const {
    if (!table_) return;
    for (auto* listener : table_->session_listeners) (listener->*event)(session.info(), channel);
}

void EngineImpl::tell(const Session& session, void (SessionListener::*event)(const SessionInfo&)) const {
    if (!table_) return;
    for (auto* listener : table_->session_listeners) (listener->*event)(session.info());
}

bool EngineImpl::may_drop(const Session& session) const {
    if (!table_ || table_->session_listeners.empty()) return false;
    bool drop = true;
    for (auto* listener : table_->session_listeners) {
        const auto choice =
            listener->on_queue_full(session.info(), session.queue.bytes(), session.queue.messages());
        drop = drop && choice == SessionListener::Overflow::kDropMessage;
    }
    return drop;
}

// False: vetoed.
bool EngineImpl::listened(const Session& from, Incoming& message) {
    const auto listeners = table_->channel_listeners.find(message.channel(), false);
    return std::ranges::all_of(listeners, [&](auto* one) { return one->on_message(from.info(), message); });
}

// --- decisions ---

namespace {

constexpr Millis kDecisionTime{30'000};

// What stands for a denial on the wire; a reason that could break the error's form is not passed on.
std::string denied(std::string_view reason, Operation operation, bool subscribing) {
    const bool plain =
        !reason.empty() && reason.size() <= 64 &&
        std::ranges::all_of(reason, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    std::string error = "403:";
    error += plain ? reason : "denied_by_authorizer";
    switch (operation) {
        case Operation::kCreate:
            return error + (subscribing ? ":create_denied" : ":channel_create_denied");
        case Operation::kSubscribe:
            return error + ":subscribe_denied";
        case Operation::kPublish:
            break;
    }
    return error + ":publish_denied";
}

}  // namespace

class EngineImpl::LaterDecision final : public Deferral {
  public:
    LaterDecision(EngineImpl& engine, const Request& request, const Question& question)
        : engine_(engine), request_(request), question_(question) {}
    Decide take() override { return engine_.pause(request_, question_); }

  private:
    EngineImpl& engine_;
    const Request& request_;
    const Question& question_;
};

// Asks whoever is to be asked. False: refused, or put off; either way there is nothing more to do now.
bool EngineImpl::allowed(const Request& request, const Session& session, Operation operation,
                         std::string_view channel) {
    const bool subscribing =
        operation == Operation::kSubscribe || request.message.channel == "/meta/subscribe";
    if (operation == Operation::kCreate && (!tracks_channels() || exists(channel))) return true;
    const Question question{
        operation,    session.ref, *session.principal,
        request.peer, channel,     subscribing ? std::string_view{} : request.message.data};
    bool yes = operation == Operation::kCreate && !parts_.policy.decides_creation();
    if (yes) {
        // The policy leaves it to the authorizers.
    } else if (const auto answer = answer_of(request, operation, channel)) {
        yes = *answer;
    } else {
        LaterDecision later(*this, request, question);
        const auto decision = parts_.policy.decide(question, later);
        if (decision == SecurityPolicy::Decision::kLater) return false;
        yes = decision == SecurityPolicy::Decision::kYes;
    }
    if (!yes) return refuse(request, denied("denied_by_security_policy", operation, subscribing)), false;
    if (!table_ || table_->authorizers.empty()) return true;

    const auto authorizers = table_->authorizers.find(channel, kind_of(channel) == ChannelKind::kWild);
    bool granted = authorizers.empty();
    for (auto* authorizer : authorizers) {
        const auto verdict = authorizer->authorize(question);
        if (verdict.kind == Verdict::Kind::kDeny) {
            return refuse(request, denied(verdict.reason, operation, subscribing)), false;
        }
        granted = granted || verdict.kind == Verdict::Kind::kGrant;
    }
    if (granted) return true;
    return refuse(request, denied("denied_by_not_granting", operation, subscribing)), false;
}

std::optional<bool> EngineImpl::answer_of(const Request& request, Operation operation,
                                          std::string_view channel) {
    const auto& paused = request.answer.outlet->paused_;
    if (!paused) return std::nullopt;
    for (const auto& known : paused->answers) {
        if (known.operation == operation && known.channel == channel) return known.yes;
    }
    return std::nullopt;
}

// The message comes again, from the beginning, when the answer is there, and finds it in `answers`.
Deferral::Decide EngineImpl::pause(const Request& request, const Question& question) {
    const auto& outlet = request.answer.outlet;
    if (!outlet->paused_) outlet->paused_ = std::make_shared<Paused>();
    auto& paused = *outlet->paused_;
    paused.works.push_front(
        {copy_of({&request.message, 1}), request.peer, request.answer, question.from.id, true});
    paused.waiting = true;
    const auto turn = ++paused.turn;
    paused.timer = parts_.timers.after(kDecisionTime, [this, weak = std::weak_ptr(outlet), turn] {
        if (const auto alive = weak.lock()) resume(alive, turn, false);
    });

    // Dropped unanswered it says no.
    struct Pending {
        std::weak_ptr<EngineImpl*> self;
        std::weak_ptr<Outlet> outlet;
        std::uint64_t turn;
        Pending(std::weak_ptr<EngineImpl*> engine, std::weak_ptr<Outlet> where, std::uint64_t which)
            : self(std::move(engine)), outlet(std::move(where)), turn(which) {}
        Pending(Pending&& other) noexcept = default;
        Pending& operator=(Pending&&) = delete;
        ~Pending() { answer(false); }
        void answer(bool yes) {
            const auto engine = std::exchange(self, {}).lock();
            if (!engine) return;
            // Later: the policy may answer from within decide().
            (*engine)->executor().post([weak = std::weak_ptr(engine), where = outlet, which = turn, yes] {
                const auto alive = weak.lock();
                const auto paused_outlet = where.lock();
                if (alive && paused_outlet) (*alive)->resume(paused_outlet, which, yes);
            });
        }
    };
    paused.asked = {question.operation, std::string(question.channel), false};
    return [pending = Pending(self_, outlet, turn)](bool yes) mutable { pending.answer(yes); };
}

void EngineImpl::resume(const std::shared_ptr<Outlet>& outlet, std::uint64_t turn, bool yes) {
    const auto paused = outlet->paused_;
    if (!paused || !paused->waiting || paused->turn != turn) return;
    parts_.timers.cancel(paused->timer);
    paused->waiting = false;
    paused->asked.yes = yes;
    paused->answers.push_back(paused->asked);
    while (!paused->works.empty() && !paused->waiting) {
        const auto work = std::move(paused->works.front());
        paused->works.pop_front();
        run(work.batch.messages, work.peer, work.answer, work.client_id, work.extended);
        if (outlet->paused_ != paused) return;  // the connection went away meanwhile
        if (!paused->waiting) paused->answers.clear();
    }
    if (!paused->waiting) outlet->paused_.reset();
}

// --- which channels there are ---

bool EngineImpl::tracks_channels() const {
    return parts_.policy.decides_creation() || (table_ && !table_->authorizers.empty());
}

bool EngineImpl::exists(std::string_view channel) const {
    return existing_.contains(channel) ||
           (table_ && (table_->channel_listeners.has(channel) || table_->authorizers.has(channel)));
}

// The first subscription to a channel on this loop was made (+1), or the last one has ended (-1).
void EngineImpl::announce(const std::string& channel, int change) {
    const auto note = [channel, change](EngineImpl& engine) {
        if ((engine.existing_[channel] += change) <= 0) engine.existing_.erase(channel);
    };
    for (const auto& engine : engines_) {
        if (engine.get() == this) {
            note(*this);
        } else {
            engine->executor().post([note, other = engine.get()] { note(*other); });
        }
    }
}

}  // namespace twinpane::bayeux
