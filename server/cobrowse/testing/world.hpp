// A node without sockets for tests: N loops whose time the test moves, a store in memory, and users that
// publish.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/manual_loop.hpp"
#include "cobrowse/cobrowse.hpp"
#include "cobrowse/testing/fake_engine.hpp"
#include "cobrowse/testing/fake_mirror.hpp"
#include "storage/testing/memory_store.hpp"

namespace twinpane::cobrowse::testing {

namespace json = boost::json;
using twinpane::testing::ManualLoop;
using twinpane::testing::SeededRandom;

inline Config test_config() {
    Config config;
    Site shop;
    shop.name = "shop";
    shop.origins = {"https://shop.example"};
    Site bank;
    bank.name = "bank";
    bank.origins = {"https://bank.example"};
    bank.policy.allow_write = false;
    bank.policy.keep_query = true;
    config.sites = {shop, bank};
    return config;
}

inline constexpr int kOk = 0;

class World;

// One Bayeux session and who is behind it.
class User {
  public:
    User(World& world, bayeux::ClientRef ref) : world_(&world), ref_(std::move(ref)) {}

    // Publishes and waits. 0, or the number of the error.
    int call(std::string_view verb, const json::value& data);
    int publish(std::string_view channel, std::string_view data);
    // The answer to the last successful call.
    const json::object& answer() const { return answer_; }
    const std::string& error_args() const { return error_args_; }

    // Creates a session and joins it as customer.
    void start(std::string_view site = "shop");
    int join(const std::string& token, int role);
    int rejoin(json::value page = nullptr);
    std::string session_token;
    std::string user_token;
    std::string user_id;

    // Messages on `channel` since the last take(), oldest first.
    std::vector<json::object> take(std::string_view channel = kEventChannel);
    // The only event of that type since the last take of events; fails the test otherwise.
    json::object event(std::string_view type);
    std::vector<std::string> event_types();
    void drop(bool timed_out = true);
    // Its connection breaks, or is there again; the Bayeux session lives on.
    void link(bool up);
    FakeEngine::Client& client();
    const bayeux::ClientRef& ref() const { return ref_; }

  private:
    World* world_;
    bayeux::ClientRef ref_;
    json::object answer_;
    std::string error_args_;
    unsigned last_id_ = 0;
};

class World {
  public:
    // `real_pages`: with the mirror of page instead of the fake one.
    explicit World(unsigned loops = 1, Config config = test_config(), std::uint64_t seed = 1,
                   bool real_pages = false)
        : config_(std::move(config)),
          real_pages_(real_pages),
          random_(seed),
          log_(observe::Level::kError, "") {
        for (unsigned i = 0; i < loops; ++i) loops_.push_back(std::make_unique<ManualLoop>());
        boot();
    }
    ~World() { node_.reset(); }

    // As after kill -9: everything but the store is gone, then the node starts again.
    void crash() {
        node_.reset();
        const auto count = loops_.size();
        const auto at = loops_.front()->monotonic();
        loops_.clear();
        for (std::size_t i = 0; i < count; ++i) {
            loops_.push_back(std::make_unique<ManualLoop>());
            loops_.back()->advance(at - loops_.back()->monotonic());
        }
        clock_.loop = loops_.front().get();
        boot();
        restore();
    }
    void restore() {
        bool done = false;
        auto registry = store.live(*loops_.front());
        registry->load(config_.node, [&](Result<std::vector<storage::SessionRecord>> records) {
            ASSERT_TRUE(records);
            node_->restore(std::move(*records), [&] { done = true; });
        });
        settle();
        ASSERT_TRUE(done);
    }

    void settle() {
        for (int round = 0; round < 24; ++round) {
            for (auto& loop : loops_) loop->drain();
        }
    }
    void advance(Millis by) {
        settle();
        const auto until = loops_.front()->monotonic() + by;
        while (loops_.front()->monotonic() < until) {
            const auto step =
                std::min(until - loops_.front()->monotonic(), by > Millis{5000} ? Millis{250} : Millis{20});
            for (auto& loop : loops_) loop->advance(step);
            settle();
        }
    }

    User customer(unsigned loop = 0, std::string origin = "https://shop.example",
                  std::string address = "192.0.2.1") {
        return {*this, engines_[loop]->connect({false, std::move(origin), std::move(address)}, {})};
    }
    User agent(unsigned loop = 0, std::string account = "anna", std::string address = "198.51.100.1") {
        bayeux::Principal who;
        who.kind = bayeux::Principal::Kind::kAgent;
        who.id = account;
        who.name = "Agent " + account;
        return {*this,
                engines_[loop]->connect({true, "https://desk.example", std::move(address)}, std::move(who))};
    }
    FakeEngine& engine(unsigned loop) { return *engines_[loop]; }
    Cobrowse& node() { return *node_; }
    const Stats& stats() const { return node_->stats(); }
    ManualLoop& loop(unsigned i) { return *loops_[i]; }
    unsigned loops() const { return static_cast<unsigned>(loops_.size()); }
    std::shared_ptr<Session> session(const std::string& token) {
        for (unsigned i = 0; i < loops(); ++i) {
            if (auto found = node_->shard(i).find(token)) return found;
        }
        return nullptr;
    }
    storage::SessionRecord past() {
        const auto all = store.ended_sessions();
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? storage::SessionRecord{} : all.front();
    }

    storage::testing::MemoryStore store;
    std::shared_ptr<FakeMirror::Nodes> nodes = std::make_shared<FakeMirror::Nodes>();

  private:
    // The first loop's time, across crashes.
    struct SharedClock final : Clock {
        const ManualLoop* loop = nullptr;
        Millis monotonic() const override { return loop->monotonic(); }
        std::int64_t unix_ms() const override { return loop->unix_ms(); }
    };

    void boot() {
        clock_.loop = loops_.front().get();
        engines_.clear();
        registries_.clear();
        closers_.clear();
        std::vector<LoopParts> parts;
        for (unsigned i = 0; i < loops_.size(); ++i) {
            engines_.push_back(std::make_unique<FakeEngine>(i));
            registries_.push_back(store.live(*loops_[i]));
            closers_.push_back(store.closer(*loops_[i]));
            parts.push_back({*loops_[i], *loops_[i], *engines_[i], *registries_[i], *closers_[i]});
        }
        node_ = std::make_unique<Cobrowse>(
            config_, clock_, random_,
            [this](page::MirrorLimits limits) -> std::unique_ptr<page::Mirror> {
                if (real_pages_) return page::Mirror::create(limits);
                return std::make_unique<FakeMirror>(nodes);
            },
            log_, parts);
    }

    Config config_;
    bool real_pages_;
    SeededRandom random_;
    observe::Log log_;
    SharedClock clock_;
    std::vector<std::unique_ptr<ManualLoop>> loops_;
    std::vector<std::unique_ptr<FakeEngine>> engines_;
    std::vector<std::unique_ptr<storage::LiveRegistry>> registries_;
    std::vector<std::unique_ptr<storage::SessionCloser>> closers_;
    std::unique_ptr<Cobrowse> node_;
};

inline FakeEngine::Client& User::client() {
    return world_->engine(ref_.loop).client(ref_);
}

inline int User::publish(std::string_view channel, std::string_view data) {
    const auto id = "\"" + std::to_string(++last_id_) + "\"";
    const auto receipt = world_->engine(ref_.loop).publish(ref_, channel, data, id);
    world_->settle();
    EXPECT_TRUE(receipt->done) << channel;
    error_args_ = receipt->args;
    if (receipt->error) return static_cast<int>(receipt->error->code);
    auto& inbox = client().inbox;
    for (auto it = inbox.begin(); it != inbox.end(); ++it) {
        if (it->id != id) continue;
        EXPECT_EQ(it->channel, channel);
        answer_ = it->data.as_object();
        inbox.erase(it);
        break;
    }
    return kOk;
}

inline int User::call(std::string_view verb, const json::value& data) {
    answer_.clear();
    return publish("/service/session/" + std::string(verb), serialize(data));
}

inline void User::start(std::string_view site) {
    ASSERT_EQ(call("create", {{"site", site}}), kOk);
    session_token = std::string(answer().at("sessionToken").as_string());
    ASSERT_EQ(join(session_token, 1), kOk);
}

inline int User::join(const std::string& token, int role) {
    const auto code = call("join", {{"sessionToken", token}, {"role", role}, {"name", "Carla"}});
    if (code != kOk) return code;
    session_token = token;
    user_token = std::string(answer().at("userToken").as_string());
    user_id = std::string(answer().at("userId").as_string());
    return kOk;
}

inline int User::rejoin(json::value page) {
    json::object request{{"userToken", user_token}};
    if (!page.is_null()) request["page"] = std::move(page);
    return call("rejoin", request);
}

inline std::vector<json::object> User::take(std::string_view channel) {
    std::vector<json::object> out;
    auto& inbox = client().inbox;
    std::erase_if(inbox, [&](const auto& message) {
        if (message.channel != channel) return false;
        out.push_back(message.data.as_object());
        return true;
    });
    return out;
}

inline std::vector<std::string> User::event_types() {
    std::vector<std::string> out;
    for (const auto& event : take()) out.emplace_back(event.at("type").as_string());
    return out;
}

inline json::object User::event(std::string_view type) {
    json::object found;
    int count = 0;
    for (auto& event : take()) {
        if (event.at("type").as_string() != type) continue;
        found = std::move(event);
        ++count;
    }
    EXPECT_EQ(count, 1) << type;
    return found;
}

inline void User::drop(bool timed_out) {
    world_->engine(ref_.loop).remove(ref_, timed_out);
    world_->settle();
}

inline void User::link(bool up) {
    world_->engine(ref_.loop).link(ref_, up);
    world_->settle();
}

}  // namespace twinpane::cobrowse::testing
