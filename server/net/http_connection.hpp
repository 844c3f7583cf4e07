// One HTTP/1.1 connection: reads requests one after the other through the wall, calls the route's handler,
// writes the answer. A request behind one that is still being answered waits in a bounded buffer, so that
// answers keep their order. On its loop's thread only, except where a Responder is dropped elsewhere.
// Internal to net.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "net/chunk_decoder.hpp"
#include "net/http.hpp"
#include "net/http_response.hpp"
#include "net/request_wall.hpp"
#include "net/tcp_stream.hpp"

namespace twinpane::net {

class HttpConnection final : public StreamOwner, public std::enable_shared_from_this<HttpConnection> {
  public:
    HttpConnection(std::shared_ptr<TcpStream> stream, Side side, const RouteTable& routes);
    ~HttpConnection() override;

    // StreamOwner
    void on_open() override;
    void on_data(std::span<char> bytes) override;
    void on_eof() override;
    void on_written() override;
    void on_closed() override;
    void on_drain() override;

    // For the Responder of request number `serial`; ignored when that request is over.
    void respond(std::uint64_t serial, Response response);
    void start_stream(std::uint64_t serial, int status, const Headers& headers);
    std::size_t write_stream(std::uint64_t serial, std::string part);
    void end_stream(std::uint64_t serial);
    void set_on_drained(std::uint64_t serial, Task task);
    void set_on_gone(std::uint64_t serial, Task task);
    // The Responder was dropped before it had answered.
    void dropped(std::uint64_t serial);
    LoopImpl& loop() const { return stream_->loop(); }
    std::shared_ptr<LoopImpl> shared_loop() const { return stream_->shared_loop(); }

  private:
    static constexpr std::size_t kWaiting = 64U << 10U;  // bytes of later requests held while one is answered
    static constexpr std::size_t kHighWater = 1U << 20U;  // of queued answers
    static constexpr std::size_t kLowWater = 256U << 10U;
    static constexpr std::size_t kBodyRate = 1024;         // bytes per second that a body must at least bring
    static constexpr std::size_t kJoinBelow = 16U << 10U;  // smaller bodies are copied behind their head

    enum class State : std::uint8_t {
        kIdle,  // between requests
        kHead,  // part of a head is here
        kBody,
        kAnswering,  // the handler has the request
        kStreaming,  // the handler has begun its answer
        kOver,       // no further request is read
    };

    void process();
    bool step();  // true: something was done, go on
    bool take_head();
    void begin_request(std::string_view head);
    bool take_body();
    void dispatch();
    void upgrade();

    void not_routed();
    void send_response(Response response);
    void finish_answer();
    // Answers an error and closes: the rest of the input can't be trusted or is not wanted.
    void refuse(Code code, std::string_view detail = {});
    void refuse(Response response);
    void refuse_malformed(std::string_view detail);

    void enter_idle();
    void set_timer(Millis delay, void (HttpConnection::*then)());
    void clear_timer();
    void on_idle_timeout();
    void on_head_timeout();
    void on_body_check();
    void consume(std::size_t bytes);
    std::string_view unread() const { return std::string_view(in_).substr(used_); }
    HeadLimits head_limits() const;
    bool is_current(std::uint64_t serial) const {
        return serial == serial_ && (state_ == State::kAnswering || state_ == State::kStreaming);
    }

    const std::shared_ptr<TcpStream> stream_;
    const Side side_;
    const RouteTable& routes_;

    State state_ = State::kIdle;
    bool processing_ = false;
    bool resume_posted_ = false;
    std::string in_;  // used_ .. end is not yet understood
    std::size_t used_ = 0;
    std::size_t scanned_ = 0;  // of the unread part, looked at for the end of a head
    TimerId timer_ = 0;

    // The request being read or answered.
    std::uint64_t serial_ = 0;
    std::uint64_t gone_serial_ = 0;  // the request whose client went away before anybody had asked to be told
    std::unique_ptr<Request> request_;
    Framing framing_;
    RouteTable::Match match_;
    ChunkDecoder chunks_;
    std::size_t body_seen_ = 0, body_seen_at_check_ = 0;
    AnswerForm form_;
    bool above_high_water_ = false;
    Task on_drained_;
    Task on_gone_;
    // Answers not yet handed to the kernel: where each ends in the outgoing stream, and whom to tell.
    std::vector<std::pair<std::uint64_t, Task>> unsent_;
};

}  // namespace twinpane::net
