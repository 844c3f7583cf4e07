// Many sessions, opened a few at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clock.hpp"
#include "options.hpp"
#include "reactor.hpp"
#include "session.hpp"

namespace twinpane::load {

class Flock : public Session::Owner {
  public:
    explicit Flock(const Options& options) : options_(options) {}

    void on_ready(Session& session) override;
    void on_delivery(Session&, std::uint64_t) override {}
    void on_reply(Session&) override {}
    // Ends the run: without the session the load is another one than was asked for.
    void on_failed(Session& session, std::string_view why) override;

  protected:
    Session& add(std::vector<std::string> channels, std::string bare_path = {});
    // Opens all that were added and are not open yet, runs the reactor until all are ready. False: it did not
    // come to that.
    bool open_all();
    // Runs the reactor until somebody stops it. False: something failed.
    bool run();

    const Options& options_;
    Reactor reactor_;
    std::vector<std::unique_ptr<Session>> sessions_;

  private:
    static constexpr std::size_t kAtOnce = 64;
    static constexpr std::uint64_t kPatience = 120 * kSecond;

    void open_more();

    std::size_t opened_ = 0, ready_ = 0;
    std::uint64_t deadline_ = 0;
    bool opening_ = false, failed_ = false;
};

}  // namespace twinpane::load
