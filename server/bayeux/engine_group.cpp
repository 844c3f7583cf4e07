#include "bayeux/engine_group.hpp"

#include <stdexcept>

#include "bayeux/engine_impl.hpp"

namespace twinpane::bayeux {

namespace {

constexpr std::size_t kMaxLoops = 256;           // two hex digits in a client id
constexpr std::size_t kClientIdLength = 2 + 32;  // loop, 128 random bits

}  // namespace

std::optional<unsigned> loop_of(std::string_view client_id) {
    if (client_id.size() != kClientIdLength) return std::nullopt;
    unsigned loop = 0;
    for (const char c : client_id.substr(0, 2)) {
        if (c >= '0' && c <= '9') {
            loop = loop * 16 + static_cast<unsigned>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            loop = loop * 16 + static_cast<unsigned>(c - 'a' + 10);
        } else {
            return std::nullopt;
        }
    }
    return loop;
}

struct EngineGroup::Impl {
    EngineOptions options;
    EngineImpl::Engines engines;
};

EngineGroup::EngineGroup(EngineOptions options) : impl_(std::make_unique<Impl>()) {
    impl_->options = std::move(options);
}

EngineGroup::~EngineGroup() = default;

Engine& EngineGroup::add(Executor& executor, Timers& timers, Clock& clock, Random& random,
                         SecurityPolicy& policy) {
    const auto loop = impl_->engines.size();
    if (loop == kMaxLoops) throw std::length_error("more than 256 loops");
    const EngineImpl::Parts parts{static_cast<unsigned>(loop), executor, timers, clock, random, policy};
    return *impl_->engines.emplace_back(std::make_unique<EngineImpl>(impl_->options, parts, impl_->engines));
}

unsigned EngineGroup::size() const {
    return static_cast<unsigned>(impl_->engines.size());
}
Engine& EngineGroup::at(unsigned loop) {
    return *impl_->engines.at(loop);
}
Inlet& EngineGroup::inlet(unsigned loop) {
    return *impl_->engines.at(loop);
}
Executor& EngineGroup::executor(unsigned loop) {
    return impl_->engines.at(loop)->executor();
}

Hooks& EngineGroup::hooks(unsigned loop) {
    return *impl_->engines.at(loop);
}

Counters EngineGroup::counters() const {
    Counters sum;
    for (const auto& engine : impl_->engines) {
        const auto& one = engine->counters();
        sum.sessions += one.sessions;
        sum.held += one.held;
        sum.subscriptions += one.subscriptions;
        sum.handshakes += one.handshakes;
        sum.handshakes_denied += one.handshakes_denied;
        sum.messages_in += one.messages_in;
        sum.messages_out += one.messages_out;
        sum.sessions_disconnected += one.disconnected;
        sum.sessions_expired += one.expired;
        sum.sessions_cut += one.cut;
    }
    return sum;
}

void EngineGroup::begin_shutdown() {
    for (const auto& engine : impl_->engines) {
        engine->executor().post([one = engine.get()] { one->begin_shutdown(); });
    }
}

}  // namespace twinpane::bayeux
