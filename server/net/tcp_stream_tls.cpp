// The encrypted side of TcpStream.
#include <algorithm>

#include "net/http_response.hpp"
#include "net/loop_impl.hpp"
#include "net/problem.hpp"
#include "net/tcp_stream.hpp"
#include "net/tls_session.hpp"

namespace twinpane::net {

void TcpStream::await_handshake() {
    deadline_timer_ = loop_->after(loop_->limits().tls_handshake, [this] {
        loop_->refused(static_cast<int>(Code::kTimeout), peer_, "The TLS handshake took too long.");
        abort();
    });
}

void TcpStream::decrypt(std::size_t received) {
    tls_->feed(received);
    auto state = TlsSession::Read::kMore;
    while (state == TlsSession::Read::kMore) {
        const auto plain = loop_->read_buffer();
        std::size_t size = 0;
        state = tls_->read(plain, size);
        if (deadline_timer_ != 0 && tls_->established()) {
            loop_->cancel(std::exchange(deadline_timer_, 0));
            const auto opened = owner_;
            opened->on_open();
            if (queued_bytes_ > 0) mark_dirty();
        }
        if (size > 0) {
            const auto owner = owner_;
            owner->on_data(plain.first(size));
        }
        // What the owner had no use for any more is not worth decrypting.
        if (closed_ || closing_) return;
    }
    if (state == TlsSession::Read::kFailed) return fail_tls();
    if (tls_->flooded()) return cut_flood();
    if (tls_->pending() > 0) mark_dirty();
    if (state == TlsSession::Read::kEnd) take_eof();
}

// The alert that says why leaves before the connection ends. A browser that was sent to the wrong scheme gets
// words that it can show.
void TcpStream::fail_tls() {
    loop_->refused(static_cast<int>(Code::kBadTls), peer_, tls_->fault());
    if (tls_->got_plain_http()) {
        const auto response =
            problem_response(Code::kBadTls, "This port speaks HTTPS; use https:// or wss://.");
        auto answer = response_head(response.status, response.headers, response.body.size(), {.close = true},
                                    loop_->http_date())
                          .value_or("");
        tls_->answer_in_clear(answer + response.body);
    }
    release(parts_);
    first_ = head_sent_ = queued_bytes_ = 0;
    close_when_flushed(Linger::kYes);
}

void TcpStream::cut_flood() {
    loop_->refused(static_cast<int>(Code::kBadTls), peer_, "TLS records without data without end.");
    abort();
}

long TcpStream::send_encrypted() {
    if (!tls_->encrypt(std::span(parts_).subspan(first_), head_sent_)) {
        loop_->refused(static_cast<int>(Code::kBadTls), peer_, tls_->fault());
        return -1;
    }
    const auto plain = static_cast<long>(tls_->in_flight());
    std::size_t bytes = 0;
    const auto result = tls_->push(socket_.native_handle(), bytes);
    bump(loop_->counters().bytes_out, bytes);
    if (result == TlsSession::Push::kDone) return plain;
    return result == TlsSession::Push::kBlocked ? 0 : -1;
}

bool TcpStream::push_tls() {
    const auto plain = tls_->in_flight();
    if (!push_pending()) return false;
    if (plain > 0) consume(plain);
    if (tls_->usable()) return true;
    if (closing_) finish_closing();
    return false;
}

bool TcpStream::push_pending() {
    std::size_t bytes = 0;
    const auto result = tls_->push(socket_.native_handle(), bytes);
    bump(loop_->counters().bytes_out, bytes);
    if (result == TlsSession::Push::kDone) return true;
    if (result == TlsSession::Push::kBroken) {
        abort();
    } else {
        arm_write();
        watch_stall();
    }
    return false;
}

}  // namespace twinpane::net
