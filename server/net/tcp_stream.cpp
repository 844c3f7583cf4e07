#include "net/tcp_stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "net/loop_impl.hpp"

namespace twinpane::net {

TcpStream::TcpStream(std::shared_ptr<LoopImpl> loop, Socket connected, std::string peer, Task on_end)
    : loop_(std::move(loop)),
      socket_(std::move(connected)),
      peer_(std::move(peer)),
      on_end_(std::move(on_end)) {}

TcpStream::~TcpStream() = default;

void TcpStream::start(std::shared_ptr<StreamOwner> owner) {
    owner_ = std::move(owner);
    loop_->add_stream(shared_from_this());
    bump(loop_->counters().connections);
    arm_read();
}

void TcpStream::write(SharedBytes part) {
    if (closing_ || closed_ || part->empty()) return;
    queued_bytes_ += part->size();
    parts_.push_back(std::move(part));
    mark_dirty();
}

void TcpStream::drop_unsent() {
    const auto keep = head_sent_ > 0 ? first_ + 1 : first_;
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
    loop_->cancel(linger_timer_);
    boost::system::error_code ignored;
    socket_.close(ignored);
    parts_.clear();
    parts_.shrink_to_fit();
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
    const auto buffer = loop_->read_buffer();
    for (int i = 0; i < kReadsPerEvent && !closed_ && !paused_ && !eof_; ++i) {
        const auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            return abort();
        }
        if (got == 0) {
            eof_ = true;
            if (shut_) return abort();
            if (!closing_) {
                const auto owner = owner_;
                owner->on_eof();
            }
            break;
        }
        const auto size = static_cast<std::size_t>(got);
        bump(loop_->counters().bytes_in, size);
        if (closing_) {
            discarded_ += size;
            if (discarded_ > kLingerBytes) return abort();
        } else {
            const auto owner = owner_;
            owner->on_data(buffer.first(size));
        }
        if (size < buffer.size()) break;
    }
    arm_read();
}

void TcpStream::flush() {
    if (closed_ || waiting_to_write_) return;
    const auto before = written_;
    for (int i = 0; i < kSendsPerFlush && queued_bytes_ > 0; ++i) {
        const auto sent = send_some();
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
        if (sent >= 0) return sent;
        if (errno == EINTR) continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
}

void TcpStream::consume(std::size_t sent) {
    bump(loop_->counters().bytes_out, sent);
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
        // An idle connection keeps no queue storage beyond a few entries.
        if (parts_.capacity() > 16) parts_ = {};
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
    written_at_watch_ = written_;
    stall_timer_ = loop_->after(loop_->limits().write_stall, [this] { on_stall_timer(); });
}

void TcpStream::on_stall_timer() {
    stall_timer_ = 0;
    if (queued_bytes_ == 0) return;
    if (written_ == written_at_watch_) return abort();
    watch_stall();
}

void TcpStream::finish_closing() {
    if (linger_ == Linger::kNo || eof_) return abort();
    if (shut_) return;
    shut_ = true;
    ::shutdown(socket_.native_handle(), SHUT_WR);
    linger_timer_ = loop_->after(kLinger, [this] { abort(); });
}

}  // namespace twinpane::net
