#include "bayeux/replies.hpp"

#include "bayeux/engine.hpp"
#include "bayeux/json.hpp"

namespace twinpane::bayeux {

ReplyText::ReplyText(BytesPool& pool, std::string_view id, std::string_view channel, bool successful)
    : pool_(pool), text_(pool.take()) {
    text_.reserve(160);
    text_ += '{';
    if (!id.empty()) text_.append("\"id\":").append(id).append(",");
    if (!channel.empty()) {
        text_ += "\"channel\":";
        json::append_quoted(text_, channel);
        text_ += ',';
    }
    text_ += successful ? "\"successful\":true" : "\"successful\":false";
}

ReplyText& ReplyText::error(std::string_view error) {
    text_ += ",\"error\":";
    json::append_quoted(text_, error);
    return *this;
}

ReplyText& ReplyText::advice(const Advice& advice) {
    text_ += ",\"advice\":{\"reconnect\":\"";
    text_ += advice.reconnect;
    text_ += "\",\"interval\":" + std::to_string(advice.interval.count());
    text_ += ",\"timeout\":" + std::to_string(advice.timeout.count());
    if (advice.max_interval) text_ += ",\"maxInterval\":" + std::to_string(advice.max_interval->count());
    if (advice.multiple_clients) text_ += ",\"multiple-clients\":true";
    text_ += '}';
    return *this;
}

ReplyText& ReplyText::field(std::string_view name, std::string_view json) {
    if (!json.empty()) text_.append(",\"").append(name).append("\":").append(json);
    return *this;
}

ReplyText& ReplyText::ext(const ExtText& ext) {
    if (!ext.members().empty()) text_.append(",\"ext\":{").append(ext.members()).append("}");
    return *this;
}

ExtText& ExtText::add(std::string_view name, std::string_view json) {
    text_.append(text_.empty() ? "\"" : ",\"").append(name).append("\":").append(json);
    return *this;
}

ExtText& ExtText::add(const TimeSync& sync, std::int64_t now) {
    return sync.wanted ? add("timesync", sync.reply(now)) : *this;
}

SharedBytes ReplyText::done() {
    text_ += '}';
    return pool_.share(std::move(text_));
}

SharedBytes broadcast_text(BytesPool& pool, const Message& message, std::string_view timestamp) {
    const auto data = message.data.empty() ? std::string_view("null") : message.data;
    auto text = pool.take();
    text.reserve(message.channel.size() + data.size() + message.ext.size() + 64);
    text += "{\"channel\":";
    json::append_quoted(text, message.channel);
    text.append(",\"data\":").append(data);
    if (!message.ext.empty()) text.append(",\"ext\":").append(message.ext);
    for (const auto& [key, value] : message.extra) {
        if (!timestamp.empty() && json::is(key, "timestamp")) continue;
        text.append(",").append(key).append(":").append(value);
    }
    if (!timestamp.empty()) text.append(",\"timestamp\":").append(timestamp);
    text += '}';
    return pool.share(std::move(text));
}

namespace {

std::string data_message(std::string text, std::string_view channel, std::string_view data,
                         std::string_view id) {
    text.reserve(channel.size() + data.size() + id.size() + 64);
    text += '{';
    if (!id.empty()) text.append("\"id\":").append(id).append(",");
    text += "\"channel\":";
    json::append_quoted(text, channel);
    text.append(",\"data\":").append(data.empty() ? std::string_view("null") : data);
    // Users of CometD's remoteCall() look at it before they look at the data.
    if (!id.empty()) text += ",\"successful\":true";
    text += '}';
    return text;
}

}  // namespace

SharedBytes encode_message(std::string_view channel, std::string_view data, std::string_view id) {
    return share(data_message({}, channel, data, id));
}

SharedBytes data_text(BytesPool& pool, std::string_view channel, std::string_view data, std::string_view id) {
    return pool.share(data_message(pool.take(), channel, data, id));
}

Reply::~Reply() {
    if (done_) done_(Error{Code::kInternal, "a service dropped a publish unanswered"}, {});
}

Reply& Reply::operator=(Reply&& other) noexcept {
    if (this != &other) {
        const Reply old(std::move(*this));  // answered as dropped, if it was still open
        done_ = std::exchange(other.done_, nullptr);
    }
    return *this;
}

void Reply::ok() {
    if (auto done = std::exchange(done_, nullptr)) done(std::nullopt, {});
}

void Reply::fail(Error error, std::string args) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(error), std::move(args));
}

}  // namespace twinpane::bayeux
