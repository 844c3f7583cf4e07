#include "bayeux/engine_impl.hpp"

namespace twinpane::bayeux {

bool EngineImpl::deliver(const ClientRef& client, std::string_view channel, std::string_view data,
                         std::string_view id) {
    const auto session = find(client.id);
    return session && deliver_to(*session, data_text(pool_, channel, data, id), false);
}

bool EngineImpl::deliver(const ClientRef& client, const SharedBytes& message) {
    const auto session = find(client.id);
    return session && deliver_to(*session, message, false);
}

bool EngineImpl::deliver_lazy(const ClientRef& client, const SharedBytes& message) {
    const auto session = find(client.id);
    return session && deliver_to(*session, message, true);
}

bool EngineImpl::deliver_to(Session& session, const SharedBytes& message, bool lazy) {
    if (!table_) return enqueue(session, stamped(message), lazy);
    const auto extended = extend_out(&session, stamped(message), false, Reach::kEngines);
    return extended ? enqueue(session, extended, lazy) : session.alive();
}

// With the timestamp extension: a copy that says when it was sent. `message` is an object that is not empty.
SharedBytes EngineImpl::stamped(const SharedBytes& message) const {
    if (!options_.extensions.timestamp) return message;
    return share("{\"timestamp\":" + timestamp_json(parts_.clock.unix_ms()) + ',' + message->substr(1));
}

bool EngineImpl::enqueue(Session& session, const SharedBytes& message, bool lazy) {
    if (!session.alive()) return false;
    if (session.extensions.empty()) return push(session, message, lazy);
    const auto own = extend_out(&session, message, false, Reach::kSessions);
    return own ? session.alive() && push(session, own, lazy) : true;
}

bool EngineImpl::push(Session& session, const SharedBytes& message, bool lazy) {
    if (options_.extensions.activity == ExtensionOptions::Activity::kClientServer &&
        options_.extensions.max_inactivity > Millis{0}) {
        session.last_activity = parts_.clock.monotonic();
    }
    if (session.direct() && !lazy && session.queue.empty()) {
        if (session.stream->send({&message, 1})) {
            counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
            return true;
        }
        detach(session);
    }
    if (!fits(session, *message)) {
        if (!may_drop(session) && session.alive()) cut_later(session);
        return false;
    }
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    // A pile of lazy messages must not come near the limit.
    lazy = lazy && session.queue.bytes() * 2 < options_.queue_bytes &&
           session.queue.messages() * 2 < options_.queue_messages && options_.max_lazy_timeout > Millis{0};
    session.queue.push(message, lazy);
    if (lazy) {
        flush_when_lazy(session);
    } else if (session.direct()) {
        flush_to_stream(session);
    } else if (session.held) {
        flush_later(session);
    }
    return true;
}

void EngineImpl::flush_when_lazy(Session& session) {
    if (session.lazy_timer != 0) return;
    session.lazy_timer =
        parts_.timers.after(options_.max_lazy_timeout, [this, weak = session.weak_from_this()] {
            const auto waiting = weak.lock();
            if (!waiting) return;
            waiting->lazy_timer = 0;
            if (!waiting->alive() || waiting->queue.empty()) return;
            waiting->queue.rouse();
            if (waiting->direct()) {
                flush_to_stream(*waiting);
            } else if (waiting->held) {
                flush_later(*waiting);
            }
        });
}

// A message alone may be as large as the transport let it in; it is the pile that is bounded.
bool EngineImpl::fits(const Session& session, const std::string& message) const {
    const auto& queue = session.queue;
    const bool acknowledging = queue.acknowledging();
    const auto bytes = acknowledging ? options_.ack_bytes : options_.queue_bytes;
    const auto messages = acknowledging ? options_.ack_messages : options_.queue_messages;
    return queue.empty() || (queue.bytes() + message.size() <= bytes && queue.messages() < messages);
}

// A held connect is answered at the end of the turn, with all that the turn brought.
void EngineImpl::flush_later(Session& session) {
    if (session.flush_posted) return;
    session.flush_posted = true;
    parts_.executor.post([self = std::weak_ptr(self_), weak = session.weak_from_this()] {
        const auto engine = self.lock();
        const auto held = weak.lock();
        if (!engine || !held) return;
        held->flush_posted = false;
        if (held->alive() && held->held && !held->direct() && held->queue.urgent())
            (*engine)->answer_held(held);
    });
}

void EngineImpl::flush_to_stream(Session& session) {
    if (session.queue.empty()) return;
    const auto waiting = session.queue.take(nullptr);
    if (session.stream->send(waiting)) return;
    session.queue.put_back(waiting);
    detach(session);
}

// The caller may be walking through subscribers, so lists stay as they are until later.
void EngineImpl::cut_later(Session& session) {
    session.state = Session::State::kGone;
    parts_.executor.post([self = std::weak_ptr(self_), cut = session.shared_from_this()] {
        if (const auto engine = self.lock()) (*engine)->remove(cut, Removal::kCut);
    });
}

void EngineImpl::publish_here(std::string_view channel, const SharedBytes& message, const Session* except) {
    if (walking_ != 0) {  // a hook publishes in the middle of a broadcast
        parts_.executor.post([self = std::weak_ptr(self_), name = std::string(channel), message] {
            if (const auto engine = self.lock()) (*engine)->publish_here(name, message);
        });
        return;
    }
    const bool lazy = lazy_channels_.matches(channel);
    ++walking_;
    subscriptions_.for_each(channel, [&](Session& session) {
        if (&session != except) enqueue(session, message, lazy);
    });
    --walking_;
}

// False: some other loop is too far behind; nothing was published.
bool EngineImpl::publish_everywhere(const Message& message, const Session* publisher) {
    auto text = broadcast_text(pool_, message,
                               options_.extensions.timestamp ? timestamp_json(parts_.clock.unix_ms()) : "");
    if (table_) text = extend_out(nullptr, text, false, Reach::kEngines);
    if (!text) return true;  // deleted
    const auto concerned = [this](const std::unique_ptr<EngineImpl>& other) {
        return other.get() != this && other->counters_.subscriptions.load() != 0;
    };
    for (const auto& other : engines_) {
        if (concerned(other) && other->backlog_.load() + text->size() > options_.broadcast_backlog)
            return false;
    }
    const bool spared =
        publisher != nullptr && !publisher->broadcast_to_publisher.value_or(options_.broadcast_to_publisher);
    publish_here(message.channel, text, spared ? publisher : nullptr);
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
    return session->queue.bytes() + (session->stream ? session->stream->queued_bytes() : 0);
}

}  // namespace twinpane::bayeux
