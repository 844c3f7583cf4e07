// The Bayeux envelope against Boost.JSON: what is spliced into other people's messages must be JSON for
// everybody.
#include <boost/json/src.hpp>
#include <string>

#include "bayeux/envelope.hpp"
#include "bayeux/json.hpp"
#include "bayeux/replies.hpp"
#include "check.hpp"

namespace {
namespace json = boost::json;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// What the grammar allows, browsers write and read, and Boost.JSON refuses: escapes of lone halves of
// surrogate pairs, and exponents beyond a double. Here they become ones that it takes.
std::string tamed(std::string_view text) {
    std::string out(text);
    bool in_string = false;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] == '"') {
            in_string = !in_string;
        } else if (in_string && out[i] == '\\') {
            ++i;
            const bool half = i + 4 < out.size() && out[i] == 'u' &&
                              (out[i + 1] == 'd' || out[i + 1] == 'D') &&
                              std::string_view("89abcdefABCDEF").find(out[i + 2]) != std::string_view::npos;
            if (half) out[i + 1] = '0';
        } else if (!in_string && (out[i] == 'e' || out[i] == 'E') && i > 0 && is_digit(out[i - 1])) {
            auto at = i + 1;
            if (at < out.size() && (out[at] == '+' || out[at] == '-')) ++at;
            for (; at < out.size() && is_digit(out[at]); ++at) out[at] = '0';
        }
    }
    return out;
}

// Nothing: not JSON.
std::optional<json::value> read(std::string_view original) {
    const auto text = tamed(original);
    json::parse_options options;
    options.max_depth = 1000;
    json::error_code error;
    auto value = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) return std::nullopt;
    return value;
}

unsigned depth_of(const json::value& value) {
    unsigned deepest = 0;
    if (const auto* array = value.if_array())
        for (const auto& item : *array) deepest = std::max(deepest, depth_of(item));
    if (const auto* object = value.if_object())
        for (const auto& item : *object) deepest = std::max(deepest, depth_of(item.value()));
    return value.is_structured() ? deepest + 1 : 0;
}

void check_slice(std::string_view slice) {
    if (!slice.empty()) FUZZ_CHECK(read(slice).has_value());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
    using namespace twinpane;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto expected = read(text);
    const auto batch = bayeux::parse_batch(text);
    if (!batch) {
        if (batch.error().code == Code::kBadJson && expected)
            FUZZ_CHECK(depth_of(*expected) > bayeux::json::kMaxDepth - 2);
        return 0;
    }
    FUZZ_CHECK(expected.has_value());
    FUZZ_CHECK(batch->messages.size() <= bayeux::kMaxMessagesPerBatch);
    for (const auto& message : batch->messages) {
        for (const auto slice : {message.id, message.data, message.ext, message.advice, message.subscription})
            check_slice(slice);
        if (!message.id.empty()) bayeux::valid_message_id(message.id);
        BytesPool pool;
        const auto sent = bayeux::broadcast_text(pool, message);
        const auto read_back = read(*sent);
        FUZZ_CHECK(read_back.has_value());
        if (tamed(*sent) == *sent) {
            const auto& channel = read_back->as_object().at("channel").as_string();
            FUZZ_CHECK(std::string_view(channel.data(), channel.size()) == message.channel);
        }
        FUZZ_CHECK(!read_back->as_object().contains("clientId"));
    }
    const auto owned = bayeux::own_text(*bayeux::parse_batch(text), text);
    FUZZ_CHECK(owned.messages.size() == batch->messages.size());
    for (std::size_t i = 0; i < owned.messages.size(); ++i) {
        FUZZ_CHECK(owned.messages[i].channel == batch->messages[i].channel);
        FUZZ_CHECK(owned.messages[i].data == batch->messages[i].data);
        FUZZ_CHECK(owned.messages[i].client_id == batch->messages[i].client_id);
    }
    return 0;
}
