// A TLS server for tests: a certificate of its own, an echo WebSocket, bodies of any size, and what was
// refused.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/testing/test_server.hpp"
#include "net/ws_codec.hpp"

namespace twinpane::net::testing {

// `size` bytes that a shift, a loss or a doubling would show.
inline std::string pattern(std::size_t size) {
    std::string out(size, '\0');
    std::uint32_t state = 1;
    for (auto& c : out) {
        state = state * 1664525U + 1013904223U;
        c = static_cast<char>(state >> 24U);
    }
    return out;
}

class TlsServerTest : public ::testing::Test {
  protected:
    class Echo final : public WebSocketHandler {
      public:
        explicit Echo(std::shared_ptr<WebSocket> socket) : socket_(std::move(socket)) {}
        void on_message(std::string_view text) override { socket_->send(encode_text_frame(text)); }
        void on_binary(std::string_view bytes) override { socket_->send(encode_binary_frame(bytes)); }
        void on_close(std::uint16_t) override {}

      private:
        std::shared_ptr<WebSocket> socket_;
    };

    void SetUp() override {
        server_.tls = write_certificate(folder_.path, "server", "first");
        server_.on_refused = [this](int number, std::string_view peer, std::string_view why) {
            EXPECT_EQ(peer, "127.0.0.1");
            EXPECT_FALSE(why.empty());
            const std::lock_guard lock(mutex_);
            refusals_.push_back(number);
        };
        server_.limits.ws_queue_bytes = 32U << 20U;
        server_.limits.ws_queue_frames = 10'000;
        server_.routes.prefix("GET", "/", mirror_handler());
        server_.routes.exact("POST", "/in", mirror_handler(), {.max_body = 16U << 20U});
        server_.routes.exact("GET", "/bytes",
                             [](const Request& request, const std::shared_ptr<Responder>& to) {
                                 Response response;
                                 response.headers.add("Content-Type", "application/octet-stream");
                                 response.body = pattern(std::stoul(request.query));
                                 to->respond(std::move(response));
                             });
        server_.routes.upgrade("/ws", [](const Request& request, std::shared_ptr<WebSocket> socket) {
            EXPECT_TRUE(request.secure);
            UpgradeDecision decision;
            decision.second.handler = std::make_shared<Echo>(std::move(socket));
            decision.second.max_message = 16U << 20U;
            return decision;
        });
    }
    // After limits are set.
    void start() { ASSERT_TRUE(server_.start()); }
    void TearDown() override {
        if (!server_.server) return;
        server_.server->stop(Millis{0});
        EXPECT_EQ(server_.server->stats().connections, 0U);
        EXPECT_EQ(server_.server->stats().websockets, 0U);
    }

    // Connected and shaken hands; a failed test otherwise.
    Client client(const TlsShape& shape = {}, int receive_buffer = 0) {
        Client out(server_.port, receive_buffer);
        EXPECT_TRUE(out.start_tls(shape));
        return out;
    }
    bool serves() {
        Client probe(server_.port);
        return probe.start_tls() && probe.request("GET", "/alive").status == 200;
    }
    std::size_t refusals(Code code) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::ranges::count(refusals_, static_cast<int>(code)));
    }
    bool all_gone() {
        return eventually([this] { return server_.server->stats().connections == 0; });
    }

    Folder folder_;
    TestServer server_;
    std::mutex mutex_;
    std::vector<int> refusals_;
};

}  // namespace twinpane::net::testing
