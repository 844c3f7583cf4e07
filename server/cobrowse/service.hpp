// The co-browse service of one loop's Bayeux engine, and the way in for REST. Takes requests apart, keeps
// which client speaks for which participant, finds the session's loop, and brings answers and deliveries
// back. Everything here is called on this loop, except where a method says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "cobrowse/answer.hpp"
#include "cobrowse/config.hpp"
#include "cobrowse/outlet.hpp"
#include "cobrowse/requests.hpp"
#include "cobrowse/shard.hpp"
#include "cobrowse/switchboard.hpp"
#include "cobrowse/tries.hpp"

namespace twinpane::cobrowse {

class Service final : public bayeux::ServiceHandler {
  public:
    Service(Switchboard& board, unsigned loop, const Config& config, const Clock& clock, Timers& timers,
            observe::Log& log, Stats& stats);
    ~Service() override;

    // For REST, on this loop; `done` is called here, once. Who asks is checked by the caller except as
    // stated.
    template <typename T>
    using Done = std::move_only_function<void(Result<T>)>;
    // `origin` of the request if it had one. Errors: kSiteUnknown, kOriginNotAllowed, kTooManySessions,
    // kStoreFailed.
    void create(const CreateRequest& request, const bayeux::Peer& peer, Birth birth, Done<SessionView> done);
    // By an agent; wrong tokens count against account and address. kSessionUnknown, kCodeExpired,
    // kSessionEnded, kTooManyTries.
    void look_up(const std::string& token, const std::string& account, const std::string& address,
                 Done<SessionView> done);
    // The page as NDJSON lines, for an agent of that session whose user token this is, logged in as
    // `account`.
    void snapshot(const std::string& token, const std::string& user_token, const std::string& account,
                  Done<Snapshot> done);
    // The scope (history id) a customer may upload resources to now.
    void upload_scope(const std::string& user_token, Done<std::string> done);
    // The partial record of a session that lives now; nothing if it does not.
    void find_live(const std::string& id, Done<std::optional<storage::SessionRecord>> done);

    void on_publish(const bayeux::Publish& publish, bayeux::Reply reply) override;
    void on_session_removed(const bayeux::ClientRef& client, bool timed_out) override;
    void on_link(const bayeux::ClientRef& client, bool up) override;

    // From shards.
    void relay(const bayeux::ClientRef& to, const SharedBytes& message);
    void resume(const bayeux::ClientRef& to, const std::string& event);
    void unbind(const bayeux::ClientRef& client, const std::string& token, const std::string& user_id);

    // Clients that speak for somebody or wait for an answer.
    std::size_t clients() const { return clients_.size(); }

  private:
    enum class Lag : std::uint8_t { kNone, kWaiting, kResuming };
    struct Client {
        std::optional<Binding> binding;
        std::size_t pending = 0;    // requests under way
        bool binding_soon = false;  // one of them is a join or rejoin
        bool gone = false;
        Lag lag = Lag::kNone;
    };
    struct Waiting {
        bayeux::Reply reply;
        bayeux::ClientRef client;
        std::string channel;
        std::string id;
        bool binds = false;
    };
    // The names under which a try with a session token is booked.
    struct Names {
        std::string account;
        std::string address;
    };

    void verb(std::string_view name, const bayeux::Publish& publish, bayeux::Reply reply);
    void refuse_with(Error error, bayeux::Reply& reply);
    Answer answer_to(const bayeux::Publish& publish, bayeux::Reply reply, bool binds, unsigned from);
    void complete(std::uint64_t number, Outcome outcome);
    void drop_if_idle(const std::string& id);
    Result<const Site*> site_of(const CreateRequest& request, const bayeux::Peer& peer) const;
    void create_by(const Caller& caller, const CreateRequest& request, Answer answer);
    void join_by(const Caller& caller, const JoinRequest& request, Answer answer);
    // Books a try on the first loop, then calls `go` here with whether it may be made.
    void book(Names names, std::move_only_function<void(bool)> go);
    // Says how the booked try came out.
    void settle(Names names, bool wrong);
    void to_session(const bayeux::Publish& publish, bayeux::Reply reply,
                    std::move_only_function<void(Session&, const Caller&, const std::string&, Answer)> task);
    // On the first loop: raises an alarm when many guess at once.
    void count_wrong();
    void watch_laggards();

    unsigned loop_of(unsigned shard) const { return shard % board_.loops(); }

    Switchboard& board_;
    unsigned loop_;
    const Config& config_;
    const Clock& clock_;
    Timers& timers_;
    observe::Log& log_;
    Stats& stats_;
    std::unordered_map<std::string, Client> clients_;
    std::unordered_map<std::uint64_t, Waiting> waiting_;
    std::uint64_t last_number_ = 0;
    std::unordered_set<std::string> laggards_;
    TimerId laggard_timer_ = 0;
    // Only the first loop's are used, so that a guesser can't multiply tries by the number of loops.
    Tries accounts_;
    Tries addresses_;
    Millis wrong_since_{0};
    unsigned wrong_ = 0;
};

}  // namespace twinpane::cobrowse
