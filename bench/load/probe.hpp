// What the server costs, read from /proc while it works: scheduler run time of all its threads, resident
// memory.
#pragma once

#include <cstdint>
#include <map>

namespace twinpane::load {

// The process that listens on a TCP port of this machine; 0 if there is none or it may not be looked at.
int pid_listening_on(std::uint16_t port);

class Probe {
  public:
    explicit Probe(int pid) : pid_(pid) {}
    int pid() const { return pid_; }
    // Starts counting.
    void begin();
    // CPU time since begin() in ns: run time of every thread that lives now. The share of a thread that ended
    // in between is lost.
    std::uint64_t cpu_ns() const;
    // Threads that run now.
    std::size_t threads() const { return run_times().size(); }
    // VmRSS in KiB.
    std::uint64_t resident_kib() const;

  private:
    std::map<int, std::uint64_t> run_times() const;  // by thread

    int pid_;
    std::map<int, std::uint64_t> at_begin_;
};

}  // namespace twinpane::load
