// The Responder that handlers get. Internal to net.
#pragma once

#include <atomic>
#include <memory>

#include "net/http_connection.hpp"

namespace twinpane::net {

// Forwards to its connection; from another thread by way of the loop. A request is known by its number, so
// that a late call can't touch the next one.
class HttpResponder final : public Responder {
  public:
    HttpResponder(std::shared_ptr<HttpConnection> connection, std::uint64_t serial);
    ~HttpResponder() override;

    void respond(Response response) override;
    void start(int status, Headers headers) override;
    std::size_t write(std::string part) override;
    void end() override;
    void on_drained(Task task) override;
    void on_gone(Task task) override;

  private:
    const std::shared_ptr<HttpConnection> connection_;
    const std::uint64_t serial_;
    std::atomic<bool> complete_{false};
};

}  // namespace twinpane::net
