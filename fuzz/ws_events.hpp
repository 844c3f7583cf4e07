// Runs a WebSocket decoder over bytes and writes down what it says, for the targets that compare two ways of
// cutting the same bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "check.hpp"
#include "net/ws_codec.hpp"

namespace fuzz {

struct Events final : twinpane::net::FrameSink {
    bool on_text_message(std::string_view whole) override { return note('t', whole); }
    bool on_binary_message(std::string_view bytes) override { return note('b', bytes); }
    bool on_ping(std::string_view payload) override { return note('i', payload); }
    bool on_pong(std::string_view payload) override { return note('o', payload); }
    bool on_close_frame(std::uint16_t code, std::string_view reason) override {
        return note('c', std::to_string(code).append(reason));
    }
    bool note(char kind, std::string_view what) {
        if (kind == 't' || kind == 'b') FUZZ_CHECK(what.size() <= limit);
        text.append(1, kind).append(std::to_string(what.size())).append(":").append(what);
        return text.size() < 1'000'000;
    }
    std::size_t limit = 0;
    std::string text;
    unsigned failure = 0;
};

// Feeds `bytes` in pieces of `piece`, each followed by the padding that the loop's buffer has.
inline Events run(std::string_view bytes, std::size_t piece, std::size_t limit,
                  twinpane::net::InflaterPool* pool, std::size_t most_held) {
    twinpane::net::FrameDecoder decoder(limit, pool);
    Events events;
    events.limit = limit;
    for (std::size_t at = 0; at < bytes.size() && events.failure == 0; at += piece) {
        std::string part(bytes.substr(at, piece));
        const auto size = part.size();
        part.append(64, '\0');
        if (const auto failure = decoder.feed(std::span(part).first(size), events))
            events.failure = failure->code;
        FUZZ_CHECK(decoder.held_bytes() <= most_held);
    }
    if (events.failure != 0) FUZZ_CHECK(pool == nullptr || pool->leased() == 0);
    return events;
}

}  // namespace fuzz
