#include "net/static_files.hpp"

#include <memory>

#include "net/file_cache.hpp"
#include "net/gzip.hpp"
#include "net/problem.hpp"
#include "net/text.hpp"

namespace twinpane::net {

namespace {
// If-None-Match: a list of tags, compared weakly (RFC 9110 13.1.2).
bool matches_any(std::string_view list, std::string_view tag) {
    while (true) {
        const auto comma = list.find(',');
        auto item = trim(list.substr(0, comma));
        if (item == "*") return true;
        if (item.starts_with("W/")) item.remove_prefix(2);
        if (item == tag) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

bool has_hidden_segment(std::string_view relative) {
    return relative.starts_with('.') || relative.find("/.") != std::string_view::npos;
}

class StaticFiles {
  public:
    StaticFiles(std::filesystem::path directory, StaticOptions options)
        : options_(std::move(options)),
          cache_(std::move(directory), options_.max_file, options_.cache_bytes) {
        while (options_.prefix.ends_with('/')) options_.prefix.pop_back();
    }

    Response answer(const Request& request) {
        if (request.method != "GET" && request.method != "HEAD") {
            auto response = problem_response(Code::kMethodNotAllowed);
            response.headers.add("Allow", "GET, HEAD");
            return response;
        }
        std::string_view path = request.path;
        if (!path.starts_with(options_.prefix)) return problem_response(Code::kNotFound);
        path.remove_prefix(options_.prefix.size());
        if (!path.empty() && path.front() != '/') return problem_response(Code::kNotFound);
        std::string relative(path.substr(path.empty() ? 0 : 1));
        if (has_hidden_segment(relative)) return problem_response(Code::kNotFound);
        // The mount point itself, or a directory named without its slash: relative links need the slash.
        if (path.empty() || (!relative.empty() && relative.back() != '/' && cache_.is_directory(relative))) {
            return redirect_to_directory(request);
        }
        if (relative.empty() || relative.back() == '/') relative += options_.index;
        const auto file = cache_.get(relative);
        if (!file) return problem_response(file.error().code);
        return file_response(request, **file);
    }

  private:
    static Response redirect_to_directory(const Request& request) {
        Response response;
        response.status = 301;
        auto location = request.target.substr(0, request.target.find('?')) + "/";
        if (!request.query.empty()) location += "?" + request.query;
        response.headers.add("Location", std::move(location));
        return response;
    }

    Response file_response(const Request& request, const CachedFile& file) const {
        Response response;
        response.compressible = false;  // done here, once per file
        const bool packed = !file.packed.empty() && accepts_gzip(request.headers);
        const auto tag = "\"" + file.etag + (packed ? "-gz\"" : "\"");
        response.headers = options_.headers;
        response.headers.add("ETag", tag);
        response.headers.add("Cache-Control", options_.cache_control);
        response.headers.add("X-Content-Type-Options", "nosniff");
        if (!file.packed.empty()) response.headers.add("Vary", "Accept-Encoding");
        const auto known = request.headers.find("If-None-Match");
        if (known && matches_any(*known, tag)) {
            response.status = 304;
            return response;
        }
        response.headers.add("Content-Type", std::string(file.content_type));
        if (packed) response.headers.add("Content-Encoding", "gzip");
        response.body = packed ? file.packed : file.bytes;
        return response;
    }

    StaticOptions options_;
    FileCache cache_;
};
}  // namespace

Handler static_files(std::filesystem::path directory, StaticOptions options) {
    return [files = std::make_shared<StaticFiles>(std::move(directory), std::move(options))](
               const Request& request, const std::shared_ptr<Responder>& responder) {
        responder->respond(files->answer(request));
    };
}

}  // namespace twinpane::net
