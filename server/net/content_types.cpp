#include <array>
#include <utility>

#include "net/static_files.hpp"
#include "net/text.hpp"

namespace twinpane::net {

std::string_view content_type_of(std::string_view file_name) {
    using Entry = std::pair<std::string_view, std::string_view>;
    static constexpr std::array kTypes = {
        Entry{"html", "text/html; charset=utf-8"},
        Entry{"htm", "text/html; charset=utf-8"},
        Entry{"js", "text/javascript; charset=utf-8"},
        Entry{"mjs", "text/javascript; charset=utf-8"},
        Entry{"css", "text/css; charset=utf-8"},
        Entry{"txt", "text/plain; charset=utf-8"},
        Entry{"md", "text/markdown; charset=utf-8"},
        Entry{"csv", "text/csv; charset=utf-8"},
        Entry{"json", "application/json"},
        Entry{"map", "application/json"},
        Entry{"webmanifest", "application/manifest+json"},
        Entry{"xml", "application/xml"},
        Entry{"yaml", "application/yaml"},
        Entry{"wasm", "application/wasm"},
        Entry{"pdf", "application/pdf"},
        Entry{"svg", "image/svg+xml"},
        Entry{"png", "image/png"},
        Entry{"jpg", "image/jpeg"},
        Entry{"jpeg", "image/jpeg"},
        Entry{"gif", "image/gif"},
        Entry{"webp", "image/webp"},
        Entry{"avif", "image/avif"},
        Entry{"ico", "image/x-icon"},
        Entry{"woff", "font/woff"},
        Entry{"woff2", "font/woff2"},
        Entry{"ttf", "font/ttf"},
        Entry{"otf", "font/otf"},
        Entry{"mp3", "audio/mpeg"},
        Entry{"ogg", "audio/ogg"},
        Entry{"mp4", "video/mp4"},
        Entry{"webm", "video/webm"},
    };
    const auto slash = file_name.rfind('/');
    if (slash != std::string_view::npos) file_name.remove_prefix(slash + 1);
    const auto dot = file_name.rfind('.');
    if (dot != std::string_view::npos) {
        for (const auto& [extension, type] : kTypes) {
            if (equal_no_case(file_name.substr(dot + 1), extension)) return type;
        }
    }
    return "application/octet-stream";
}

}  // namespace twinpane::net
