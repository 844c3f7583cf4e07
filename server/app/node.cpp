#include "app/node.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include "app/await.hpp"
#include "app/echo_route.hpp"
#include "app/first_agent.hpp"
#include "app/paths.hpp"
#include "app/settings.hpp"
#include "app/tls_files.hpp"
#include "app/web_routes.hpp"
#include "app/welcome.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "bayeux/engine_group.hpp"
#include "cobrowse/cobrowse.hpp"
#include "net/server.hpp"
#include "observe/log.hpp"
#include "page/mirror.hpp"
#include "resource/signer.hpp"
#include "resource/store.hpp"
#include "rest/routes.hpp"
#include "rest/security_policy.hpp"
#include "storage/rocksdb/rocks_storage.hpp"
#include "transport/bayeux.hpp"

namespace twinpane::app {

namespace {

constexpr Millis kPatience{30'000};

// The store's ports of one loop.
struct Ports {
    std::unique_ptr<storage::LiveRegistry> live;
    std::unique_ptr<storage::SessionCloser> closer;
    std::unique_ptr<storage::History> history;
    std::unique_ptr<storage::Accounts> accounts;
};

int refuse(const Error& error) {
    std::cerr << "twinpane: " << error.context << "\n";
    return info(error.code).status == 500 && error.code == Code::kConfigInvalid ? 2 : 1;
}

// Which web pages may talk to which listener: the desk inside, outside the configured sites and what
// cometd.origins names.
transport::OriginAllowed origin_rule(const cobrowse::Config& sites, const std::string& desk,
                                     const std::vector<std::string>& others) {
    return [&sites, desk, others](net::Side side, std::string_view origin) {
        if (side == net::Side::kInternal) return origin == desk;
        return sites.find_site_of_origin(origin) != nullptr ||
               std::ranges::find(others, origin) != others.end();
    };
}

Error with_hint(Error error, const char* option) {
    if (error.code != Code::kBadCertificate)
        error.context += std::string("; choose another port with --") + option + " or in the configuration";
    return error;
}

void warn_of_certificates(const LoadedConfig& loaded, const Clock& clock, observe::Log& log) {
    for (const auto& warning : tls_warnings(loaded, clock.unix_ms()))
        log.warn("tls.certificate", {{"warning", warning}});
}

// On SIGHUP. Connections go on; what can't be used is not.
void reload_certificates(net::Server& server, const LoadedConfig& loaded, const Clock& clock,
                         observe::Log& log) {
    if (const auto reloaded = server.reload_tls(); !reloaded) {
        log.error("tls.reload_failed", {{"code", static_cast<int>(reloaded.error().code)},
                                        {"why", reloaded.error().context},
                                        {"in_use", "the certificates of before"}});
        return;
    }
    log.info("tls.reloaded");
    warn_of_certificates(loaded, clock, log);
}

}  // namespace

int run_node(const LoadedConfig& loaded, const Overrides& overrides, const Wires& wires) {
    Wires::block_signals();
    const auto& config = loaded.config;
    SystemClock clock;
    SystemRandom random;
    observe::Log log(observe::parse_level(config.text("log.level")), config.text("node.name"));

    // What is kept.
    const auto web = web_root(loaded);
    if (!web) return refuse(web.error());
    const auto data = data_folder(loaded, overrides.data);
    if (!data) return refuse(data.error());
    const auto auth_key = secret_key(*data, "auth.key");
    if (!auth_key) return refuse(auth_key.error());
    const auto resource_key = secret_key(*data, "resource.key");
    if (!resource_key) return refuse(resource_key.error());

    // Listeners first, so that a busy port is said before anything else happens; nothing is accepted yet.
    auto server =
        net::Server::create(loop_count(config), net_limits(config),
                            [&log](int number, std::string_view peer, std::string_view why) {
                                log.info("net.refused", {{"code", number}, {"peer", peer}, {"why", why}});
                            });
    net::RouteTable public_routes;
    net::RouteTable internal_routes;
    const auto port = [&](int override_port, std::string_view option) {
        return static_cast<std::uint16_t>(override_port >= 0 ? override_port : config.integer(option));
    };
    const auto public_port = server->listen(
        net::Side::kPublic,
        {config.text("public.host"), port(overrides.public_port, "public.port"), tls_files(loaded, "public")},
        public_routes);
    if (!public_port) return refuse(with_hint(public_port.error(), "public-port"));
    const auto internal_port =
        server->listen(net::Side::kInternal,
                       {config.text("internal.host"), port(overrides.internal_port, "internal.port"),
                        tls_files(loaded, "internal")},
                       internal_routes);
    if (!internal_port) return refuse(with_hint(internal_port.error(), "internal-port"));

    auto opened = storage::RocksStorage::open((*data / "rocksdb").string());
    if (!opened) return refuse(opened.error());
    auto& store = **opened;
    InlineExecutor inline_executor;
    const auto start_accounts = store.accounts(inline_executor);
    const auto agent = first_agent(*start_accounts, *data, config.text("auth.first_agent"), clock, random);
    if (!agent) return refuse(agent.error());
    wires.report("account " + agent->login + " " + (agent->password.empty() ? "-" : agent->password) + " " +
                 agent->file.string());

    // Sessions: an engine, a service and a shard on every loop.
    const auto internal_url =
        with_port(config.text("internal.url"), config.integer("internal.port"), *internal_port);
    const auto viewer =
        with_port(config.text("viewer.origin"), config.integer("internal.port"), *internal_port);
    resource::Store resources(resource_limits(config));
    const resource::Signer signer(*resource_key);
    const rest::AccessTokens tokens(*auth_key, clock, Millis{config.integer("auth.access_ttl")});
    rest::SecurityPolicy policy(tokens, log, rest::OpenChannels(config.list("cometd.open_channels")));
    bayeux::EngineGroup engines(engine_options(config));
    std::vector<Ports> ports;
    std::vector<cobrowse::LoopParts> session_parts;
    std::vector<rest::LoopParts> rest_parts;
    ports.reserve(server->loops().size());
    for (auto* loop : server->loops()) {
        auto& engine = engines.add(*loop, *loop, clock, random, policy);
        auto& mine = ports.emplace_back(store.live(*loop), store.closer(*loop), store.history(*loop),
                                        store.accounts(*loop));
        session_parts.push_back({*loop, *loop, engine, *mine.live, *mine.closer});
        rest_parts.push_back({*loop, *mine.accounts, *mine.history});
    }
    auto sessions = cobrowse_config(config);
    if (!viewer.empty()) {
        sessions.resource_url = [&signer, viewer](std::string_view scope, std::int64_t now) {
            return signer.url(viewer, scope, now);
        };
    }
    sessions.resources_done = [&resources](std::string_view scope) { resources.drop(scope); };
    cobrowse::Cobrowse cobrowse(std::move(sessions), clock, random, page::Mirror::create, log, session_parts);

    // Routes.
    rest::Settings settings;
    settings.node = config.text("node.name");
    settings.public_url = with_port(config.text("public.url"), config.integer("public.port"), *public_port);
    settings.internal_url = internal_url;
    settings.viewer_origin = viewer;
    settings.access_ttl = Millis{config.integer("auth.access_ttl")};
    settings.refresh_ttl = Millis{config.integer("auth.refresh_ttl")};
    rest::PasswordWorkers passwords;
    rest::RestContext rest(settings, rest_parts, cobrowse, resources, signer, tokens, passwords, clock,
                           random, log);
    rest::mount_public(public_routes, rest);
    rest::mount_internal(internal_routes, rest);
    auto transports = bayeux_options(config);
    transports.random = &random;
    transport::Bayeux bayeux(
        engines, origin_rule(cobrowse.config(), internal_url, config.list("cometd.origins")),
        bayeux_limits(config),
        [&log](Code code, std::string_view peer) {
            log.info("bayeux.refused", {{"code", static_cast<int>(code)}, {"peer", peer}});
        },
        std::move(transports));
    const auto paths = bayeux_paths(config, cobrowse.config().base);
    bayeux.mount(public_routes, net::Side::kPublic, paths);
    bayeux.mount(internal_routes, net::Side::kInternal, paths);
    if (const auto& echo = config.text("unsafe_echo_path"); !echo.empty()) {
        mount_echo(public_routes, echo,
                   origin_rule(cobrowse.config(), internal_url, config.list("cometd.origins")),
                   bayeux_limits(config).max_message, bayeux_options(config).compression.offered,
                   server->loops().size());
    }
    mount_script(public_routes, *web);
    if (auto mounted = mount_desk_and_view(internal_routes, *web, {internal_url, viewer}, rest); !mounted)
        return refuse(mounted.error());

    // Sessions of an earlier life come back before the first client does.
    const auto start_live = store.live(inline_executor);
    auto stored = await<std::vector<storage::SessionRecord>>(
        kPatience, [&](auto done) { start_live->load(config.text("node.name"), std::move(done)); });
    if (!stored) return refuse(stored.error());
    const auto restored = stored->size();
    cobrowse.restore(std::move(*stored));

    server->run();
    log.info("node.ready", {{"public", *public_port},
                            {"internal", *internal_port},
                            {"loops", server->loops().size()},
                            {"sessions", restored}});
    wires.report("ready " + std::to_string(*public_port) + " " + std::to_string(*internal_port));
    warn_of_certificates(loaded, clock, log);
    wires.wait_for_stop([&] { reload_certificates(*server, loaded, clock, log); });

    log.info("node.stopping");
    engines.begin_shutdown();
    server->stop(Millis{config.integer("stop.drain")});
    store.close();
    log.info("node.stopped");
    return 0;
}

}  // namespace twinpane::app
