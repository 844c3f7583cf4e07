#include "app/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace twinpane::app {

namespace {
constexpr Millis kLongLife{10'000};

struct Pipe {
    int read = -1, write = -1;
    bool open() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read = ends[0];
        write = ends[1];
        return true;
    }
};
}  // namespace

Child::Child(std::string label, std::vector<std::string> arguments)
    : label_(std::move(label)), arguments_(std::move(arguments)) {}

Child::~Child() {
    if (running()) {
        kill();
        ::waitpid(pid_, nullptr, 0);
    }
    close_pipes();
}

void Child::close_pipes() {
    if (ready_) ::close(ready_->fd());
    ready_.reset();
    if (life_fd_ >= 0) ::close(life_fd_);
    life_fd_ = -1;
}

bool Child::start(Millis now) {
    close_pipes();
    Pipe ready;
    Pipe life;
    if (!ready.open() || !life.open()) return false;
    auto arguments = arguments_;
    arguments.insert(arguments.end(),
                     {"--ready-fd", std::to_string(ready.write), "--life-fd", std::to_string(life.read)});
    std::string program = "/proc/self/exe";
    std::string name = "twinpane";
    std::vector<char*> argv{name.data()};
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);

    const pid_t pid = ::fork();
    if (pid < 0) return false;
    if (pid == 0) {
        ::setpgid(0, 0);  // Ctrl-C in the terminal is the supervisor's business
        ::fcntl(ready.write, F_SETFD, 0);
        ::fcntl(life.read, F_SETFD, 0);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execv(program.c_str(), argv.data());
        ::_exit(127);
    }
    ::close(ready.write);
    ::close(life.read);
    ::fcntl(ready.read, F_SETFL, O_NONBLOCK);
    pid_ = pid;
    life_fd_ = life.write;
    ready_.emplace(ready.read);
    started_ = now;
    return true;
}

std::optional<int> Child::reap() {
    if (!running()) return std::nullopt;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    pid_ = -1;
    return status;
}

void Child::terminate() {
    if (!running()) return;
    ::kill(pid_, SIGTERM);
    if (life_fd_ >= 0) ::close(life_fd_);
    life_fd_ = -1;
}

void Child::kill() {
    if (running()) ::kill(pid_, SIGKILL);
}

void Child::hang_up() {
    if (running()) ::kill(pid_, SIGHUP);
}

Millis Child::restart_delay(Millis now) {
    if (now - started_ >= kLongLife) short_lives_ = 0;
    constexpr std::array<int, 6> steps{0, 200, 500, 1000, 2000, 5000};
    const auto step = std::min<std::size_t>(static_cast<std::size_t>(short_lives_), steps.size() - 1);
    ++short_lives_;
    return Millis{steps[step]};
}

std::string describe_status(int status) {
    if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
    return "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace twinpane::app
