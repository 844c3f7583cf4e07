// The record of a session, past or, as far as it goes, live. Units as integrators know them: times in ms
// since 1970, durations in seconds.
#include <boost/json.hpp>

#include "rest/call.hpp"
#include "rest/history_json.hpp"
#include "rest/routes.hpp"

namespace twinpane::rest {

namespace {
constexpr std::string_view kSessions = "/rest/history/sessions";
constexpr std::size_t kMaxId = 64;

void find(Call call, const std::string& id) {
    auto& history = call.loop().history;
    history.find(
        id, [call = std::move(call), id](Result<std::optional<storage::SessionRecord>> found) mutable {
            if (!found) return call.fail(Code::kStoreFailed, found.error().context);
            if (*found) return call.answer(200, history_json(**found, call.ctx.clock.unix_ms()));
            auto& service = call.service();
            service.find_live(
                id, [call = std::move(call)](Result<std::optional<storage::SessionRecord>> live) mutable {
                    if (!live) return call.fail(live.error());
                    if (!*live) return call.fail(Code::kNotFound, "history");
                    call.answer(200, history_json(**live, call.ctx.clock.unix_ms()));
                });
        });
}
}  // namespace

void mount_history(net::RouteTable& routes, RestContext& context) {
    for (const auto& base : context.settings.bases()) {
        const auto path = base + std::string(kSessions);
        routes.prefix("GET", path, on_host(context, Host::kDesk, [path](Call call) {
                          if (const auto agent = call.agent(); !agent) return call.fail(agent.error());
                          const auto segments = segments_below(call.request.path, path);
                          if (segments.size() != 1 || segments[0].empty() || segments[0].size() > kMaxId) {
                              return call.fail(Code::kNotFound, "history");
                          }
                          find(std::move(call), segments[0]);
                      }));
    }
}

}  // namespace twinpane::rest
