// The engine of one loop. engine_impl.cpp: sessions' lives and connections. engine_delivery.cpp: what goes to
// clients. engine_connect.cpp: connects and their hold. engine_meta.cpp: what else clients ask.
// engine_hooks.cpp: who is asked about it, and told.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bayeux/engine.hpp"
#include "bayeux/engine_group.hpp"
#include "bayeux/envelope.hpp"
#include "bayeux/hook_table.hpp"
#include "bayeux/link.hpp"
#include "bayeux/replies.hpp"
#include "bayeux/round.hpp"
#include "bayeux/session.hpp"
#include "bayeux/subscriptions.hpp"

namespace twinpane::bayeux {

// Written by the engine's loop, read by any thread.
struct EngineCounters {
    std::atomic<std::uint64_t> sessions{0}, held{0}, subscriptions{0};
    std::atomic<std::uint64_t> handshakes{0}, handshakes_denied{0}, messages_in{0}, messages_out{0};
    std::atomic<std::uint64_t> disconnected{0}, expired{0}, cut{0};
};

// Messages of one connection that wait for the decision on the first of them.
struct Paused {
    struct Work {
        Batch batch;
        Peer peer;
        Answer answer;          // the place of the first message's
        std::string client_id;  // whose transport message it was
        bool extended = false;  // extensions have seen the first message
    };
    struct Known {
        Operation operation = Operation::kCreate;
        std::string channel;
        bool yes = false;
    };
    std::deque<Work> works;
    std::vector<Known> answers;  // to questions about the first message
    Known asked;
    std::size_t bytes = 0;  // of the batches that came while waiting
    std::uint64_t turn = 0;
    TimerId timer = 0;
    bool waiting = false;
};

class EngineImpl final : public Engine, public Inlet, public Hooks {
  public:
    struct Parts {
        unsigned loop = 0;
        Executor& executor;
        Timers& timers;
        Clock& clock;
        Random& random;
        SecurityPolicy& policy;
    };
    using Engines = std::vector<std::unique_ptr<EngineImpl>>;

    // `engines` is the whole group, this one included.
    EngineImpl(const EngineOptions& options, Parts parts, const Engines& engines);
    ~EngineImpl() override;

    // Engine
    void service(std::string prefix, ServiceHandler& handler) override;
    bool deliver(const ClientRef& client, std::string_view channel, std::string_view data,
                 std::string_view id) override;
    bool deliver(const ClientRef& client, const SharedBytes& message) override;
    bool deliver_lazy(const ClientRef& client, const SharedBytes& message) override;
    void disconnect(const ClientRef& client) override;
    std::size_t queued_bytes(const ClientRef& client) const override;
    std::size_t sessions() const override;

    // Inlet
    void receive(const Batch& batch, const Peer& peer, const std::shared_ptr<Outlet>& outlet) override;
    void gone(const std::shared_ptr<Outlet>& outlet, bool overflowed) override;

    // Hooks
    void add(Extension& extension) override;
    void add(SessionListener& listener) override;
    bool listen(std::string_view channel, ChannelListener& listener) override;
    bool authorize(std::string_view channel, Authorizer& authorizer) override;
    bool extend(const ClientRef& client, std::shared_ptr<Extension> extension) override;
    bool configure(const ClientRef& client, const SessionSettings& settings) override;
    Result<void> publish(std::string_view channel, std::string_view data) override;

    const EngineCounters& counters() const { return counters_; }
    Executor& executor() { return parts_.executor; }
    void begin_shutdown();

  private:
    using SessionPtr = std::shared_ptr<Session>;
    using Removal = RemovalReason;

    // One message of a batch on its way through the engine.
    struct Request {
        const Message& message;
        const Peer& peer;
        const Answer& answer;
        const Session* session = nullptr;  // whose transport message it is in
    };
    struct Handshake;

    // engine_meta.cpp
    void run(std::span<const Message> messages, const Peer& peer, Answer answer, std::string_view client_id,
             bool extended);
    void put_off(const Batch& batch, const Peer& peer, const Answer& answer);
    SessionPtr resolve(std::string_view client_id, const Peer& peer, const std::shared_ptr<Outlet>& outlet);
    void serve(const Request& request, const SessionPtr& session, bool extended);
    void handshake(const Request& request);
    void finish_handshake(const Handshake& from, Result<std::shared_ptr<const Principal>> verdict);
    SessionPtr make_session(const Handshake& from, std::shared_ptr<const Principal> principal);
    void subscribe(const Request& request, Session& session);
    void unsubscribe(const Request& request, Session& session);
    void say_good_bye(const Request& request, const SessionPtr& session);
    void publish(const Request& request, const SessionPtr& session);
    bool within_rate(Session& session, std::size_t bytes);
    void broadcast(const Request& request, const Session& session);
    void publish_to_service(const Request& request, const SessionPtr& session);
    void reply(const Request& request, ReplyText& text);
    void refuse(const Request& request, std::string_view error);
    void refuse_unknown(const Request& request);

    // engine_connect.cpp
    void connect(const Request& request, const SessionPtr& session);
    void dismiss(const Request& request, const SessionPtr& session);
    void hold(const SessionPtr& session, Millis timeout);
    void on_hold_timer(const SessionPtr& session);
    void answer_held(const SessionPtr& session, std::string_view reconnect = "retry", SharedBytes after = {});
    void answer_surplus(const SessionPtr& session);
    void give_answer(const SessionPtr& session, std::unique_ptr<HeldConnect> held, ReplyText& text,
                     SharedBytes after);
    bool inactive(const Session& session) const;
    void drop_held(Session& session);
    std::unique_ptr<HeldConnect> take_held(Session& session);
    Timing timing_of(const Outlet& outlet) const;
    Advice advice(const Timing& timing, std::string_view reconnect = "retry") const;
    bool valid_id(std::string_view id) const {
        return options_.validate_fields ? valid_message_id(id) : usable_message_id(id);
    }
    ChannelKind kind_of(std::string_view channel) const {
        return classify_channel(channel, options_.validate_fields ? Characters::kChecked : Characters::kAny);
    }
    SharedBytes farewell(const Session& session) const;

    // engine_delivery.cpp
    bool deliver_to(Session& session, const SharedBytes& message, bool lazy);
    bool enqueue(Session& session, const SharedBytes& message, bool lazy);
    bool push(Session& session, const SharedBytes& message, bool lazy);
    void flush_when_lazy(Session& session);
    bool fits(const Session& session, const std::string& message) const;
    SharedBytes stamped(const SharedBytes& message) const;
    void flush_later(Session& session);
    void flush_to_stream(Session& session);
    void cut_later(Session& session);
    void publish_here(std::string_view channel, const SharedBytes& message, const Session* except = nullptr);
    bool publish_everywhere(const Message& message, const Session* publisher);

    // engine_hooks.cpp
    class LaterDecision;
    enum class Reach : std::uint8_t { kEngines, kSessions, kBoth };  // whose extensions
    HookTable& table();
    bool can_be_hooked(std::string_view channel) const;
    bool extend_in(const Session* from, Incoming& message) const;
    SharedBytes extend_out(const Session* to, SharedBytes text, bool reply, Reach reach) const;
    SharedBytes finish(ReplyText& text, const Session* to) const;
    void tell(const Session& session, void (SessionListener::*event)(const SessionInfo&, std::string_view),
              std::string_view channel) const;
    void tell(const Session& session, void (SessionListener::*event)(const SessionInfo&)) const;
    bool may_drop(const Session& session) const;
    bool listened(const Session& from, Incoming& message);
    bool allowed(const Request& request, const Session& session, Operation operation,
                 std::string_view channel);
    static std::optional<bool> answer_of(const Request& request, Operation operation,
                                         std::string_view channel);
    Deferral::Decide pause(const Request& request, const Question& question);
    void resume(const std::shared_ptr<Outlet>& outlet, std::uint64_t turn, bool yes);
    bool tracks_channels() const;
    bool exists(std::string_view channel) const;
    void announce(const std::string& channel, int change);

    // engine_browsers.cpp
    void enter_browser(const SessionPtr& session, const std::string& browser);
    void leave_browser(const std::string& browser);
    EngineImpl& home_of(const std::string& browser) const;

    // engine_impl.cpp
    SessionPtr find(std::string_view client_id) const;
    void bind(const SessionPtr& session, const std::shared_ptr<Outlet>& stream);
    void release_stream(Session& session);
    void detach(Session& session);
    void link(Session& session, bool up);
    std::vector<ServiceHandler*> handlers() const;
    void arm(Session& session, Millis deadline);
    void touch(Session& session);
    void on_timer(const SessionPtr& session);
    void end(const SessionPtr& session, Removal why);
    void retire(const SessionPtr& session, Removal why);
    void forget(const SessionPtr& session);
    void remove(const SessionPtr& session, Removal why);

    mutable BytesPool pool_;  // of what leaves from here
    const EngineOptions& options_;
    Parts parts_;
    const Engines& engines_;
    std::unordered_map<std::string, SessionPtr, StringHash, std::equal_to<>> sessions_;
    Subscriptions subscriptions_;
    std::vector<std::pair<std::string, ServiceHandler*>> services_;  // longest prefix first
    std::unique_ptr<HookTable> table_;                               // null while nothing is registered
    // Channels with subscribers, by the number of loops that have some. Kept only if creation is decided on.
    std::unordered_map<std::string, int, StringHash, std::equal_to<>> existing_;
    PatternSet lazy_channels_;
    // Held connects of the browsers whose home this loop is, wherever their sessions live.
    std::unordered_map<std::string, int> browsers_;
    std::uint64_t last_connect_ = 0;
    int walking_ = 0;  // broadcasts under way
    bool stopping_ = false;
    EngineCounters counters_;
    std::atomic<std::size_t> backlog_{0};  // bytes of broadcasts on their way here from other loops
    // Callbacks that may outlive the engine ask this first.
    std::shared_ptr<EngineImpl*> self_ = std::make_shared<EngineImpl*>(this);
};

}  // namespace twinpane::bayeux
