#include "net/http_connection.hpp"

#include <algorithm>

#include "net/detail_beast/head_parser.hpp"
#include "net/gzip.hpp"
#include "net/loop_impl.hpp"
#include "net/problem.hpp"
#include "net/responder.hpp"
#include "net/target.hpp"
#include "net/text.hpp"
#include "net/upgrade.hpp"
#include "net/ws_connection.hpp"

namespace twinpane::net {

HttpConnection::HttpConnection(std::shared_ptr<TcpStream> stream, Side side, const RouteTable& routes)
    : stream_(std::move(stream)), side_(side), routes_(routes) {}

HttpConnection::~HttpConnection() = default;

// Starts the clock for the first head.
void HttpConnection::on_open() {
    set_timer(loop().limits().head_timeout, &HttpConnection::on_idle_timeout);
}

// ---- reading ----

void HttpConnection::on_data(std::span<char> bytes) {
    if (state_ == State::kOver) return;
    in_.append(bytes.data(), bytes.size());
    process();
}

void HttpConnection::process() {
    if (processing_) return;
    const auto self = shared_from_this();  // an upgrade or a close lets go of us
    processing_ = true;
    while (!stream_->closing() && !stream_->closed() && step()) {
    }
    processing_ = false;
    if (state_ == State::kOver || stream_->closed()) return;
    // Reading goes on while an answer is pending, to see a client go away; but not without bound.
    stream_->pause_reading(state_ != State::kBody && unread().size() > kWaiting);
}

bool HttpConnection::step() {
    switch (state_) {
        case State::kIdle:
        case State::kHead:
            return stream_->queued_bytes() < kHighWater && take_head();
        case State::kBody:
            return take_body();
        default:
            return false;
    }
}

HeadLimits HttpConnection::head_limits() const {
    return {loop().limits().max_head, loop().limits().max_fields};
}

bool HttpConnection::take_head() {
    if (unread().empty()) return false;
    std::size_t length = 0;
    if (const auto fault = scan_head(unread(), scanned_, head_limits(), length)) {
        refuse_malformed(*fault);
        return false;
    }
    if (length > 0) {
        begin_request(unread().substr(0, length));
        return true;
    }
    scanned_ = unread().size();
    if (state_ == State::kIdle) {
        state_ = State::kHead;
        set_timer(loop().limits().head_timeout, &HttpConnection::on_head_timeout);
    }
    return false;
}

void HttpConnection::begin_request(std::string_view head) {
    clear_timer();
    ++serial_;
    form_ = {};
    scanned_ = 0;
    bump(loop().counters().requests);
    const auto fault = check_head(head, head_limits(), framing_);
    if (fault) return refuse_malformed(*fault);
    detail_beast::ParsedHead parsed;
    if (!detail_beast::parse_head(head, parsed) || parsed.headers.items().size() != framing_.fields) {
        return refuse_malformed("The head of the request is malformed.");
    }
    auto target = parse_target(parsed.target);
    if (!target) return refuse_malformed("The path of the request is malformed.");
    consume(head.size());

    request_ = std::make_unique<Request>();
    request_->method = std::move(parsed.method);
    request_->target = std::move(parsed.target);
    request_->path = std::move(target->path);
    request_->query = std::move(target->query);
    request_->headers = std::move(parsed.headers);
    request_->peer = stream_->peer();
    request_->side = side_;
    request_->secure = stream_->secure();
    request_->loop = &loop();
    form_ = {framing_.minor_version, request_->method == "HEAD", accepts_gzip(request_->headers),
             framing_.close};
    match_ = routes_.find(request_->method, request_->path, wants_websocket(request_->headers));
    if (match_.upgrade != nullptr) return upgrade();
    if (!framing_.has_body()) return dispatch();

    if (framing_.content_length > match_.limits.max_body) return refuse(Code::kMessageTooLarge);
    if (framing_.expects_continue && unread().empty()) {
        if (match_.handler == nullptr) {
            form_.close = true;  // the body that the client holds back is never asked for
            return not_routed();
        }
        stream_->write(std::string("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    state_ = State::kBody;
    chunks_ = {};
    body_seen_ = body_seen_at_check_ = 0;
    set_timer(loop().limits().body_timeout, &HttpConnection::on_body_check);
}

bool HttpConnection::take_body() {
    const auto bytes = unread();
    if (bytes.empty()) return false;
    std::size_t used = 0;
    bool done = false;
    if (framing_.chunked) {
        switch (chunks_.feed(bytes, used, request_->body, match_.limits.max_body)) {
            case ChunkDecoder::State::kMore:
                break;
            case ChunkDecoder::State::kDone:
                done = true;
                break;
            case ChunkDecoder::State::kBad:
                refuse_malformed("The chunked body is malformed.");
                return false;
            case ChunkDecoder::State::kTooLarge:
                refuse(Code::kMessageTooLarge);
                return false;
        }
    } else {
        const auto missing = framing_.content_length - request_->body.size();
        used = static_cast<std::size_t>(std::min<std::uint64_t>(missing, bytes.size()));
        request_->body.append(bytes.substr(0, used));
        done = used == missing;
    }
    body_seen_ += used;
    consume(used);
    if (done) dispatch();
    return done;
}

void HttpConnection::consume(std::size_t bytes) {
    used_ += bytes;
    if (used_ == in_.size()) {
        // An idle connection holds no buffer worth speaking of.
        if (in_.capacity() > 4096) release(in_);
        in_.clear();
        used_ = 0;
    } else if (used_ > kWaiting) {
        in_.erase(0, used_);
        used_ = 0;
    }
}

void HttpConnection::dispatch() {
    clear_timer();
    if (match_.handler == nullptr) return not_routed();
    state_ = State::kAnswering;
    const auto request = std::move(request_);
    (*match_.handler)(std::move(*request), std::make_shared<HttpResponder>(shared_from_this(), serial_));
}

void HttpConnection::not_routed() {
    state_ = State::kAnswering;
    if (match_.upgrade_only) return send_response(upgrade_required());
    if (match_.allowed.empty()) return send_response(problem_response(Code::kNotFound));
    auto response = problem_response(Code::kMethodNotAllowed);
    std::string allow;
    for (const auto& method : match_.allowed) allow += (allow.empty() ? "" : ", ") + method;
    response.headers.add("Allow", std::move(allow));
    send_response(std::move(response));
}

void HttpConnection::upgrade() {
    if (auto refusal = check_upgrade(*request_, framing_.minor_version, framing_.has_body())) {
        loop().refused(static_cast<int>(Code::kBadHttp), stream_->peer(), "upgrade");
        return refuse(std::move(*refusal));
    }
    if (loop().draining()) return refuse(Code::kShuttingDown);
    const auto socket = std::make_shared<WsConnection>(stream_);
    auto [refusal, accept] = (*match_.upgrade)(*request_, socket);
    state_ = State::kAnswering;
    if (refusal) return send_response(std::move(refusal->response));
    if (!accept.handler) return send_response(problem_response(Code::kInternal));

    std::string head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: ";
    head += websocket_accept(*request_->headers.find("Sec-WebSocket-Key"));
    if (is_token(accept.protocol)) head += "\r\nSec-WebSocket-Protocol: " + accept.protocol;
    std::optional<DeflateTerms> deflate;
    if (const auto offers = parse_extensions(request_->headers); accept.deflate && offers)
        deflate = choose_deflate(*offers);
    if (deflate) head += "\r\nSec-WebSocket-Extensions: " + deflate_answer(*deflate);
    head += "\r\n\r\n";
    state_ = State::kOver;
    request_.reset();
    stream_->write(std::move(head));
    const std::string leftover(unread());
    release(in_);
    used_ = 0;
    stream_->set_owner(socket);
    socket->open(std::move(accept), deflate, leftover);
}

// ---- answering ----

void HttpConnection::respond(std::uint64_t serial, Response response) {
    if (is_current(serial) && state_ == State::kAnswering) send_response(std::move(response));
}

void HttpConnection::send_response(Response response) {
    form_.secure = stream_->secure();
    form_.close = form_.close || loop().draining();
    maybe_compress(response, form_.gzip);
    auto head =
        response_head(response.status, response.headers, response.body.size(), form_, loop().http_date());
    if (!head) {
        response = problem_response(Code::kInternal);
        head =
            response_head(response.status, response.headers, response.body.size(), form_, loop().http_date());
    }
    const bool has_body = !form_.head_only && status_has_body(response.status);
    if (has_body && response.body.size() < kJoinBelow) {
        head->append(response.body);
        stream_->write(std::move(*head));
    } else {
        stream_->write(std::move(*head));
        if (has_body) stream_->write(std::move(response.body));
    }
    finish_answer();
}

void HttpConnection::start_stream(std::uint64_t serial, int status, const Headers& headers) {
    if (!is_current(serial) || state_ != State::kAnswering) return;
    form_.secure = stream_->secure();
    form_.close = form_.close || loop().draining();
    auto head = response_head(status, headers, std::nullopt, form_, loop().http_date());
    if (!head) return send_response(problem_response(Code::kInternal));
    if (!status_has_body(status)) form_.head_only = true;
    state_ = State::kStreaming;
    stream_->write(std::move(*head));
}

std::size_t HttpConnection::write_stream(std::uint64_t serial, std::string part) {
    if (!is_current(serial) || state_ != State::kStreaming) return 0;
    if (!part.empty() && !form_.head_only) {
        if (form_.minor_version == 0) {
            stream_->write(std::move(part));
        } else {
            static constexpr char kHex[] = "0123456789abcdef";
            std::string size;
            for (auto rest = part.size(); rest > 0; rest /= 16) size.insert(size.begin(), kHex[rest % 16]);
            stream_->write(size + "\r\n");
            part += "\r\n";
            stream_->write(std::move(part));
        }
    }
    const auto queued = stream_->queued_bytes();
    if (queued > kHighWater) above_high_water_ = true;
    return queued;
}

void HttpConnection::end_stream(std::uint64_t serial) {
    if (!is_current(serial) || state_ != State::kStreaming) return;
    if (form_.minor_version == 1 && !form_.head_only) stream_->write(std::string("0\r\n\r\n"));
    finish_answer();
}

void HttpConnection::set_on_drained(std::uint64_t serial, Task task) {
    if (is_current(serial)) on_drained_ = std::move(task);
}

void HttpConnection::set_on_gone(std::uint64_t serial, Task task) {
    if (is_current(serial)) {
        on_gone_ = std::move(task);
    } else if (serial == gone_serial_) {
        gone_serial_ = 0;
        loop().post(std::move(task));
    }
}

void HttpConnection::dropped(std::uint64_t serial) {
    if (!is_current(serial)) return;
    if (state_ == State::kAnswering) return send_response(problem_response(Code::kInternal));
    stream_->abort();
}

void HttpConnection::finish_answer() {
    if (on_gone_) unsent_.emplace_back(stream_->enqueued_total(), std::exchange(on_gone_, {}));
    on_drained_ = {};
    above_high_water_ = false;
    if (form_.close) {
        state_ = State::kOver;
        stream_->close_when_flushed(TcpStream::Linger::kYes);
        return;
    }
    enter_idle();
    // Not from here: the caller may be the application, in the midst of its own work.
    if (unread().empty() || processing_ || std::exchange(resume_posted_, true)) return;
    loop().post([self = shared_from_this()] {
        self->resume_posted_ = false;
        self->process();
    });
}

void HttpConnection::refuse(Code code, std::string_view detail) {
    loop().refused(static_cast<int>(code), stream_->peer(), detail.empty() ? info(code).name : detail);
    refuse(problem_response(code, detail));
}

void HttpConnection::refuse(Response response) {
    clear_timer();
    state_ = State::kAnswering;
    form_.close = true;
    form_.gzip = false;
    send_response(std::move(response));
}

void HttpConnection::refuse_malformed(std::string_view detail) {
    refuse(Code::kBadHttp, detail);
}

// ---- events of the stream ----

void HttpConnection::on_written() {
    const auto written = stream_->written_total();
    std::erase_if(unsent_, [written](const auto& answer) { return answer.first <= written; });
    if (above_high_water_ && stream_->queued_bytes() <= kLowWater) {
        above_high_water_ = false;
        const auto serial = serial_;
        auto task = std::exchange(on_drained_, {});
        if (task) task();
        // Kept for the next time unless the task put another one in its place or the answer has ended.
        if (!on_drained_ && is_current(serial)) on_drained_ = std::move(task);
    }
    if (!unread().empty()) process();
}

void HttpConnection::on_eof() {
    process();
    if (stream_->closed() || state_ == State::kOver) return;
    // While an answer is pending this is how a client that goes away looks; else what is queued may still
    // leave.
    if (state_ == State::kAnswering || state_ == State::kStreaming) return stream_->abort();
    state_ = State::kOver;
    clear_timer();
    stream_->close_when_flushed(TcpStream::Linger::kNo);
}

void HttpConnection::on_closed() {
    clear_timer();
    const bool pending = state_ == State::kAnswering || state_ == State::kStreaming;
    state_ = State::kOver;
    release(in_);
    used_ = 0;
    on_drained_ = {};
    if (pending && !on_gone_) gone_serial_ = serial_;
    auto unsent = std::exchange(unsent_, {});
    auto gone = std::exchange(on_gone_, {});
    for (auto& [end, task] : unsent) {
        if (end > stream_->written_total()) task();
    }
    if (gone) gone();
}

void HttpConnection::on_drain() {
    if (state_ != State::kIdle || !unread().empty()) return;  // finish_answer() closes
    state_ = State::kOver;
    clear_timer();
    stream_->close_when_flushed(TcpStream::Linger::kNo);
}

// ---- time ----

void HttpConnection::enter_idle() {
    state_ = State::kIdle;
    match_ = {};
    request_.reset();
    set_timer(loop().limits().keep_alive, &HttpConnection::on_idle_timeout);
}

void HttpConnection::set_timer(Millis delay, void (HttpConnection::*then)()) {
    clear_timer();
    // Cancelled in on_closed, or before the stream is handed on.
    timer_ = loop().after(delay, [this, then] { (this->*then)(); });
}

void HttpConnection::clear_timer() {
    loop().cancel(std::exchange(timer_, 0));
}

void HttpConnection::on_idle_timeout() {
    state_ = State::kOver;
    stream_->close_when_flushed(TcpStream::Linger::kNo);
}

void HttpConnection::on_head_timeout() {
    form_ = {};
    refuse(Code::kTimeout, "The head of the request took too long.");
}

void HttpConnection::on_body_check() {
    const auto window = loop().limits().body_timeout;
    const auto least = std::max<std::size_t>(1, kBodyRate * static_cast<std::size_t>(window.count()) / 1000);
    if (body_seen_ - body_seen_at_check_ < least) {
        return refuse(Code::kTimeout, "The body of the request came too slowly.");
    }
    body_seen_at_check_ = body_seen_;
    set_timer(window, &HttpConnection::on_body_check);
}

}  // namespace twinpane::net
