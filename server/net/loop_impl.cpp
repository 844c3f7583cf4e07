#include "net/loop_impl.hpp"

#include <boost/asio/post.hpp>
#include <ctime>

#include "net/tcp_stream.hpp"

namespace twinpane::net {

LoopImpl::LoopImpl(unsigned index, Limits limits, OnRefused on_refused)
    : index_(index),
      limits_(limits),
      on_refused_(std::move(on_refused)),
      wheel_(clock_.monotonic()),
      thread_id_(std::this_thread::get_id()) {}

LoopImpl::~LoopImpl() = default;

void LoopImpl::refused(int number, std::string_view peer, std::string_view why) {
    bump(counters_.refused);
    if (on_refused_) on_refused_(number, peer, why);
}

void LoopImpl::post(Task task) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (post_closed_) return;  // `task` is destroyed by the caller's frame, outside the lock
        posted_.push_back(std::move(task));
        wake = !std::exchange(wake_pending_, true);
    }
    if (wake) boost::asio::post(io_, [this] { run_posted(); });
}

TimerId LoopImpl::after(Millis delay, Task task) {
    const auto now = clock_.monotonic();
    const auto id = wheel_.insert(now, delay, std::move(task));
    if (now + std::max(delay, Millis{0}) < armed_for_) rearm_ = true;
    return id;
}

void LoopImpl::cancel(TimerId id) {
    wheel_.cancel(id);
}

void LoopImpl::flush_at_end(std::shared_ptr<Flushable> what) {
    if (std::exchange(what->in_flush_list_, true)) return;
    dirty_.push_back(std::move(what));
}

void LoopImpl::start() {
    thread_ = std::thread([this] {
        thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        run();
    });
    // Here too: nobody who saw run() return may still pass for the loop's thread.
    thread_id_.store(thread_.get_id(), std::memory_order_relaxed);
}

void LoopImpl::request_stop() {
    post([this] { stop_ = true; });
}

void LoopImpl::join() {
    if (thread_.joinable()) {
        thread_.join();
        return;
    }
    thread_id_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    wind_up();
}

void LoopImpl::run() {
    const auto guard = boost::asio::make_work_guard(io_);
    arm_timer();
    while (!stop_) {
        // What the last flush made dirty again must not wait for the next event.
        if (dirty_.empty()) io_.run_one();
        for (int i = 0; i < kTurn && io_.poll_one() > 0; ++i) {
        }
        flush_dirty();
        if (rearm_) arm_timer();
    }
    wind_up();
}

void LoopImpl::wind_up() {
    for (const auto& stream : std::vector(streams_.begin(), streams_.end())) stream->abort();
    // Closing streams posts and cancels; give that a bounded number of rounds, then let go of the rest.
    for (int round = 0; round < 100; ++round) {
        io_.restart();
        const auto handlers = io_.poll();
        run_posted();
        flush_dirty();
        if (handlers == 0 && dirty_.empty()) {
            const std::lock_guard lock(mutex_);
            if (posted_.empty()) break;
        }
    }
    std::vector<Task> dropped;
    {
        const std::lock_guard lock(mutex_);
        post_closed_ = true;
        dropped.swap(posted_);
    }
    dropped.clear();
    dirty_.clear();
    wheel_.clear();
    timer_.cancel();
    io_.restart();
    io_.poll();
}

void LoopImpl::run_posted() {
    {
        const std::lock_guard lock(mutex_);
        wake_pending_ = false;
        running_tasks_.swap(posted_);
    }
    for (auto& task : running_tasks_) std::exchange(task, Task{})();
    running_tasks_.clear();
}

void LoopImpl::flush_dirty() {
    for (int round = 0; round < kFlushRounds && !dirty_.empty(); ++round) {
        flushing_.swap(dirty_);
        for (auto& item : flushing_) {
            item->in_flush_list_ = false;
            item->flush();
        }
        flushing_.clear();
    }
}

void LoopImpl::arm_timer() {
    rearm_ = false;
    const auto next = wheel_.next();
    if (!next) {
        armed_for_ = Millis::max();
        return;
    }
    if (*next == armed_for_) return;
    armed_for_ = *next;
    timer_.expires_at(std::chrono::steady_clock::time_point(*next));
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        armed_for_ = Millis::max();
        rearm_ = true;
        wheel_.advance(clock_.monotonic());
    });
}

TlsEngine& LoopImpl::tls() {
    if (!tls_) tls_ = std::make_unique<TlsEngine>();
    return *tls_;
}

std::string_view LoopImpl::http_date() {
    const auto second = clock_.unix_ms() / 1000;
    if (second != date_second_) {
        date_second_ = second;
        const auto time = static_cast<std::time_t>(second);
        std::tm parts{};
        ::gmtime_r(&time, &parts);
        std::array<char, 64> text{};
        // The C locale's names: the process never calls setlocale.
        const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        date_.assign(text.data(), size);
    }
    return date_;
}

void LoopImpl::add_stream(std::shared_ptr<TcpStream> stream) {
    streams_.insert(std::move(stream));
}
void LoopImpl::remove_stream(const std::shared_ptr<TcpStream>& stream) {
    streams_.erase(stream);
}

void LoopImpl::drain_streams() {
    draining_ = true;
    for (const auto& stream : std::vector(streams_.begin(), streams_.end())) stream->drain();
}

}  // namespace twinpane::net
