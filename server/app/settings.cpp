#include "app/settings.hpp"

#include <algorithm>
#include <thread>

namespace twinpane::app {

namespace {
std::size_t size(const config::Config& config, std::string_view name) {
    return static_cast<std::size_t>(config.integer(name));
}
Millis time(const config::Config& config, std::string_view name) {
    return Millis{config.integer(name)};
}
}  // namespace

net::Limits net_limits(const config::Config& config) {
    net::Limits limits;
    limits.max_head = size(config, "limits.head");
    limits.max_fields = size(config, "limits.header_fields");
    limits.head_timeout = time(config, "limits.head_timeout");
    limits.body_timeout = time(config, "limits.body_timeout");
    limits.write_stall = time(config, "limits.write_stall");
    limits.ws_ping = time(config, "ws.ping");
    limits.ws_pong = time(config, "ws.pong");
    limits.ws_queue_bytes = size(config, "limits.queue_bytes");
    limits.ws_queue_frames = size(config, "limits.queue_messages");
    limits.max_connections = size(config, "limits.connections");
    return limits;
}

bayeux::EngineOptions engine_options(const config::Config& config) {
    bayeux::EngineOptions options;
    options.timeout = time(config, "cometd.timeout");
    options.interval = time(config, "cometd.interval");
    options.max_interval = time(config, "cometd.maxInterval");
    options.queue_bytes = size(config, "limits.queue_bytes");
    options.queue_messages = size(config, "limits.queue_messages");
    return options;
}

transport::BayeuxLimits bayeux_limits(const config::Config& config) {
    transport::BayeuxLimits limits;
    limits.max_message = size(config, "limits.message");
    return limits;
}

resource::Limits resource_limits(const config::Config& config) {
    resource::Limits limits;
    limits.scope = size(config, "session.resource_bytes");
    return limits;
}

cobrowse::Config cobrowse_config(const config::Config& config) {
    cobrowse::Config out;
    out.node = config.text("node.name");
    out.base = "/cobrowse/n/" + out.node;
    out.limits.sessions = size(config, "limits.sessions");
    out.limits.code_ttl = time(config, "session.code_ttl");
    out.limits.rejoin_grace = time(config, "session.rejoin_grace");
    out.limits.inactivity = time(config, "session.inactivity");
    out.limits.mode_request = time(config, "session.mode_request");
    out.limits.mirror.max_nodes = size(config, "session.page_nodes");
    out.limits.mirror.max_bytes = size(config, "session.page_bytes");
    for (const auto& site : config.sites()) {
        cobrowse::Site copy;
        copy.name = site.name;
        copy.origins = site.origins;
        copy.policy.form_values_shown = site.form_values_shown;
        copy.policy.mask = site.mask;
        copy.policy.allow_write = site.allow_write;
        copy.policy.allow_submit = site.allow_submit;
        out.sites.push_back(std::move(copy));
    }
    return out;
}

unsigned loop_count(const config::Config& config) {
    const auto configured = static_cast<unsigned>(config.integer("server.loops"));
    return configured > 0 ? configured : std::clamp(std::thread::hardware_concurrency(), 1U, 64U);
}

}  // namespace twinpane::app
