// Engines on manual loops with recording outlets, for tests of this folder and of services above it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/testing/manual_loop.hpp"
#include "bayeux/engine_group.hpp"
#include "bayeux/envelope.hpp"
#include "bayeux/json.hpp"

namespace twinpane::bayeux::testing {

// A connection that remembers what it was given.
class FakeOutlet final : public Outlet {
  public:
    using Outlet::Outlet;

    bool send(std::span<const SharedBytes> messages) override {
        ++sends;
        for (const auto& message : messages) {
            texts.push_back(*message);
            bytes.push_back(message);
        }
        return accepts;
    }
    void refuse(Code code) override { refused = code; }
    std::size_t queued_bytes() const override { return waiting; }
    void bound(std::string_view client_id) override { bound_to = client_id; }
    void unbound() override { bound_to.clear(); }

    // What has come since the last call.
    std::vector<std::string> take() { return std::exchange(texts, {}); }

    std::vector<std::string> texts;
    std::vector<SharedBytes> bytes;
    std::optional<Code> refused;
    std::string bound_to;
    std::size_t sends = 0;
    std::size_t waiting = 0;
    bool accepts = true;
};

// Lets everybody in, unless told otherwise; may keep handshakes and decisions waiting.
class FakePolicy final : public SecurityPolicy {
  public:
    using Done = std::move_only_function<void(Result<std::shared_ptr<const Principal>>)>;

    void handshake(const Peer& peer, std::string_view ext, Done done) override {
        last_peer = peer;
        last_ext = ext;
        if (wait) {
            waiting.push_back(std::move(done));
        } else if (deny) {
            done(fail(*deny));
        } else {
            done(std::make_shared<const Principal>());
        }
    }
    bool may_subscribe(const Principal&, const Peer&, std::string_view channel) override {
        return !channel.starts_with("/closed");
    }
    bool may_publish(const Principal&, const Peer&, std::string_view channel) override {
        return !channel.starts_with("/closed");
    }

    bool may_create(const Principal&, const Peer&, std::string_view channel) override {
        return !channel.starts_with(may_not_create);
    }
    bool decides_creation() const override { return creation; }
    Decision decide(const Question& question, Deferral& deferral) override {
        if (!later) return SecurityPolicy::decide(question, deferral);
        asked.emplace_back(question.channel);
        decisions.push_back(deferral.take());
        if (at_once) decisions.back()(true);
        return Decision::kLater;
    }

    std::optional<Code> deny;
    bool wait = false;
    bool creation = false;
    std::string may_not_create = "/closed";
    bool later = false, at_once = false;
    std::vector<Deferral::Decide> decisions;
    std::vector<std::string> asked;
    std::deque<Done> waiting;
    Peer last_peer;
    std::string last_ext;
};

// One or more engines. Text goes in as a client would send it.
class Rig {
  public:
    explicit Rig(EngineOptions options = {}, unsigned loops = 1) : group(std::move(options)), loops_(loops) {
        for (unsigned i = 0; i < loops; ++i) {
            auto& loop = manual.emplace_back();
            group.add(loop, loop, loop, random, policy);
        }
    }

    static std::shared_ptr<FakeOutlet> stream() {
        return std::make_shared<FakeOutlet>(Outlet::Kind::kStream);
    }
    static std::shared_ptr<FakeOutlet> exchange() {
        return std::make_shared<FakeOutlet>(Outlet::Kind::kExchange);
    }

    void send(const std::shared_ptr<FakeOutlet>& outlet, std::string_view text, unsigned loop = 0) {
        const auto batch = parse_batch(text);
        ASSERT_TRUE(batch) << text;
        group.inlet(loop).receive(*batch, peer, outlet);
        drain();
    }
    // Sends over HTTP on a request of its own.
    std::shared_ptr<FakeOutlet> post(std::string_view text, unsigned loop = 0) {
        auto outlet = exchange();
        send(outlet, text, loop);
        return outlet;
    }
    std::string handshake(const std::shared_ptr<FakeOutlet>& outlet, unsigned loop = 0) {
        send(outlet, kHandshake, loop);
        auto replies = outlet->take();
        return replies.empty() ? "" : field(replies.back(), "clientId");
    }
    // A handshake with more fields (",\"ext\":{...}"); the whole reply.
    std::string handshake_reply(const std::shared_ptr<FakeOutlet>& outlet, std::string_view more,
                                unsigned loop = 0) {
        send(outlet, R"({"channel":"/meta/handshake","version":"1.0","id":"h")" + std::string(more) + "}",
             loop);
        auto replies = outlet->take();
        return replies.empty() ? "" : replies.front();
    }
    std::string handshake_over_http(unsigned loop = 0) { return handshake(exchange(), loop); }
    // Shakes hands and connects once; the reply is taken off the outlet.
    std::string open(const std::shared_ptr<FakeOutlet>& outlet, unsigned loop = 0) {
        auto id = handshake(outlet, loop);
        send(outlet, connect(id, "c0"), loop);
        outlet->take();
        return id;
    }
    std::string open_over_http(unsigned loop = 0) {
        auto id = handshake_over_http(loop);
        post(connect(id, "c0"), loop);
        return id;
    }
    void gone(const std::shared_ptr<FakeOutlet>& outlet, bool overflowed = false, unsigned loop = 0) {
        group.inlet(loop).gone(outlet, overflowed);
        drain();
    }
    void drain() {
        for (unsigned i = 0; i < 2 * loops_; ++i) {
            for (auto& loop : manual) loop.drain();
        }
    }
    void advance(Millis by) {
        for (auto& loop : manual) loop.advance(by);
        drain();
    }
    ClientRef ref(const std::string& id) const { return {id, loop_of(id).value_or(0)}; }
    Engine& engine(unsigned loop = 0) { return group.at(loop); }
    ::twinpane::testing::ManualLoop& loop(unsigned at = 0) { return manual[at]; }

    static std::string connect(std::string_view id, std::string_view message_id, std::string_view more = {}) {
        return message(id, "/meta/connect", message_id, ",\"connectionType\":\"any\"" + std::string(more));
    }
    static std::string subscribe(std::string_view id, std::string_view channel,
                                 std::string_view message_id = "s") {
        return message(id, "/meta/subscribe", message_id,
                       ",\"subscription\":\"" + std::string(channel) + "\"");
    }
    static std::string publish(std::string_view id, std::string_view channel, std::string_view data,
                               std::string_view message_id = "p") {
        return message(id, channel, message_id, ",\"data\":" + std::string(data));
    }
    static std::string message(std::string_view id, std::string_view channel, std::string_view message_id,
                               std::string_view more = {}) {
        return "{\"channel\":\"" + std::string(channel) + "\",\"clientId\":\"" + std::string(id) +
               "\",\"id\":\"" + std::string(message_id) + "\"" + std::string(more) + "}";
    }
    // A member of a reply: strings without quotes, other values as JSON, "" if it is not there.
    static std::string field(std::string_view object, std::string_view name) {
        const auto value = json::member(object, name);
        if (!value) return {};
        return value->front() == '"' ? json::decode(*value) : std::string(*value);
    }

    static constexpr std::string_view kHandshake =
        R"([{"channel":"/meta/handshake","version":"1.0","id":"h","supportedConnectionTypes":["websocket"]}])";
    static constexpr std::string_view kAdvice = R"({"reconnect":"retry","interval":0,"timeout":30000})";

    ::twinpane::testing::SeededRandom random;
    FakePolicy policy;
    std::deque<::twinpane::testing::ManualLoop> manual;
    EngineGroup group;
    Peer peer;

  private:
    unsigned loops_;
};

}  // namespace twinpane::bayeux::testing
