// One co-browse session: who takes part, what they may do, the page it shows, and how it ends
// (docs/protocol/session.md, page-stream.md 1, 6, 7). Lives on one loop; every method is called there.
//
// Rights change in memory at once; answers and events follow when the change is durable. A revocation
// therefore never waits for the store, and nothing that was answered is lost by a crash.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bucket.hpp"
#include "cobrowse/answer.hpp"
#include "cobrowse/keeper.hpp"
#include "cobrowse/outlet.hpp"
#include "cobrowse/requests.hpp"

namespace twinpane::cobrowse {

inline constexpr std::string_view kEventChannel = "/service/session/event";
inline constexpr std::string_view kPageChannel = "/service/page";
inline constexpr std::string_view kActChannel = "/service/act";

enum class Consent : std::uint8_t { kNone, kAsked, kGiven, kRefused };
// Where the session was created: its customer joins from there.
enum class Birth : std::uint8_t { kAnywhere, kPublic, kInternal };

// Lines of NDJSON, shared.
using Snapshot = std::shared_ptr<const std::vector<std::string>>;

class Session : public std::enable_shared_from_this<Session> {
  public:
    Session(const Surroundings& around, storage::SessionRecord record, Birth birth);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // After construction: stores the new record.
    void open(storage::Done<void> done);
    // Another token, when the first one is taken elsewhere. Only before open() has succeeded.
    void rename(std::string token) { record_.token = std::move(token); }
    // After construction from a stored record: everybody is away, their grace runs.
    void restore();

    void join(const Caller& caller, const JoinRequest& request, Answer answer);
    void rejoin(const Caller& caller, const RejoinRequest& request, Answer answer);
    void leave(const Caller& caller, const LeaveRequest& request, Answer answer);
    // For these `user_id` is what the caller's loop has it bound to; the session checks that it still holds.
    void consent(const Caller& caller, const std::string& user_id, const ConsentRequest& request,
                 Answer answer);
    void mode(const Caller& caller, const std::string& user_id, const ModeRequest& request, Answer answer);
    void page(const Caller& caller, const std::string& user_id, std::string_view data, Answer answer);
    void act(const Caller& caller, const std::string& user_id, const ActRequest& request, Answer answer);
    void client_gone(const bayeux::ClientRef& client, const std::string& user_id);
    // Its connection broke, or is there again. Others are told when it stays away longer than a page load.
    void client_link(const bayeux::ClientRef& client, const std::string& user_id, bool up);
    void viewer_ready(const bayeux::ClientRef& client, const std::string& user_id);

    // The page for the agent with this user token; `account` is whose bearer token came along.
    Result<Snapshot> snapshot(std::string_view user_token, std::string_view account) const;
    // May this participant upload resources now? The scope they belong to.
    Result<std::string> upload_scope(std::string_view user_token) const;

    bool ended() const { return ended_; }
    const storage::SessionRecord& record() const { return record_; }
    // What an agent has painted last, and when (monotonic).
    struct Painted {
        std::string user_id;
        Paint last;
        Millis at{0};
    };
    std::vector<Painted> painted() const;

  private:
    // The living side of record_.participants[same index].
    struct Person {
        std::string user_id;
        std::optional<bayeux::ClientRef> client;  // connected
        bool pending = false;                     // the join is not durable yet
        Millis silent_since{0};                   // the connection broke then; 0: it did not
        bool silent = false;                      // and the others were told
        Millis away_since{0};
        Bucket acts;
        Paint painted;
        Millis painted_at{0};
    };
    struct ModeAsk {
        std::string id;
        std::string user_id;
        std::string why;
        Millis until{0};
    };

    // session.cpp
    Millis now() const { return around_.clock.monotonic(); }
    std::int64_t unix_now() const { return around_.clock.unix_ms(); }
    void touch() { last_activity_ = now(); }
    std::size_t index_of(std::string_view user_id) const;  // kNobody if not (any more) there
    std::size_t index_of_token(std::string_view user_token) const;
    const storage::Participant& participant(std::size_t i) const { return record_.participants[i]; }
    bool present(std::size_t i) const { return record_.participants[i].left_ms == 0; }
    bool online(std::size_t i) const { return present(i) && people_[i].client.has_value(); }
    // As the others see it.
    bool reachable(std::size_t i) const { return online(i) && !people_[i].silent; }
    std::size_t customer() const;
    // The person `user_id`, if `caller` is the client that speaks for them now.
    Result<std::size_t> speaker(const Caller& caller, const std::string& user_id) const;
    void note(std::string type, std::string by, std::string detail);
    void tell(std::size_t to, std::string event);
    void tell_all(const std::string& event, std::size_t except);
    std::string answer_of_join(std::size_t i, const std::string& user_token, bool resumed) const;
    void schedule();
    void on_time();
    std::optional<Millis> next_deadline() const;
    std::optional<Millis> away_deadline() const;
    void store_failed(const Error& error);
    // Saves without anybody waiting; a failure is logged, the next write carries the change again.
    void save();

    // session_people.cpp
    Result<void> may_join(const Caller& caller, const JoinRequest& request) const;
    void joined(const std::string& user_id, const std::string& user_token, const Caller& caller,
                Result<void> stored, Answer answer);
    void greet(std::size_t i);
    void forget(std::size_t i);
    void attach(std::size_t i, const bayeux::ClientRef& client);
    void detach(std::size_t i);
    void heard(std::size_t i);
    void tell_silent(std::size_t i);
    void part(std::size_t i, const char* why, storage::Done<void> done);
    void end(std::string by, std::string reason, storage::Done<void> done);
    void close(unsigned attempt);
    void farewell();

    // session_consent.cpp
    void to_pointer(const std::string& by);
    void drop_ask(const char* state, const std::string& by);

    // session_page.cpp
    void new_epoch();
    void order_page();
    void page_broken(Code code);
    void stop_page();
    bool resumes(const std::optional<PagePosition>& position) const;
    void painted_by(std::size_t i, std::string_view data, Answer answer);
    void folded(const page::FoldReport& report, std::string_view data);
    void visit(const page::FoldReport& report);
    std::string page_event() const;
    std::optional<Code> refuse_act(const Act& act) const;

    const Surroundings& around_;
    storage::SessionRecord record_;
    Birth birth_;
    const Site* site_;
    std::shared_ptr<Keeper> keeper_;
    std::vector<Person> people_;
    unsigned next_user_ = 1;
    std::string code_owner_;  // account of the first agent or controller
    bool agent_came_ = false;
    Consent consent_ = Consent::kNone;
    std::optional<ModeAsk> ask_;
    std::string writer_;  // user id, in write mode

    std::unique_ptr<page::Mirror> mirror_;
    bool broken_ = false;    // the mirror waits for a new epoch
    bool page_load_ = true;  // the next page begun is a visit of its own
    bool paused_ = false;    // all agents were away too long
    unsigned failures_ = 0;  // broken page lives in a row
    Millis order_at_{0};     // when to order the next one; 0: not
    Bucket bytes_, batches_;

    Millis code_until_{0};
    Millis last_activity_{0};
    TimerId timer_ = 0;
    Millis timer_at_{0};
    bool ended_ = false;
    std::vector<storage::Done<void>> parting_;  // wait for the closing write

    static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
};

}  // namespace twinpane::cobrowse
