#include "probe.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace twinpane::load {

namespace {
namespace fs = std::filesystem;

// The inodes of sockets that listen on `port`, of one table of /proc/net.
void listening_inodes(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
        fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >>
            inode;
        if (state != "0A") continue;
        const auto colon = local.rfind(':');
        unsigned found = 0;
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16);
        if (found == port) inodes.insert("socket:[" + inode + "]");
    }
}

int number_of(const fs::path& path) {
    const auto name = path.filename().string();
    int value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    return error == std::errc{} && end == name.data() + name.size() ? value : 0;
}
}  // namespace

int pid_listening_on(std::uint16_t port) {
    std::set<std::string> inodes;
    listening_inodes("/proc/net/tcp", port, inodes);
    listening_inodes("/proc/net/tcp6", port, inodes);
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
        const int pid = number_of(process.path());
        if (pid == 0) continue;
        for (const auto& descriptor : fs::directory_iterator(process.path() / "fd", ignored)) {
            const auto target = fs::read_symlink(descriptor.path(), ignored).string();
            if (inodes.contains(target)) return pid;
        }
    }
    return 0;
}

std::map<int, std::uint64_t> Probe::run_times() const {
    std::map<int, std::uint64_t> times;
    std::error_code ignored;
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(pid_) + "/task", ignored)) {
        std::ifstream file(task.path() / "schedstat");
        std::uint64_t ran = 0;
        if (file >> ran) times[number_of(task.path())] = ran;
    }
    return times;
}

void Probe::begin() {
    at_begin_ = run_times();
}

std::uint64_t Probe::cpu_ns() const {
    std::uint64_t sum = 0;
    for (const auto& [thread, ran] : run_times()) {
        const auto before = at_begin_.find(thread);
        sum += before == at_begin_.end() ? ran : ran - before->second;
    }
    return sum;
}

std::uint64_t Probe::resident_kib() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
    std::string word;
    while (file >> word) {
        if (word != "VmRSS:") continue;
        std::uint64_t kib = 0;
        file >> kib;
        return kib;
    }
    return 0;
}

}  // namespace twinpane::load
