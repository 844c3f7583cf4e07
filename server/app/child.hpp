// One supervised child process.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "app/pipe_lines.hpp"
#include "base/clock.hpp"

namespace twinpane::app {

class Child {
  public:
    // `arguments`: after the program's own path; "--ready-fd N --life-fd N" are appended.
    explicit Child(std::string label, std::vector<std::string> arguments);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    // Forks and executes this very program. False if that fails.
    bool start(Millis now);
    bool running() const { return pid_ > 0; }
    pid_t pid() const { return pid_; }
    // Exit status in waitpid's form, once, if it has ended; then its pipes are closed.
    std::optional<int> reap();
    // Also closes the life pipe, so a child that ignores the signal still learns of it.
    void terminate();
    void kill();
    // Sends SIGHUP.
    void hang_up();

    const std::string& label() const { return label_; }
    int ready_fd() const { return ready_ ? ready_->fd() : -1; }
    std::vector<std::string> lines() { return ready_ ? ready_->read() : std::vector<std::string>{}; }
    Millis started() const { return started_; }
    void set_arguments(std::vector<std::string> arguments) { arguments_ = std::move(arguments); }

    // Back-off before the next start: at once after a long life, longer after each short one, at most 5 s.
    Millis restart_delay(Millis now);

  private:
    void close_pipes();

    std::string label_;
    std::vector<std::string> arguments_;
    pid_t pid_ = -1;
    int life_fd_ = -1;
    std::optional<PipeLines> ready_;
    Millis started_{0};
    int short_lives_ = 0;
};

// "killed by signal 9" or "ended with code 1".
std::string describe_status(int status);

}  // namespace twinpane::app
