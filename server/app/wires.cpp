#include "app/wires.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace twinpane::app {

namespace {
sigset_t own_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}
}  // namespace

void Wires::block_signals() {
    const auto set = own_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
}

void Wires::report(std::string_view line) const {
    if (ready_fd < 0) return;
    auto text = std::string(line) + "\n";
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto done = ::write(ready_fd, rest.data(), rest.size());
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(done));
    }
}

void Wires::wait_for_stop(const std::function<void()>& on_hang_up) const {
    const auto set = own_signals();
    const int signals = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    std::array<pollfd, 2> fds{pollfd{signals, POLLIN, 0}, pollfd{life_fd, POLLIN, 0}};
    while (true) {
        if (::poll(fds.data(), fds.size(), -1) < 0) {
            if (errno == EINTR) continue;
            break;
        }
        signalfd_siginfo signal{};
        if (::read(signals, &signal, sizeof signal) != static_cast<ssize_t>(sizeof signal)) break;
        if (signal.ssi_signo != SIGHUP) break;
        on_hang_up();
        if (fds[1].revents != 0) break;
    }
    ::close(signals);
}

}  // namespace twinpane::app
