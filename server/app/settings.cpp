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
    limits.tls_handshake = time(config, "limits.tls_handshake");
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
    if (const auto own = config.integer("cometd.maxQueue"); own > 0) {
        options.queue_messages = static_cast<std::size_t>(own);
    }
    options.publishes_per_second = size(config, "limits.publishes");
    options.publish_bytes_per_second = size(config, "limits.publish_bytes");
    options.max_subscriptions = size(config, "limits.channels");
    options.meta_connect_deliver_only = config.flag("cometd.metaConnectDeliverOnly");
    options.handshake_delivery = config.flag("cometd.allowMessageDeliveryDuringHandshake");
    options.handshake_reconnect = config.flag("cometd.handshakeReconnect");
    options.broadcast_to_publisher = config.flag("cometd.broadcastToPublisher");
    options.validate_fields = config.flag("cometd.validateMessageFields");
    options.max_lazy_timeout = time(config, "cometd.maxLazyTimeout");
    options.lazy_channels = config.list("cometd.lazy_channels");
    options.max_sessions_per_browser =
        static_cast<int>(config.integer("cometd.maxSessionsPerBrowser", config::Transport::kLongPolling));
    options.multi_session_interval =
        Millis{config.integer("cometd.multiSessionInterval", config::Transport::kLongPolling)};
    options.extensions.ack = config.flag("cometd.ext.ack");
    options.extensions.timesync = config.flag("cometd.ext.timesync");
    options.extensions.timestamp = config.flag("cometd.ext.timestamp");
    options.extensions.max_inactivity = time(config, "cometd.ext.activity");
    options.extensions.activity = config.text("cometd.ext.activityMode") == "client"
                                      ? bayeux::ExtensionOptions::Activity::kClient
                                      : bayeux::ExtensionOptions::Activity::kClientServer;
    options.ack_bytes = options.queue_bytes;
    options.ack_messages = options.queue_messages;
    options.connection_types.clear();
    for (const auto& name : config.transports()) {
        options.connection_types.push_back(name);
        // Faye's name for long-polling from another origin.
        if (name == "long-polling") options.connection_types.emplace_back("cross-origin-long-polling");
    }
    return options;
}

transport::BayeuxLimits bayeux_limits(const config::Config& config) {
    transport::BayeuxLimits limits;
    limits.max_message = size(config, "limits.message");
    limits.unbound = time(config, "ws.unbound");
    return limits;
}

namespace {

transport::BayeuxOptions::One one_transport(const config::Config& config, std::string_view name,
                                            config::Transport transport) {
    transport::BayeuxOptions::One one;
    const auto served = config.transports();
    one.on = std::ranges::find(served, name) != served.end();
    const auto own = config.integer("cometd.maxMessageSize", transport);
    if (own > 0) one.max_message = static_cast<std::size_t>(own);
    one.rules.timeout = Millis{config.integer("cometd.timeout", transport)};
    one.rules.interval = Millis{config.integer("cometd.interval", transport)};
    one.rules.max_interval = Millis{config.integer("cometd.maxInterval", transport)};
    one.rules.connect_only = config.flag("cometd.metaConnectDeliverOnly", transport);
    return one;
}

std::optional<transport::BrowserCookie> browser_cookie(const config::Config& config) {
    constexpr auto kHow = config::Transport::kLongPolling;
    if (!config.flag("cometd.browserCookie", kHow)) return std::nullopt;
    transport::BrowserCookie cookie;
    cookie.name = config.text("cometd.browserCookieName", kHow);
    cookie.domain = config.text("cometd.browserCookieDomain", kHow);
    cookie.path = config.text("cometd.browserCookiePath", kHow);
    cookie.max_age = config.integer("cometd.browserCookieMaxAge", kHow);
    cookie.secure = config.flag("cometd.browserCookieSecure", kHow);
    cookie.http_only = config.flag("cometd.browserCookieHttpOnly", kHow);
    cookie.same_site = config.text("cometd.browserCookieSameSite", kHow);
    cookie.partitioned = config.flag("cometd.browserCookiePartitioned", kHow);
    cookie.trust_client_session = config.flag("cometd.trustClientSession", kHow);
    return cookie;
}

}  // namespace

transport::BayeuxOptions bayeux_options(const config::Config& config) {
    using config::Transport;
    transport::BayeuxOptions options;
    options.websocket = one_transport(config, "websocket", Transport::kWebSocket);
    options.long_polling = one_transport(config, "long-polling", Transport::kLongPolling);
    options.callback_polling = one_transport(config, "callback-polling", Transport::kCallbackPolling);
    options.websocket.rules.takes_over = !config.flag("cometd.ws.requireHandshakePerConnection");
    options.callback_parameter = config.text("cometd.callbackParameter", Transport::kCallbackPolling);
    options.callback_max_length = static_cast<std::size_t>(
        config.integer("cometd.callbackParameterMaxLength", Transport::kCallbackPolling));
    options.cookie = browser_cookie(config);
    options.replaced_connect_status = static_cast<int>(
        config.integer("cometd.duplicateMetaConnectHttpResponseCode", Transport::kLongPolling));
    options.messages_per_frame = size(config, "cometd.ws.messagesPerFrame");
    options.sub_protocol = config.text("cometd.ws.protocol");
    options.compression.offered = config.flag("cometd.ws.enableExtension.permessage-deflate");
    options.compression.services = config.flag("cometd.ws.unsafe_deflate_services");
    return options;
}

std::vector<std::string> bayeux_paths(const config::Config& config, const std::string& base) {
    auto paths = config.list("cometd.paths");
    const auto sticky = base + "/cometd";
    if (std::ranges::find(paths, sticky) == paths.end()) paths.push_back(sticky);
    return paths;
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
