// Loop on Boost.Asio. Internal to net: everything else sees net/loop.hpp.
//
// One turn: run one handler (waiting for it if need be), then up to kTurn more that are ready, then flush
// every dirty Flushable once, outside Asio's handler queue. A posted "flush later" handler would run before
// the next read and so would not batch.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "net/inflater.hpp"
#include "net/loop.hpp"
#include "net/server.hpp"
#include "net/timer_wheel.hpp"
#include "net/tls_session.hpp"

namespace twinpane::net {

class TcpStream;

// What one loop counts; read from any thread. Own cache line, so that loops do not disturb each other.
struct alignas(64) Counters {
    std::atomic<std::uint64_t> connections{0}, websockets{0}, requests{0}, bytes_in{0}, bytes_out{0},
        refused{0};
};

inline void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
    counter.fetch_add(by, std::memory_order_relaxed);
}
inline void drop(std::atomic<std::uint64_t>& gauge) {
    gauge.fetch_sub(1, std::memory_order_relaxed);
}

class LoopImpl final : public Loop, public std::enable_shared_from_this<LoopImpl> {
  public:
    static constexpr std::size_t kReadBuffer = 64U << 10U;
    static constexpr std::size_t kPadding = 64;

    LoopImpl(unsigned index, Limits limits, OnRefused on_refused = {});
    ~LoopImpl() override;

    // Executor, Timers, Loop. after() and cancel() may also be called before start(), by the thread that
    // starts.
    void post(Task task) override;
    TimerId after(Millis delay, Task task) override;
    void cancel(TimerId id) override;
    unsigned index() const override { return index_; }
    bool is_here() const override {
        return std::this_thread::get_id() == thread_id_.load(std::memory_order_relaxed);
    }
    void flush_at_end(std::shared_ptr<Flushable> what) override;

    void start();
    // Ends the loop after this turn: closes all streams, runs what that causes, drops the rest. Any thread.
    void request_stop();
    // Waits for the thread. Without start(), only cleans up.
    void join();

    boost::asio::io_context& io() { return io_; }
    const Limits& limits() const { return limits_; }
    Counters& counters() { return counters_; }
    // Counts and reports what a peer did wrong.
    void refused(int number, std::string_view peer, std::string_view why);
    Millis now() const { return clock_.monotonic(); }
    // One buffer for all connections of the loop: what is in it is consumed before the handler returns.
    // kPadding readable bytes follow it.
    std::span<char> read_buffer() { return {read_buffer_.data(), kReadBuffer}; }
    // One for all WebSockets of the loop.
    InflaterPool& inflaters() { return inflaters_; }
    // What the TLS connections of this loop share; made for the first of them.
    TlsEngine& tls();
    // IMF-fixdate of the present second.
    std::string_view http_date();

    void add_stream(std::shared_ptr<TcpStream> stream);
    void remove_stream(const std::shared_ptr<TcpStream>& stream);
    // Tells every connection to come to an end (Server::stop).
    void drain_streams();
    bool draining() const { return draining_; }

  private:
    static constexpr int kTurn = 128;
    static constexpr int kFlushRounds = 4;

    void run();
    void wind_up();
    void run_posted();
    void flush_dirty();
    void arm_timer();

    const unsigned index_;
    const Limits limits_;
    const OnRefused on_refused_;
    const SystemClock clock_;
    boost::asio::io_context io_{1};
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      boost::asio::io_context::executor_type>
        timer_{io_};
    TimerWheel wheel_;
    Millis armed_for_ = Millis::max();
    bool rearm_ = false;

    std::mutex mutex_;
    std::vector<Task> posted_;   // guarded by mutex_
    bool wake_pending_ = false;  // guarded by mutex_
    bool post_closed_ = false;   // guarded by mutex_
    std::vector<Task> running_tasks_;

    InflaterPool inflaters_;
    std::vector<std::shared_ptr<Flushable>> dirty_, flushing_;
    std::unordered_set<std::shared_ptr<TcpStream>> streams_;
    bool stop_ = false;
    bool draining_ = false;
    std::array<char, kReadBuffer + kPadding> read_buffer_{};
    std::unique_ptr<TlsEngine> tls_;
    std::string date_;
    std::int64_t date_second_ = -1;
    Counters counters_;
    std::thread thread_;
    std::atomic<std::thread::id> thread_id_{};
};

}  // namespace twinpane::net
