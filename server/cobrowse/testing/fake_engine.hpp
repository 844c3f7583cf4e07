// A Bayeux engine for tests of services: clients are made by hand, what is delivered to them is kept. On one
// thread.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bayeux/engine.hpp"

namespace twinpane::cobrowse::testing {

class FakeEngine final : public bayeux::Engine {
  public:
    explicit FakeEngine(unsigned loop) : loop_(loop) {}

    struct Message {
        std::string channel;
        boost::json::value data;
        std::string raw;  // data as it was delivered
        std::string id;
    };
    struct Receipt {
        bool done = false;
        std::optional<Error> error;
        std::string args;
    };
    struct Client {
        bayeux::Peer peer;
        std::shared_ptr<const bayeux::Principal> principal;
        std::vector<Message> inbox;
        std::vector<SharedBytes> shared;  // messages that came encoded
        std::size_t queued = 0;           // what queued_bytes() says
    };

    bayeux::ClientRef connect(bayeux::Peer peer, bayeux::Principal principal) {
        const bayeux::ClientRef ref{"c" + std::to_string(loop_) + "-" + std::to_string(++made_), loop_};
        clients_[ref.id] = {
            std::move(peer), std::make_shared<const bayeux::Principal>(std::move(principal)), {}, {}, 0};
        return ref;
    }
    // As when a session disconnects or expires.
    void remove(const bayeux::ClientRef& ref, bool timed_out) {
        if (clients_.erase(ref.id) == 0) return;
        std::vector<bayeux::ServiceHandler*> told;
        for (const auto& [prefix, handler] : services_) {
            if (std::find(told.begin(), told.end(), handler) != told.end()) continue;
            told.push_back(handler);
            handler->on_session_removed(ref, timed_out);
        }
    }
    // As when a session's connection breaks, or is there again.
    void link(const bayeux::ClientRef& ref, bool up) {
        if (!clients_.contains(ref.id) || services_.empty()) return;
        services_.front().second->on_link(ref, up);
    }
    Client& client(const bayeux::ClientRef& ref) { return clients_.at(ref.id); }
    bool has(const bayeux::ClientRef& ref) const { return clients_.contains(ref.id); }

    std::shared_ptr<Receipt> publish(const bayeux::ClientRef& ref, std::string_view channel,
                                     std::string_view data, std::string_view id = {}) {
        auto receipt = std::make_shared<Receipt>();
        bayeux::Reply reply([receipt](std::optional<Error> error, std::string args) {
            receipt->done = true;
            receipt->error = std::move(error);
            receipt->args = std::move(args);
        });
        const auto& from = clients_.at(ref.id);
        const bayeux::Publish publish{ref, from.principal, from.peer, channel, data, id};
        for (const auto& [prefix, handler] : services_) {
            if (channel == prefix || channel.starts_with(prefix + "/")) {
                handler->on_publish(publish, std::move(reply));
                return receipt;
            }
        }
        reply.ok();
        return receipt;
    }

    void service(std::string prefix, bayeux::ServiceHandler& handler) override {
        services_.emplace_back(std::move(prefix), &handler);
    }
    bool deliver(const bayeux::ClientRef& ref, std::string_view channel, std::string_view data,
                 std::string_view id) override {
        const auto found = clients_.find(ref.id);
        if (found == clients_.end()) return false;
        found->second.inbox.push_back({std::string(channel), boost::json::parse({data.data(), data.size()}),
                                       std::string(data), std::string(id)});
        return true;
    }
    bool deliver(const bayeux::ClientRef& ref, const SharedBytes& message) override {
        const auto found = clients_.find(ref.id);
        if (found == clients_.end()) return false;
        const auto parsed = boost::json::parse(*message);
        const auto& object = parsed.as_object();
        found->second.shared.push_back(message);
        found->second.inbox.push_back({std::string(object.at("channel").as_string()),
                                       object.at("data"),
                                       serialize(object.at("data")),
                                       {}});
        return true;
    }
    void disconnect(const bayeux::ClientRef& ref) override { remove(ref, false); }
    std::size_t queued_bytes(const bayeux::ClientRef& ref) const override {
        const auto found = clients_.find(ref.id);
        return found == clients_.end() ? 0 : found->second.queued;
    }
    std::size_t sessions() const override { return clients_.size(); }

  private:
    unsigned loop_;
    unsigned made_ = 0;
    std::map<std::string, Client> clients_;
    std::vector<std::pair<std::string, bayeux::ServiceHandler*>> services_;
};

}  // namespace twinpane::cobrowse::testing
