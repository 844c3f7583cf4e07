#include <algorithm>

#include "base/errors.hpp"
#include "bayeux/channel.hpp"
#include "bayeux/engine_impl.hpp"
#include "bayeux/json.hpp"

namespace twinpane::bayeux {

namespace {

// The channels that a (un)subscribe names: a string or an array of strings. Nothing if it is something else.
std::optional<std::vector<std::string>> named_channels(std::string_view subscription) {
    std::vector<std::string> names;
    const auto add = [&names](std::string_view slice) {
        if (slice.empty() || slice.front() != '"') return false;
        names.emplace_back(normalise_channel(json::decode(slice)));
        return true;
    };
    if (subscription.front() != '[') {
        if (!add(subscription)) return std::nullopt;
        return names;
    }
    json::Scanner scan(subscription);
    scan.take('[');
    if (scan.take(']')) return std::nullopt;
    do {
        std::string_view slice;
        if (!scan.value(slice, 1) || !add(slice)) return std::nullopt;
    } while (scan.take(','));
    return names;
}

std::string_view echo(const Message& message) {
    return message.channel == "/meta/subscribe" || message.channel == "/meta/unsubscribe"
               ? message.subscription
               : std::string_view{};
}

bool below(std::string_view channel, std::string_view prefix) {
    return channel.starts_with(prefix) && (channel.size() == prefix.size() || channel[prefix.size()] == '/');
}

}  // namespace

void EngineImpl::receive(const Batch& batch, const Peer& peer, const std::shared_ptr<Outlet>& outlet) {
    counters_.messages_in.fetch_add(batch.messages.size(), std::memory_order_relaxed);
    if (batch.messages.empty()) {
        // Old Faye clients keep their sockets alive with "[]".
        if (outlet->kind() == Outlet::Kind::kExchange) outlet->send({});
        return;
    }
    Answer answer{outlet, nullptr, 0};
    if (outlet->kind() == Outlet::Kind::kExchange) {
        answer.round = std::make_shared<Round>(outlet, batch.messages.size());
    }
    if (outlet->paused_) return put_off(batch, peer, answer);
    run(batch.messages, peer, std::move(answer), batch.client_id(), false);
}

// Serves messages in order, until one has to wait for a decision: the rest then waits behind it.
void EngineImpl::run(std::span<const Message> messages, const Peer& peer, Answer answer,
                     std::string_view client_id, bool extended) {
    if (messages[0].channel == "/meta/handshake") return handshake({messages[0], peer, answer});
    const auto session = resolve(client_id, peer, answer.outlet);
    while (!messages.empty()) {
        serve({messages[0], peer, answer, session.get()}, session, std::exchange(extended, false));
        messages = messages.subspan(1);
        ++answer.slot;
        const auto& paused = answer.outlet->paused_;
        if (!paused || !paused->waiting) continue;
        if (messages.empty()) return;
        paused->works.insert(paused->works.begin() + 1,
                             {copy_of(messages), peer, answer, std::string(client_id), false});
        return;
    }
}

// The connection waits for a decision. A client that sends on and on meanwhile is cut off.
void EngineImpl::put_off(const Batch& batch, const Peer& peer, const Answer& answer) {
    auto& paused = *answer.outlet->paused_;
    auto copy = copy_of(batch.messages);
    paused.bytes += copy.text->size() + batch.messages.size() * sizeof(Message);
    if (paused.bytes > options_.queue_bytes) return answer.outlet->refuse(Code::kRateLimited);
    paused.works.push_back({std::move(copy), peer, answer, std::string(batch.client_id()), false});
}

// Whose transport message this is: the bound session's, or that of the first message's client id.
EngineImpl::SessionPtr EngineImpl::resolve(std::string_view client_id, const Peer& peer,
                                           const std::shared_ptr<Outlet>& outlet) {
    const bool stream = outlet->kind() == Outlet::Kind::kStream;
    if (stream) {
        if (auto bound = outlet->session_.lock(); bound && bound->alive()) return bound;
    }
    if (stream && !outlet->rules().takes_over) return nullptr;
    auto session = find(client_id);
    // A session of the internal side is of no use on the public one: its id must not open a way around the
    // wall.
    if (!session || session->internal != peer.internal || session->state == Session::State::kGone)
        return nullptr;
    if (!stream && peer.browser_bound && !peer.origin.empty() && !session->browser.empty() &&
        !equal_constant_time(session->browser, peer.browser)) {
        return nullptr;
    }
    if (stream && session->alive()) bind(session, outlet);
    return session;
}

void EngineImpl::serve(const Request& request, const SessionPtr& session, bool extended) {
    const auto& message = request.message;
    const bool known = session && message.client_id == session->ref.id;
    if (message.channel.empty()) return refuse(request, "400::channel_missing");
    if (!valid_id(message.id)) return refuse(request, "405::message_id_invalid");
    if (!extended && (table_ || (known && !session->extensions.empty()))) {
        Incoming incoming(message);
        if (!extend_in(known ? session.get() : nullptr, incoming)) {
            return refuse(request, "404::message_deleted");
        }
        return serve({incoming.message(), request.peer, request.answer, request.session}, session, true);
    }
    if (message.channel == "/meta/connect" && known && session->state != Session::State::kGone) {
        return connect(request, session);
    }
    if (!known || !session->alive()) return refuse_unknown(request);
    touch(*session);
    if (options_.extensions.max_inactivity > Millis{0}) session->last_activity = parts_.clock.monotonic();
    if (message.channel == "/meta/subscribe") return subscribe(request, *session);
    if (message.channel == "/meta/unsubscribe") return unsubscribe(request, *session);
    if (message.channel == "/meta/disconnect") return say_good_bye(request, session);
    publish(request, session);
}

void EngineImpl::reply(const Request& request, ReplyText& text) {
    const auto& message = request.message;
    if (options_.extensions.timesync && !message.ext.empty() && message.channel.starts_with("/meta/")) {
        const auto now = parts_.clock.unix_ms();
        if (const auto sync = TimeSync::read(message.ext, now)) text.ext(ExtText().add(*sync, now));
    }
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    request.answer.fill(finish(text, request.session));
}

void EngineImpl::refuse(const Request& request, std::string_view error) {
    const auto id = valid_id(request.message.id) ? request.message.id : std::string_view{};
    ReplyText text(pool_, id, request.message.channel, false);
    reply(request, text.field("subscription", echo(request.message)).error(error));
}

void EngineImpl::refuse_unknown(const Request& request) {
    ReplyText text(pool_, request.message.id, request.message.channel, false);
    text.field("subscription", echo(request.message)).error("402::session_unknown");
    // Only a connect may be told to shake hands again; CometD's clients do it by themselves otherwise.
    if (request.message.channel == "/meta/connect")
        text.advice(advice(timing_of(*request.answer.outlet), "handshake"));
    reply(request, text);
}

// --- handshake ---

// What is kept of the request while the policy decides.
struct EngineImpl::Handshake {
    std::string id;
    Peer peer;
    bool acknowledge = false;
    std::optional<TimeSync> timesync;
    Answer answer;
};

void EngineImpl::handshake(const Request& request) {
    Incoming incoming(request.message);
    const auto& message = incoming.message();
    const auto& outlet = request.answer.outlet;
    if (!valid_id(message.id)) return refuse(request, "405::message_id_invalid");
    if (!extend_in(nullptr, incoming)) return refuse(request, "404::message_deleted");
    if (outlet->handshaking_) return refuse(request, "403::handshake_failed");
    outlet->handshaking_ = true;
    const auto& extensions = options_.extensions;
    Handshake from{std::string(message.id), request.peer,
                   extensions.ack && wants_acknowledgements(message.ext), std::nullopt, request.answer};
    if (extensions.timesync) from.timesync = TimeSync::read(message.ext, parts_.clock.unix_ms());
    parts_.policy.handshake(request.peer, message.ext,
                            [self = std::weak_ptr(self_),
                             from = std::move(from)](Result<std::shared_ptr<const Principal>> verdict) {
                                const auto engine = self.lock();
                                if (!engine) return;
                                from.answer.outlet->handshaking_ = false;
                                // Nobody would ever learn the session's id.
                                if (from.answer.outlet->is_gone()) return;
                                (*engine)->finish_handshake(from, std::move(verdict));
                            });
}

void EngineImpl::finish_handshake(const Handshake& from, Result<std::shared_ptr<const Principal>> verdict) {
    if (verdict && sessions_.size() >= options_.max_sessions) verdict = fail(Code::kTooManySessions);
    if (verdict && stopping_) verdict = fail(Code::kShuttingDown);
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    ReplyText text(pool_, from.id, "/meta/handshake", verdict.has_value());
    ExtText ext;
    if (from.timesync) ext.add(*from.timesync, parts_.clock.unix_ms());
    if (!verdict) {
        ++counters_.handshakes_denied;
        const auto code = verdict.error().code;
        // What the client can't change by asking again ends it; what may pass is tried again after a while.
        const bool passes = info(code).status >= 500;
        constexpr Millis kRetry{5000};
        text.error(code == Code::kRoleNotAllowed ? "403::handshake_denied" : bayeux_error(code))
            .advice({passes ? "handshake" : "none", passes ? kRetry : Millis{0},
                     timing_of(*from.answer.outlet).timeout});
        from.answer.fill(finish(text.ext(ext), nullptr));
        return;
    }
    const auto& outlet = from.answer.outlet;
    const auto session = make_session(from, std::move(*verdict));
    tell(*session, &SessionListener::on_session_added);
    std::string types = "[";
    for (const auto& type : options_.connection_types) {
        if (types.size() > 1) types += ',';
        json::append_quoted(types, type);
    }
    types += ']';
    std::string client_id;
    json::append_quoted(client_id, session->ref.id);
    text.field("version", "\"1.0\"").field("minimumVersion", "\"1.0\"").field("clientId", client_id);
    text.field("supportedConnectionTypes", types).advice(advice(session->timing));

    // What was delivered to the session meanwhile follows the reply where the client counts it; else it
    // waits.
    std::vector<SharedBytes> waiting;
    auto& queue = session->queue;
    if (options_.handshake_delivery) {
        if (queue.acknowledging()) {
            const auto batch = queue.close_batch(waiting);
            ext.add("ack", "{\"enabled\":true,\"batch\":" + std::to_string(batch) + '}');
        } else {
            waiting = queue.take(outlet->kind() == Outlet::Kind::kExchange ? outlet : nullptr);
            if (outlet->kind() == Outlet::Kind::kExchange) outlet->session_ = session;
        }
        if (!waiting.empty()) text.field("x-messages", std::to_string(waiting.size()));
    } else if (queue.acknowledging()) {
        ext.add("ack", "true");
    }
    from.answer.fill_before(finish(text.ext(ext), session.get()), waiting);
    if (outlet->kind() == Outlet::Kind::kStream && session->alive()) bind(session, outlet);
}

EngineImpl::SessionPtr EngineImpl::make_session(const Handshake& from,
                                                std::shared_ptr<const Principal> principal) {
    static constexpr char kHex[] = "0123456789abcdef";
    auto session = std::make_shared<Session>();
    session->ref.loop = parts_.loop;
    session->ref.id = {kHex[parts_.loop >> 4U], kHex[parts_.loop & 15U]};
    session->ref.id += random_hex(parts_.random, 16);
    session->principal = principal ? std::move(principal) : std::make_shared<const Principal>();
    session->internal = from.peer.internal;
    session->browser = from.peer.browser;
    session->last_activity = parts_.clock.monotonic();
    session->timing = timing_of(*from.answer.outlet);
    session->interval = session->timing.interval;
    session->last_connect = from.answer.outlet->kind();
    session->connect_only = options_.meta_connect_deliver_only || from.acknowledge;
    constexpr double kBurst = 5;
    const auto bucket = [](std::size_t per_second) {
        return Bucket(static_cast<double>(per_second), static_cast<double>(per_second) * kBurst);
    };
    session->publishes = bucket(options_.publishes_per_second);
    session->publish_bytes = bucket(options_.publish_bytes_per_second);
    if (from.acknowledge) session->queue.use_acknowledgements();
    sessions_.emplace(session->ref.id, session);
    ++counters_.sessions;
    ++counters_.handshakes;
    arm(*session, parts_.clock.monotonic() + session->interval + session->timing.max_interval);
    return session;
}

// --- subscriptions ---

void EngineImpl::subscribe(const Request& request, Session& session) {
    const auto& message = request.message;
    if (message.subscription.empty()) return refuse(request, "403::subscription_missing");
    const auto names = named_channels(message.subscription);
    if (!names) return refuse(request, "403::subscription_invalid");
    for (const auto& name : *names) {
        switch (kind_of(name)) {
            case ChannelKind::kInvalid:
                return refuse(request, "405::channel_invalid");
            case ChannelKind::kMeta:
                return refuse(request, "403:denied_by_security_policy:subscribe_denied");
            case ChannelKind::kService:
                continue;  // private channels need no subscription
            case ChannelKind::kBroadcast:
            case ChannelKind::kWild:
                break;
        }
        if (!allowed(request, session, Operation::kCreate, name) ||
            !allowed(request, session, Operation::kSubscribe, name)) {
            return;
        }
        if (!session.alive()) return refuse(request, "403::subscribe_failed");  // somebody ended it just now
        const auto full = session.subscriptions.size() >= options_.max_subscriptions;
        if (full && std::ranges::none_of(session.subscriptions,
                                         [&](const auto& entry) { return entry.channel->name == name; })) {
            return refuse(request, bayeux_error(Code::kRateLimited, "subscriptions"));
        }
        const auto channels = subscriptions_.channels();
        if (!subscriptions_.add(session, name)) continue;
        ++counters_.subscriptions;
        if (subscriptions_.channels() != channels && tracks_channels()) announce(name, 1);
        tell(session, &SessionListener::on_subscribed, name);
        if (!session.alive()) return refuse(request, "403::subscribe_failed");
    }
    ReplyText text(pool_, message.id, message.channel, true);
    text.field("subscription", message.subscription);
    reply(request, text);
}

void EngineImpl::unsubscribe(const Request& request, Session& session) {
    const auto& message = request.message;
    if (message.subscription.empty()) return refuse(request, "403::subscription_missing");
    const auto names = named_channels(message.subscription);
    if (!names) return refuse(request, "403::subscription_invalid");
    for (const auto& name : *names) {
        if (kind_of(name) == ChannelKind::kInvalid) return refuse(request, "405::channel_invalid");
        const auto channels = subscriptions_.channels();
        if (!subscriptions_.remove(session, name)) continue;
        --counters_.subscriptions;
        if (subscriptions_.channels() != channels && tracks_channels()) announce(name, -1);
        tell(session, &SessionListener::on_unsubscribed, name);
        if (!session.alive()) return refuse(request, "403::unsubscribe_failed");
    }
    ReplyText text(pool_, message.id, message.channel, true);
    text.field("subscription", message.subscription);
    reply(request, text);
}

// The order matters to CometD's clients: what waited, the held connect's answer, and the reply to this last.
void EngineImpl::say_good_bye(const Request& request, const SessionPtr& session) {
    answer_held(session, "none");
    auto waiting = session->queue.take_unsent();
    const auto& answer = request.answer;
    if (!waiting.empty()) {
        if (answer.round) {
            answer.round->add_first(std::move(waiting));
        } else {
            answer.outlet->send(waiting);
        }
    }
    ReplyText text(pool_, request.message.id, request.message.channel, true);
    reply(request, text);
    remove(session, Removal::kGoodBye);
}

// --- publish ---

void EngineImpl::publish(const Request& request, const SessionPtr& session) {
    const auto& message = request.message;
    switch (kind_of(message.channel)) {
        case ChannelKind::kInvalid:
        case ChannelKind::kWild:
            return refuse(request, "405::channel_invalid");
        case ChannelKind::kMeta:
            return refuse(request, "403:denied_by_security_policy:channel_create_denied");
        case ChannelKind::kService:
            return publish_to_service(request, session);
        case ChannelKind::kBroadcast:
            break;
    }
    if (!within_rate(*session, message.data.size())) {
        return refuse(request, bayeux_error(Code::kRateLimited, "publishes"));
    }
    if (!allowed(request, *session, Operation::kCreate, message.channel) ||
        !allowed(request, *session, Operation::kPublish, message.channel)) {
        return;
    }
    if (table_ && !table_->channel_listeners.empty()) {
        Incoming incoming(message);
        if (!listened(*session, incoming)) return refuse(request, "404::message_deleted");
        return broadcast({incoming.message(), request.peer, request.answer, request.session}, *session);
    }
    broadcast(request, *session);
}

// One broadcast makes as much work as it has subscribers, so each session has an allowance. Services know
// their own.
bool EngineImpl::within_rate(Session& session, std::size_t bytes) {
    const auto now = parts_.clock.monotonic();
    const auto size = static_cast<double>(bytes);
    if (options_.publishes_per_second != 0 && session.publishes.wait(1, now) > Millis{0}) return false;
    if (options_.publish_bytes_per_second != 0 && session.publish_bytes.wait(size, now) > Millis{0})
        return false;
    session.publishes.take(1);
    session.publish_bytes.take(size);
    return true;
}

void EngineImpl::broadcast(const Request& request, const Session& session) {
    const auto& message = request.message;
    if (!publish_everywhere(message, &session)) return refuse(request, bayeux_error(Code::kRateLimited));
    ReplyText text(pool_, message.id, message.channel, true);
    reply(request, text);
}

void EngineImpl::publish_to_service(const Request& request, const SessionPtr& session) {
    Incoming incoming(request.message);
    if (table_ && !listened(*session, incoming)) return refuse(request, "404::message_deleted");
    const auto& message = incoming.message();
    const auto service = std::ranges::find_if(
        services_, [&](const auto& entry) { return below(message.channel, entry.first); });
    if (service == services_.end()) {
        ReplyText text(pool_, message.id, message.channel, true);
        return reply(request, text);
    }
    Publish publish;
    publish.from = session->ref;
    publish.principal = session->principal;
    publish.peer = request.peer;
    publish.channel = message.channel;
    publish.data = message.data.empty() ? std::string_view("null") : message.data;
    publish.id = message.id;
    auto done = [self = std::weak_ptr(self_), answer = request.answer, weak = std::weak_ptr(session),
                 id = std::string(message.id), channel = std::string(message.channel)](
                    std::optional<Error> error, const std::string& args) {
        const auto engine = self.lock();
        if (!engine) return;
        (*engine)->counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
        ReplyText text((*engine)->pool_, id, channel, !error);
        if (error) text.error(bayeux_error(error->code, args));
        answer.fill((*engine)->finish(text, weak.lock().get()));
    };
    service->second->on_publish(publish, Reply(std::move(done)));
}

}  // namespace twinpane::bayeux
