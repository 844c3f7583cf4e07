#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "scenarios.hpp"
#include "window.hpp"

namespace twinpane::load {

namespace {

// WebSocket connections without a protocol above: each sends the next message when the last has come back.
class Echo final : public Wire::Owner {
  public:
    explicit Echo(const Options& options)
        : options_(options), window_(reactor_, options), payload_(options.size, 'x') {}

    bool run(Report& report) {
        for (unsigned i = 0; i < options_.count; ++i) {
            wires_.push_back(std::make_unique<Wire>(reactor_, options_.target, *this));
            wires_.back()->open_websocket(options_.target.path);
        }
        window_.start();
        reactor_.run();
        if (failed_) return false;
        window_.report(report);
        return true;
    }

    void on_open(Wire& wire) override { send(wire); }
    void on_text(Wire& wire, std::string_view text) override {
        if (text.size() != payload_.size()) return on_closed(wire);
        window_.arrived(std::stoull(std::string(text.substr(0, 16)), nullptr, 16));
        if (window_.sending()) send(wire);
    }
    void on_response(Wire&, int, std::string_view) override {}
    void on_closed(Wire&) override {
        std::fputs("an echo connection failed\n", stderr);
        failed_ = true;
        reactor_.stop();
    }

  private:
    void send(Wire& wire) {
        char stamp[17];
        std::snprintf(stamp, sizeof stamp, "%016llx", static_cast<unsigned long long>(now_ns()));
        payload_.replace(0, 16, stamp);
        window_.expect();
        wire.text(payload_);
        wire.flush();
    }

    const Options& options_;
    Reactor reactor_;
    Window window_;
    std::string payload_;
    std::vector<std::unique_ptr<Wire>> wires_;
    bool failed_ = false;
};

}  // namespace

bool run_echo(const Options& options, Report& report) {
    return Echo(options).run(report);
}

}  // namespace twinpane::load
