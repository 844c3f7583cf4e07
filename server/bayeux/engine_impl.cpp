#include "bayeux/engine_impl.hpp"

#include <algorithm>

namespace twinpane::bayeux {

EngineImpl::EngineImpl(const EngineOptions& options, Parts parts, const Engines& engines)
    : options_(options), parts_(parts), engines_(engines) {}

EngineImpl::~EngineImpl() = default;

void EngineImpl::service(std::string prefix, ServiceHandler& handler) {
    if (prefix.ends_with("/**")) prefix.resize(prefix.size() - 3);
    services_.emplace_back(std::move(prefix), &handler);
    std::ranges::stable_sort(services_,
                             [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

// --- delivery ---

bool EngineImpl::deliver(const ClientRef& client, std::string_view channel, std::string_view data,
                         std::string_view id) {
    const auto session = find(client.id);
    return session && enqueue(*session, encode_message(channel, data, id));
}

bool EngineImpl::deliver(const ClientRef& client, const SharedBytes& message) {
    const auto session = find(client.id);
    return session && enqueue(*session, message);
}

bool EngineImpl::enqueue(Session& session, const SharedBytes& message) {
    if (!session.alive()) return false;
    const auto stream = session.stream;
    if (stream && !stream->send({&message, 1})) detach(session);
    if (!session.stream) {
        // A message alone may be as large as the transport let it in; it is the pile that is bounded.
        if (session.has_queue() && (session.queue_bytes() + message->size() > options_.queue_bytes ||
                                    session.queue_messages() >= options_.queue_messages)) {
            cut_later(session);
            return false;
        }
        session.push(message);
        if (session.held) flush_later(session);
    }
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    return true;
}

// A held HTTP connect is answered at the end of the turn, with all that the turn brought.
void EngineImpl::flush_later(Session& session) {
    if (session.flush_posted) return;
    session.flush_posted = true;
    parts_.executor.post([self = std::weak_ptr(self_), weak = session.weak_from_this()] {
        const auto engine = self.lock();
        const auto held = weak.lock();
        if (!engine || !held) return;
        held->flush_posted = false;
        if (held->alive() && held->held && !held->stream && held->has_queue()) (*engine)->answer_held(held);
    });
}

// The caller may be walking through subscribers, so lists stay as they are until later.
void EngineImpl::cut_later(Session& session) {
    session.state = Session::State::kGone;
    parts_.executor.post([self = std::weak_ptr(self_), cut = session.shared_from_this()] {
        if (const auto engine = self.lock()) (*engine)->remove(cut, Removal::kCut);
    });
}

void EngineImpl::publish_here(std::string_view channel, const SharedBytes& message) {
    subscriptions_.for_each(channel, [&](Session& session) { enqueue(session, message); });
}

// False: some other loop is too far behind; nothing was published.
bool EngineImpl::publish_everywhere(const Message& message) {
    const auto text = broadcast_text(message);
    const auto concerned = [this](const std::unique_ptr<EngineImpl>& other) {
        return other.get() != this && other->counters_.subscriptions.load() != 0;
    };
    for (const auto& other : engines_) {
        if (concerned(other) && other->backlog_.load() + text->size() > options_.broadcast_backlog)
            return false;
    }
    publish_here(message.channel, text);
    for (const auto& other : engines_) {
        if (!concerned(other)) continue;
        other->backlog_ += text->size();
        other->executor().post([engine = other.get(), channel = std::string(message.channel), text] {
            engine->backlog_ -= text->size();
            engine->publish_here(channel, text);
        });
    }
    return true;
}

std::size_t EngineImpl::queued_bytes(const ClientRef& client) const {
    const auto session = find(client.id);
    if (!session) return 0;
    return session->queue_bytes() + (session->stream ? session->stream->queued_bytes() : 0);
}

// --- connections ---

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
    stream->bound(session->ref.id);
    flush_to_stream(*session);
}

void EngineImpl::flush_to_stream(Session& session) {
    if (!session.has_queue()) return;
    auto waiting = session.take_queue(nullptr);
    if (session.stream->send(waiting)) return;
    for (auto& message : waiting) session.push(std::move(message));
    detach(session);
}

// The stream takes no more, but it is not gone yet: until it is, what comes waits for the next connection.
// Should it turn out that it overflowed, the session will be cut, so the stream still knows whose it was.
void EngineImpl::detach(Session& session) {
    if (session.held && session.held->outlet == session.stream) drop_held(session);
    session.stream.reset();
    arm(session, parts_.clock.monotonic() + session.interval + options_.max_interval);
}

void EngineImpl::release_stream(Session& session) {
    if (session.held && session.held->outlet == session.stream) drop_held(session);
    const auto stream = std::exchange(session.stream, nullptr);
    stream->session_.reset();
    stream->unbound();
}

std::unique_ptr<HeldConnect> EngineImpl::take_held(Session& session) {
    auto held = std::move(session.held);
    if (held) {
        parts_.timers.cancel(held->timer);
        --counters_.held;
    }
    return held;
}

// Forgets a held connect without an answer: its connection is gone or its client has sent another one.
void EngineImpl::drop_held(Session& session) {
    take_held(session);
}

void EngineImpl::answer_held(const SessionPtr& session, std::string_view reconnect, SharedBytes after) {
    const auto held = take_held(*session);
    if (!held) return;
    arm(*session, parts_.clock.monotonic() + held->interval + options_.max_interval);
    ReplyText text(held->id, "/meta/connect", true);
    if (held->advise || reconnect != "retry" || stopping_) text.advice(advice(reconnect));
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    held->round->carry_queue_of(session);
    held->round->fill(held->slot, text.done(), std::move(after));
}

void EngineImpl::gone(const std::shared_ptr<Outlet>& outlet, bool overflowed) {
    outlet->gone_ = true;
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
    } else if (session->held && session->held->outlet == outlet) {
        drop_held(*session);
        arm(*session, parts_.clock.monotonic() + session->interval + options_.max_interval);
    } else if (session->take_back(outlet)) {
        // The answer did not arrive: its messages wait for the next connect, which may be there already.
        if (session->stream) {
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
    arm(session, std::max(session.deadline, parts_.clock.monotonic() + options_.max_interval));
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
    const auto farewell = ReplyText({}, "/meta/disconnect", true).done();
    if (const auto stream = session->stream) {
        answer_held(session, "none");
        stream->send({&farewell, 1});
        remove(session, Removal::kDisconnected);
    } else if (session->held) {
        answer_held(session, "none", farewell);
        remove(session, Removal::kDisconnected);
    } else {
        // Nobody is there to be told. The next connect will be; until then only the id is kept.
        session->push(farewell);
        retire(session, Removal::kDisconnected);
        session->state = Session::State::kLeaving;
        arm(*session, std::max(session->deadline == Session::kNever ? Millis{0} : session->deadline,
                               parts_.clock.monotonic() + options_.max_interval));
    }
}

void EngineImpl::retire(const SessionPtr& session, Removal why) {
    session->state = Session::State::kGone;
    counters_.subscriptions -= session->subscriptions.size();
    subscriptions_.remove_all(*session);
    --counters_.sessions;
    switch (why) {
        case Removal::kDisconnected:
            ++counters_.disconnected;
            break;
        case Removal::kExpired:
            ++counters_.expired;
            break;
        case Removal::kCut:
            ++counters_.cut;
    }
    std::vector<ServiceHandler*> handlers;
    for (const auto& [prefix, handler] : services_) {
        if (std::ranges::find(handlers, handler) == handlers.end()) handlers.push_back(handler);
    }
    if (handlers.empty()) return;
    // Later, so that no service is called back from within its own call.
    parts_.executor.post(
        [ref = session->ref, handlers = std::move(handlers), timed_out = why != Removal::kDisconnected] {
            for (auto* handler : handlers) handler->on_session_removed(ref, timed_out);
        });
}

void EngineImpl::forget(const SessionPtr& session) {
    session->state = Session::State::kGone;
    if (session->timer != 0) parts_.timers.cancel(std::exchange(session->timer, 0));
    sessions_.erase(session->ref.id);
}

void EngineImpl::remove(const SessionPtr& session, Removal why) {
    // A session is cut under a waiting client, which then learns that it must shake hands again.
    if (const auto held = take_held(*session)) {
        held->round->fill(held->slot, ReplyText(held->id, "/meta/connect", false)
                                          .error("402::session_unknown")
                                          .advice(advice("handshake"))
                                          .done());
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

Advice EngineImpl::advice(std::string_view reconnect) const {
    // While stopping nothing is held, so clients must pause by themselves.
    constexpr Millis kPauseWhileStopping{1000};
    const auto interval = reconnect == "handshake" ? Millis{0} : options_.interval;
    return {reconnect, stopping_ ? std::max(interval, kPauseWhileStopping) : interval, options_.timeout};
}

}  // namespace twinpane::bayeux
