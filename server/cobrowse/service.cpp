#include "cobrowse/service.hpp"

#include <boost/json.hpp>

#include "cobrowse/ids.hpp"

namespace twinpane::cobrowse {

namespace {
constexpr std::string_view kSessionPrefix = "/service/session/";

// Wrong codes a minute, everybody together, that deserve an alarm (a single guesser is locked out long
// before).
constexpr unsigned kWrongAlarm = 100;
constexpr Millis kWrongWindow{60'000};

Caller caller_of(const bayeux::Publish& publish) {
    return {publish.from, publish.principal, publish.peer};
}
}  // namespace

Service::Service(Switchboard& board, unsigned loop, const Config& config, const Clock& clock, Timers& timers,
                 observe::Log& log, Stats& stats)
    : board_(board),
      loop_(loop),
      config_(config),
      clock_(clock),
      timers_(timers),
      log_(log),
      stats_(stats),
      accounts_(clock, {}),
      addresses_(clock, {}) {}

Service::~Service() {
    timers_.cancel(laggard_timer_);
}

// ---- requests of clients

void Service::on_publish(const bayeux::Publish& publish, bayeux::Reply reply) {
    const auto refuse = [&](Error error) { refuse_with(std::move(error), reply); };
    if (const auto found = clients_.find(publish.from.id);
        found != clients_.end() && found->second.pending >= config_.limits.requests_per_client) {
        return refuse(Error{Code::kRateLimited, "too many requests under way"});
    }
    if (publish.channel == kPageChannel) {
        const auto found = clients_.find(publish.from.id);
        const bool here =
            found != clients_.end() && found->second.binding && found->second.binding->loop == loop_;
        if (here) {
            return to_session(publish, std::move(reply),
                              [data = publish.data](Session& session, const Caller& caller,
                                                    const std::string& user, Answer answer) {
                                  session.page(caller, user, data, std::move(answer));
                              });
        }
        return to_session(publish, std::move(reply),
                          [data = std::string(publish.data)](Session& session, const Caller& caller,
                                                             const std::string& user, Answer answer) {
                              session.page(caller, user, data, std::move(answer));
                          });
    }
    if (publish.channel == kActChannel) {
        // Who has not joined learns that first, whatever it sends.
        const auto found = clients_.find(publish.from.id);
        if (found == clients_.end() || !found->second.binding) {
            return refuse(Error{Code::kNotJoined, "not bound"});
        }
        auto request = parse_acts(publish.data);
        if (!request) return refuse(request.error());
        return to_session(publish, std::move(reply),
                          [request = std::move(*request)](Session& session, const Caller& caller,
                                                          const std::string& user, Answer answer) {
                              session.act(caller, user, request, std::move(answer));
                          });
    }
    if (publish.channel.starts_with(kSessionPrefix)) {
        return verb(publish.channel.substr(kSessionPrefix.size()), publish, std::move(reply));
    }
    refuse(Error{Code::kUnknownVerb, "channel"});
}

void Service::refuse_with(Error error, bayeux::Reply& reply) {
    // Not the channel: its text comes from the client. The number says enough.
    log_.info("cobrowse.refused", {{"code", static_cast<int>(error.code)}, {"why", error.context}});
    reply.fail(std::move(error));
}

void Service::verb(std::string_view name, const bayeux::Publish& publish, bayeux::Reply reply) {
    const auto refuse = [&](Error error) { refuse_with(std::move(error), reply); };
    if (name == "create") {
        const auto request = parse_create(publish.data);
        if (!request) return refuse(request.error());
        return create_by(caller_of(publish), *request, answer_to(publish, std::move(reply), false, loop_));
    }
    if (name == "join" || name == "rejoin") {
        const auto found = clients_.find(publish.from.id);
        const bool busy = found != clients_.end() && found->second.binding_soon;
        const bool bound = found != clients_.end() && found->second.binding.has_value();
        if (busy) return refuse(Error{Code::kWrongState, "another join is under way"});
        if (name == "join") {
            const auto request = parse_join(publish.data);
            if (!request) return refuse(request.error());
            if (bound) return refuse(Error{Code::kWrongState, "this client has joined already"});
            const auto to =
                is_session_token(request->token) ? loop_of(shard_of_session(request->token)) : loop_;
            return join_by(caller_of(publish), *request, answer_to(publish, std::move(reply), true, to));
        }
        const auto request = parse_rejoin(publish.data);
        if (!request) return refuse(request.error());
        const auto to = loop_of(*shard_of_user(request->user_token));
        auto answer = answer_to(publish, std::move(reply), true, to);
        return board_.run(
            loop_, to,
            [caller = caller_of(publish), request = *request, answer = std::move(answer)](
                Station& station) mutable { station.shard->rejoin(caller, request, std::move(answer)); });
    }
    if (name == "exit" || name == "stop") {
        const auto request = parse_leave(publish.data, name == "stop");
        if (!request) return refuse(request.error());
        const auto to = loop_of(*shard_of_user(request->user_token));
        auto answer = answer_to(publish, std::move(reply), false, to);
        return board_.run(
            loop_, to,
            [caller = caller_of(publish), request = *request, answer = std::move(answer)](
                Station& station) mutable { station.shard->leave(caller, request, std::move(answer)); });
    }
    if (name == "consent") {
        auto request = parse_consent(publish.data);
        if (!request) return refuse(request.error());
        return to_session(publish, std::move(reply),
                          [request = std::move(*request)](Session& session, const Caller& caller,
                                                          const std::string& user, Answer answer) {
                              session.consent(caller, user, request, std::move(answer));
                          });
    }
    if (name == "mode") {
        auto request = parse_mode(publish.data);
        if (!request) return refuse(request.error());
        return to_session(publish, std::move(reply),
                          [request = std::move(*request)](Session& session, const Caller& caller,
                                                          const std::string& user, Answer answer) {
                              session.mode(caller, user, request, std::move(answer));
                          });
    }
    refuse(Error{Code::kUnknownVerb, "verb"});
}

void Service::to_session(
    const bayeux::Publish& publish, bayeux::Reply reply,
    std::move_only_function<void(Session&, const Caller&, const std::string&, Answer)> task) {
    const auto found = clients_.find(publish.from.id);
    if (found == clients_.end() || !found->second.binding) {
        return refuse_with(Error{Code::kNotJoined, "not bound"}, reply);
    }
    const auto binding = *found->second.binding;
    auto answer = answer_to(publish, std::move(reply), false, binding.loop);
    board_.run(loop_, binding.loop,
               [token = binding.token, user = binding.user_id, caller = caller_of(publish),
                task = std::move(task), answer = std::move(answer)](Station& station) mutable {
                   const auto session = station.shard->find(token);
                   if (!session) return answer.fail(Code::kSessionEnded, "binding");
                   task(*session, caller, user, std::move(answer));
               });
}

// The answer is given on loop `from` and completed here.
Answer Service::answer_to(const bayeux::Publish& publish, bayeux::Reply reply, bool binds, unsigned from) {
    const auto number = ++last_number_;
    auto& client = clients_[publish.from.id];
    ++client.pending;
    client.binding_soon = client.binding_soon || binds;
    waiting_.emplace(number, Waiting{std::move(reply), publish.from, std::string(publish.channel),
                                     std::string(publish.id), binds});
    return Answer([&board = board_, from, to = loop_, number](Outcome outcome) {
        board.run(from, to, [number, outcome = std::move(outcome)](Station& station) mutable {
            station.service->complete(number, std::move(outcome));
        });
    });
}

void Service::complete(std::uint64_t number, Outcome outcome) {
    auto node = waiting_.extract(number);
    if (node.empty()) return;
    auto& waiting = node.mapped();
    auto& client = clients_[waiting.client.id];
    --client.pending;
    if (waiting.binds) client.binding_soon = false;
    if (outcome.binding) {
        if (client.gone) {
            // It left while it was joining. Later: the session is still telling the others that it came.
            board_.post(outcome.binding->loop,
                        [binding = *outcome.binding, ref = waiting.client](Station& station) {
                            if (const auto session = station.shard->find(binding.token)) {
                                session->client_gone(ref, binding.user_id);
                            }
                        });
        } else {
            client.binding = std::move(outcome.binding);
            client.lag = Lag::kNone;
        }
    }
    drop_if_idle(waiting.client.id);
    if (outcome.error) {
        // Not the channel: its text comes from the client. The code says enough.
        log_.info("cobrowse.refused",
                  {{"code", static_cast<int>(outcome.error->code)}, {"why", outcome.error->context}});
        return waiting.reply.fail(std::move(*outcome.error), std::move(outcome.args));
    }
    if (!outcome.data.empty() &&
        !board_.at(loop_).engine->deliver(waiting.client, waiting.channel, outcome.data, waiting.id)) {
        return waiting.reply.fail(Error{Code::kQueueFull, "answer not delivered"});
    }
    waiting.reply.ok();
}

void Service::drop_if_idle(const std::string& id) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    const auto& client = found->second;
    if (client.pending == 0 && (client.gone || !client.binding)) clients_.erase(found);
}

void Service::on_session_removed(const bayeux::ClientRef& client, bool) {
    const auto found = clients_.find(client.id);
    if (found == clients_.end()) return;
    laggards_.erase(client.id);
    found->second.gone = true;
    if (auto binding = std::exchange(found->second.binding, std::nullopt)) {
        board_.run(loop_, binding->loop, [binding = std::move(*binding), client](Station& station) {
            if (const auto session = station.shard->find(binding.token)) {
                session->client_gone(client, binding.user_id);
            }
        });
    }
    drop_if_idle(client.id);
}

void Service::on_link(const bayeux::ClientRef& client, bool up) {
    const auto found = clients_.find(client.id);
    if (found == clients_.end() || !found->second.binding) return;
    board_.run(loop_, found->second.binding->loop,
               [binding = *found->second.binding, client, up](Station& station) {
                   if (const auto session = station.shard->find(binding.token)) {
                       session->client_link(client, binding.user_id, up);
                   }
               });
}

// ---- create, join, look-up

Result<const Site*> Service::site_of(const CreateRequest& request, const bayeux::Peer& peer) const {
    // The origin counts where browsers of customers come in; inside it is the desk's or a back end's.
    const bool check = !peer.internal && !peer.origin.empty();
    if (!request.site.empty()) {
        const auto* site = config_.find_site(request.site);
        if (site == nullptr) return fail(Code::kSiteUnknown, "site");
        if (check && !allows_origin(*site, peer.origin)) return fail(Code::kOriginNotAllowed, "create");
        return site;
    }
    if (check) {
        const auto* site = config_.find_site_of_origin(peer.origin);
        if (site == nullptr) return fail(Code::kOriginNotAllowed, "create");
        return site;
    }
    if (config_.sites.size() == 1) return &config_.sites.front();
    return fail(Code::kSiteUnknown, "no site given and several configured");
}

void Service::create(const CreateRequest& request, const bayeux::Peer& peer, Birth birth,
                     Done<SessionView> done) {
    const auto site = site_of(request, peer);
    if (!site) return done(std::unexpected(site.error()));
    board_.at(loop_).shard->create((*site)->name, birth, std::move(done));
}

void Service::create_by(const Caller& caller, const CreateRequest& request, Answer answer) {
    const auto birth = caller.peer.internal ? Birth::kInternal : Birth::kPublic;
    create(request, caller.peer, birth,
           [this, answer = std::move(answer)](Result<SessionView> created) mutable {
               if (!created) return answer.fail(created.error());
               answer.ok(boost::json::serialize(
                   boost::json::object{{"v", 1},
                                       {"sessionToken", created->token},
                                       {"base", config_.base},
                                       {"expiresIn", config_.limits.code_ttl.count() / 1000}}));
           });
}

void Service::book(Names names, std::move_only_function<void(bool)> go) {
    board_.run(loop_, 0,
               [home = loop_, names = std::move(names), go = std::move(go), &board = board_,
                &stats = stats_](Station& first) mutable {
                   auto& accounts = first.service->accounts_;
                   auto& addresses = first.service->addresses_;
                   bool may = accounts.book(names.account);
                   if (may && !addresses.book(names.address)) {
                       accounts.take_back(names.account);
                       may = false;
                   }
                   if (!may) stats.locked_out.fetch_add(1, std::memory_order_relaxed);
                   board.run(0, home, [may, go = std::move(go)](Station&) mutable { go(may); });
               });
}

void Service::settle(Names names, bool wrong) {
    if (wrong) {
        stats_.wrong_codes.fetch_add(1, std::memory_order_relaxed);
        board_.run(loop_, 0, [](Station& first) { first.service->count_wrong(); });
        return;
    }
    board_.run(loop_, 0, [names = std::move(names)](Station& first) {
        first.service->accounts_.take_back(names.account);
        first.service->addresses_.take_back(names.address);
    });
}

void Service::count_wrong() {
    const auto now = clock_.monotonic();
    if (now - wrong_since_ >= kWrongWindow) {
        wrong_since_ = now;
        wrong_ = 0;
    }
    if (++wrong_ == kWrongAlarm) {
        stats_.code_alarms.fetch_add(1, std::memory_order_relaxed);
        log_.warn("cobrowse.codes_guessed", {{"wrong_in_a_minute", wrong_}});
    }
}

void Service::join_by(const Caller& caller, const JoinRequest& request, Answer answer) {
    Names names{caller.is_agent() ? caller.principal->id : std::string{}, caller.peer.address};
    book(names, [this, names, caller, request, answer = std::move(answer)](bool may) mutable {
        if (!may) return answer.fail(Code::kTooManyTries, "session token");
        if (!is_session_token(request.token)) {
            settle(std::move(names), true);
            return answer.fail(Code::kSessionUnknown, "form of session token");
        }
        const auto to = loop_of(shard_of_session(request.token));
        // On the session's loop: says how it came out before the answer goes on its way.
        Answer counted([answer = std::move(answer), names = std::move(names), to, home = loop_,
                        &board = board_](Outcome outcome) mutable {
            const bool wrong = outcome.error && outcome.error->code == Code::kSessionUnknown;
            board.run(to, home, [names = std::move(names), wrong](Station& station) mutable {
                station.service->settle(std::move(names), wrong);
            });
            if (outcome.error) {
                answer.fail(std::move(*outcome.error), std::move(outcome.args));
            } else {
                answer.bind(std::move(outcome.data), std::move(*outcome.binding));
            }
        });
        board_.run(
            loop_, to,
            [caller, request = std::move(request), counted = std::move(counted)](Station& station) mutable {
                station.shard->join(caller, request, std::move(counted));
            });
    });
}

void Service::look_up(const std::string& token, const std::string& account, const std::string& address,
                      Done<SessionView> done) {
    Names names{account, address};
    book(names, [this, names, token, done = std::move(done)](bool may) mutable {
        if (!may) return done(fail(Code::kTooManyTries, "session token"));
        if (!is_session_token(token)) {
            settle(std::move(names), true);
            return done(fail(Code::kSessionUnknown, "form of session token"));
        }
        const auto to = loop_of(shard_of_session(token));
        board_.run(loop_, to,
                   [names = std::move(names), token, to, home = loop_, &board = board_,
                    done = std::move(done)](Station& station) mutable {
                       board.run(to, home,
                                 [names = std::move(names), done = std::move(done),
                                  found = station.shard->look_up(token)](Station& back) mutable {
                                     back.service->settle(
                                         std::move(names),
                                         !found && found.error().code == Code::kSessionUnknown);
                                     done(std::move(found));
                                 });
                   });
    });
}

void Service::snapshot(const std::string& token, const std::string& user_token, const std::string& account,
                       Done<Snapshot> done) {
    const auto shard = shard_of_user(user_token);
    // No guess at tokens here: the user token itself must be right.
    if (!shard || !is_session_token(token) || *shard != shard_of_session(token)) {
        return done(fail(Code::kUserTokenUnknown, "snapshot"));
    }
    const auto to = loop_of(*shard);
    board_.run(loop_, to,
               [token, user_token, account, to, home = loop_, &board = board_,
                done = std::move(done)](Station& station) mutable {
                   board.run(
                       to, home,
                       [done = std::move(done), lines = station.shard->snapshot(token, user_token, account)](
                           Station&) mutable { done(std::move(lines)); });
               });
}

void Service::upload_scope(const std::string& user_token, Done<std::string> done) {
    const auto shard = shard_of_user(user_token);
    if (!shard) return done(fail(Code::kUserTokenUnknown, "upload"));
    const auto to = loop_of(*shard);
    board_.run(
        loop_, to,
        [user_token, to, home = loop_, &board = board_, done = std::move(done)](Station& station) mutable {
            board.run(to, home,
                      [done = std::move(done), scope = station.shard->upload_scope(user_token)](
                          Station&) mutable { done(std::move(scope)); });
        });
}

void Service::find_live(const std::string& id, Done<std::optional<storage::SessionRecord>> done) {
    // Nobody knows the loop of a history id: ask all of them.
    struct Search {
        unsigned left;
        std::optional<storage::SessionRecord> found;
        Done<std::optional<storage::SessionRecord>> done;
    };
    auto search = std::make_shared<Search>(Search{board_.loops(), std::nullopt, std::move(done)});
    for (unsigned to = 0; to < board_.loops(); ++to) {
        board_.run(loop_, to, [id, to, home = loop_, &board = board_, search](Station& station) {
            board.run(to, home, [search, found = station.shard->find_id(id)](Station&) mutable {
                if (found) search->found = std::move(found);
                if (--search->left == 0) search->done(std::move(search->found));
            });
        });
    }
}

// ---- what shards send to clients of this loop

void Service::relay(const bayeux::ClientRef& to, const SharedBytes& message) {
    const auto found = clients_.find(to.id);
    if (found == clients_.end()) return;
    auto& client = found->second;
    auto& engine = *board_.at(loop_).engine;
    if (client.lag == Lag::kNone && engine.queued_bytes(to) > config_.limits.viewer_high_water) {
        client.lag = Lag::kWaiting;
        laggards_.insert(to.id);
        watch_laggards();
    }
    if (client.lag != Lag::kNone) {
        stats_.relays_skipped.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    if (engine.deliver(to, message)) stats_.relayed.fetch_add(1, std::memory_order_relaxed);
}

void Service::watch_laggards() {
    if (laggard_timer_ != 0 || laggards_.empty()) return;
    laggard_timer_ = timers_.after(config_.limits.viewer_check, [this] {
        laggard_timer_ = 0;
        auto& engine = *board_.at(loop_).engine;
        for (auto it = laggards_.begin(); it != laggards_.end();) {
            const bayeux::ClientRef ref{*it, loop_};
            const auto found = clients_.find(*it);
            if (found != clients_.end() && engine.queued_bytes(ref) > config_.limits.viewer_low_water) {
                ++it;
                continue;
            }
            it = laggards_.erase(it);
            if (found == clients_.end() || !found->second.binding) continue;
            found->second.lag = Lag::kResuming;
            board_.run(loop_, found->second.binding->loop,
                       [binding = *found->second.binding, ref](Station& station) {
                           if (const auto session = station.shard->find(binding.token)) {
                               session->viewer_ready(ref, binding.user_id);
                           }
                       });
        }
        watch_laggards();
    });
}

void Service::resume(const bayeux::ClientRef& to, const std::string& event) {
    const auto found = clients_.find(to.id);
    if (found == clients_.end()) return;
    found->second.lag = Lag::kNone;
    board_.at(loop_).engine->deliver(to, kEventChannel, event);
}

void Service::unbind(const bayeux::ClientRef& client, const std::string& token, const std::string& user_id) {
    const auto found = clients_.find(client.id);
    if (found == clients_.end() || !found->second.binding) return;
    if (found->second.binding->token != token || found->second.binding->user_id != user_id) return;
    found->second.binding.reset();
    found->second.lag = Lag::kNone;
    laggards_.erase(client.id);
    drop_if_idle(client.id);
}

}  // namespace twinpane::cobrowse
