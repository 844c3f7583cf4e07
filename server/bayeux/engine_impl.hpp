// The engine of one loop. engine_impl.cpp: sessions' lives and connections. engine_delivery.cpp: what goes to
// clients. engine_connect.cpp: connects and their hold. engine_meta.cpp: what else clients ask.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bayeux/engine.hpp"
#include "bayeux/engine_group.hpp"
#include "bayeux/envelope.hpp"
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

class EngineImpl final : public Engine, public Inlet {
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

    const EngineCounters& counters() const { return counters_; }
    Executor& executor() { return parts_.executor; }
    void begin_shutdown();

  private:
    using SessionPtr = std::shared_ptr<Session>;
    enum class Removal : std::uint8_t { kDisconnected, kExpired, kCut };

    // One message of a batch on its way through the engine.
    struct Request {
        const Message& message;
        const Peer& peer;
        const Answer& answer;
    };
    struct Handshake;

    // engine_meta.cpp
    SessionPtr resolve(const Batch& batch, const Peer& peer, const std::shared_ptr<Outlet>& outlet);
    void serve(const Request& request, const SessionPtr& session);
    void handshake(const Request& request);
    void finish_handshake(const Handshake& from, Result<std::shared_ptr<const Principal>> verdict);
    SessionPtr make_session(const Handshake& from, std::shared_ptr<const Principal> principal);
    void subscribe(const Request& request, Session& session);
    void unsubscribe(const Request& request, Session& session);
    void say_good_bye(const Request& request, const SessionPtr& session);
    void publish(const Request& request, const SessionPtr& session);
    void publish_to_service(const Request& request, const SessionPtr& session);
    void reply(const Request& request, ReplyText& text);
    SharedBytes finish(ReplyText& text) const;
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
    Advice advice(std::string_view reconnect = "retry") const;
    bool valid_id(std::string_view id) const {
        return options_.validate_fields ? valid_message_id(id) : usable_message_id(id);
    }
    ChannelKind kind_of(std::string_view channel) const {
        return classify_channel(channel, options_.validate_fields ? Characters::kChecked : Characters::kAny);
    }
    SharedBytes farewell() const;

    // engine_delivery.cpp
    bool enqueue(Session& session, const SharedBytes& message, bool lazy = false);
    void flush_when_lazy(Session& session);
    bool fits(const Session& session, const std::string& message) const;
    SharedBytes stamped(const SharedBytes& message) const;
    void flush_later(Session& session);
    void flush_to_stream(Session& session);
    void cut_later(Session& session);
    void publish_here(std::string_view channel, const SharedBytes& message, const Session* except = nullptr);
    bool publish_everywhere(const Message& message, const Session& publisher);

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
    void retire(const SessionPtr& session, Removal why);
    void forget(const SessionPtr& session);
    void remove(const SessionPtr& session, Removal why);

    const EngineOptions& options_;
    Parts parts_;
    const Engines& engines_;
    std::unordered_map<std::string, SessionPtr, StringHash, std::equal_to<>> sessions_;
    Subscriptions subscriptions_;
    std::vector<std::pair<std::string, ServiceHandler*>> services_;  // longest prefix first
    PatternSet lazy_channels_;
    // Held connects of the browsers whose home this loop is, wherever their sessions live.
    std::unordered_map<std::string, int> browsers_;
    std::uint64_t last_connect_ = 0;
    bool stopping_ = false;
    EngineCounters counters_;
    std::atomic<std::size_t> backlog_{0};  // bytes of broadcasts on their way here from other loops
    // Callbacks that may outlive the engine ask this first.
    std::shared_ptr<EngineImpl*> self_ = std::make_shared<EngineImpl*>(this);
};

}  // namespace twinpane::bayeux
