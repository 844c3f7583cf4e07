#include "cobrowse/requests.hpp"

#include <boost/json.hpp>

#include "cobrowse/ids.hpp"
#include "cobrowse/text.hpp"

namespace twinpane::cobrowse {

namespace {
namespace json = boost::json;

constexpr std::size_t kMaxName = 80;
constexpr std::size_t kMaxShortText = 500;
constexpr std::size_t kMaxConsentText = 2000;
constexpr std::uint64_t kMaxNumber = UINT32_MAX;

// The object, with its version checked.
Result<json::object> parse_object(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error) return fail(Code::kBadJson, "data is not JSON");
    if (!value.is_object()) return fail(Code::kBadField, "data is not an object");
    auto object = std::move(value.as_object());
    if (const auto* version = object.if_contains("v")) {
        if (!version->is_int64() || version->as_int64() != 1) return fail(Code::kUnsupportedVersion, "v");
    }
    return object;
}

// An optional text: empty when absent or null.
Result<std::string> text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || value->is_null()) return std::string{};
    if (!value->is_string()) return fail(Code::kBadField, std::string(name));
    return std::string(value->as_string());
}

Result<std::string> required_text(const json::object& object, std::string_view name) {
    if (!object.contains(name)) return fail(Code::kMissingField, std::string(name));
    auto text = text_of(object, name);
    if (text && text->empty()) return fail(Code::kBadField, std::string(name));
    return text;
}

Result<bool> required_bool(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return fail(Code::kMissingField, std::string(name));
    if (!value->is_bool()) return fail(Code::kBadField, std::string(name));
    return value->as_bool();
}

Result<std::uint32_t> required_number(const json::object& object, std::string_view name,
                                      std::uint32_t least) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return fail(Code::kMissingField, std::string(name));
    if (!value->is_int64() || value->as_int64() < least ||
        static_cast<std::uint64_t>(value->as_int64()) > kMaxNumber) {
        return fail(Code::kBadField, std::string(name));
    }
    return static_cast<std::uint32_t>(value->as_int64());
}

Result<std::string> required_user_token(const json::object& object) {
    auto token = required_text(object, "userToken");
    // A text that can't be a user token is as unknown as a wrong one.
    if (token && !shard_of_user(*token)) return fail(Code::kUserTokenUnknown, "form of userToken");
    return token;
}
}  // namespace

Result<CreateRequest> parse_create(std::string_view text) {
    // Stock clients may publish without data.
    if (text == "null") return CreateRequest{};
    const auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    auto site = text_of(*object, "site");
    if (!site) return std::unexpected(site.error());
    return CreateRequest{std::move(*site)};
}

Result<JoinRequest> parse_join(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    JoinRequest request;
    auto token = required_text(*object, "sessionToken");
    if (!token) return std::unexpected(token.error());
    request.token = std::move(*token);
    const auto role = required_number(*object, "role", 1);
    if (!role) return std::unexpected(role.error());
    if (*role > kController) return fail(Code::kBadField, "role");
    request.role = static_cast<int>(*role);
    const auto name = text_of(*object, "name");
    if (!name) return std::unexpected(name.error());
    request.name = clean_text(*name, kMaxName);
    return request;
}

Result<RejoinRequest> parse_rejoin(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    RejoinRequest request;
    auto token = required_user_token(*object);
    if (!token) return std::unexpected(token.error());
    request.user_token = std::move(*token);
    if (const auto* page = object->if_contains("page"); page != nullptr && !page->is_null()) {
        if (!page->is_object()) return fail(Code::kBadField, "page");
        const auto epoch = required_number(page->as_object(), "e", 1);
        if (!epoch) return std::unexpected(epoch.error());
        const auto sent = required_number(page->as_object(), "s", 0);
        if (!sent) return std::unexpected(sent.error());
        request.page = PagePosition{*epoch, *sent};
    }
    return request;
}

Result<ConsentRequest> parse_consent(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    const auto allow = required_bool(*object, "allow");
    if (!allow) return std::unexpected(allow.error());
    const auto shown = text_of(*object, "text");
    if (!shown) return std::unexpected(shown.error());
    return ConsentRequest{*allow, clean_text(*shown, kMaxConsentText)};
}

Result<ModeRequest> parse_mode(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    ModeRequest request;
    if (object->contains("answer")) {
        auto id = required_text(*object, "answer");
        if (!id) return std::unexpected(id.error());
        const auto allow = required_bool(*object, "allow");
        if (!allow) return std::unexpected(allow.error());
        request.kind = ModeRequest::Kind::kAnswer;
        request.request_id = std::move(*id);
        request.allow = *allow;
        return request;
    }
    const auto want = required_text(*object, "want");
    if (!want) return std::unexpected(want.error());
    if (*want == "write") {
        request.kind = ModeRequest::Kind::kWantWrite;
    } else if (*want == "pointer") {
        request.kind = ModeRequest::Kind::kWantPointer;
    } else {
        return fail(Code::kBadField, "want");
    }
    const auto why = text_of(*object, "why");
    if (!why) return std::unexpected(why.error());
    request.why = clean_text(*why, kMaxShortText);
    return request;
}

Result<LeaveRequest> parse_leave(std::string_view text, bool stop) {
    const auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    auto token = required_user_token(*object);
    if (!token) return std::unexpected(token.error());
    return LeaveRequest{std::move(*token), stop};
}

Result<Paint> parse_paint(std::string_view text) {
    const auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    // Anything but a report is a batch, and batches are the customer's.
    if (!object->contains("p") || object->contains("o")) return fail(Code::kRoleNotAllowed, "batch");
    const auto epoch = required_number(*object, "e", 1);
    if (!epoch) return std::unexpected(epoch.error());
    const auto seq = required_number(*object, "s", 0);
    if (!seq) return std::unexpected(seq.error());
    return Paint{*epoch, *seq};
}

}  // namespace twinpane::cobrowse
