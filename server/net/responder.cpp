#include "net/responder.hpp"

#include <utility>

#include "net/loop_impl.hpp"

namespace twinpane::net {

namespace {
// Runs `call` now on the loop's thread, later from any other.
template <typename Call>
void on_loop(const std::shared_ptr<HttpConnection>& connection, Call call) {
    if (connection->loop().is_here()) return call(*connection);
    connection->loop().post([connection, call = std::move(call)]() mutable { call(*connection); });
}
}  // namespace

HttpResponder::HttpResponder(std::shared_ptr<HttpConnection> connection, std::uint64_t serial)
    : connection_(std::move(connection)), serial_(serial) {}

HttpResponder::~HttpResponder() {
    if (complete_) return;
    connection_->loop().post([connection = connection_, serial = serial_] { connection->dropped(serial); });
}

void HttpResponder::respond(Response response) {
    complete_ = true;
    on_loop(connection_,
            [serial = serial_, response = std::move(response)](HttpConnection& connection) mutable {
                connection.respond(serial, std::move(response));
            });
}

void HttpResponder::start(int status, Headers headers) {
    on_loop(connection_,
            [serial = serial_, status, headers = std::move(headers)](HttpConnection& connection) {
                connection.start_stream(serial, status, headers);
            });
}

std::size_t HttpResponder::write(std::string part) {
    if (connection_->loop().is_here()) return connection_->write_stream(serial_, std::move(part));
    const auto size = part.size();
    on_loop(connection_, [serial = serial_, part = std::move(part)](HttpConnection& connection) mutable {
        connection.write_stream(serial, std::move(part));
    });
    return size;
}

void HttpResponder::end() {
    complete_ = true;
    on_loop(connection_, [serial = serial_](HttpConnection& connection) { connection.end_stream(serial); });
}

void HttpResponder::on_drained(Task task) {
    on_loop(connection_, [serial = serial_, task = std::move(task)](HttpConnection& connection) mutable {
        connection.set_on_drained(serial, std::move(task));
    });
}

void HttpResponder::on_gone(Task task) {
    on_loop(connection_, [serial = serial_, task = std::move(task)](HttpConnection& connection) mutable {
        connection.set_on_gone(serial, std::move(task));
    });
}

}  // namespace twinpane::net
