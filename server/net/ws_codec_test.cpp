#include "net/ws_codec.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "net/testing/client.hpp"

namespace twinpane::net {
namespace {

using testing::client_frame;
using testing::FrameShape;
using namespace std::string_literals;

// Writes down what the decoder says.
struct Record final : FrameSink {
    bool on_text_message(std::string_view text) override { return note("text:" + std::string(text)); }
    bool on_binary_message(std::string_view bytes) override { return note("binary:" + std::string(bytes)); }
    bool on_ping(std::string_view payload) override { return note("ping:" + std::string(payload)); }
    bool on_pong(std::string_view payload) override { return note("pong:" + std::string(payload)); }
    bool on_close_frame(std::uint16_t code, std::string_view reason) override {
        return note("close:" + std::to_string(code) + ":" + std::string(reason));
    }
    bool note(std::string event) {
        events.push_back(std::move(event));
        return events.size() < stop_after;
    }
    std::vector<std::string> events;
    std::size_t stop_after = SIZE_MAX;
};

struct Outcome {
    std::vector<std::string> events;
    unsigned failure = 0;          // close code
    std::size_t failed_after = 0;  // bytes that were fed when it failed
    bool operator==(const Outcome& other) const = default;
};

// Feeds `bytes` in pieces of `piece` bytes, each with padding behind it as from the loop's buffer.
Outcome decode(std::string_view bytes, std::size_t piece, std::size_t max_message = 1 << 20) {
    FrameDecoder decoder(max_message);
    Record record;
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::string part(bytes.substr(at, piece));
        const auto size = part.size();
        part.append(64, 'x');
        if (const auto failure = decoder.feed(std::span(part).first(size), record)) {
            outcome.failure = failure->code;
            outcome.failed_after = at + size;
            break;
        }
    }
    outcome.events = std::move(record.events);
    return outcome;
}

// The same at every split: whole, byte by byte, and in two parts at each place.
Outcome decode_all_ways(const std::string& bytes, std::size_t max_message = 1 << 20) {
    const auto whole = decode(bytes, bytes.size(), max_message);
    const auto single = decode(bytes, 1, max_message);
    EXPECT_EQ(whole.events, single.events);
    EXPECT_EQ(whole.failure, single.failure);
    for (std::size_t split = 1; split < bytes.size(); ++split) {
        FrameDecoder decoder(max_message);
        Record record;
        std::string first = bytes.substr(0, split);
        std::string second = bytes.substr(split);
        unsigned failure = 0;
        if (const auto f = decoder.feed(std::span(first), record)) failure = f->code;
        if (failure == 0) {
            if (const auto f = decoder.feed(std::span(second), record)) failure = f->code;
        }
        EXPECT_EQ(record.events, whole.events) << "split at " << split;
        EXPECT_EQ(failure, whole.failure) << "split at " << split;
    }
    return whole;
}

std::vector<std::string> events_of(const std::string& bytes) {
    const auto outcome = decode_all_ways(bytes);
    EXPECT_EQ(outcome.failure, 0U);
    return outcome.events;
}

unsigned failure_of(const std::string& bytes) {
    return decode_all_ways(bytes).failure;
}

std::string close_payload(unsigned code, std::string_view reason = {}) {
    return std::string{static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)}.append(reason);
}

TEST(WsDecoder, Messages) {
    using Events = std::vector<std::string>;
    EXPECT_EQ(events_of(client_frame(1, "hello")), (Events{"text:hello"}));
    EXPECT_EQ(events_of(client_frame(1, "")), (Events{"text:"}));
    EXPECT_EQ(events_of(client_frame(2, "\xff\x00\xfe"s)), (Events{"binary:\xff\x00\xfe"s}));
    EXPECT_EQ(events_of(client_frame(1, "a") + client_frame(1, "b") + client_frame(2, "")),
              (Events{"text:a", "text:b", "binary:"}));
    EXPECT_EQ(events_of(client_frame(9, "") + client_frame(10, "late") + client_frame(9, "p")),
              (Events{"ping:", "pong:late", "ping:p"}));
}

TEST(WsDecoder, EveryLengthForm) {
    for (const std::size_t size : {1U, 7U, 8U, 9U, 125U, 126U, 127U, 1000U, 65535U, 65536U, 70001U}) {
        std::string text(size, 'a');
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
        for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, size + 14}) {
            const auto outcome = decode(client_frame(1, text), piece);
            ASSERT_EQ(outcome.events.size(), 1U);
            EXPECT_EQ(outcome.events[0], "text:" + text) << size << " in pieces of " << piece;
        }
    }
}

TEST(WsDecoder, FragmentsWithControlFramesBetween) {
    const FrameShape open{.final = false};
    const auto bytes = client_frame(1, "one ", open) + client_frame(9, "?") + client_frame(0, "", open) +
                       client_frame(0, "two ", open) + client_frame(10, "!") + client_frame(0, "three") +
                       client_frame(2, "next");
    EXPECT_EQ(events_of(bytes),
              (std::vector<std::string>{"ping:?", "pong:!", "text:one two three", "binary:next"}));
    EXPECT_EQ(events_of(client_frame(1, "", open) + client_frame(0, "")),
              (std::vector<std::string>{"text:"}));
}

TEST(WsDecoder, FragmentsMayCutACharacter) {
    const FrameShape open{.final = false};
    const std::string euro = "\xe2\x82\xac";
    const auto bytes = client_frame(1, euro.substr(0, 1), open) + client_frame(0, euro.substr(1, 1), open) +
                       client_frame(0, euro.substr(2));
    EXPECT_EQ(events_of(bytes), (std::vector<std::string>{"text:" + euro}));
}

TEST(WsDecoder, RefusesBrokenFrames) {
    const FrameShape open{.final = false};
    EXPECT_EQ(failure_of(client_frame(1, "x", {.masked = false})), 1002U);
    for (unsigned bits = 1; bits < 8; ++bits)
        EXPECT_EQ(failure_of(client_frame(1, "x", {.reserved = bits})), 1002U);
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
        EXPECT_EQ(failure_of(client_frame(opcode, "")), 1002U) << opcode;
    }
    EXPECT_EQ(failure_of(client_frame(0, "x")), 1002U) << "nothing to continue";
    EXPECT_EQ(failure_of(client_frame(1, "x", open) + client_frame(1, "y")), 1002U)
        << "new message inside another";
    EXPECT_EQ(failure_of(client_frame(1, "x", open) + client_frame(2, "y", open)), 1002U);
    EXPECT_EQ(failure_of(client_frame(1, "x") + client_frame(0, "y")), 1002U);
    for (const unsigned opcode : {8U, 9U, 10U}) {
        EXPECT_EQ(failure_of(client_frame(opcode, "", open)), 1002U) << "fragmented control frame";
        EXPECT_EQ(failure_of(client_frame(opcode, std::string(126, 'x'))), 1002U) << "long control frame";
    }
    EXPECT_EQ(failure_of(client_frame(1, "abc", {.length_bytes = 2})), 1002U) << "length not minimal";
    EXPECT_EQ(failure_of(client_frame(1, std::string(125, 'x'), {.length_bytes = 8})), 1002U);
    EXPECT_EQ(failure_of(client_frame(1, std::string(300, 'x'), {.length_bytes = 8})), 1002U);
    EXPECT_EQ(
        failure_of(client_frame(1, "x", {.length_bytes = 8, .claimed_length = std::uint64_t{1} << 63U})),
        1002U);
}

TEST(WsDecoder, FailsAtTheByteThatShowsIt) {
    EXPECT_EQ(decode("\xf1"s, 1).failure, 1002U) << "reserved bits need no second byte";
    EXPECT_EQ(decode("\x83"s, 1).failure, 1002U);
    EXPECT_EQ(decode("\x81\x05"s, 1).failed_after, 2U) << "no mask";
    EXPECT_EQ(decode("\x89\xfe"s, 1).failed_after, 2U) << "control length";
    // F4 90 begins nothing below U+10FFFF: seen at its second byte, long before the frame is whole.
    const auto bytes = client_frame(1, "ok \xf4\x90\x80\x80 and more");
    EXPECT_EQ(decode(bytes, 1).failed_after, 6U + 5U);
}

TEST(WsDecoder, RefusesBadText) {
    const std::vector<std::string> bad = {
        "\x80",         "\xc0\xaf",         "\xc1\xbf",         "\xe0\x80\xaf",
        "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf5\x80\x80",     "\xf4\x90\x80\x80",
        "\xff",         "abc\xe2\x82",      "\xe2\x28\xa1",     "x\xc3",
        "\xf0\x9f\x98", "\xf0\x9f\x98z",    "\xbf\xbf\xbf\xbf",
    };
    const FrameShape open{.final = false};
    for (const auto& text : bad) {
        EXPECT_EQ(failure_of(client_frame(1, text)), 1007U) << ::testing::PrintToString(text);
        EXPECT_EQ(failure_of(client_frame(1, "good ", open) + client_frame(0, text)), 1007U);
        EXPECT_EQ(failure_of(client_frame(2, text)), 0U) << "binary is not text";
    }
    EXPECT_EQ(failure_of(client_frame(1, "\xf4\x8f\xbf\xbf \xed\x9f\xbf \xee\x80\x80 \xc2\x80")), 0U);
}

TEST(WsDecoder, MessageLimit) {
    const FrameShape open{.final = false};
    EXPECT_EQ(decode_all_ways(client_frame(1, std::string(100, 'x')), 100).failure, 0U);
    EXPECT_EQ(decode_all_ways(client_frame(1, std::string(101, 'x')), 100).failure, 1009U);
    EXPECT_EQ(decode_all_ways(
                  client_frame(1, std::string(60, 'x'), open) + client_frame(0, std::string(40, 'x')), 100)
                  .failure,
              0U);
    EXPECT_EQ(decode_all_ways(
                  client_frame(1, std::string(60, 'x'), open) + client_frame(0, std::string(41, 'x')), 100)
                  .failure,
              1009U);
    // Known from the head alone: nobody waits for the gigabytes.
    const auto huge = client_frame(2, "", {.length_bytes = 8, .claimed_length = std::uint64_t{1} << 40U});
    EXPECT_EQ(decode(huge, 1, 100).failure, 1009U);
}

TEST(WsDecoder, AnnouncedLengthReservesNothing) {
    FrameDecoder decoder(1 << 30);
    Record record;
    auto head = client_frame(1, "begin", {.length_bytes = 8, .claimed_length = 1 << 29});
    EXPECT_FALSE(decoder.feed(std::span(head), record));
    EXPECT_TRUE(decoder.in_message());
    EXPECT_LT(decoder.held_bytes(), 100U);
}

TEST(WsDecoder, HoldsNothingBetweenMessages) {
    FrameDecoder decoder(1 << 20);
    Record record;
    auto bytes = client_frame(1, std::string(50'000, 'x'));
    for (auto& byte : bytes) EXPECT_FALSE(decoder.feed(std::span(&byte, 1), record));
    EXPECT_EQ(record.events.size(), 1U);
    EXPECT_FALSE(decoder.in_message());
    EXPECT_LT(decoder.held_bytes(), 100U);
}

TEST(WsDecoder, CloseFrames) {
    EXPECT_EQ(events_of(client_frame(8, "")), (std::vector<std::string>{"close:1005:"}));
    EXPECT_EQ(events_of(client_frame(8, close_payload(1000, "bye"))),
              (std::vector<std::string>{"close:1000:bye"}));
    EXPECT_EQ(events_of(client_frame(8, close_payload(4999))), (std::vector<std::string>{"close:4999:"}));
    // Nothing after it is looked at.
    EXPECT_EQ(events_of(client_frame(8, close_payload(1000)) + client_frame(1, "late")),
              (std::vector<std::string>{"close:1000:"}));
    EXPECT_EQ(failure_of(client_frame(8, "x")), 1002U) << "half a code";
    for (const unsigned code :
         {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
        EXPECT_EQ(failure_of(client_frame(8, close_payload(code))), 1002U) << code;
    }
    EXPECT_EQ(failure_of(client_frame(8, close_payload(1000, "\xff"))), 1007U);
}

TEST(WsDecoder, StopsWhenTheSinkSaysSo) {
    FrameDecoder decoder(1000);
    Record record;
    record.stop_after = 2;
    auto bytes = client_frame(1, "1") + client_frame(1, "2") + client_frame(1, "3") + client_frame(15, "");
    EXPECT_FALSE(decoder.feed(std::span(bytes), record));
    EXPECT_EQ(record.events, (std::vector<std::string>{"text:1", "text:2"}));
}

TEST(WsDecoder, PaddingFollowsEveryMessage) {
    // 64 readable bytes behind the view, however it came; the sanitizers watch.
    struct Reader final : FrameSink {
        bool on_text_message(std::string_view text) override {
            for (std::size_t i = 0; i < 64; ++i)
                sum += static_cast<unsigned char>(text.data()[text.size() + i]);
            ++messages;
            return true;
        }
        bool on_binary_message(std::string_view) override { return true; }
        bool on_ping(std::string_view) override { return true; }
        bool on_pong(std::string_view) override { return true; }
        bool on_close_frame(std::uint16_t, std::string_view) override { return true; }
        unsigned sum = 0;
        int messages = 0;
    } reader;
    FrameDecoder decoder(1 << 20);
    auto whole = client_frame(1, "whole");
    const auto size = whole.size();
    whole.append(64, '\0');
    EXPECT_FALSE(decoder.feed(std::span(whole).first(size), reader));
    for (auto& byte : client_frame(1, "in pieces")) {
        std::array<char, 65> part{byte};
        EXPECT_FALSE(decoder.feed(std::span(part).first(1), reader));
    }
    EXPECT_EQ(reader.messages, 2);
}

TEST(WsDecoder, RandomStreamsAtRandomSplits) {
    std::mt19937 random(7);  // fixed seed: a failure repeats
    for (int round = 0; round < 300; ++round) {
        std::string bytes;
        std::vector<std::string> expected;
        for (int message = 0; message < 8; ++message) {
            const bool text = random() % 2 == 0;
            std::string content;
            const int fragments = 1 + static_cast<int>(random() % 4);
            for (int i = 0; i < fragments; ++i) {
                std::string part;
                for (auto left = random() % (random() % 10 == 0 ? 5000 : 60); left > 0; --left) {
                    part += text ? std::string(random() % 5 == 0 ? "\xf0\x9f\x98\x80" : "a")
                                 : std::string(1, static_cast<char>(random()));
                }
                content += part;
                bytes += client_frame(i > 0 ? 0 : text ? 1 : 2, part, {.final = i + 1 == fragments});
                if (random() % 3 == 0) {
                    bytes += client_frame(9, "p");
                    // A ping behind the last fragment comes after the message.
                    if (i + 1 < fragments)
                        expected.emplace_back("ping:p");
                    else
                        expected.emplace_back("later");
                }
            }
            const bool ping_behind = !expected.empty() && expected.back() == "later";
            if (ping_behind) expected.pop_back();
            expected.push_back((text ? "text:" : "binary:") + content);
            if (ping_behind) expected.emplace_back("ping:p");
        }
        FrameDecoder decoder(1 << 20);
        Record record;
        for (std::size_t at = 0; at < bytes.size();) {
            auto part = bytes.substr(at, 1 + random() % 700);
            at += part.size();
            ASSERT_FALSE(decoder.feed(std::span(part), record)) << "round " << round;
        }
        ASSERT_EQ(record.events, expected) << "round " << round;
    }
}

TEST(WsEncoder, Frames) {
    EXPECT_EQ(*encode_text_frame("hi"), "\x81\x02hi");
    EXPECT_EQ(*encode_text_frame(""), "\x81\x00"s);
    EXPECT_EQ(encode_text_frame(std::string(125, 'x'))->substr(0, 2), "\x81\x7d");
    EXPECT_EQ(encode_text_frame(std::string(126, 'x'))->substr(0, 4), "\x81\x7e\x00\x7e"s);
    EXPECT_EQ(encode_text_frame(std::string(65535, 'x'))->substr(0, 4), "\x81\x7e\xff\xff");
    EXPECT_EQ(encode_text_frame(std::string(65536, 'x'))->substr(0, 10), "\x81\x7f\0\0\0\0\0\1\0\0"s);
    EXPECT_EQ(encode_binary_frame("b")->substr(0, 1), "\x82");
    EXPECT_EQ(encode_frame(Opcode::kPing, std::string(200, 'x'))->size(), 127U) << "cut to what is allowed";
}

TEST(WsEncoder, CloseFrames) {
    EXPECT_EQ(*encode_close_frame(1000, "bye"), "\x88\x05\x03\xe8"s + "bye");
    EXPECT_EQ(*encode_close_frame(kCloseNoStatus, "ignored"), "\x88\x00"s);
    // 123 bytes would cut the last character in two.
    std::string reason(122, 'x');
    reason += "\xe2\x82\xac";
    const auto frame = encode_close_frame(1000, reason);
    EXPECT_EQ(frame->size(), 2U + 2U + 122U);
}

TEST(WsMask, AnyLengthAndOffset) {
    const std::array<unsigned char, 4> key{1, 2, 3, 200};
    for (std::size_t size = 0; size < 40; ++size) {
        for (std::size_t offset = 0; offset < 8; ++offset) {
            std::string bytes(size + 2, 'q');
            apply_mask(std::span(bytes).subspan(1, size), key, offset);
            EXPECT_EQ(bytes.front(), 'q');
            EXPECT_EQ(bytes.back(), 'q') << "wrote behind the end";
            for (std::size_t i = 0; i < size; ++i) {
                ASSERT_EQ(static_cast<unsigned char>(bytes[i + 1]), 'q' ^ key[(offset + i) % 4]);
            }
        }
    }
}

}  // namespace
}  // namespace twinpane::net
