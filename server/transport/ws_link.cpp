#include "transport/ws_link.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "net/ws_codec.hpp"

namespace twinpane::transport {

namespace {

constexpr auto kOverflowCode = static_cast<std::uint16_t>(Code::kQueueFull);
constexpr std::uint16_t kUnsupportedData = 1003;
constexpr std::uint16_t kPolicyViolation = 1008;

std::uint16_t close_code(Code code) {
    switch (code) {
        case Code::kBadJson:
            return net::kCloseBadData;
        case Code::kMessageTooLarge:
            return net::kCloseTooBig;
        default:
            return kPolicyViolation;
    }
}

}  // namespace

WsLink::WsLink(std::shared_ptr<BayeuxContext> context, std::shared_ptr<net::WebSocket> socket,
               bayeux::Peer peer)
    : Outlet(Kind::kStream),
      context_(std::move(context)),
      socket_(std::move(socket)),
      peer_(std::make_shared<const bayeux::Peer>(std::move(peer))),
      here_(socket_->loop().index()) {}

void WsLink::wait_for_session() {
    if (unbound_timer_ != 0 || closing_ || !socket_) return;
    unbound_timer_ = socket_->loop().after(context_->limits.unbound, [weak = weak_from_this()] {
        const auto link = weak.lock();
        if (!link) return;
        link->unbound_timer_ = 0;
        link->close(kPolicyViolation, Code::kTimeout);
    });
}

// Whose connection this is now; empty: nobody's, for a while.
void WsLink::set_bound(std::string_view client_id) {
    bound_ = client_id;
    if (client_id.empty()) return wait_for_session();
    if (unbound_timer_ != 0 && socket_) socket_->loop().cancel(std::exchange(unbound_timer_, 0));
}

// --- from the client ---

void WsLink::on_message(std::string_view text) {
    if (closing_) return;
    auto batch = bayeux::parse_batch(text, bayeux::Utf8::kChecked);
    if (!batch) {
        context_->refused(batch.error().code, peer_->address);
        return close(close_code(batch.error().code), batch.error().code);
    }

    // A handshake makes a session on this loop; everything else goes to where the session is.
    auto home = here_;
    if (!batch->is_handshake()) {
        const auto loop = bayeux::loop_of(bound_.empty() ? batch->client_id() : std::string_view(bound_));
        if (loop && *loop < context_->engines.size()) home = *loop;
    }
    if (home != here_) return forward(home, std::move(*batch), text);
    context_->engines.inlet(here_).receive(*batch, *peer_, shared_from_this());
}

void WsLink::forward(unsigned home, bayeux::Batch batch, std::string_view text) {
    if (remote_ && remote_home_ != home) drop_remote(false);
    if (!remote_) {
        remote_ =
            std::make_shared<RemoteStream>(shared_from_this(), context_, context_->engines.executor(here_));
        remote_home_ = home;
    }
    if (remote_->arriving + text.size() > context_->limits.max_in_flight) {
        return close(kPolicyViolation, Code::kRateLimited);
    }
    remote_->arriving += text.size();
    context_->engines.executor(home).post([context = context_, home, remote = remote_, peer = peer_,
                                           size = text.size(),
                                           owned = bayeux::own_text(std::move(batch), text)] {
        remote->arriving -= size;
        context->engines.inlet(home).receive(owned, *peer, remote);
    });
}

void WsLink::on_binary(std::string_view) {
    close(kUnsupportedData, Code::kUnsupportedMediaType);
}

// The reason carries the number, as in "400:4001:bad_json".
void WsLink::close(std::uint16_t code, Code error) {
    if (closing_) return;
    closing_ = true;
    if (socket_) socket_->close(code, bayeux_error(error));
}

void WsLink::on_close(std::uint16_t code) {
    closing_ = true;
    if (unbound_timer_ != 0 && socket_) socket_->loop().cancel(std::exchange(unbound_timer_, 0));
    const bool overflowed = overflowed_ || code == kOverflowCode;
    drop_remote(overflowed);
    // Later: the socket may have been closed from within send().
    context_->engines.executor(here_).post([context = context_, self = shared_from_this(), overflowed] {
        self->socket_.reset();
        context->engines.inlet(self->here_).gone(self, overflowed);
    });
}

void WsLink::drop_remote(bool overflowed) {
    if (!remote_) return;
    context_->engines.executor(remote_home_)
        .post([context = context_, home = remote_home_, remote = std::exchange(remote_, nullptr),
               overflowed] { context->engines.inlet(home).gone(remote, overflowed); });
}

// --- to the client ---

bool WsLink::send(std::span<const SharedBytes> messages) {
    auto& cache = context_->frames[here_];
    const auto per_frame = context_->options.messages_per_frame;
    while (!messages.empty()) {
        if (closing_) return false;  // then the socket may be gone
        const auto part = messages.first(std::min(per_frame, messages.size()));
        messages = messages.subspan(part.size());
        // A message alone has the same frame for all its receivers. Several together may mix what must not be
        // compressed together, so they are not.
        auto frame = part.size() == 1 ? cache.frame_of(part[0], socket_->deflate_bits(),
                                                       context_->options.compression.services)
                                      : net::encode_text_frame(json_array(part));
        if (!socket_->send(std::move(frame))) {
            closing_ = true;
            return false;
        }
    }
    return true;
}

void WsLink::refuse(Code code) {
    close(close_code(code), code);
}

std::size_t WsLink::queued_bytes() const {
    return socket_ ? socket_->queued_bytes() : 0;
}

void WsLink::bound(std::string_view client_id) {
    set_bound(client_id);
    drop_remote(false);
}

void WsLink::unbound() {
    if (!remote_) set_bound({});
}

void WsLink::remote_bound(const std::shared_ptr<RemoteStream>& remote, const std::string& client_id) {
    if (remote == remote_) set_bound(client_id);
}

void WsLink::remote_unbound(const std::shared_ptr<RemoteStream>& remote) {
    if (remote == remote_) set_bound({});
}

void WsLink::overflow() {
    overflowed_ = true;
    if (closing_) return;
    closing_ = true;
    if (socket_) socket_->close(kOverflowCode, bayeux_error(Code::kQueueFull));
}

// --- from another loop ---

RemoteStream::RemoteStream(const std::shared_ptr<WsLink>& link, std::shared_ptr<BayeuxContext> context,
                           Executor& there)
    : Outlet(Kind::kStream), link_(link), context_(std::move(context)), there_(there) {}

// Runs `call` on the connection's loop, if the connection is still there.
template <typename Call>
void RemoteStream::on_link(Call call) const {
    there_.post([weak = link_, call = std::move(call)] {
        if (const auto link = weak.lock()) call(*link);
    });
}

bool RemoteStream::send(std::span<const SharedBytes> messages) {
    if (closing_ || is_gone()) return false;
    std::size_t size = 0;
    for (const auto& message : messages) size += message->size();
    if (flow_->leaving != 0 && flow_->leaving + size > context_->limits.max_in_flight) {
        closing_ = true;
        on_link([](WsLink& link) { link.overflow(); });
        return false;
    }
    flow_->leaving += size;
    on_link([flow = flow_, size, all = std::vector(messages.begin(), messages.end())](WsLink& link) {
        flow->leaving -= size;
        link.send(all);
        flow->queued = link.queued_bytes();
    });
    return true;
}

void RemoteStream::refuse(Code code) {
    on_link([code](WsLink& link) { link.refuse(code); });
}

std::size_t RemoteStream::queued_bytes() const {
    const std::size_t queued = flow_->queued;
    // An old reading would keep whoever waits for the queue to fall waiting for ever.
    if (queued != 0 && !flow_->looking.exchange(true)) {
        on_link([flow = flow_](WsLink& link) {
            flow->queued = link.queued_bytes();
            flow->looking = false;
        });
    }
    return queued + flow_->leaving;
}

void RemoteStream::bound(std::string_view client_id) {
    on_link([self = shared_from_this(), id = std::string(client_id)](WsLink& link) {
        link.remote_bound(self, id);
    });
}

void RemoteStream::unbound() {
    on_link([self = shared_from_this()](WsLink& link) { link.remote_unbound(self); });
}

}  // namespace twinpane::transport
