// Files of one directory under a route prefix: GET and HEAD, ETag and If-None-Match, gzip, bounded cache in
// memory.
#pragma once

#include <filesystem>
#include <string>

#include "net/http.hpp"

namespace twinpane::net {

struct StaticOptions {
    // The route's prefix, taken off the request's path; what is left is looked up below the directory.
    std::string prefix;
    std::string cache_control = "no-cache";  // kept, but asked for again by ETag
    Headers headers;                         // on every file, for example Content-Security-Policy
    std::string index = "index.html";        // for paths that end in '/'
    std::size_t max_file = 64U << 20U;       // larger files are an error
    std::size_t cache_bytes = 32U << 20U;  // all files of this handler together; the longest unused go first
};

// A handler for a prefix route with method GET. Files are read when first asked for and again when size, time
// or inode change; `name.gz` beside `name` and not older is sent to clients that take gzip, else the file is
// compressed once if its type is worth it. Hidden names and links that lead out of the directory are not
// found. A directory without '/' is redirected. X-Content-Type-Options: nosniff goes with every file. Any
// loop; a read of a file that is not cached blocks the loop for as long as the disk takes.
Handler static_files(std::filesystem::path directory, StaticOptions options = {});

// "text/css; charset=utf-8" for "a/b.css"; "application/octet-stream" for what is not known.
std::string_view content_type_of(std::string_view file_name);

}  // namespace twinpane::net
