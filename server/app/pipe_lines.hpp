// Whole lines out of a non-blocking pipe.
#pragma once

#include <string>
#include <vector>

namespace twinpane::app {

class PipeLines {
  public:
    explicit PipeLines(int fd) : fd_(fd) {}
    // What has arrived by now, without line ends. Lines over 4 KiB are dropped. Sets closed() at end of file.
    std::vector<std::string> read();
    bool closed() const { return closed_; }
    int fd() const { return fd_; }

  private:
    int fd_;
    std::string rest_;
    bool closed_ = false;
};

}  // namespace twinpane::app
