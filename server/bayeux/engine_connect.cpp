#include <algorithm>

#include "bayeux/engine_impl.hpp"
#include "bayeux/json.hpp"

namespace twinpane::bayeux {

namespace {

// Advice that clients give for themselves is believed up to here.
constexpr Millis kMaxClientInterval{60'000};

std::optional<Millis> own_advice(std::string_view advice, std::string_view name) {
    if (advice.empty() || advice.front() != '{') return std::nullopt;
    const auto own = json::small_integer(json::member(advice, name).value_or(""));
    return own ? std::optional(Millis{*own}) : std::nullopt;
}

}  // namespace

void EngineImpl::connect(const Request& request, const SessionPtr& session) {
    const auto& message = request.message;
    const auto& outlet = request.answer.outlet;
    const auto kind = outlet->kind();
    auto& queue = session->queue;
    if (queue.acknowledging()) queue.acknowledge(acknowledged_batch(message.ext).value_or(0));
    if (session->state == Session::State::kLeaving) return dismiss(request, session);

    // One connect at a time: an older one is given up. Over HTTP it must be answered with an error status, or
    // its client would take the answer for the one it waits for.
    if (const auto older = take_held(*session); older && older->answer.round) {
        older->answer.outlet->session_.reset();
        older->answer.outlet->refuse(Code::kWrongState);
    }
    queue.confirm();
    if (kind == Outlet::Kind::kExchange) {
        // The client has come back over HTTP, so it does not listen to the socket any more.
        if (session->stream) release_stream(*session);
        outlet->session_ = session;
    }

    link(*session, true);
    const bool first = !session->connected;
    const bool moved = session->last_connect != kind;
    session->connected = true;
    session->last_connect = kind;
    session->timing = timing_of(*outlet);
    session->interval = std::min(kMaxClientInterval,
                                 own_advice(message.advice, "interval").value_or(session->timing.interval));
    const auto timeout = std::min(session->timing.timeout,
                                  own_advice(message.advice, "timeout").value_or(session->timing.timeout));

    auto held = std::make_unique<HeldConnect>();
    held->answer = request.answer;
    held->id = message.id;
    held->advise = first || moved || !message.advice.empty() || std::exchange(session->advise, false);
    held->serial = ++last_connect_;
    held->interval = session->interval;
    if (options_.extensions.timesync) held->timesync = TimeSync::read(message.ext, parts_.clock.unix_ms());
    session->held = std::move(held);
    ++counters_.held;
    session->deadline = Session::kNever;

    if (inactive(*session)) return end(session, Removal::kInactive);
    const bool free = session->direct() || (request.answer.alone() && !queue.urgent());
    if (first || timeout <= Millis{0} || stopping_ || !free) return answer_held(session);
    session->held->until = parts_.clock.monotonic() + timeout;
    hold(session, timeout);
    tell(*session, &SessionListener::on_held);
    if (!session->held) return;
    if (request.answer.round && !request.peer.browser.empty() && options_.max_sessions_per_browser >= 0) {
        enter_browser(session, request.peer.browser);
    }
}

void EngineImpl::hold(const SessionPtr& session, Millis timeout) {
    const auto patience = options_.extensions.max_inactivity;
    if (patience > Millis{0}) {
        const auto left = session->last_activity + patience - parts_.clock.monotonic();
        timeout = std::min(timeout, std::max(left, Millis{1}));
    }
    session->held->timer = parts_.timers.after(timeout, [this, weak = std::weak_ptr(session)] {
        if (const auto waiting = weak.lock()) on_hold_timer(waiting);
    });
}

void EngineImpl::on_hold_timer(const SessionPtr& session) {
    if (inactive(*session)) return end(session, Removal::kInactive);
    const auto left = session->held->until - parts_.clock.monotonic();
    if (left <= Millis{0}) return answer_held(session);
    hold(session, left);  // there has been activity meanwhile
}

// The activity extension: nothing but heartbeats for too long.
bool EngineImpl::inactive(const Session& session) const {
    const auto patience = options_.extensions.max_inactivity;
    return patience > Millis{0} && parts_.clock.monotonic() - session.last_activity >= patience;
}

// The session has been disconnected while its client was away: it gets the rest, and is told.
void EngineImpl::dismiss(const Request& request, const SessionPtr& session) {
    const auto& message = request.message;
    ReplyText text(pool_, message.id, message.channel, true);
    text.advice(advice(session->timing, "none"));
    std::vector<SharedBytes> waiting;
    ExtText ext;
    if (session->queue.acknowledging()) {
        ext.add("ack", std::to_string(session->queue.close_batch(waiting)));
    } else {
        waiting = session->queue.take(nullptr);
    }
    if (options_.extensions.timesync) {
        const auto now = parts_.clock.unix_ms();
        if (const auto sync = TimeSync::read(message.ext, now)) ext.add(*sync, now);
    }
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    request.answer.fill(finish(text.ext(ext), session.get()), std::move(waiting), farewell(*session));
    forget(session);
}

SharedBytes EngineImpl::farewell(const Session& session) const {
    ReplyText text(pool_, {}, "/meta/disconnect", true);
    return finish(text, &session);
}

std::unique_ptr<HeldConnect> EngineImpl::take_held(Session& session) {
    auto held = std::move(session.held);
    if (held) {
        parts_.timers.cancel(held->timer);
        if (!held->browser.empty()) leave_browser(held->browser);
        if (held->timer != 0) tell(session, &SessionListener::on_released);
        --counters_.held;
    }
    return held;
}

// Forgets a held connect without an answer: its connection is gone or its client has sent another one.
void EngineImpl::drop_held(Session& session) {
    take_held(session);
}

void EngineImpl::answer_held(const SessionPtr& session, std::string_view reconnect, SharedBytes after) {
    auto held = take_held(*session);
    if (!held) return;
    arm(*session, parts_.clock.monotonic() + held->interval + session->timing.max_interval);
    ReplyText text(pool_, held->id, "/meta/connect", true);
    if (held->advise || reconnect != "retry" || stopping_) text.advice(advice(session->timing, reconnect));
    give_answer(session, std::move(held), text, std::move(after));
}

// One tab too many of a browser: it polls from time to time, or not at all.
void EngineImpl::answer_surplus(const SessionPtr& session) {
    auto held = take_held(*session);
    const auto pause = options_.multi_session_interval;
    const bool may_poll = pause > Millis{0};
    arm(*session, parts_.clock.monotonic() + std::max(held->interval, pause) + session->timing.max_interval);
    ReplyText text(pool_, held->id, "/meta/connect", may_poll);
    if (!may_poll) text.error(bayeux_error(Code::kRateLimited, "multiple_clients"));
    auto slower = advice(session->timing, may_poll ? "retry" : "none");
    if (may_poll) slower.interval = pause;
    slower.multiple_clients = true;
    session->advise = true;
    give_answer(session, std::move(held), text.advice(slower), {});
}

void EngineImpl::give_answer(const SessionPtr& session, std::unique_ptr<HeldConnect> held, ReplyText& text,
                             SharedBytes after) {
    // What leaves with the answer goes before it: it confirms to the client that all of its batch is there.
    auto& queue = session->queue;
    std::vector<SharedBytes> waiting;
    ExtText ext;
    if (queue.acknowledging()) {
        ext.add("ack", std::to_string(queue.close_batch(waiting)));
    } else if (held->answer.round) {
        held->answer.round->carry_queue_of(session);
    } else {
        waiting = queue.take(nullptr);  // all of a session that has connects only, else what is lazy
    }
    if (held->timesync) ext.add(*held->timesync, parts_.clock.unix_ms());
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    if (held->answer.fill(finish(text.ext(ext), session.get()), waiting, std::move(after))) return;
    if (!queue.acknowledging()) queue.put_back(waiting);
}

Advice EngineImpl::advice(const Timing& timing, std::string_view reconnect) const {
    // While stopping nothing is held, so clients must pause by themselves.
    constexpr Millis kPauseWhileStopping{1000};
    const auto interval = reconnect == "handshake" ? Millis{0} : timing.interval;
    Advice advice{reconnect, stopping_ ? std::max(interval, kPauseWhileStopping) : interval, timing.timeout};
    if (options_.handshake_reconnect) advice.max_interval = timing.max_interval;
    return advice;
}

}  // namespace twinpane::bayeux
