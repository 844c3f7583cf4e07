#include "cobrowse/shard.hpp"

#include "cobrowse/ids.hpp"
#include "cobrowse/service.hpp"

namespace twinpane::cobrowse {

namespace {
constexpr unsigned kTokenAttempts = 8;
constexpr std::size_t kTombs = 4096;
}  // namespace

Shard::Shard(Switchboard& board, unsigned loop, const Config& config, const Clock& clock, Random& random,
             const MirrorFactory& mirror, observe::Log& log, Stats& stats, Parts parts)
    : board_(board), loop_(loop), mirror_(mirror), around_{config,     clock,        parts.timers, random,
                                                           parts.live, parts.closer, mirror_,      log,
                                                           stats,      *this,        loop} {}

Shard::~Shard() = default;

void Shard::create(const std::string& site, Birth birth, Created done) {
    if (around_.stats.sessions.load(std::memory_order_relaxed) >= around_.config.limits.sessions) {
        return done(fail(Code::kTooManySessions, "limit reached"));
    }
    storage::SessionRecord record;
    record.id = random_uuid(around_.random);
    record.site = site;
    record.node = around_.config.node;
    record.state = "created";
    record.created_ms = around_.clock.unix_ms();
    do {
        record.token = draw_session_token(around_.random, loop_, board_.loops());
    } while (sessions_.contains(record.token));
    auto session = std::make_shared<Session>(around_, std::move(record), birth);
    sessions_.emplace(session->record().token, session);
    open(std::move(session), 1, std::move(done));
}

void Shard::open(std::shared_ptr<Session> session, unsigned attempt, Created done) {
    auto& opened = *session;
    opened.open([this, session = std::move(session), attempt,
                 done = std::move(done)](Result<void> stored) mutable {
        const auto& record = session->record();
        if (stored) {
            around_.stats.created.fetch_add(1, std::memory_order_relaxed);
            around_.log.info("cobrowse.created", {{"session", record.id}, {"site", record.site}});
            return done(SessionView{record.token, record.id, record.site, record.state});
        }
        sessions_.erase(record.token);
        // The digits live on another node: others will do.
        if (stored.error().code == Code::kWrongState && attempt < kTokenAttempts) {
            std::string token;
            do {
                token = draw_session_token(around_.random, loop_, board_.loops());
            } while (sessions_.contains(token));
            session->rename(token);
            sessions_.emplace(std::move(token), session);
            return open(std::move(session), attempt + 1, std::move(done));
        }
        around_.stats.store_failures.fetch_add(1, std::memory_order_relaxed);
        around_.log.error("cobrowse.store_failed", {{"session", record.id}, {"why", stored.error().context}});
        done(fail(Code::kStoreFailed, stored.error().context));
    });
}

void Shard::restore(std::vector<storage::SessionRecord> records) {
    for (auto& record : records) {
        if (record.state == "ended" || !is_session_token(record.token) || sessions_.contains(record.token))
            continue;
        auto session = std::make_shared<Session>(around_, std::move(record), Birth::kAnywhere);
        sessions_.emplace(session->record().token, session);
        around_.stats.restored.fetch_add(1, std::memory_order_relaxed);
        session->restore();
    }
}

Error Shard::unknown_token(const std::string& token) const {
    const auto tomb = ended_tokens_.find(token);
    return Error{tomb == ended_tokens_.end() ? Code::kSessionUnknown : tomb->second, "session token"};
}

Error Shard::unknown_user(const std::string& user_token) const {
    return Error{
        ended_users_.contains(hash_secret(user_token)) ? Code::kSessionEnded : Code::kUserTokenUnknown,
        "user token"};
}

std::shared_ptr<Session> Shard::find(const std::string& token) const {
    const auto found = sessions_.find(token);
    return found == sessions_.end() ? nullptr : found->second;
}

std::shared_ptr<Session> Shard::find_user(const std::string& user_token) const {
    const auto found = users_.find(hash_secret(user_token));
    return found == users_.end() ? nullptr : find(found->second);
}

void Shard::join(const Caller& caller, const JoinRequest& request, Answer answer) {
    const auto session = find(request.token);
    if (!session) return answer.fail(unknown_token(request.token));
    session->join(caller, request, std::move(answer));
}

void Shard::rejoin(const Caller& caller, const RejoinRequest& request, Answer answer) {
    const auto session = find_user(request.user_token);
    if (!session) return answer.fail(unknown_user(request.user_token));
    session->rejoin(caller, request, std::move(answer));
}

void Shard::leave(const Caller& caller, const LeaveRequest& request, Answer answer) {
    const auto session = find_user(request.user_token);
    if (!session) return answer.fail(unknown_user(request.user_token));
    session->leave(caller, request, std::move(answer));
}

Result<SessionView> Shard::look_up(const std::string& token) const {
    const auto session = find(token);
    if (!session) return std::unexpected(unknown_token(token));
    if (session->ended()) return fail(Code::kSessionEnded, "look-up");
    const auto& record = session->record();
    return SessionView{record.token, record.id, record.site, record.state};
}

Result<Snapshot> Shard::snapshot(const std::string& token, const std::string& user_token,
                                 const std::string& account) const {
    const auto session = find(token);
    if (!session) return std::unexpected(unknown_token(token));
    return session->snapshot(user_token, account);
}

Result<std::string> Shard::upload_scope(const std::string& user_token) const {
    const auto session = find_user(user_token);
    if (!session) return std::unexpected(unknown_user(user_token));
    return session->upload_scope(user_token);
}

std::optional<storage::SessionRecord> Shard::find_id(const std::string& id) const {
    for (const auto& [token, session] : sessions_) {
        if (session->record().id == id && !session->ended()) return session->record();
    }
    return std::nullopt;
}

void Shard::deliver(const bayeux::ClientRef& to, std::string_view channel, std::string data) {
    board_.run(loop_, to.loop,
               [to, channel = std::string(channel), data = std::move(data)](Station& station) {
                   station.engine->deliver(to, channel, data);
               });
}

void Shard::relay(const bayeux::ClientRef& to, SharedBytes message) {
    board_.run(loop_, to.loop,
               [to, message = std::move(message)](Station& station) { station.service->relay(to, message); });
}

void Shard::resume(const bayeux::ClientRef& to, std::string event) {
    board_.run(loop_, to.loop,
               [to, event = std::move(event)](Station& station) { station.service->resume(to, event); });
}

void Shard::unbind(const bayeux::ClientRef& client, const std::string& token, const std::string& user_id) {
    board_.run(loop_, client.loop, [client, token, user_id](Station& station) {
        station.service->unbind(client, token, user_id);
    });
}

void Shard::user_added(const std::string& token_hash, const std::string& session_token) {
    users_[token_hash] = session_token;
}

void Shard::finished(const storage::SessionRecord& record) {
    Tomb tomb{record.token, {}};
    const bool no_agent = record.end_reason == "timeout";
    ended_tokens_[record.token] = no_agent ? Code::kCodeExpired : Code::kSessionEnded;
    for (const auto& who : record.participants) {
        users_.erase(who.user_token_hash);
        ended_users_[who.user_token_hash] = 1;
        tomb.users.push_back(who.user_token_hash);
    }
    if (around_.config.resources_done) around_.config.resources_done(record.id);
    tombs_.push_back(std::move(tomb));
    if (tombs_.size() > kTombs) {
        ended_tokens_.erase(tombs_.front().token);
        for (const auto& user : tombs_.front().users) ended_users_.erase(user);
        tombs_.pop_front();
    }
    sessions_.erase(record.token);
}

}  // namespace twinpane::cobrowse
