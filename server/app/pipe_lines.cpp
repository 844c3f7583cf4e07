#include "app/pipe_lines.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace twinpane::app {

std::vector<std::string> PipeLines::read() {
    std::vector<std::string> lines;
    std::array<char, 1024> buffer{};
    while (true) {
        const auto got = ::read(fd_, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (got <= 0) {
            closed_ = true;
            break;
        }
        rest_.append(buffer.data(), static_cast<std::size_t>(got));
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
            lines.push_back(rest_.substr(0, end));
            rest_.erase(0, end + 1);
        }
        if (rest_.size() > 4096) rest_.clear();
    }
    return lines;
}

}  // namespace twinpane::app
