#include "bayeux/envelope.hpp"

#include <simdjson.h>

#include <algorithm>
#include <functional>

#include "bayeux/channel.hpp"
#include "bayeux/json.hpp"

namespace twinpane::bayeux {

namespace {

bool is_string(std::string_view slice) {
    return !slice.empty() && slice.front() == '"';
}

// The text of a string slice, decoded into the batch only when it must be. Anything else counts as absent.
std::string_view text_of(std::string_view slice, Batch& batch) {
    if (!is_string(slice)) return {};
    if (slice.find('\\') == std::string_view::npos) return slice.substr(1, slice.size() - 2);
    return batch.decoded.emplace_back(json::decode(slice));
}

// Fields with a meaning in the protocol that a publisher has no business to send to others: a forged `advice`
// or `successful` would steer the subscribers' clients.
bool is_protocol_field(std::string_view key) {
    static constexpr std::string_view kFields[] = {
        "version", "minimumVersion", "supportedConnectionTypes", "connectionType", "successful", "error"};
    return std::ranges::find(kFields, key) != std::end(kFields);
}

bool parse_message(json::Scanner& scan, unsigned depth, Batch& batch) {
    if (!scan.take('{')) return false;
    Message message;
    std::string_view channel;
    std::string_view client_id;
    if (!scan.take('}')) {
        do {
            std::string_view raw_key;
            std::string_view value;
            bool escaped = false;
            if (!scan.string(raw_key, escaped) || !scan.take(':') || !scan.value(value, depth + 1))
                return false;
            // An escaped key is the same key: "ch\u0061nnel" must not be checked as one thing and read as
            // another.
            std::string decoded_key;
            auto key = raw_key.substr(1, raw_key.size() - 2);
            if (escaped) {
                decoded_key = json::decode(raw_key);
                key = decoded_key;
            }
            if (key == "channel") {
                channel = value;
            } else if (key == "clientId") {
                client_id = value;
            } else if (key == "id") {
                message.id = value;
            } else if (key == "data") {
                message.data = value;
            } else if (key == "ext") {
                message.ext = value;
            } else if (key == "advice") {
                message.advice = value;
            } else if (key == "subscription") {
                message.subscription = value;
            } else if (!is_protocol_field(key)) {
                message.extra.emplace_back(raw_key, value);
            }
        } while (scan.take(','));
        if (!scan.take('}')) return false;
    }
    message.channel = normalise_channel(text_of(channel, batch));
    message.client_id = text_of(client_id, batch);
    batch.messages.push_back(std::move(message));
    return true;
}

// Distinguishes broken JSON from JSON that is no transport message, for the error number.
std::unexpected<Error> shape_error(std::string_view text) {
    json::Scanner scan(text);
    std::string_view whole;
    if (!scan.value(whole, 0) || !scan.at_end()) return fail(Code::kBadJson);
    return fail(Code::kBadRequest, "a transport message is an array of objects or one object");
}

}  // namespace

bool Batch::is_handshake() const {
    return messages.size() == 1 && messages[0].channel == "/meta/handshake";
}

std::string_view Batch::client_id() const {
    return messages.empty() ? std::string_view{} : messages.front().client_id;
}

namespace {

Result<void> parse(std::string_view text, Batch& batch) {
    json::Scanner scan(text);
    if (scan.peek() == '{') {
        if (!parse_message(scan, 0, batch)) return shape_error(text);
    } else {
        if (!scan.take('[')) return shape_error(text);
        if (!scan.take(']')) {
            do {
                if (batch.messages.size() == kMaxMessagesPerBatch) {
                    return fail(Code::kMessageTooLarge, "too many messages in one transport message");
                }
                if (!parse_message(scan, 1, batch)) return shape_error(text);
            } while (scan.take(','));
            if (!scan.take(']')) return shape_error(text);
        }
    }
    if (!scan.at_end()) return shape_error(text);
    if (batch.messages.size() > 1 && std::ranges::any_of(batch.messages, [](const Message& message) {
            return message.channel == "/meta/handshake";
        })) {
        return fail(Code::kBadRequest, "a handshake must be alone in its transport message");
    }
    return {};
}

void empty(Batch& batch) {
    // What one large transport message needed is not kept for the many small ones.
    constexpr std::size_t kKept = 64;
    if (batch.messages.capacity() > kKept) std::vector<Message>().swap(batch.messages);
    batch.messages.clear();
    batch.decoded.clear();
    batch.text.reset();
}

}  // namespace

Result<void> parse_batch(std::string_view text, Utf8 utf8, Batch& into) {
    empty(into);
    if (utf8 == Utf8::kUnchecked && !simdjson::validate_utf8(text.data(), text.size())) {
        return fail(Code::kBadJson, "not UTF-8");
    }
    auto parsed = parse(text, into);
    if (!parsed) empty(into);
    return parsed;
}

Result<Batch> parse_batch(std::string_view text, Utf8 utf8) {
    Batch batch;
    if (auto parsed = parse_batch(text, utf8, batch); !parsed) return std::unexpected(parsed.error());
    return batch;
}

Batch own_text(Batch batch, std::string_view original) {
    batch.text = std::make_unique<std::string>(original);
    const char* old_begin = original.data();
    const char* old_end = old_begin + original.size();
    const auto move = [&](std::string_view& view) {
        // Decoded texts live in the batch already; only slices of the original move.
        const std::less<> before;
        if (view.data() == nullptr || before(view.data(), old_begin) || before(old_end, view.data())) return;
        view = {batch.text->data() + (view.data() - old_begin), view.size()};
    };
    for (auto& message : batch.messages) {
        for (auto* view : {&message.channel, &message.client_id, &message.id, &message.data, &message.ext,
                           &message.advice, &message.subscription}) {
            move(*view);
        }
        for (auto& [key, value] : message.extra) {
            move(key);
            move(value);
        }
    }
    return batch;
}

Batch copy_of(std::span<const Message> messages) {
    Batch copy;
    copy.messages.assign(messages.begin(), messages.end());
    const auto each_view = [&copy](auto&& visit) {
        for (auto& message : copy.messages) {
            for (auto* view : {&message.channel, &message.client_id, &message.id, &message.data, &message.ext,
                               &message.advice, &message.subscription}) {
                visit(*view);
            }
            for (auto& [key, value] : message.extra) {
                visit(key);
                visit(value);
            }
        }
    };
    std::size_t size = 0;
    each_view([&size](std::string_view view) { size += view.size(); });
    copy.text = std::make_unique<std::string>();
    copy.text->reserve(size);  // so that views into it hold
    each_view([&copy](std::string_view& view) {
        const auto at = copy.text->size();
        copy.text->append(view);
        view = std::string_view(*copy.text).substr(at);
    });
    return copy;
}

bool valid_message_id(std::string_view id) {
    if (!usable_message_id(id)) return false;
    return !is_string(id) || std::ranges::all_of(id.substr(1, id.size() - 2), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

bool usable_message_id(std::string_view id) {
    constexpr std::size_t kMaxText = 128;
    constexpr std::size_t kMaxNumber = 32;
    if (id.empty()) return true;  // it is optional
    if (is_string(id)) return id.size() > 2 && id.size() <= kMaxText + 2;
    return (id.front() == '-' || (id.front() >= '0' && id.front() <= '9')) && id.size() <= kMaxNumber;
}

}  // namespace twinpane::bayeux
