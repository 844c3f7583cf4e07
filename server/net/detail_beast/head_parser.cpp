#include "net/detail_beast/head_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>

namespace twinpane::net::detail_beast {

namespace http = boost::beast::http;

bool parse_head(std::string_view head, ParsedHead& out) {
    http::request_parser<http::empty_body> parser;
    // Sizes are the wall's business.
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());
    parser.body_limit(boost::none);
    boost::system::error_code ec;
    const auto used = parser.put(boost::asio::buffer(head.data(), head.size()), ec);
    if ((ec && ec != http::error::need_more) || !parser.is_header_done() || used != head.size()) return false;
    const auto& message = parser.get();
    out.method = std::string_view(message.method_string().data(), message.method_string().size());
    out.target = std::string_view(message.target().data(), message.target().size());
    for (const auto& field : message) {
        out.headers.add(std::string(field.name_string().data(), field.name_string().size()),
                        std::string(field.value().data(), field.value().size()));
    }
    return true;
}

}  // namespace twinpane::net::detail_beast
