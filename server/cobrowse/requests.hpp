// What clients ask for, taken out of the JSON they sent (docs/protocol/session.md, page-stream.md 7). Parsing
// checks types and ranges, not rights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "bayeux/engine.hpp"

namespace twinpane::cobrowse {

enum Role : int { kCustomer = 1, kAgent = 2, kController = 3 };

// Who speaks: copied when a request goes to another loop.
struct Caller {
    bayeux::ClientRef client;
    std::shared_ptr<const bayeux::Principal> principal;
    bayeux::Peer peer;

    bool is_agent() const { return peer.internal && principal->kind == bayeux::Principal::Kind::kAgent; }
};

struct CreateRequest {
    std::string site;  // empty: by origin
};
struct JoinRequest {
    std::string token;
    int role = 0;
    std::string name;
};
// The epoch a customer's page is in and the last batch it has sent.
struct PagePosition {
    std::uint32_t epoch = 0;
    std::uint32_t sent = 0;
};
struct RejoinRequest {
    std::string user_token;
    std::optional<PagePosition> page;
};
struct ConsentRequest {
    bool allow = false;
    std::string text;  // what the customer was shown
};
struct ModeRequest {
    enum class Kind : std::uint8_t { kWantWrite, kWantPointer, kAnswer };
    Kind kind = Kind::kWantPointer;
    std::string why;
    std::string request_id;
    bool allow = false;
};
struct LeaveRequest {
    std::string user_token;
    bool stop = false;  // the whole session
};

Result<CreateRequest> parse_create(std::string_view json);
Result<JoinRequest> parse_join(std::string_view json);
Result<RejoinRequest> parse_rejoin(std::string_view json);
Result<ConsentRequest> parse_consent(std::string_view json);
Result<ModeRequest> parse_mode(std::string_view json);
Result<LeaveRequest> parse_leave(std::string_view json, bool stop);

// A viewer's report on /service/page: batch `seq` of `epoch` is painted.
struct Paint {
    std::uint32_t epoch = 0;
    std::uint32_t seq = 0;
};
Result<Paint> parse_paint(std::string_view json);

enum class ActOp : int {
    kPointer = 1,
    kMark = 2,
    kClick = 3,
    kType = 4,
    kSelect = 5,
    kScroll = 6,
    kKey = 7,
    kNavigate = 8,
    kFocus = 9,
    kHover = 10
};
struct Act {
    ActOp op = ActOp::kPointer;
    std::uint32_t node = 0;
    std::string text;  // kKey: key; kNavigate: what
    std::string url;   // kNavigate "go"
};
struct ActRequest {
    std::uint32_t epoch = 0;
    std::uint32_t number = 0;
    std::vector<Act> acts;
    std::string array;  // "a" as JSON, to be passed on
};
// Every act of the right shape, or kActInvalid. At most kMaxActs in one message.
inline constexpr std::size_t kMaxActs = 64;
Result<ActRequest> parse_acts(std::string_view json);

}  // namespace twinpane::cobrowse
