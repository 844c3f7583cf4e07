// The sessions of one loop. Everything here runs on that loop; requests come from the Services of all loops.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cobrowse/outlet.hpp"
#include "cobrowse/session.hpp"
#include "cobrowse/switchboard.hpp"

namespace twinpane::cobrowse {

struct SessionView {
    std::string token;
    std::string id;
    std::string site;
    std::string state;
};

class Shard final : public Outlet {
  public:
    // What belongs to the loop alone.
    struct Parts {
        Timers& timers;
        storage::LiveRegistry& live;
        storage::SessionCloser& closer;
    };
    Shard(Switchboard& board, unsigned loop, const Config& config, const Clock& clock, Random& random,
          const MirrorFactory& mirror, observe::Log& log, Stats& stats, Parts parts);
    ~Shard() override;

    // A new session of `site`; its token leads to this loop.
    using Created = std::move_only_function<void(Result<SessionView>)>;
    void create(const std::string& site, Birth birth, Created done);
    // Live again after a restart.
    void restore(std::vector<storage::SessionRecord> records);

    void join(const Caller& caller, const JoinRequest& request, Answer answer);
    void rejoin(const Caller& caller, const RejoinRequest& request, Answer answer);
    void leave(const Caller& caller, const LeaveRequest& request, Answer answer);
    // The session of a binding; null when it has ended.
    std::shared_ptr<Session> find(const std::string& token) const;

    Result<SessionView> look_up(const std::string& token) const;
    Result<Snapshot> snapshot(const std::string& token, const std::string& user_token,
                              const std::string& account) const;
    Result<std::string> upload_scope(const std::string& user_token) const;
    // The record so far of the live session with this history id.
    std::optional<storage::SessionRecord> find_id(const std::string& id) const;
    std::size_t size() const { return sessions_.size(); }

    void deliver(const bayeux::ClientRef& to, std::string_view channel, std::string data) override;
    void relay(const bayeux::ClientRef& to, SharedBytes message) override;
    void resume(const bayeux::ClientRef& to, std::string event) override;
    void unbind(const bayeux::ClientRef& client, const std::string& token,
                const std::string& user_id) override;
    void user_added(const std::string& token_hash, const std::string& session_token) override;
    void finished(const storage::SessionRecord& record) override;

  private:
    void open(std::shared_ptr<Session> session, unsigned attempt, Created done);
    Error unknown_token(const std::string& token) const;
    std::shared_ptr<Session> find_user(const std::string& user_token) const;
    Error unknown_user(const std::string& user_token) const;

    Switchboard& board_;
    unsigned loop_;
    MirrorFactory mirror_;
    Surroundings around_;
    std::unordered_map<std::string, std::shared_ptr<Session>> sessions_;  // by token
    std::unordered_map<std::string, std::string> users_;                  // user token hash -> token
    // The latest ended sessions, so that latecomers learn why; bounded.
    struct Tomb {
        std::string token;
        std::vector<std::string> users;
    };
    std::deque<Tomb> tombs_;
    std::unordered_map<std::string, Code> ended_tokens_;
    std::unordered_map<std::string, int> ended_users_;
};

}  // namespace twinpane::cobrowse
