#include "rest/history_json.hpp"

namespace twinpane::rest {

namespace {
namespace json = boost::json;

json::value time_or_null(std::int64_t ms) {
    return ms == 0 ? json::value(nullptr) : json::value(ms);
}
json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value detail_of(const std::string& detail) {
    boost::system::error_code error;
    auto value = json::parse(detail, error);
    return error ? json::object{} : std::move(value);
}
}  // namespace

json::object history_json(const storage::SessionRecord& record, std::int64_t now_ms) {
    json::array pages;
    for (std::size_t i = 0; i < record.pages.size(); ++i) {
        const auto& page = record.pages[i];
        const bool open = record.ended_ms == 0 && i + 1 == record.pages.size() && page.duration_ms == 0;
        const auto duration = open ? now_ms - page.entered_ms : page.duration_ms;
        pages.push_back({{"url", page.url},
                         {"title", page.title},
                         {"enteredTimestamp", page.entered_ms},
                         {"duration", (duration + 500) / 1000}});
    }
    json::array participants;
    for (const auto& who : record.participants) {
        participants.push_back({{"userId", who.user_id},
                                {"role", who.role},
                                {"name", who.name},
                                {"account", text_or_null(who.account_id)},
                                {"joinedTime", who.joined_ms},
                                {"leftTime", time_or_null(who.left_ms)}});
    }
    json::array events;
    for (const auto& event : record.events) {
        events.push_back({{"time", event.at_ms},
                          {"type", event.type},
                          {"by", event.by},
                          {"detail", detail_of(event.detail)}});
    }
    return {{"id", record.id},
            {"sessionToken", record.token},
            {"creationTime", record.created_ms},
            {"activationTime", time_or_null(record.activated_ms)},
            {"deactivationTime", time_or_null(record.ended_ms)},
            {"endedBy", text_or_null(record.ended_by)},
            {"endReason", text_or_null(record.end_reason)},
            {"site", record.site},
            {"pages", std::move(pages)},
            {"participants", std::move(participants)},
            {"events", std::move(events)}};
}

}  // namespace twinpane::rest
