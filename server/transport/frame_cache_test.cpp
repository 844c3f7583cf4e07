#include <gtest/gtest.h>

#include "bayeux/envelope.hpp"
#include "bayeux/replies.hpp"
#include "net/testing/packed.hpp"
#include "transport/context.hpp"

namespace twinpane::transport {
namespace {

SharedBytes message(const std::string& channel, std::size_t size = 2000) {
    return share(R"({"channel":")" + channel + R"(","data":")" + std::string(size, 'd') + R"("})");
}

bool is_packed(const SharedBytes& frame) {
    return (static_cast<unsigned char>((*frame)[0]) & 0x40U) != 0;
}

std::string text_of(const SharedBytes& frame, int bits = 15) {
    const auto head = static_cast<unsigned char>((*frame)[1]) < 126 ? 2U : 4U;
    return is_packed(frame) ? net::testing::unpack(frame->substr(head), bits).value_or("broken")
                            : frame->substr(head);
}

TEST(FrameCache, ABroadcastIsFramedOncePlainAndOncePacked) {
    FrameCache cache;
    const auto news = message("/news");
    const auto plain = cache.frame_of(news);
    const auto packed = cache.frame_of(news, 15);
    const auto small = cache.frame_of(news, 9);
    EXPECT_FALSE(is_packed(plain));
    EXPECT_TRUE(is_packed(packed));
    EXPECT_EQ(text_of(plain), "[" + *news + "]");
    EXPECT_EQ(text_of(packed), "[" + *news + "]");
    EXPECT_EQ(text_of(small, 9), "[" + *news + "]");
    // However the receivers are mixed.
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(cache.frame_of(news, 15), packed);
        EXPECT_EQ(cache.frame_of(news), plain);
        EXPECT_EQ(cache.frame_of(news, 9), small);
    }
    const auto next = message("/news");
    EXPECT_NE(cache.frame_of(next, 15), packed) << "equal text, another message";
}

TEST(FrameCache, SmallMessagesStayPlain) {
    FrameCache cache;
    const auto small = message("/news", 400);
    EXPECT_FALSE(is_packed(cache.frame_of(small, 15)));
    EXPECT_EQ(cache.frame_of(small, 15), cache.frame_of(small));
}

// Whoever chooses a part of a compressed frame can guess the rest by its length.
TEST(FrameCache, SecretsBesideChosenTextAreNeverPacked) {
    const auto filler = R"(,"ext":{"x":")" + std::string(2000, 'x') + R"("}})";
    for (const std::string channel :
         {"/meta/handshake", "/meta/connect", "/meta/subscribe", "/meta/disconnect"}) {
        FrameCache cache;
        const auto reply = share(R"({"id":"1","channel":")" + channel +
                                 R"(","successful":true,"clientId":"secret")" + filler);
        for (const bool services : {false, true})
            EXPECT_FALSE(is_packed(cache.frame_of(reply, 15, services))) << channel;
    }
    for (const std::string channel : {"/service/page", "/service/session/create", "/service/act"}) {
        FrameCache closed, open;
        const auto event = message(channel);
        EXPECT_FALSE(is_packed(closed.frame_of(event, 15))) << channel;
        EXPECT_TRUE(is_packed(open.frame_of(event, 15, true))) << "asked for";
    }
    FrameCache cache;
    EXPECT_FALSE(is_packed(cache.frame_of(share(R"({"data":")" + std::string(2000, 'd') + R"("})"), 15)))
        << "of no channel that we know";
}

// What the engine itself writes has its channel where the cache looks for it.
TEST(FrameCache, TheEnginesOwnTexts) {
    BytesPool pool;
    FrameCache cache;
    const auto text = R"([{"channel":"/a","data":{"channel":"/service/x","t":")" + std::string(2000, 't') +
                      R"("},"extra":{"channel":"/meta/y"}}])";
    const auto batch = bayeux::parse_batch(text);
    ASSERT_TRUE(batch);
    EXPECT_TRUE(is_packed(cache.frame_of(bayeux::broadcast_text(pool, batch->messages[0]), 15)));
    const auto private_text = bayeux::encode_message(
        "/service/x", R"({"channel":"/a","t":")" + std::string(2000, 't') + R"("})", "\"7\"");
    EXPECT_FALSE(is_packed(cache.frame_of(private_text, 15)));
    const auto reply = bayeux::ReplyText(pool, "\"1\"", "/meta/handshake", true)
                           .field("ext", R"({"channel":"/a","t":")" + std::string(2000, 't') + R"("})")
                           .done();
    EXPECT_FALSE(is_packed(cache.frame_of(reply, 15)));
}

}  // namespace
}  // namespace twinpane::transport
