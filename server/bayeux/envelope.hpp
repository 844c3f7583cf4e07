// A transport message taken apart: the fields of the envelope as slices of the text, `data` and `ext`
// untouched. The whole text is validated, so every slice may be spliced into what others receive.
#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace twinpane::bayeux {

// "JSON" marks a slice of JSON text; empty when the field is absent. Of duplicate fields the last one counts.
struct Message {
    std::string_view channel;       // decoded and normalised; empty if absent
    std::string_view client_id;     // decoded; empty if absent
    std::string_view id;            // JSON
    std::string_view data;          // JSON
    std::string_view ext;           // JSON
    std::string_view advice;        // JSON
    std::string_view subscription;  // JSON
    // Fields that Bayeux does not know (and `timestamp`): key and value as JSON. They travel to subscribers.
    std::vector<std::pair<std::string_view, std::string_view>> extra;
};

struct Batch {
    std::vector<Message> messages;

    // Where the views point, beside the text that was parsed.
    std::list<std::string> decoded;
    std::unique_ptr<std::string> text;

    bool is_handshake() const;
    // The client id of the first message; empty if it has none.
    std::string_view client_id() const;
};

enum class Utf8 : std::uint8_t { kUnchecked, kChecked };

inline constexpr std::size_t kMaxMessagesPerBatch = 1024;

// Takes an array of messages or a bare message. The views end with `text`. Errors: kBadJson when it is not
// JSON (or not UTF-8, or too deep), kBadRequest when it is not Bayeux: elements that are no objects, or a
// handshake that is not alone; kMessageTooLarge for more than kMaxMessagesPerBatch messages.
Result<Batch> parse_batch(std::string_view text, Utf8 utf8 = Utf8::kUnchecked);
// The same into a batch that is used again and again, so that ordinary messages need no memory. `into` has no
// text of its own; after an error it is empty.
Result<void> parse_batch(std::string_view text, Utf8 utf8, Batch& into);

// The same batch with a copy of its text inside, fit to be sent to another thread. `original` is what was
// parsed.
Batch own_text(Batch batch, std::string_view original);

// A batch of these messages that owns all of their text.
Batch copy_of(std::span<const Message> messages);

// True for what a client may use as message id: a JSON string of letters and digits, or a number; or none.
bool valid_message_id(std::string_view id);
// The same with any characters.
bool usable_message_id(std::string_view id);

}  // namespace twinpane::bayeux
