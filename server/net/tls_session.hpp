// TLS of one connection, driven on the socket without a stream class between: ciphertext comes in through
// the loop's one receive buffer, ciphertext goes out through the loop's one send buffer, so an idle
// connection holds OpenSSL's state and nothing else. Knows no socket events, owners or timers (TcpStream
// does). On its loop's thread only. Internal to net.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "net/tls_context.hpp"

struct bio_st;
struct ssl_st;

namespace twinpane::net {

// What the TLS connections of one loop share; one of them works at a time.
struct TlsEngine {
    static constexpr std::size_t kRecord = 16U << 10U;  // the most that one TLS record carries
    static constexpr std::size_t kReceive = 64U << 10U;

    std::array<char, kReceive> received{};  // ciphertext as it came from the socket
    std::span<const char> input;            // what of it OpenSSL has not taken
    std::string output;                     // ciphertext on its way out
    std::array<char, kRecord> record{};     // small parts gathered into one record
};

class TlsSession {
  public:
    // Plaintext encrypted, then sent, in one go.
    static constexpr std::size_t kBatch = 64U << 10U;
    // More ciphertext than this without a byte of plaintext is a flood: a record has 16 KiB, a ClientHello
    // some 2.
    static constexpr std::size_t kMostWithoutData = 64U << 10U;
    // More than this unsent: the peer makes TLS itself talk (key updates) and does not read.
    static constexpr std::size_t kMostPending = 256U << 10U;

    // Nothing when memory has run out. `engine` outlives the session.
    static std::unique_ptr<TlsSession> create(TlsEngine& engine, ssl_ctx_st& context);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    enum class Read : std::uint8_t {
        kWaiting,  // all input is used up
        kMore,     // `into` is full, there may be more: call again
        kEnd,      // close_notify: the peer will send no more
        kFailed,   // see fault()
    };
    // Takes ciphertext that begins engine.received; then read() until it does not say kMore.
    void feed(std::size_t received);
    // Handshakes or decrypts. `size`: how much of `into` was filled, whatever is returned.
    Read read(std::span<char> into, std::size_t& size);
    bool established() const { return established_; }
    bool usable() const { return established_ && !failed_; }
    bool flooded() const { return without_data_ > kMostWithoutData || pending() > kMostPending; }

    // Encrypts up to kBatch bytes of `parts`, of whose first `skip` bytes are done. Only when nothing is
    // pending. False: failed.
    bool encrypt(std::span<const SharedBytes> parts, std::size_t skip);
    // The plaintext of the last encrypt(), until push() has handed all of it to the kernel.
    std::size_t in_flight() const { return in_flight_; }
    // Makes a close_notify pending, once, if the session is in a state to send one. True: it is pending now.
    bool say_goodbye();
    // Makes bytes pending as they are, for a peer that speaks no TLS.
    void answer_in_clear(std::string_view bytes) { pending_.append(bytes); }

    enum class Push : std::uint8_t { kDone, kBlocked, kBroken };
    // Sends what is pending, as far as the kernel takes it now; `bytes`: how much that was. kDone: nothing is
    // left.
    Push push(int socket, std::size_t& bytes);
    std::size_t pending() const { return pending_.size() - pushed_; }
    std::uint64_t pushed_total() const { return pushed_total_; }

    // Why read() or encrypt() failed: one of OpenSSL's constant sentences.
    std::string_view fault() const { return fault_; }
    // The peer sent an HTTP request in clear.
    bool got_plain_http() const { return got_plain_http_; }

  private:
    TlsSession(TlsEngine& engine, ssl_st* ssl) : engine_(engine), ssl_(ssl) {}
    bool write_record(const char* bytes, std::size_t size);
    void keep_output();
    void fail();

    TlsEngine& engine_;
    ssl_st* const ssl_;
    std::string pending_;  // ciphertext the kernel has not taken; pushed_ bytes of it are gone
    std::size_t pushed_ = 0;
    std::size_t in_flight_ = 0;
    std::size_t without_data_ = 0;
    std::uint64_t pushed_total_ = 0;
    std::string_view fault_;
    bool established_ = false, failed_ = false, said_goodbye_ = false, got_plain_http_ = false;
};

}  // namespace twinpane::net
