#include "app/demo.hpp"

#include <filesystem>
#include <iostream>
#include <map>

#include "app/paths.hpp"
#include "app/welcome.hpp"
#include "net/server.hpp"

namespace twinpane::app {

namespace {

constexpr std::size_t kMaxFile = 4U << 20U;
constexpr std::string_view kPlaceholder = "{{COBROWSE_URL}}";

std::string content_type(const std::filesystem::path& path) {
    static const std::map<std::string, std::string> types = {{".html", "text/html; charset=utf-8"},
                                                             {".css", "text/css; charset=utf-8"},
                                                             {".js", "text/javascript; charset=utf-8"},
                                                             {".svg", "image/svg+xml"},
                                                             {".json", "application/json"},
                                                             {".png", "image/png"},
                                                             {".woff2", "font/woff2"},
                                                             {".ico", "image/x-icon"}};
    const auto found = types.find(path.extension().string());
    return found == types.end() ? "application/octet-stream" : found->second;
}

struct Page {
    std::string type, body;
};

// The whole shop in memory; it is small, and so nothing outside its folder can ever be asked for.
std::map<std::string, Page> load_shop(const std::filesystem::path& folder, const std::string& cobrowse_url) {
    std::map<std::string, Page> pages;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
        if (!entry.is_regular_file()) continue;
        auto body = read_file(entry.path(), kMaxFile);
        if (!body) continue;
        for (auto at = body->find(kPlaceholder); at != std::string::npos; at = body->find(kPlaceholder, at)) {
            body->replace(at, kPlaceholder.size(), cobrowse_url);
        }
        auto name = "/" + std::filesystem::relative(entry.path(), folder).generic_string();
        Page page{content_type(entry.path()), std::move(*body)};
        if (entry.path().filename() == "index.html") {
            auto base = name.substr(0, name.size() - std::string("index.html").size());
            if (base.size() > 1) base.pop_back();
            pages[base] = page;
        }
        pages[name] = std::move(page);
    }
    return pages;
}

}  // namespace

int run_demo(const LoadedConfig& loaded, int port, int public_port, const Wires& wires) {
    Wires::block_signals();
    const auto root = web_root(loaded);
    if (!root) {
        std::cerr << "demo: " << root.error().context << "\n";
        return 1;
    }
    const auto& config = loaded.config;
    const auto base = with_port(config.text("public.url"), config.integer("public.port"), public_port);
    const auto pages = load_shop(*root / "demo", base + "/cobrowse");
    if (pages.empty()) {
        std::cerr << "demo: no files in " << (*root / "demo").string() << "\n";
        return 1;
    }
    net::RouteTable routes;
    routes.prefix("GET", "/", [&pages](net::Request request, std::shared_ptr<net::Responder> responder) {
        net::Response response;
        const auto found = pages.find(request.path);
        if (found == pages.end()) {
            response.status = 404;
            response.headers.add("Content-Type", "text/plain; charset=utf-8");
            response.body = "There is no such page in this shop.\n";
        } else {
            response.headers.add("Content-Type", found->second.type);
            response.headers.add("Cache-Control", "no-cache");
            response.headers.add("X-Content-Type-Options", "nosniff");
            response.body = found->second.body;
        }
        responder->respond(std::move(response));
    });
    auto server = net::Server::create(1, net::Limits{});
    const auto bound =
        server->listen(net::Side::kPublic, {"127.0.0.1", static_cast<std::uint16_t>(port)}, routes);
    if (!bound) {
        std::cerr << "demo: " << bound.error().context << "; choose another with --demo-port\n";
        return 1;
    }
    server->run();
    wires.report("ready " + std::to_string(*bound));
    wires.wait_for_stop([] {});
    server->stop(Millis{1000});
    return 0;
}

}  // namespace twinpane::app
