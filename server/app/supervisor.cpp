#include "app/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "app/child.hpp"
#include "app/tls_files.hpp"
#include "app/welcome.hpp"
#include "observe/log.hpp"

namespace twinpane::app {

namespace {

bool has_terminal() {
    const int fd = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) ::close(fd);
    return fd >= 0;
}

class Supervisor {
  public:
    Supervisor(const LoadedConfig& loaded, const Overrides& overrides)
        : config_(loaded.config),
          log_(observe::parse_level(loaded.config.text("log.level")), "supervisor"),
          overrides_(overrides),
          path_(loaded.path),
          node_("node", {}) {
        node_.set_arguments(node_arguments());
        const auto demo_port = overrides.demo_port >= 0 ? overrides.demo_port : config_.integer("demo.port");
        if (demo_port > 0 || overrides.demo_port == 0) {
            demo_port_ = static_cast<int>(demo_port);
            demo_ = std::make_unique<Child>("demo", std::vector<std::string>{});
        }
    }

    int run() {
        const int signals = open_signals();
        if (signals < 0) return 1;
        started_ = clock_.monotonic();
        if (!node_.start(started_)) {
            log_.error("supervisor.fork_failed");
            return 1;
        }
        while (!done_) {
            wait(signals);
            const auto now = clock_.monotonic();
            read_signals(signals);
            read_reports(now);
            look_after(node_, node_restart_, now);
            if (demo_) look_after(*demo_, demo_restart_, now);
            check_stop(now);
        }
        ::close(signals);
        return exit_code_;
    }

  private:
    std::vector<std::string> node_arguments() const {
        std::vector<std::string> arguments{"node", "--config", path_};
        const auto add = [&](const char* name, int port) {
            if (port >= 0) arguments.insert(arguments.end(), {name, std::to_string(port)});
        };
        add("--public-port", overrides_.public_port);
        add("--internal-port", overrides_.internal_port);
        if (!overrides_.data.empty()) arguments.insert(arguments.end(), {"--data", overrides_.data});
        return arguments;
    }

    int open_signals() {
        sigset_t set;
        sigemptyset(&set);
        for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, s);
        ::sigprocmask(SIG_BLOCK, &set, nullptr);
        ::signal(SIGPIPE, SIG_IGN);
        return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    }

    void wait(int signals) {
        std::array<pollfd, 3> fds{pollfd{signals, POLLIN, 0}, pollfd{node_.ready_fd(), POLLIN, 0},
                                  pollfd{demo_ && !demo_ready_ ? demo_->ready_fd() : -1, POLLIN, 0}};
        int timeout = 1000;
        if (node_restart_ || demo_restart_ || stopping_) timeout = 50;
        ::poll(fds.data(), fds.size(), timeout);
    }

    void read_signals(int fd) {
        signalfd_siginfo signal{};
        while (::read(fd, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
            if (signal.ssi_signo == SIGINT || signal.ssi_signo == SIGTERM) stop();
            if (signal.ssi_signo == SIGHUP && !stopping_) hang_up();
        }
    }

    void hang_up() {
        if (had_terminal_ && !has_terminal()) return stop();
        // A node that is still coming up may have read the old files already, and may not yet take signals.
        reload_waits_ = !listening_;
        if (listening_) node_.hang_up();
    }

    void stop() {
        if (stopping_) {  // the second Ctrl-C: now
            node_.kill();
            if (demo_) demo_->kill();
            return;
        }
        stopping_ = true;
        stop_since_ = clock_.monotonic();
        log_.info("supervisor.stopping");
        node_.terminate();
        if (demo_) demo_->terminate();
    }

    void read_reports(Millis now) {
        for (const auto& line : node_.lines()) {
            std::istringstream words(line);
            std::string word;
            words >> word;
            if (word == "account") {
                words >> facts_.login;
                words >> facts_.password;
                std::getline(words >> std::ws, facts_.password_file);
            } else if (word == "ready") {
                words >> facts_.public_port >> facts_.internal_port;
                facts_.node_ready = listening_ = true;
                if (std::exchange(reload_waits_, false)) node_.hang_up();
                // A restarted node has to come back under the same ports, also if they were picked.
                overrides_.public_port = facts_.public_port;
                overrides_.internal_port = facts_.internal_port;
                node_.set_arguments(node_arguments());
                if (ever_ready_)
                    log_.info("supervisor.node_back", {{"after_ms", (now - node_.started()).count()}});
                if (demo_ && !demo_->running() && !demo_ready_) start_demo(now);
            }
        }
        if (demo_) {
            for (const auto& line : demo_->lines()) {
                std::istringstream words(line);
                std::string word;
                words >> word >> facts_.demo_port;
                demo_ready_ = word == "ready";
            }
        }
        if (!ever_ready_ && facts_.node_ready && (!demo_ || demo_ready_)) {
            ever_ready_ = true;
            facts_.milliseconds = (now - started_).count();
            std::cout << welcome(config_, facts_) << std::flush;
            facts_.password.clear();
        }
    }

    // After the node, whose public port it needs to know.
    void start_demo(Millis now) {
        demo_->set_arguments({"demo", "--config", path_, "--port", std::to_string(demo_port_),
                              "--public-port", std::to_string(facts_.public_port)});
        demo_->start(now);
    }

    void look_after(Child& child, std::optional<Millis>& restart, Millis now) {
        if (const auto status = child.reap()) {
            if (&child == &node_) listening_ = false;
            if (stopping_) return;
            if (!ever_ready_) {
                // It never came up: say so once and don't try for ever. Its own message is on standard error.
                log_.error("supervisor.start_failed",
                           {{"process", child.label()}, {"how", describe_status(*status)}});
                exit_code_ = WIFEXITED(*status) ? WEXITSTATUS(*status) : 1;
                if (exit_code_ == 0) exit_code_ = 1;
                stop();
                return;
            }
            const auto delay = child.restart_delay(now);
            restart = now + delay;
            log_.error("supervisor.died", {{"process", child.label()},
                                           {"how", describe_status(*status)},
                                           {"restart_in_ms", delay.count()}});
        }
        if (restart && *restart <= now && !stopping_) {
            restart.reset();
            if (!child.start(now)) restart = now + Millis{1000};
        }
    }

    void check_stop(Millis now) {
        if (!stopping_) return;
        if (!node_.running() && (!demo_ || !demo_->running())) {
            done_ = true;
            return;
        }
        const auto limit = Millis{config_.integer("stop.drain")} + Millis{5000};
        if (now - stop_since_ > limit) {
            log_.error("supervisor.kill", {{"after_ms", (now - stop_since_).count()}});
            node_.kill();
            if (demo_) demo_->kill();
        }
    }

    const config::Config& config_;
    observe::Log log_;
    Overrides overrides_;
    std::string path_;
    SystemClock clock_;
    Child node_;
    std::unique_ptr<Child> demo_;
    std::optional<Millis> node_restart_, demo_restart_;
    WelcomeFacts facts_;
    Millis started_{0}, stop_since_{0};
    const bool had_terminal_ = has_terminal();
    bool listening_ = false;  // the node of this moment
    bool reload_waits_ = false;
    bool ever_ready_ = false, demo_ready_ = false, stopping_ = false, done_ = false;
    int demo_port_ = 0;
    int exit_code_ = 0;
};

}  // namespace

namespace {
void print(const std::string& path, const std::vector<config::Problem>& problems, bool& good) {
    for (const auto& problem : problems) {
        std::cerr << path;
        if (problem.line > 0) std::cerr << ":" << problem.line;
        std::cerr << ": " << problem.reason << "\n";
        good = false;
    }
}
}  // namespace

LoadedConfig load_config(const std::string& path) {
    LoadedConfig loaded;
    auto parsed = config::load(path);
    if (auto* problems = std::get_if<std::vector<config::Problem>>(&parsed)) {
        print(path, *problems, loaded.good);
        return loaded;
    }
    loaded.good = true;
    loaded.config = std::move(std::get<config::Config>(parsed));
    std::error_code ignored;
    loaded.path = std::filesystem::absolute(path, ignored).string();
    print(path, tls_problems(loaded), loaded.good);
    return loaded;
}

int supervise(const LoadedConfig& loaded, const Overrides& overrides) {
    return Supervisor(loaded, overrides).run();
}

}  // namespace twinpane::app
