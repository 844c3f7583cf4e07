#include "net/tcp_stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "net/loop_impl.hpp"
#include "net/tls_session.hpp"

namespace twinpane::net {

TcpStream::TcpStream(std::shared_ptr<LoopImpl> loop, Socket connected, std::string peer, Task on_end,
                     std::unique_ptr<TlsSession> tls)
    : loop_(std::move(loop)),
      socket_(std::move(connected)),
      peer_(std::move(peer)),
      on_end_(std::move(on_end)),
      tls_(std::move(tls)) {}

TcpStream::~TcpStream() = default;

void TcpStream::start(std::shared_ptr<StreamOwner> owner) {
    owner_ = std::move(owner);
    loop_->add_stream(shared_from_this());
    bump(loop_->counters().connections);
    arm_read();
    if (tls_) return await_handshake();
    const auto opened = owner_;
    opened->on_open();
}

void TcpStream::write(SharedBytes part) {
    if (closing_ || closed_ || part->empty()) return;
    queued_bytes_ += part->size();
    parts_.push_back(std::move(part));
    mark_dirty();
}

void TcpStream::drop_unsent() {
    auto keep = first_;
    for (auto gone = head_sent_ + (tls_ ? tls_->in_flight() : 0); gone > 0; ++keep)
        gone -= std::min(gone, parts_[keep]->size());
    while (parts_.size() > keep) {
        queued_bytes_ -= parts_.back()->size();
        parts_.pop_back();
    }
}

void TcpStream::pause_reading(bool paused) {
    paused_ = paused;
    if (!paused_) arm_read();
}

void TcpStream::close_when_flushed(Linger linger) {
    if (closing_ || closed_) return;
    closing_ = true;
    linger_ = linger;
    paused_ = false;
    arm_read();
    mark_dirty();
}

void TcpStream::mark_dirty() {
    loop_->flush_at_end(shared_from_this());
}

void TcpStream::abort() {
    if (closed_) return;
    closed_ = closing_ = true;
    loop_->cancel(stall_timer_);
    loop_->cancel(deadline_timer_);
    boost::system::error_code ignored;
    socket_.close(ignored);
    tls_.reset();
    release(parts_);
    first_ = head_sent_ = queued_bytes_ = 0;
    drop(loop_->counters().connections);
    on_end_();
    const auto self = shared_from_this();
    loop_->remove_stream(self);
    // The owner refers to us, so it is let go of here to break the ring.
    if (const auto owner = std::move(owner_)) owner->on_closed();
}

void TcpStream::drain() {
    if (closing_ || closed_) return;
    if (const auto owner = owner_) owner->on_drain();
}

void TcpStream::arm_read() {
    if (reading_ || paused_ || eof_ || closed_) return;
    reading_ = true;
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& ec) {
        self->reading_ = false;
        if (self->closed_) return;
        if (ec) return self->abort();
        self->on_readable();
    });
}

void TcpStream::on_readable() {
    const auto buffer = tls_ ? std::span<char>(loop_->tls().received) : loop_->read_buffer();
    for (int i = 0; i < kReadsPerEvent && !closed_ && !paused_ && !eof_; ++i) {
        const auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            return abort();
        }
        if (got == 0) {
            take_eof();
            break;
        }
        const auto size = static_cast<std::size_t>(got);
        bump(loop_->counters().bytes_in, size);
        if (closing_) {
            discarded_ += size;
            if (discarded_ > kLingerBytes) return abort();
        } else if (tls_) {
            decrypt(size);
        } else {
            const auto owner = owner_;
            owner->on_data(buffer.first(size));
        }
        if (size < buffer.size()) break;
    }
    arm_read();
}

void TcpStream::take_eof() {
    eof_ = true;
    if (shut_ || (tls_ && !tls_->established())) return abort();
    if (closing_) return;
    const auto owner = owner_;
    owner->on_eof();
}

void TcpStream::flush() {
    if (closed_ || waiting_to_write_) return;
    const auto before = written_;
    if (tls_ && !push_tls()) return;
    for (int i = 0; i < kSendsPerFlush && queued_bytes_ > 0; ++i) {
        const auto sent = tls_ ? send_encrypted() : send_some();
        if (sent < 0) return abort();
        if (sent == 0) {
            arm_write();
            break;
        }
        consume(static_cast<std::size_t>(sent));
    }
    if (queued_bytes_ > 0) {
        watch_stall();
        if (!waiting_to_write_) mark_dirty();
    }
    if (written_ != before && !closing_) {
        const auto owner = owner_;
        owner->on_written();
    }
    if (closing_ && queued_bytes_ == 0) finish_closing();
}

long TcpStream::send_some() {
    std::array<::iovec, kGather> gather;  // NOLINT: filled below
    std::size_t count = 0;
    for (auto i = first_; i < parts_.size() && count < kGather; ++i, ++count) {
        const auto skip = i == first_ ? head_sent_ : 0;
        // The kernel does not write through it.
        gather[count] = {const_cast<char*>(parts_[i]->data()) + skip, parts_[i]->size() - skip};
    }
    ::msghdr message{};
    message.msg_iov = gather.data();
    message.msg_iovlen = count;
    while (true) {
        const auto sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bump(loop_->counters().bytes_out, static_cast<std::size_t>(sent));
            return sent;
        }
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
}

void TcpStream::consume(std::size_t sent) {
    written_ += sent;
    queued_bytes_ -= sent;
    sent += head_sent_;
    while (first_ < parts_.size() && sent >= parts_[first_]->size()) {
        sent -= parts_[first_]->size();
        parts_[first_++].reset();
    }
    head_sent_ = sent;
    if (first_ == parts_.size()) {
        first_ = 0;
        // An idle connection keeps room for one gathered write (1 KiB at most): without it a busy one would
        // allocate in every turn.
        if (parts_.capacity() > kGather) release(parts_);
        parts_.clear();
    } else if (first_ > 1024) {
        parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

void TcpStream::arm_write() {
    waiting_to_write_ = true;
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& ec) {
        self->waiting_to_write_ = false;
        if (self->closed_) return;
        if (ec) return self->abort();
        self->flush();
    });
}

// Without progress for the time allowed, the peer is cut off. One timer per blocked connection; it looks
// again as long as bytes move, and ends by itself when nothing is queued.
void TcpStream::watch_stall() {
    if (stall_timer_ != 0) return;
    sent_at_watch_ = sent_total();
    stall_timer_ = loop_->after(loop_->limits().write_stall, [this] { on_stall_timer(); });
}

void TcpStream::on_stall_timer() {
    stall_timer_ = 0;
    if (!unsent()) return;
    if (sent_total() == sent_at_watch_) return abort();
    watch_stall();
}

bool TcpStream::unsent() const {
    return queued_bytes_ > 0 || (tls_ && tls_->pending() > 0);
}

// With TLS the bytes on the wire: a part may be long on its way.
std::uint64_t TcpStream::sent_total() const {
    return tls_ ? tls_->pushed_total() : written_;
}

void TcpStream::finish_closing() {
    if (tls_ && tls_->say_goodbye() && !push_pending()) return;
    if (linger_ == Linger::kNo || eof_) return abort();
    if (shut_) return;
    shut_ = true;
    ::shutdown(socket_.native_handle(), SHUT_WR);
    loop_->cancel(deadline_timer_);
    deadline_timer_ = loop_->after(kLinger, [this] { abort(); });
}

}  // namespace twinpane::net
