#include "reactor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "clock.hpp"

namespace twinpane::load {

Reactor::Reactor() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(256U << 10U) {}

Reactor::~Reactor() {
    ::close(epoll_);
}

void Reactor::add(int descriptor, std::uint32_t events, Handler& handler) {
    ::epoll_event event{events, {.ptr = &handler}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

void Reactor::modify(int descriptor, std::uint32_t events, Handler& handler) {
    ::epoll_event event{events, {.ptr = &handler}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, descriptor, &event);
}

void Reactor::remove(int descriptor) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

void Reactor::at(std::uint64_t time, std::function<void()> task) {
    timers_.push({time, ++order_, std::move(task)});
}

void Reactor::run_timers() {
    // A few at a time: a schedule that is behind must not keep the sockets from being read.
    const auto now = now_ns();
    for (int i = 0; i < kTimersPerTurn && !stop_ && !timers_.empty() && timers_.top().time <= now; ++i) {
        const auto task = timers_.top().task;
        timers_.pop();
        task();
    }
}

void Reactor::run() {
    stop_ = false;
    std::array<::epoll_event, kEventsPerTurn> events;  // NOLINT: filled by the kernel
    while (!stop_) {
        ::timespec wait{};
        ::timespec* limit = nullptr;
        if (!timers_.empty()) {
            const auto now = now_ns();
            const auto left = timers_.top().time > now ? timers_.top().time - now : 0;
            wait.tv_sec = static_cast<std::time_t>(left / kSecond);
            wait.tv_nsec = static_cast<long>(left % kSecond);
            limit = &wait;
        }
        const int count =
            ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), limit, nullptr);
        for (int i = 0; i < count && !stop_; ++i) {
            static_cast<Handler*>(events[static_cast<std::size_t>(i)].data.ptr)
                ->on_event(events[static_cast<std::size_t>(i)].events);
        }
        run_timers();
    }
}

}  // namespace twinpane::load
