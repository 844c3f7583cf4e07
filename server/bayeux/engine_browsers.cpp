// Several tabs of one browser over HTTP: browsers open few connections to one host, so held connects of many
// tabs would leave none for anything else. A browser's held connects are counted on one loop, its home, for
// the sessions of all loops.
#include "bayeux/engine_impl.hpp"

namespace twinpane::bayeux {

EngineImpl& EngineImpl::home_of(const std::string& browser) const {
    return *engines_[std::hash<std::string>{}(browser) % engines_.size()];
}

// The connect that `session` holds counts from now on. Should it be one too many it is answered, which may be
// a moment later.
void EngineImpl::enter_browser(const SessionPtr& session, const std::string& browser) {
    session->held->browser = browser;
    auto& home = home_of(browser);
    if (&home == this) {
        if (++browsers_[browser] > options_.max_sessions_per_browser) answer_surplus(session);
        return;
    }
    home.executor().post(
        [&home, this, browser, weak = std::weak_ptr(session), serial = session->held->serial] {
            if (++home.browsers_[browser] <= home.options_.max_sessions_per_browser) return;
            executor().post([this, weak, serial] {
                const auto surplus = weak.lock();
                if (surplus && surplus->held && surplus->held->serial == serial) answer_surplus(surplus);
            });
        });
}

void EngineImpl::leave_browser(const std::string& browser) {
    auto& home = home_of(browser);
    const auto leave = [](EngineImpl& engine, const std::string& name) {
        const auto found = engine.browsers_.find(name);
        if (found != engine.browsers_.end() && --found->second <= 0) engine.browsers_.erase(found);
    };
    if (&home == this) return leave(home, browser);
    home.executor().post([&home, browser, leave] { leave(home, browser); });
}

}  // namespace twinpane::bayeux
