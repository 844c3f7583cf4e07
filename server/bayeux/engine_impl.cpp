#include "bayeux/engine_impl.hpp"

#include <algorithm>

namespace twinpane::bayeux {

EngineImpl::EngineImpl(const EngineOptions& options, Parts parts, const Engines& engines)
    : options_(options), parts_(parts), engines_(engines), lazy_channels_(options.lazy_channels) {}

EngineImpl::~EngineImpl() = default;

void EngineImpl::service(std::string prefix, ServiceHandler& handler) {
    if (prefix.ends_with("/**")) prefix.resize(prefix.size() - 3);
    services_.emplace_back(std::move(prefix), &handler);
    std::ranges::stable_sort(services_,
                             [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

// --- connections ---

const OutletRules& Outlet::rules() const {
    static const OutletRules kNone;
    return kNone;
}

Timing EngineImpl::timing_of(const Outlet& outlet) const {
    const auto& own = outlet.rules();
    return {own.timeout.value_or(options_.timeout), own.interval.value_or(options_.interval),
            own.max_interval.value_or(options_.max_interval)};
}

EngineImpl::SessionPtr EngineImpl::find(std::string_view client_id) const {
    const auto found = sessions_.find(client_id);
    return found == sessions_.end() ? nullptr : found->second;
}

std::size_t EngineImpl::sessions() const {
    return counters_.sessions.load(std::memory_order_relaxed);
}

// From now on this stream is the session's way out; what waited leaves at once.
void EngineImpl::bind(const SessionPtr& session, const std::shared_ptr<Outlet>& stream) {
    if (session->stream == stream) return;
    // A new handshake on a connection ends its former session's claim on it; that one may resume elsewhere.
    if (const auto former = stream->session_.lock(); former && former->stream == stream) detach(*former);
    if (session->stream) release_stream(*session);
    session->stream = stream;
    stream->session_ = session;
    session->connect_only = stream->rules().connect_only.value_or(options_.meta_connect_deliver_only) ||
                            session->queue.acknowledging();
    stream->bound(session->ref.id);
    link(*session, true);
    if (session->direct()) flush_to_stream(*session);
}

// The stream takes no more, but it is not gone yet: until it is, what comes waits for the next connection.
// Should it turn out that it overflowed, the session will be cut, so the stream still knows whose it was.
void EngineImpl::detach(Session& session) {
    if (session.held && session.held->answer.outlet == session.stream) drop_held(session);
    session.stream.reset();
    arm(session, parts_.clock.monotonic() + session.interval + session.timing.max_interval);
    if (!session.held) link(session, false);
}

// Services hear of it later, so that none is called back from within its own call.
void EngineImpl::link(Session& session, bool up) {
    if (session.link_up == up || !session.alive()) return;
    session.link_up = up;
    parts_.executor.post([ref = session.ref, up, all = handlers()] {
        for (auto* handler : all) handler->on_link(ref, up);
    });
}

std::vector<ServiceHandler*> EngineImpl::handlers() const {
    std::vector<ServiceHandler*> all;
    for (const auto& [prefix, handler] : services_) {
        if (std::ranges::find(all, handler) == all.end()) all.push_back(handler);
    }
    return all;
}

void EngineImpl::release_stream(Session& session) {
    if (session.held && session.held->answer.outlet == session.stream) drop_held(session);
    const auto stream = std::exchange(session.stream, nullptr);
    stream->session_.reset();
    stream->unbound();
}

void EngineImpl::gone(const std::shared_ptr<Outlet>& outlet, bool overflowed) {
    outlet->gone_ = true;
    if (const auto paused = std::exchange(outlet->paused_, nullptr)) parts_.timers.cancel(paused->timer);
    const auto session = outlet->session_.lock();
    outlet->session_.reset();
    if (!session || !session->alive()) return;
    if (overflowed) {
        session->state = Session::State::kGone;
        remove(session, Removal::kCut);
        return;
    }
    if (session->stream == outlet) {
        detach(*session);
    } else if (session->held && session->held->answer.outlet == outlet) {
        drop_held(*session);
        arm(*session, parts_.clock.monotonic() + session->interval + session->timing.max_interval);
        if (!session->stream) link(*session, false);
    } else if (session->queue.take_back(outlet)) {
        // The answer did not arrive: its messages wait for the next connect, which may be there already.
        if (session->direct()) {
            flush_to_stream(*session);
        } else if (session->held) {
            flush_later(*session);
        }
    }
}

// --- life and death ---

// At most one timer per session runs. It is not moved when the deadline is put off, only when it comes
// nearer.
void EngineImpl::arm(Session& session, Millis deadline) {
    session.deadline = deadline;
    if (session.timer != 0 && session.timer_at <= deadline) return;
    if (session.timer != 0) parts_.timers.cancel(session.timer);
    session.timer_at = deadline;
    session.timer =
        parts_.timers.after(deadline - parts_.clock.monotonic(), [this, weak = session.weak_from_this()] {
            if (const auto alive = weak.lock()) on_timer(alive);
        });
}

void EngineImpl::touch(Session& session) {
    if (session.deadline == Session::kNever) return;
    arm(session, std::max(session.deadline, parts_.clock.monotonic() + session.timing.max_interval));
}

void EngineImpl::on_timer(const SessionPtr& session) {
    session->timer = 0;
    if (session->state == Session::State::kGone || session->deadline == Session::kNever) return;
    if (session->deadline > parts_.clock.monotonic()) {
        arm(*session, session->deadline);
    } else if (session->state == Session::State::kLeaving) {
        forget(session);
    } else {
        remove(session, Removal::kExpired);
    }
}

void EngineImpl::disconnect(const ClientRef& client) {
    const auto session = find(client.id);
    if (!session || !session->alive()) return;
    if (walking_ == 0) return end(session, Removal::kEnded);
    // A hook asked for it in the middle of a broadcast, whose lists must stay as they are.
    parts_.executor.post([self = std::weak_ptr(self_), client] {
        if (const auto engine = self.lock()) (*engine)->disconnect(client);
    });
}

// By the server: the client is told to go.
void EngineImpl::end(const SessionPtr& session, Removal why) {
    const auto told = farewell(*session);
    if (const auto stream = session->stream) {
        answer_held(session, "none");
        auto last = session->queue.take_unsent();
        last.push_back(told);
        stream->send(last);
        remove(session, why);
    } else if (session->held) {
        answer_held(session, "none", told);
        remove(session, why);
    } else {
        // Nobody is there to be told. The next connect will be; until then only the id and the queue are
        // kept.
        retire(session, why);
        session->state = Session::State::kLeaving;
        arm(*session, std::max(session->deadline == Session::kNever ? Millis{0} : session->deadline,
                               parts_.clock.monotonic() + session->timing.max_interval));
    }
}

void EngineImpl::retire(const SessionPtr& session, Removal why) {
    session->state = Session::State::kGone;
    counters_.subscriptions -= session->subscriptions.size();
    if (tracks_channels()) {
        for (const auto& [channel, index] : session->subscriptions) {
            if (channel->subscribers.size() == 1) announce(channel->name, -1);
        }
    }
    subscriptions_.remove_all(*session);
    --counters_.sessions;
    const bool silent = why == Removal::kExpired || why == Removal::kCut;
    ++(why == Removal::kExpired ? counters_.expired
       : why == Removal::kCut   ? counters_.cut
                                : counters_.disconnected);

    auto all = handlers();
    auto listeners = table_ ? table_->session_listeners : std::vector<SessionListener*>();
    if (all.empty() && listeners.empty()) return;
    // Later, so that nobody is called back from within its own call.
    parts_.executor.post(
        [ref = session->ref, all = std::move(all), listeners = std::move(listeners), silent, why] {
            for (auto* handler : all) handler->on_session_removed(ref, silent);
            for (auto* listener : listeners) listener->on_session_removed(ref, why);
        });
}

void EngineImpl::forget(const SessionPtr& session) {
    session->state = Session::State::kGone;
    for (auto* timer : {&session->timer, &session->lazy_timer}) {
        if (*timer != 0) parts_.timers.cancel(std::exchange(*timer, 0));
    }
    sessions_.erase(session->ref.id);
}

void EngineImpl::remove(const SessionPtr& session, Removal why) {
    // A session is cut under a waiting client, which then learns that it must shake hands again.
    if (const auto held = take_held(*session)) {
        ReplyText text(pool_, held->id, "/meta/connect", false);
        text.error(why == Removal::kCut ? bayeux_error(Code::kQueueFull) : "402::session_unknown");
        held->answer.fill(finish(text.advice(advice(session->timing, "handshake")), session.get()));
    }
    if (session->stream) release_stream(*session);
    retire(session, why);
    forget(session);
}

void EngineImpl::begin_shutdown() {
    stopping_ = true;
    std::vector<SessionPtr> waiting;
    for (const auto& [id, session] : sessions_) {
        if (session->held) waiting.push_back(session);
    }
    for (const auto& session : waiting) answer_held(session);
}

}  // namespace twinpane::bayeux
