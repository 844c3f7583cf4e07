// The shapes of acts, page-stream.md section 7, as a table.
#include <boost/json.hpp>
#include <cmath>

#include "cobrowse/requests.hpp"

namespace twinpane::cobrowse {

namespace {
namespace json = boost::json;

constexpr std::size_t kMaxTyped = 64U << 10U;
constexpr std::size_t kMaxUrl = 2048;
constexpr std::size_t kMaxKey = 32;
constexpr double kMaxCoordinate = 1e7;

bool is_whole(const json::value& value, std::int64_t least, std::int64_t most) {
    return value.is_int64() && value.as_int64() >= least && value.as_int64() <= most;
}
bool is_node(const json::value& value, bool zero_too) {
    return is_whole(value, zero_too ? 0 : 1, INT32_MAX);
}
bool is_coordinate(const json::value& value) {
    if (value.is_int64()) return std::abs(static_cast<double>(value.as_int64())) <= kMaxCoordinate;
    return value.is_double() && std::isfinite(value.as_double()) &&
           std::abs(value.as_double()) <= kMaxCoordinate;
}
bool is_fraction(const json::value& value) {
    return is_whole(value, 0, 10'000);
}
bool is_text(const json::value& value, std::size_t max) {
    return value.is_string() && value.as_string().size() <= max;
}
// A key that is not text: a name of several letters ("Enter"), never the character itself; but for the space
// bar, which presses buttons and boxes and has no other name.
bool is_key_name(const json::value& value) {
    if (!is_text(value, kMaxKey)) return false;
    if (value.as_string() == " ") return true;
    if (value.as_string().size() < 2) return false;
    for (const char c : value.as_string()) {
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain) return false;
    }
    return true;
}

bool is_place(const json::array& a) {
    return a.size() == 6 && is_coordinate(a[1]) && is_coordinate(a[2]) && is_node(a[3], true) &&
           is_fraction(a[4]) && is_fraction(a[5]);
}

// Fills `act` when the array has the shape of its opcode.
bool read_act(const json::value& value, Act& act) {
    if (!value.is_array() || value.as_array().empty()) return false;
    const auto& a = value.as_array();
    if (!is_whole(a[0], 1, 10)) return false;
    act.op = static_cast<ActOp>(a[0].as_int64());
    const auto node_at = [&](std::size_t index) {
        act.node = static_cast<std::uint32_t>(a[index].as_int64());
    };
    switch (act.op) {
        case ActOp::kPointer:
        case ActOp::kMark:
            if (!is_place(a)) return false;
            node_at(3);
            return true;
        case ActOp::kClick:
            if (a.size() != 7 || !is_node(a[1], false) || !is_fraction(a[2]) || !is_fraction(a[3]) ||
                !is_whole(a[4], 0, 4) || !is_whole(a[5], 1, 3) || !is_whole(a[6], 0, 15)) {
                return false;
            }
            node_at(1);
            return true;
        case ActOp::kType:
            if (a.size() != 5 || !is_node(a[1], false) || !is_text(a[2], kMaxTyped) ||
                !is_whole(a[3], 0, INT32_MAX) || !is_whole(a[4], 0, INT32_MAX)) {
                return false;
            }
            node_at(1);
            return true;
        case ActOp::kSelect:
            if (a.size() < 2 || a.size() > 1002 || !is_node(a[1], false)) return false;
            for (std::size_t i = 2; i < a.size(); ++i) {
                if (!is_whole(a[i], 0, 1'000'000)) return false;
            }
            node_at(1);
            return true;
        case ActOp::kScroll:
            if (a.size() != 4 || !is_node(a[1], false) || !is_coordinate(a[2]) || !is_coordinate(a[3]))
                return false;
            node_at(1);
            return true;
        case ActOp::kKey:
            if (a.size() != 5 || !is_node(a[1], false) || !is_key_name(a[2]) || !is_text(a[3], kMaxKey) ||
                !is_whole(a[4], 0, 15)) {
                return false;
            }
            node_at(1);
            act.text = a[2].as_string();
            return true;
        case ActOp::kNavigate:
            if (a.size() < 2 || !is_text(a[1], 16)) return false;
            act.text = a[1].as_string();
            if (act.text == "go") {
                if (a.size() != 3 || !is_text(a[2], kMaxUrl)) return false;
                act.url = a[2].as_string();
                return true;
            }
            return a.size() == 2 && (act.text == "back" || act.text == "forward" || act.text == "reload");
        case ActOp::kFocus:
        case ActOp::kHover:
            if (a.size() != 2 || !is_node(a[1], true)) return false;
            node_at(1);
            return true;
    }
    return false;
}

Result<std::uint32_t> whole(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !is_whole(*value, 1, UINT32_MAX))
        return fail(Code::kActInvalid, std::string(name));
    return static_cast<std::uint32_t>(value->as_int64());
}
}  // namespace

Result<ActRequest> parse_acts(std::string_view text) {
    boost::system::error_code error;
    const auto value = json::parse(text, error);
    if (error) return fail(Code::kBadJson, "data is not JSON");
    if (!value.is_object()) return fail(Code::kActInvalid, "data is not an object");
    const auto& object = value.as_object();
    if (const auto* version = object.if_contains("v"); version == nullptr || !is_whole(*version, 1, 1)) {
        return fail(Code::kUnsupportedVersion, "v");
    }
    const auto epoch = whole(object, "e");
    if (!epoch) return std::unexpected(epoch.error());
    const auto number = whole(object, "n");
    if (!number) return std::unexpected(number.error());
    const auto* list = object.if_contains("a");
    if (list == nullptr || !list->is_array() || list->as_array().empty() ||
        list->as_array().size() > kMaxActs) {
        return fail(Code::kActInvalid, "a");
    }
    ActRequest request{*epoch, *number, {}, {}};
    for (const auto& item : list->as_array()) {
        Act act;
        if (!read_act(item, act)) return fail(Code::kActInvalid, "an act");
        request.acts.push_back(std::move(act));
    }
    request.array = json::serialize(*list);
    return request;
}

}  // namespace twinpane::cobrowse
