#include <algorithm>

#include "base/errors.hpp"
#include "bayeux/channel.hpp"
#include "bayeux/engine_impl.hpp"
#include "bayeux/json.hpp"

namespace twinpane::bayeux {

namespace {

// Advice that clients give for themselves is believed up to here.
constexpr Millis kMaxClientInterval{60'000};

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
    const auto round = std::make_shared<Round>(outlet, batch.messages.size());
    if (batch.is_handshake()) {
        handshake({batch.messages[0], peer, outlet, round, 0});
        return;
    }
    const auto session = resolve(batch, peer, outlet);
    for (std::size_t slot = 0; slot < batch.messages.size(); ++slot) {
        serve({batch.messages[slot], peer, outlet, round, slot}, session);
    }
}

// Whose transport message this is: the bound session's, or that of the first message's client id.
EngineImpl::SessionPtr EngineImpl::resolve(const Batch& batch, const Peer& peer,
                                           const std::shared_ptr<Outlet>& outlet) {
    const bool stream = outlet->kind() == Outlet::Kind::kStream;
    if (stream) {
        if (auto bound = outlet->session_.lock(); bound && bound->alive()) return bound;
    }
    auto session = find(batch.client_id());
    // A session of the internal side is of no use on the public one: its id must not open a way around the
    // wall.
    if (!session || session->internal != peer.internal || session->state == Session::State::kGone)
        return nullptr;
    if (stream && session->alive()) bind(session, outlet);
    return session;
}

void EngineImpl::serve(const Request& request, const SessionPtr& session) {
    const auto& message = request.message;
    const bool known = session && message.client_id == session->ref.id;
    if (message.channel.empty()) return refuse(request, "400::channel_missing");
    if (!valid_message_id(message.id)) return refuse(request, "405::message_id_invalid");
    if (message.channel == "/meta/connect" && known && session->state != Session::State::kGone) {
        return connect(request, session);
    }
    if (!known || !session->alive()) return refuse_unknown(request);
    touch(*session);
    if (message.channel == "/meta/subscribe") return subscribe(request, *session);
    if (message.channel == "/meta/unsubscribe") return unsubscribe(request, *session);
    if (message.channel == "/meta/disconnect") return say_good_bye(request, session);
    publish(request, session);
}

void EngineImpl::reply(const Request& request, ReplyText text) {
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    request.round->fill(request.slot, text.done());
}

void EngineImpl::refuse(const Request& request, std::string_view error) {
    const auto id = valid_message_id(request.message.id) ? request.message.id : std::string_view{};
    ReplyText text(id, request.message.channel, false);
    text.field("subscription", echo(request.message)).error(error);
    reply(request, std::move(text));
}

void EngineImpl::refuse_unknown(const Request& request) {
    ReplyText text(request.message.id, request.message.channel, false);
    text.field("subscription", echo(request.message)).error("402::session_unknown");
    // Only a connect may be told to shake hands again; CometD's clients do it by themselves otherwise.
    if (request.message.channel == "/meta/connect") text.advice(advice("handshake"));
    reply(request, std::move(text));
}

// --- handshake ---

void EngineImpl::handshake(const Request& request) {
    if (!valid_message_id(request.message.id)) return refuse(request, "405::message_id_invalid");
    if (request.outlet->handshaking_) return refuse(request, "403::handshake_failed");
    request.outlet->handshaking_ = true;
    parts_.policy.handshake(
        request.peer, request.message.ext,
        [self = std::weak_ptr(self_), id = std::string(request.message.id), internal = request.peer.internal,
         outlet = request.outlet, round = request.round](Result<std::shared_ptr<const Principal>> verdict) {
            const auto engine = self.lock();
            if (!engine) return;
            outlet->handshaking_ = false;
            if (outlet->is_gone()) return;  // nobody would ever learn the session's id
            (*engine)->finish_handshake(std::move(verdict), id, internal, outlet, round);
        });
}

void EngineImpl::finish_handshake(Result<std::shared_ptr<const Principal>> verdict, const std::string& id,
                                  bool internal, const std::shared_ptr<Outlet>& outlet,
                                  const std::shared_ptr<Round>& round) {
    if (verdict && sessions_.size() >= options_.max_sessions) verdict = fail(Code::kTooManySessions);
    if (verdict && stopping_) verdict = fail(Code::kShuttingDown);
    counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
    if (!verdict) {
        ++counters_.handshakes_denied;
        const auto code = verdict.error().code;
        // What the client can't change by asking again ends it; what may pass is tried again after a while.
        const bool passes = info(code).status >= 500;
        constexpr Millis kRetry{5000};
        ReplyText text(id, "/meta/handshake", false);
        text.error(bayeux_error(code))
            .advice({passes ? "handshake" : "none", passes ? kRetry : Millis{0}, options_.timeout});
        round->fill(0, text.done());
        return;
    }
    static constexpr char kHex[] = "0123456789abcdef";
    auto session = std::make_shared<Session>();
    session->ref.loop = parts_.loop;
    session->ref.id = {kHex[parts_.loop >> 4U], kHex[parts_.loop & 15U]};
    session->ref.id += random_hex(parts_.random, 16);
    session->principal = *verdict ? std::move(*verdict) : std::make_shared<const Principal>();
    session->internal = internal;
    session->interval = options_.interval;
    session->last_connect = outlet->kind();
    sessions_.emplace(session->ref.id, session);
    ++counters_.sessions;
    ++counters_.handshakes;
    arm(*session, parts_.clock.monotonic() + options_.interval + options_.max_interval);

    std::string types = "[";
    for (const auto& type : options_.connection_types) {
        if (types.size() > 1) types += ',';
        json::append_quoted(types, type);
    }
    types += ']';
    std::string client_id;
    json::append_quoted(client_id, session->ref.id);
    ReplyText text(id, "/meta/handshake", true);
    text.field("version", "\"1.0\"").field("minimumVersion", "\"1.0\"").field("clientId", client_id);
    text.field("supportedConnectionTypes", types).advice(advice());
    if (outlet->kind() == Outlet::Kind::kStream) bind(session, outlet);
    round->fill(0, text.done());
}

// --- connect ---

void EngineImpl::connect(const Request& request, const SessionPtr& session) {
    const auto& message = request.message;
    const auto kind = request.outlet->kind();
    if (session->state == Session::State::kLeaving) {
        ReplyText text(message.id, message.channel, true);
        text.advice(advice("none"));
        counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
        auto waiting = session->take_queue(nullptr);
        const auto farewell = waiting.back();
        waiting.pop_back();
        if (kind == Outlet::Kind::kStream) {
            if (!waiting.empty()) request.outlet->send(waiting);
        } else {
            request.round->add_first(std::move(waiting));
        }
        request.round->fill(request.slot, text.done(), farewell);
        forget(session);
        return;
    }

    // One connect at a time: an older one is given up. Over HTTP it must be answered with an error status, or
    // its client would take the answer for the one it waits for.
    if (session->held) {
        const auto older = take_held(*session);
        if (older->outlet->kind() == Outlet::Kind::kExchange) {
            older->outlet->session_.reset();
            older->outlet->refuse(Code::kWrongState);
        }
    }
    session->confirm();
    if (kind == Outlet::Kind::kExchange) {
        // The client has come back over HTTP, so it does not listen to the socket any more.
        if (session->stream) release_stream(*session);
        request.outlet->session_ = session;
    }

    const bool first = !session->connected;
    const bool moved = session->last_connect != kind;
    session->connected = true;
    session->last_connect = kind;

    auto timeout = options_.timeout;
    session->interval = options_.interval;
    if (!message.advice.empty()) {
        if (const auto own = json::small_integer(json::member(message.advice, "timeout").value_or(""))) {
            timeout = std::min(timeout, Millis{*own});
        }
        if (const auto own = json::small_integer(json::member(message.advice, "interval").value_or(""))) {
            session->interval = std::min(kMaxClientInterval, Millis{*own});
        }
    }

    auto held = std::make_unique<HeldConnect>();
    held->round = request.round;
    held->slot = request.slot;
    held->outlet = request.outlet;
    held->id = message.id;
    held->advise = first || moved || !message.advice.empty();
    held->interval = session->interval;
    session->held = std::move(held);
    ++counters_.held;
    session->deadline = Session::kNever;

    const bool free = kind == Outlet::Kind::kStream || (request.round->slots() == 1 && !session->has_queue());
    if (first || timeout <= Millis{0} || stopping_ || !free) {
        answer_held(session);
        return;
    }
    session->held->timer = parts_.timers.after(timeout, [this, weak = std::weak_ptr(session)] {
        if (const auto waiting = weak.lock()) answer_held(waiting);
    });
}

// --- subscriptions ---

void EngineImpl::subscribe(const Request& request, Session& session) {
    const auto& message = request.message;
    if (message.subscription.empty()) return refuse(request, "403::subscription_missing");
    const auto names = named_channels(message.subscription);
    if (!names) return refuse(request, "403::subscription_invalid");
    for (const auto& name : *names) {
        switch (classify_channel(name)) {
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
        if (!parts_.policy.may_subscribe(*session.principal, request.peer, name)) {
            return refuse(request, "403:denied_by_security_policy:subscribe_denied");
        }
        const auto full = session.subscriptions.size() >= options_.max_subscriptions;
        if (full && std::ranges::none_of(session.subscriptions,
                                         [&](const auto& entry) { return entry.channel->name == name; })) {
            return refuse(request, bayeux_error(Code::kRateLimited, "subscriptions"));
        }
        if (subscriptions_.add(session, name)) ++counters_.subscriptions;
    }
    ReplyText text(message.id, message.channel, true);
    text.field("subscription", message.subscription);
    reply(request, std::move(text));
}

void EngineImpl::unsubscribe(const Request& request, Session& session) {
    const auto& message = request.message;
    if (message.subscription.empty()) return refuse(request, "403::subscription_missing");
    const auto names = named_channels(message.subscription);
    if (!names) return refuse(request, "403::subscription_invalid");
    for (const auto& name : *names) {
        if (classify_channel(name) == ChannelKind::kInvalid) return refuse(request, "405::channel_invalid");
        if (subscriptions_.remove(session, name)) --counters_.subscriptions;
    }
    ReplyText text(message.id, message.channel, true);
    text.field("subscription", message.subscription);
    reply(request, std::move(text));
}

// The order matters to CometD's clients: what waited, the held connect's answer, and the reply to this last.
void EngineImpl::say_good_bye(const Request& request, const SessionPtr& session) {
    answer_held(session, "none");
    if (session->has_queue()) request.round->add_first(session->take_queue(nullptr));
    ReplyText text(request.message.id, request.message.channel, true);
    reply(request, std::move(text));
    remove(session, Removal::kDisconnected);
}

// --- publish ---

void EngineImpl::publish(const Request& request, const SessionPtr& session) {
    const auto& message = request.message;
    switch (classify_channel(message.channel)) {
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
    if (!parts_.policy.may_publish(*session->principal, request.peer, message.channel)) {
        return refuse(request, "403:denied_by_security_policy:publish_denied");
    }
    if (!publish_everywhere(message)) return refuse(request, bayeux_error(Code::kRateLimited));
    reply(request, ReplyText(message.id, message.channel, true));
}

void EngineImpl::publish_to_service(const Request& request, const SessionPtr& session) {
    const auto& message = request.message;
    const auto service = std::ranges::find_if(
        services_, [&](const auto& entry) { return below(message.channel, entry.first); });
    if (service == services_.end()) return reply(request, ReplyText(message.id, message.channel, true));
    Publish publish;
    publish.from = session->ref;
    publish.principal = session->principal;
    publish.peer = request.peer;
    publish.channel = message.channel;
    publish.data = message.data.empty() ? std::string_view("null") : message.data;
    publish.id = message.id;
    auto done = [self = std::weak_ptr(self_), round = request.round, slot = request.slot,
                 id = std::string(message.id), channel = std::string(message.channel)](
                    std::optional<Error> error, const std::string& args) {
        const auto engine = self.lock();
        if (!engine) return;
        (*engine)->counters_.messages_out.fetch_add(1, std::memory_order_relaxed);
        ReplyText text(id, channel, !error);
        if (error) text.error(bayeux_error(error->code, args));
        round->fill(slot, text.done());
    };
    service->second->on_publish(publish, Reply(std::move(done)));
}

}  // namespace twinpane::bayeux
