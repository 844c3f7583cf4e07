#include "rest/call.hpp"

#include <algorithm>

#include "cobrowse/text.hpp"
#include "net/problem.hpp"

namespace twinpane::rest {

namespace {
namespace json = boost::json;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// "host[:port]" of an origin.
std::string_view host_of(std::string_view origin) {
    const auto scheme = origin.find("://");
    return scheme == std::string_view::npos ? std::string_view{} : origin.substr(scheme + 3);
}

std::string host_header(const net::Request& request) {
    return lower(request.headers.find("Host").value_or(""));
}

bool is_json(std::string_view content_type) {
    auto type = lower(content_type.substr(0, content_type.find(';')));
    while (!type.empty() && type.back() == ' ') type.pop_back();
    return type == "application/json";
}
}  // namespace

void Call::add_common(net::Headers& headers) const {
    if (!headers.find("Cache-Control")) headers.add("Cache-Control", "no-store");
    headers.add("X-Content-Type-Options", "nosniff");
    if (request.side == net::Side::kPublic) headers.add("Vary", "Origin");
    if (!origin.empty()) headers.add("Access-Control-Allow-Origin", origin);
}

void Call::answer(int status, const json::value& body, net::Headers headers) {
    net::Response response;
    response.status = status;
    response.headers = std::move(headers);
    response.headers.add("Content-Type", "application/json");
    add_common(response.headers);
    response.body = json::serialize(body);
    responder->respond(std::move(response));
}

void Call::answer_empty(int status, net::Headers headers) {
    net::Response response;
    response.status = status;
    response.headers = std::move(headers);
    add_common(response.headers);
    responder->respond(std::move(response));
}

void Call::fail(const Error& error, net::Headers headers) {
    // The path may hold a session token, so it is not logged.
    ctx.log.info(
        "rest.refused",
        {{"method", request.method}, {"code", static_cast<int>(error.code)}, {"why", error.context}});
    auto response = net::problem_response(error.code);
    for (const auto& [name, value] : headers.items()) response.headers.add(name, value);
    if (response.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
    if (error.code == Code::kTooManyTries) response.headers.add("Retry-After", "600");
    add_common(response.headers);
    responder->respond(std::move(response));
}

Result<json::object> Call::json_body() const {
    // Pages of other origins can't send this type without being asked first.
    if (!is_json(request.headers.find("Content-Type").value_or(""))) {
        return twinpane::fail(Code::kUnsupportedMediaType, "content type");
    }
    boost::system::error_code error;
    auto value = json::parse(request.body, error);
    if (error) return twinpane::fail(Code::kBadJson, "body");
    if (!value.is_object()) return twinpane::fail(Code::kBadField, "body is not an object");
    return std::move(value.as_object());
}

Result<Agent> Call::agent() const {
    constexpr std::string_view scheme = "bearer ";
    const auto header = request.headers.find("Authorization").value_or("");
    if (lower(header.substr(0, scheme.size())) != scheme) {
        return twinpane::fail(Code::kNotAuthenticated, "no bearer token");
    }
    return ctx.tokens.verify(header.substr(scheme.size()));
}

bool is_viewer_host(const RestContext& context, const net::Request& request) {
    const auto viewer = host_of(context.settings.viewer_origin);
    return !viewer.empty() && host_header(request) == viewer;
}

net::Handler on_host(RestContext& context, Host host, Procedure procedure) {
    return [&context, host, procedure = std::move(procedure)](net::Request request,
                                                              std::shared_ptr<net::Responder> responder) {
        Call call(context, std::move(request), std::move(responder));
        const bool viewer = is_viewer_host(context, call.request);
        if ((host == Host::kDesk && viewer) || (host == Host::kViewer && !viewer)) {
            return call.fail(Code::kNotFound, "other host");
        }
        procedure(std::move(call));
    };
}

net::Handler for_sites(RestContext& context, Procedure procedure) {
    return [&context, procedure = std::move(procedure)](net::Request request,
                                                        std::shared_ptr<net::Responder> responder) {
        Call call(context, std::move(request), std::move(responder));
        if (const auto origin = call.request.headers.find("Origin")) {
            if (!origin_allowed(context, net::Side::kPublic, *origin)) {
                return call.fail(Code::kOriginNotAllowed, "rest");
            }
            call.origin = *origin;
        }
        procedure(std::move(call));
    };
}

net::Handler preflight(RestContext& context, std::string methods) {
    return for_sites(context, [methods = std::move(methods)](Call call) {
        net::Headers headers;
        headers.add("Access-Control-Allow-Methods", methods);
        headers.add("Access-Control-Allow-Headers", "Content-Type, X-Twinpane-User");
        headers.add("Access-Control-Max-Age", "7200");
        call.answer_empty(204, std::move(headers));
    });
}

std::vector<std::string> segments_below(std::string_view path, std::string_view prefix) {
    std::vector<std::string> out;
    if (!path.starts_with(prefix)) return out;
    path.remove_prefix(prefix.size());
    while (!path.empty() && path.front() == '/') {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        out.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return out;
}

bool origin_allowed(const RestContext& context, net::Side side, std::string_view origin) {
    if (side == net::Side::kInternal) return origin == context.settings.internal_url;
    return context.cobrowse.config().find_site_of_origin(origin) != nullptr;
}

Result<void> same_origin(const RestContext& context, const net::Request& request) {
    if (const auto site = request.headers.find("Sec-Fetch-Site"); site && *site != "same-origin") {
        return fail(Code::kOriginNotAllowed, "Sec-Fetch-Site");
    }
    const auto origin = request.headers.find("Origin");
    if (!origin || *origin == context.settings.internal_url) return {};
    // Under another name of the same host (a balancer's, 127.0.0.1) the browser still says that they are the
    // same.
    if (!host_of(*origin).empty() && host_of(*origin) == host_header(request)) return {};
    return fail(Code::kOriginNotAllowed, "Origin");
}

}  // namespace twinpane::rest
