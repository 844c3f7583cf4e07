// permessage-deflate in the codec: what the decoder takes, and that a bomb never gets more memory than a
// plain message of the limit's size.
#include <gtest/gtest.h>

#include <random>

#include "net/deflater.hpp"
#include "net/inflater.hpp"
#include "net/testing/client.hpp"
#include "net/testing/packed.hpp"
#include "net/ws_codec.hpp"

namespace twinpane::net {
namespace {

using testing::client_frame;
using testing::FrameShape;
using testing::pack;
using testing::unpack;
using namespace std::string_literals;

constexpr unsigned kDeflated = 4;  // RSV1

struct Collect final : FrameSink {
    bool on_text_message(std::string_view text) override { return note("text:", text); }
    bool on_binary_message(std::string_view bytes) override { return note("binary:", bytes); }
    bool on_ping(std::string_view payload) override { return note("ping:", payload); }
    bool on_pong(std::string_view payload) override { return note("pong:", payload); }
    bool on_close_frame(std::uint16_t, std::string_view reason) override { return note("close:", reason); }
    bool note(const char* kind, std::string_view what) {
        // The padding that readers rely on; the sanitizers watch.
        if (*kind == 't' || *kind == 'b')
            for (std::size_t i = 0; i < 64; ++i) padding += what.data()[what.size() + i];
        events.push_back(kind + std::string(what));
        return true;
    }
    std::vector<std::string> events;
    int padding = 0;
};

struct Run {
    std::vector<std::string> events;
    unsigned failure = 0;
    std::size_t most_held = 0;
    std::size_t leased = 0;  // afterwards, the decoder still there
    bool in_message = false;
};

Run run(std::string_view bytes, std::size_t piece, std::size_t limit = 1 << 20) {
    InflaterPool pool;
    FrameDecoder decoder(limit, &pool);
    Collect collect;
    Run out;
    for (std::size_t at = 0; at < bytes.size() && out.failure == 0; at += piece) {
        std::string part(bytes.substr(at, piece));
        const auto size = part.size();
        part.append(64, 'x');
        if (const auto failure = decoder.feed(std::span(part).first(size), collect))
            out.failure = failure->code;
        out.most_held = std::max(out.most_held, decoder.held_bytes());
    }
    out.events = std::move(collect.events);
    out.leased = pool.leased();
    out.in_message = decoder.in_message();
    return out;
}

Run run_all_ways(const std::string& bytes, std::size_t limit = 1 << 20) {
    const auto whole = run(bytes, bytes.size(), limit);
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U}) {
        const auto pieces = run(bytes, piece, limit);
        EXPECT_EQ(pieces.events, whole.events) << piece;
        EXPECT_EQ(pieces.failure, whole.failure) << piece;
        EXPECT_EQ(pieces.leased, whole.leased) << piece;
    }
    return whole;
}

std::string deflated(unsigned opcode, std::string_view packed, bool final = true) {
    return client_frame(opcode, packed, {.final = final, .reserved = kDeflated});
}

using Events = std::vector<std::string>;

TEST(WsDeflate, ExamplesOfTheRfc) {
    // RFC 7692 7.2.3.1 to 7.2.3.6.
    const auto hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
    EXPECT_EQ(run_all_ways(deflated(1, hello)).events, (Events{"text:Hello"}));
    EXPECT_EQ(run_all_ways(deflated(1, hello.substr(0, 3), false) + client_frame(0, hello.substr(3))).events,
              (Events{"text:Hello"}));
    EXPECT_EQ(run_all_ways(deflated(1, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s)).events,
              (Events{"text:Hello"}));
    EXPECT_EQ(run_all_ways(deflated(1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s)).events, (Events{"text:Hello"}))
        << "a final block does not end the message";
    EXPECT_EQ(run_all_ways(deflated(1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s)).events,
              (Events{"text:Hello"}))
        << "two blocks";
    EXPECT_EQ(run_all_ways(deflated(1, "\x00"s)).events, (Events{"text:"})) << "an empty message";
    // 7.2.3.2 with the window of the message before: there is none here.
    EXPECT_EQ(run_all_ways(deflated(1, hello) + deflated(1, "\xf2\x00\x11\x00\x00"s)).failure, 1007U);
}

TEST(WsDeflate, MessagesFragmentsAndControlFramesBetween) {
    const std::string text(3000, 'q');
    const auto packed = pack(text);
    const FrameShape open{.final = false};
    EXPECT_EQ(run_all_ways(deflated(1, packed.substr(0, 5), false) + client_frame(9, "?") +
                           client_frame(0, "", open) + client_frame(0, packed.substr(5)) +
                           client_frame(1, "plain") + deflated(2, pack("\xff\x00"s)))
                  .events,
              (Events{"ping:?", "text:" + text, "text:plain", "binary:\xff\x00"s}));
    EXPECT_EQ(run_all_ways(deflated(1, packed, false) + client_frame(0, "")).events, (Events{"text:" + text}))
        << "the last fragment is empty";
    EXPECT_EQ(run_all_ways(deflated(1, "", false) + client_frame(0, packed)).events, (Events{"text:" + text}))
        << "the first one is";
    for (const int bits : {9, 12, 15}) {
        EXPECT_EQ(run_all_ways(deflated(1, pack(text, {.bits = bits}))).events, (Events{"text:" + text}));
    }
    for (const int level : {0, 1, 9}) {
        EXPECT_EQ(run_all_ways(deflated(1, pack(text, {.level = level}))).events, (Events{"text:" + text}));
    }
}

TEST(WsDeflate, OnlyTheFirstFrameOfAMessageMayBeMarked) {
    const auto packed = pack("hello");
    EXPECT_EQ(run_all_ways(deflated(1, packed.substr(0, 2), false) + deflated(0, packed.substr(2))).failure,
              1002U);
    EXPECT_EQ(run_all_ways(client_frame(1, "a", {.final = false}) + deflated(0, "b")).failure, 1002U);
    for (const unsigned control : {8U, 9U, 10U})
        EXPECT_EQ(run_all_ways(deflated(control, "")).failure, 1002U);
    for (const unsigned bits : {1U, 2U, 3U, 5U, 6U, 7U})
        EXPECT_EQ(run_all_ways(client_frame(1, packed, {.reserved = bits})).failure, 1002U) << bits;
    FrameDecoder plain(1000);
    Collect collect;
    auto bytes = deflated(1, packed);
    EXPECT_EQ(plain.feed(std::span(bytes), collect)->code, 1002U) << "not agreed on";
}

TEST(WsDeflate, MalformedMessages) {
    const auto packed = pack("hello hello hello, " + std::string(200, 'x'));
    for (const auto& bad : {
             ""s,                                  // not even an empty block
             packed.substr(0, packed.size() / 2),  // cut off
             packed.substr(0, packed.size() - 1),
             packed + "\x01"s,
             pack("hello", {.flush = Z_FINISH}),  // without the byte behind a final block
             pack("hello", {.cut_tail = false}),
             "\x06"s,                       // block type 3
             "\x00\x05\x00\x00\x00hello"s,  // a stored block whose length does not match
             std::string(40, '\xff'),
         }) {
        const auto result = run_all_ways(deflated(1, bad));
        EXPECT_EQ(result.failure, 1007U) << ::testing::PrintToString(bad);
        EXPECT_TRUE(result.events.empty());
        EXPECT_EQ(result.leased, 0U);
    }
}

TEST(WsDeflate, TextIsCheckedAfterInflating) {
    for (const auto& bad :
         {"\xff"s, "ok \xed\xa0\x80"s, "cut \xe2\x82"s, std::string(5000, 'x') + "\xc0\xaf"}) {
        EXPECT_EQ(run_all_ways(deflated(1, pack(bad))).failure, 1007U);
        EXPECT_EQ(run_all_ways(deflated(2, pack(bad))).failure, 0U);
    }
    const auto euro = "\xe2\x82\xac"s;
    const auto packed = pack(euro + euro, {.level = 0});
    EXPECT_EQ(
        run_all_ways(deflated(1, packed.substr(0, 7), false) + client_frame(0, packed.substr(7))).events,
        (Events{"text:" + euro + euro}))
        << "a fragment may cut a character";
    // Seen as soon as it comes out, not at the message's end.
    const auto early = pack(std::string(100, 'y') + "\xff" + std::string(60'000, 'z'));
    const auto first = deflated(1, early.substr(0, early.size() - 10), false);
    EXPECT_EQ(run(first, first.size()).failure, 1007U);
}

TEST(WsDeflate, TheMessageLimitHoldsForWhatComesOut) {
    EXPECT_EQ(run_all_ways(deflated(1, pack(std::string(1000, 'x'))), 1000).events.size(), 1U);
    EXPECT_EQ(run_all_ways(deflated(1, pack(std::string(1001, 'x'))), 1000).failure, 1009U);
    // Random bytes grow a little when they are "compressed"; at the limit they are taken nevertheless.
    std::mt19937 random(3);
    std::string noise(1 << 16, '\0');
    for (auto& byte : noise) byte = static_cast<char>(random());
    for (const int level : {0, 6}) {
        const auto packed = pack(noise, {.level = level});
        EXPECT_GT(packed.size(), noise.size());
        EXPECT_EQ(run(deflated(2, packed), 1000, noise.size()).events.size(), 1U) << level;
    }
}

// Each would be gigabytes; each is cut at the limit, with memory for a message of the limit's size and no
// more.
TEST(WsDeflate, BombsAreCutAtTheLimit) {
    constexpr std::size_t kLimit = 100'000;
    const std::string zeros(64 << 20, '\0');
    const auto bomb = pack(zeros, {.level = 9});
    ASSERT_LT(bomb.size(), 70'000U) << "a thousandth";
    std::vector<std::pair<std::string, unsigned>> corpus;
    corpus.emplace_back(deflated(2, bomb), 1009);
    corpus.emplace_back(deflated(1, bomb), 1009);
    std::string fragments = deflated(2, bomb.substr(0, 100), false);
    for (std::size_t at = 100; at < 5000; at += 100)
        fragments += client_frame(0, bomb.substr(at, 100), {.final = false});
    corpus.emplace_back(fragments, 1009);
    // Final blocks one behind the other: no single one is too large.
    std::string finals;
    for (int i = 0; i < 2000; ++i) finals += pack(std::string(1000, 'a'), {.flush = Z_FINISH});
    corpus.emplace_back(deflated(2, finals), 1009);
    // Blocks that nothing comes out of, without end.
    std::string empties;
    for (int i = 0; i < 30'000; ++i) empties += "\x00\x00\x00\xff\xff"s;
    corpus.emplace_back(deflated(2, empties), 1009);
    std::string empty_fragments = deflated(2, empties.substr(0, 1000), false);
    for (int i = 0; i < 150; ++i)
        empty_fragments += client_frame(0, empties.substr(0, 1000), {.final = false});
    corpus.emplace_back(empty_fragments, 1009);
    // A bomb inside a bomb is only text.
    const auto nested = pack(pack(zeros, {.level = 9}), {.level = 9});
    corpus.emplace_back(deflated(2, nested), 0);
    // Announced, never sent.
    corpus.emplace_back(client_frame(2, "", {.reserved = kDeflated, .claimed_length = 1ULL << 40U}), 1009);

    for (std::size_t i = 0; i < corpus.size(); ++i) {
        const auto& [bytes, code] = corpus[i];
        for (const std::size_t piece : {std::size_t{1}, std::size_t{4096}, bytes.size()}) {
            const auto result = run(bytes, piece, kLimit);
            EXPECT_EQ(result.failure, code) << i;
            EXPECT_LE(result.most_held, kLimit + 64 + 1) << i;
            EXPECT_EQ(result.leased, 0U) << i;
        }
    }
}

TEST(WsDeflate, NeverReservesBeyondTheLimit) {
    Inflater inflater;
    const auto bomb = pack(std::string(16 << 20, 'b'), {.level = 9});
    for (const std::size_t limit : {0UL, 1UL, 100UL, 16'384UL, 70'000UL}) {
        std::string out;
        inflater.begin();
        EXPECT_EQ(inflater.feed(bomb, out, limit), Inflater::State::kTooLarge);
        EXPECT_LE(out.size(), limit);
        EXPECT_LE(out.capacity(), limit + 64 + 1);
    }
    // Fed byte by byte, up to exactly the limit.
    const auto good = pack(std::string(70'000, 'g'));
    std::string out;
    inflater.begin();
    for (const char& byte : good) ASSERT_EQ(inflater.feed({&byte, 1}, out, 70'000), Inflater::State::kGood);
    EXPECT_EQ(inflater.finish(out, 70'000), Inflater::State::kGood);
    EXPECT_EQ(out.size(), 70'000U);
    EXPECT_LE(out.capacity(), 70'000U + 64 + 1);
}

TEST(WsDeflate, IdleConnectionsHoldNothing) {
    InflaterPool pool;
    FrameDecoder one(1 << 20, &pool), other(1 << 20, &pool);
    Collect collect;
    auto whole = deflated(1, pack(std::string(5000, 'x')));
    EXPECT_FALSE(one.feed(std::span(whole), collect));
    EXPECT_EQ(pool.leased(), 0U);
    EXPECT_LT(one.held_bytes(), 100U);
    // Two messages under way at the same time have an inflater each and do not disturb one another.
    auto a = deflated(1, pack("first " + std::string(100, 'a')));
    auto b = deflated(1, pack("second " + std::string(100, 'b')));
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        EXPECT_FALSE(one.feed(std::span(a).subspan(std::min(i, a.size()), i < a.size() ? 1 : 0), collect));
        EXPECT_FALSE(other.feed(std::span(b).subspan(std::min(i, b.size()), i < b.size() ? 1 : 0), collect));
        if (i == 8) {
            EXPECT_EQ(pool.leased(), 2U);
        }
    }
    EXPECT_EQ(collect.events[1], "text:first " + std::string(100, 'a'));
    EXPECT_EQ(collect.events[2], "text:second " + std::string(100, 'b'));
    EXPECT_EQ(pool.leased(), 0U);
    // A connection that ends in the middle of a message gives its inflater back.
    {
        FrameDecoder third(1000, &pool);
        auto part = deflated(1, pack("x"), false);
        EXPECT_FALSE(third.feed(std::span(part), collect));
        EXPECT_EQ(pool.leased(), 1U);
    }
    EXPECT_EQ(pool.leased(), 0U);
}

TEST(WsDeflate, FramesFitTheWindowTheyAreMadeFor) {
    Deflater deflater;
    // Repeats itself only after 20,000 bytes: a small window can't see that far back.
    std::mt19937 random(5);
    std::string block(20'000, '\0');
    for (auto& byte : block) byte = static_cast<char>('a' + random() % 16);
    const auto text = block + block;
    for (int round = 0; round < 2; ++round) {
        for (int bits = 9; bits <= 15; ++bits) {
            const auto frame = deflater.frame(Opcode::kText, text, bits);
            ASSERT_TRUE(frame);
            EXPECT_EQ(static_cast<unsigned char>((*frame)[0]), 0xC1U) << "final, compressed, text";
            const auto head = static_cast<unsigned char>((*frame)[1]) == 126 ? 4U : 10U;
            EXPECT_EQ(unpack(frame->substr(head), bits), text) << bits;
        }
    }
    EXPECT_LT(deflater.frame(Opcode::kText, text, 15)->size(),
              deflater.frame(Opcode::kText, text, 9)->size());
}

TEST(WsDeflate, CompressesOnlyWhatIsWorthIt) {
    Deflater deflater;
    EXPECT_FALSE(deflater.frame(Opcode::kText, std::string(511, 'x'), 15));
    EXPECT_TRUE(deflater.frame(Opcode::kText, std::string(512, 'x'), 15));
    EXPECT_EQ(static_cast<unsigned char>((*deflater.frame(Opcode::kBinary, std::string(512, 'x'), 15))[0]),
              0xC2U);
    std::mt19937 random(9);
    std::string noise(5000, '\0');
    for (auto& byte : noise) byte = static_cast<char>(random());
    EXPECT_FALSE(deflater.frame(Opcode::kBinary, noise, 15)) << "noise does not shrink";
    EXPECT_FALSE(deflater.frame(Opcode::kText, std::string(512, 'x'), 8)) << "no such window";
    EXPECT_FALSE(deflater.frame(Opcode::kText, std::string(512, 'x'), 16));
    Deflater always(0);
    EXPECT_EQ(*always.frame(Opcode::kText, "", 15), "\xc1\x01\x00"s) << "RFC 7692 7.2.3.6";
    for (const auto& payload : {std::string(30, 'x'), std::string("a"), noise}) {
        const auto frame = always.frame(Opcode::kBinary, payload, 15);
        ASSERT_TRUE(frame);
        EXPECT_EQ(unpack(frame->substr(static_cast<unsigned char>((*frame)[1]) < 126 ? 2 : 4)), payload);
    }
}

// Found by fuzzing: what is as long compressed as plain only costs the receiver time.
TEST(WsDeflate, AResultOfTheSameSizeIsNotWorthIt) {
    Deflater deflater(1);
    const auto same = "\x00\x10\x00\x00\x00\x00\x00\x64\x00\x01\x00\x10\x03\x00"s;
    bool seen = false;
    for (std::size_t size = 1; size <= same.size(); ++size) {
        const auto payload = same.substr(0, size);
        seen = seen || pack(payload, {.level = 3}).size() == size;
        const auto frame = deflater.frame(Opcode::kBinary, payload, 15);
        if (frame) {
            EXPECT_LT(frame->size(), size + 2) << size;
        }
    }
    EXPECT_TRUE(seen) << "the case is in there";
}

TEST(WsDeflate, RandomMessagesThroughDeflaterAndDecoder) {
    std::mt19937 random(11);
    Deflater deflater(0);
    InflaterPool pool;
    FrameDecoder decoder(1 << 20, &pool);
    for (int round = 0; round < 300; ++round) {
        std::string text(1 + random() % 3000, '\0');
        for (auto& byte : text) byte = static_cast<char>('a' + random() % (1 + random() % 20));
        const int bits = 9 + static_cast<int>(random() % 7);
        const auto frame = deflater.frame(Opcode::kText, text, bits);
        ASSERT_TRUE(frame);
        const auto head = static_cast<unsigned char>((*frame)[1]) < 126 ? 2U : 4U;
        const auto packed = frame->substr(head);
        ASSERT_EQ(unpack(packed, bits), text);
        auto bytes = std::string();
        for (std::size_t at = 0; at < packed.size();) {
            const auto size = std::min<std::size_t>(packed.size() - at, 1 + random() % 200);
            const bool last = at + size == packed.size();
            bytes += client_frame(at == 0 ? 1 : 0, packed.substr(at, size),
                                  {.final = last, .reserved = at == 0 ? kDeflated : 0});
            at += size;
        }
        Collect collect;
        for (std::size_t at = 0; at < bytes.size();) {
            auto part = bytes.substr(at, 1 + random() % 300);
            at += part.size();
            ASSERT_FALSE(decoder.feed(std::span(part), collect)) << round;
        }
        ASSERT_EQ(collect.events, (Events{"text:" + text})) << round;
    }
    EXPECT_EQ(pool.leased(), 0U);
}

}  // namespace
}  // namespace twinpane::net
