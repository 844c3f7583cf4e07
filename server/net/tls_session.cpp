#include "net/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace twinpane::net {

namespace {

// A BIO whose two ends are the engine's buffers. Reading past the input asks to be called again; writing
// always succeeds, so OpenSSL never holds a half-written record.
int read_input(BIO* bio, char* into, std::size_t size, std::size_t* done) {
    auto& input = static_cast<TlsEngine*>(BIO_get_data(bio))->input;
    BIO_clear_retry_flags(bio);
    *done = std::min(size, input.size());
    if (*done == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    std::memcpy(into, input.data(), *done);
    input = input.subspan(*done);
    return 1;
}

int write_output(BIO* bio, const char* bytes, std::size_t size, std::size_t* done) {
    static_cast<TlsEngine*>(BIO_get_data(bio))->output.append(bytes, size);
    BIO_clear_retry_flags(bio);
    *done = size;
    return 1;
}

long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int begin(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

const BIO_METHOD* engine_method() {
    static const BIO_METHOD* const kMethod = [] {
        auto* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop buffers");
        BIO_meth_set_read_ex(method, read_input);
        BIO_meth_set_write_ex(method, write_output);
        BIO_meth_set_ctrl(method, control);
        BIO_meth_set_create(method, begin);
        return method;
    }();
    return kMethod;
}

}  // namespace

std::unique_ptr<TlsSession> TlsSession::create(TlsEngine& engine, ssl_ctx_st& context) {
    auto* ssl = SSL_new(&context);
    auto* bio = ssl != nullptr ? BIO_new(engine_method()) : nullptr;
    if (bio == nullptr) {
        SSL_free(ssl);
        ERR_clear_error();
        return nullptr;
    }
    BIO_set_data(bio, &engine);
    SSL_set_bio(ssl, bio, bio);  // takes the one reference for both directions
    SSL_set_accept_state(ssl);
    return std::unique_ptr<TlsSession>(new TlsSession(engine, ssl));
}

TlsSession::~TlsSession() {
    SSL_free(ssl_);
    engine_.input = {};
    ERR_clear_error();
}

void TlsSession::feed(std::size_t received) {
    engine_.input = std::span<const char>(engine_.received).first(received);
    without_data_ += received;
}

TlsSession::Read TlsSession::read(std::span<char> into, std::size_t& size) {
    size = 0;
    ERR_clear_error();
    while (size < into.size()) {
        std::size_t got = 0;
        const int result = SSL_read_ex(ssl_, into.data() + size, into.size() - size, &got);
        if (result == 1) {
            size += got;
            continue;
        }
        const int error = SSL_get_error(ssl_, result);
        established_ = established_ || SSL_is_init_finished(ssl_) == 1;
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) fail();
        keep_output();
        if (size > 0) without_data_ = 0;
        if (failed_) return Read::kFailed;
        return error == SSL_ERROR_WANT_READ ? Read::kWaiting : Read::kEnd;
    }
    established_ = true;
    without_data_ = 0;
    keep_output();
    return Read::kMore;
}

bool TlsSession::encrypt(std::span<const SharedBytes> parts, std::size_t skip) {
    std::size_t total = 0;
    std::size_t gathered = 0;
    auto& record = engine_.record;
    for (auto part = parts.begin(); part != parts.end() && total < kBatch; ++part, skip = 0) {
        auto rest = std::string_view(**part).substr(skip);
        while (!rest.empty() && total < kBatch) {
            if (gathered == 0 && rest.size() >= TlsEngine::kRecord) {
                if (!write_record(rest.data(), TlsEngine::kRecord)) return false;
                total += TlsEngine::kRecord;
                rest.remove_prefix(TlsEngine::kRecord);
                continue;
            }
            const auto size = std::min(rest.size(), record.size() - gathered);
            std::memcpy(record.data() + gathered, rest.data(), size);
            gathered += size;
            total += size;
            rest.remove_prefix(size);
            if (gathered < record.size()) continue;
            if (!write_record(record.data(), gathered)) return false;
            gathered = 0;
        }
    }
    if (gathered > 0 && !write_record(record.data(), gathered)) return false;
    in_flight_ = total;
    return true;
}

bool TlsSession::write_record(const char* bytes, std::size_t size) {
    std::size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_, bytes, size, &written) == 1 && written == size) return true;
    fail();
    keep_output();
    return false;
}

bool TlsSession::say_goodbye() {
    if (!established_ || failed_ || said_goodbye_) return false;
    said_goodbye_ = true;
    ERR_clear_error();
    SSL_shutdown(ssl_);  // 0 or 1: close_notify is written; an error leaves nothing to say
    keep_output();
    return pending() > 0;
}

TlsSession::Push TlsSession::push(int socket, std::size_t& bytes) {
    bytes = 0;
    // What has just been encrypted leaves straight from the loop's buffer.
    const bool direct = pending() == 0;
    if (!direct) keep_output();
    auto& from = direct ? engine_.output : pending_;
    auto done = direct ? 0 : pushed_;
    auto result = Push::kDone;
    while (done < from.size()) {
        const auto sent = ::send(socket, from.data() + done, from.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            done += static_cast<std::size_t>(sent);
            bytes += static_cast<std::size_t>(sent);
            continue;
        }
        if (errno == EINTR) continue;
        result = errno == EAGAIN || errno == EWOULDBLOCK ? Push::kBlocked : Push::kBroken;
        break;
    }
    pushed_total_ += bytes;
    if (result == Push::kDone) {
        in_flight_ = 0;
        release(pending_);
        pushed_ = 0;
    } else if (direct) {
        pending_.assign(from, done);
        pushed_ = 0;
    } else {
        pushed_ = done;
    }
    engine_.output.clear();
    return result;
}

// The engine's buffer is for the session at work; what it can't send now becomes its own.
void TlsSession::keep_output() {
    if (engine_.output.empty()) return;
    if (pushed_ > 0) pending_.erase(0, std::exchange(pushed_, 0));
    pending_.append(engine_.output);
    engine_.output.clear();
}

void TlsSession::fail() {
    failed_ = true;
    in_flight_ = 0;
    const auto error = ERR_peek_error();
    got_plain_http_ = ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
    const auto* reason = ERR_reason_error_string(error);
    fault_ = reason != nullptr ? reason : "TLS failed";
    ERR_clear_error();
}

}  // namespace twinpane::net
