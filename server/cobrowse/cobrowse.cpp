#include "cobrowse/cobrowse.hpp"

#include <sodium.h>

#include <atomic>
#include <stdexcept>
#include <utility>

#include "cobrowse/ids.hpp"

namespace twinpane::cobrowse {

Cobrowse::Cobrowse(Config config, const Clock& clock, Random& random, MirrorFactory mirror, observe::Log& log,
                   const std::vector<LoopParts>& loops)
    : config_(std::move(config)), mirror_(std::move(mirror)), board_(static_cast<unsigned>(loops.size())) {
    if (loops.empty() || loops.size() > kShards) throw std::invalid_argument("cobrowse: 1 to 256 loops");
    if (sodium_init() < 0) throw std::runtime_error("cobrowse: libsodium does not start");
    for (unsigned i = 0; i < loops.size(); ++i) {
        const auto& parts = loops[i];
        services_.push_back(std::make_unique<Service>(board_, i, config_, clock, parts.timers, log, stats_));
        shards_.push_back(std::make_unique<Shard>(board_, i, config_, clock, random, mirror_, log, stats_,
                                                  Shard::Parts{parts.timers, parts.live, parts.closer}));
        board_.at(i) = Station{&parts.executor, &parts.engine, services_.back().get(), shards_.back().get()};
        for (const auto* prefix : {"/service/session", "/service/page", "/service/act", "/service/chat"}) {
            parts.engine.service(prefix, *services_.back());
        }
    }
}

Cobrowse::~Cobrowse() {
    board_.close();
}

void Cobrowse::restore(std::vector<storage::SessionRecord> records, std::move_only_function<void()> done) {
    std::vector<std::vector<storage::SessionRecord>> by_loop(board_.loops());
    for (auto& record : records) {
        if (!is_session_token(record.token)) continue;
        by_loop[shard_of_session(record.token) % board_.loops()].push_back(std::move(record));
    }
    struct Rest {
        std::atomic<unsigned> left;
        std::move_only_function<void()> done;
    };
    auto rest = std::make_shared<Rest>(board_.loops(), std::move(done));
    for (unsigned i = 0; i < board_.loops(); ++i) {
        board_.at(i).executor->post([this, i, rest, mine = std::move(by_loop[i])]() mutable {
            shards_[i]->restore(std::move(mine));
            if (--rest->left != 0 || !rest->done) return;
            board_.at(0).executor->post([rest] { rest->done(); });
        });
    }
}

}  // namespace twinpane::cobrowse
