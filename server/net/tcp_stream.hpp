// One accepted TCP connection: reads into the loop's buffer, writes a bounded number of shared parts per
// system call, notices stalls, closes with linger. With a TlsSession the same bytes travel encrypted: the
// owner sees no difference but on_open(), and without one nothing is added but the look at a pointer. What
// the bytes mean is the owner's business (HttpConnection, WsConnection). On its loop's thread only. Internal
// to net.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "net/loop.hpp"

namespace twinpane::net {

class LoopImpl;
class TlsSession;

class StreamOwner {
  public:
    virtual ~StreamOwner() = default;
    // Once, before any other: bytes can be exchanged. At once in clear, after the handshake with TLS.
    virtual void on_open() = 0;
    // Bytes in the loop's buffer, theirs to change; LoopImpl::kPadding readable bytes follow. Gone after the
    // call.
    virtual void on_data(std::span<char> bytes) = 0;
    // The peer will send no more. It may still read.
    virtual void on_eof() = 0;
    // Some queued bytes went to the kernel.
    virtual void on_written() = 0;
    // Once, last: the socket is closed, whoever did it. Never called from inside write() or
    // close_when_flushed().
    virtual void on_closed() = 0;
    // The server stops: finish what is begun, then close.
    virtual void on_drain() = 0;
};

class TcpStream final : public Flushable, public std::enable_shared_from_this<TcpStream> {
  public:
    using Socket =
        boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

    // `connected` is a non-blocking socket whose ownership comes along. `on_end` runs once when it is closed.
    // `tls`: nothing for a connection in clear.
    TcpStream(std::shared_ptr<LoopImpl> loop, Socket connected, std::string peer, Task on_end,
              std::unique_ptr<TlsSession> tls);
    ~TcpStream() override;

    void start(std::shared_ptr<StreamOwner> owner);
    // Hands the connection to another owner (WebSocket upgrade).
    void set_owner(std::shared_ptr<StreamOwner> owner) { owner_ = std::move(owner); }

    // Queues bytes for the end of the turn. Ignored once closing.
    void write(SharedBytes part);
    void write(std::string part) { write(share(std::move(part))); }
    std::size_t queued_bytes() const { return queued_bytes_; }
    std::size_t queued_parts() const { return parts_.size() - first_; }
    // Positions in the outgoing byte stream.
    std::uint64_t enqueued_total() const { return written_ + queued_bytes_; }
    std::uint64_t written_total() const { return written_; }
    // Forgets queued parts of which no byte has left (or is encrypted and on its way).
    void drop_unsent();

    // Stops reading and the peer waits; resumes.
    void pause_reading(bool paused);

    enum class Linger : std::uint8_t { kNo, kYes };
    // Flushes what is queued, then closes. With linger the peer gets a second to read it: our side is shut
    // down and what still arrives is discarded (closing on unread bytes would reset the connection and lose
    // the answer).
    void close_when_flushed(Linger linger);
    // Closes now; nothing more is written. Not from a handler of the application: on_closed runs inside.
    void abort();
    void drain();

    bool closing() const { return closing_; }
    // Encrypted; only while it is not closed.
    bool secure() const { return tls_ != nullptr; }
    bool closed() const { return closed_; }
    const std::string& peer() const { return peer_; }
    LoopImpl& loop() const { return *loop_; }
    std::shared_ptr<LoopImpl> shared_loop() const { return loop_; }

    void flush() override;

  private:
    static constexpr std::size_t kGather = 64;  // buffers per system call
    static constexpr int kSendsPerFlush = 8;    // fairness between connections
    static constexpr int kReadsPerEvent = 4;    // likewise
    static constexpr std::size_t kLingerBytes = 4U << 20U;
    static constexpr Millis kLinger{1000};

    void arm_read();
    void on_readable();
    void arm_write();
    // Bytes sent by one system call; 0 when the kernel takes no more now, -1 when the connection is broken.
    long send_some();
    void consume(std::size_t sent);
    void take_eof();
    void watch_stall();
    void on_stall_timer();
    void finish_closing();
    void mark_dirty();
    bool unsent() const;
    std::uint64_t sent_total() const;

    // tcp_stream_tls.cpp
    void await_handshake();
    void decrypt(std::size_t received);
    void fail_tls();
    void cut_flood();
    long send_encrypted();
    // Sends what TLS still has to send; false: nothing more can be sent now.
    bool push_tls();
    // Whether all of it is sent; else the rest is seen to.
    bool push_pending();

    const std::shared_ptr<LoopImpl> loop_;
    Socket socket_;
    const std::string peer_;
    Task on_end_;
    std::shared_ptr<StreamOwner> owner_;
    std::unique_ptr<TlsSession> tls_;
    std::vector<SharedBytes> parts_;  // first_ .. end are queued
    std::size_t first_ = 0;
    std::size_t head_sent_ = 0;  // bytes of parts_[first_] that have left
    std::size_t queued_bytes_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t sent_at_watch_ = 0;
    TimerId stall_timer_ = 0;
    TimerId deadline_timer_ = 0;  // of the TLS handshake, later of the linger
    std::size_t discarded_ = 0;
    bool reading_ = false, paused_ = false, eof_ = false;
    bool waiting_to_write_ = false;
    bool closing_ = false, shut_ = false, closed_ = false;
    Linger linger_ = Linger::kNo;
};

}  // namespace twinpane::net
