// One REST call on its way: the request, who answers it, and the rules that all answers follow (problem
// documents, no caching, CORS for the sites' origins). Lives on the request's loop.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"
#include "rest/context.hpp"

namespace twinpane::rest {

class Call {
  public:
    Call(RestContext& context, net::Request asked, std::shared_ptr<net::Responder> answers)
        : ctx(context), request(std::move(asked)), responder(std::move(answers)) {}

    RestContext& ctx;
    net::Request request;
    std::shared_ptr<net::Responder> responder;
    std::string origin;  // allowed to read the answer; empty: nobody in particular

    LoopParts& loop() { return ctx.loops[request.loop->index()]; }
    cobrowse::Service& service() { return ctx.cobrowse.service(request.loop->index()); }

    void answer(int status, const boost::json::value& body, net::Headers headers = {});
    void answer_empty(int status, net::Headers headers = {});
    // Answers with the problem and writes a line to the log.
    void fail(const Error& error, net::Headers headers = {});
    void fail(Code code, std::string context, net::Headers headers = {}) {
        fail(Error{code, std::move(context)}, std::move(headers));
    }
    // Cache-Control, Vary and CORS, as every answer has them.
    void add_common(net::Headers& headers) const;

    // The body as a JSON object. kUnsupportedMediaType, kBadJson, kBadField.
    Result<boost::json::object> json_body() const;
    // The agent of the bearer token. kNotAuthenticated, kTokenExpired.
    Result<Agent> agent() const;
};

using Procedure = std::function<void(Call)>;

// Where a route answers. Paths of the desk and REST are not there under the viewer's host name, nor the other
// way round; what is not there is 404.
enum class Host { kAny, kDesk, kViewer };

// The Host header names the viewer's origin.
bool is_viewer_host(const RestContext& context, const net::Request& request);

// For the internal side.
net::Handler on_host(RestContext& context, Host host, Procedure procedure);
// For the public side: a request with an Origin that is no site's is refused, others may read their answers.
net::Handler for_sites(RestContext& context, Procedure procedure);
// The answer to OPTIONS on the public side.
net::Handler preflight(RestContext& context, std::string methods);

// The segments of the request's path below `prefix`; nothing if it is not below it.
std::vector<std::string> segments_below(std::string_view path, std::string_view prefix);

// May a page of `origin` talk to that side? Also for the transports.
bool origin_allowed(const RestContext& context, net::Side side, std::string_view origin);
// State changes that a cookie could authorise: refuses what a foreign page may have sent (S14).
Result<void> same_origin(const RestContext& context, const net::Request& request);

}  // namespace twinpane::rest
