#include "net/ws_extension.hpp"

#include <gtest/gtest.h>

namespace twinpane::net {
namespace {

// The answer to these header values; "declined", or "malformed".
std::string answer_to(const std::vector<std::string>& values) {
    Headers headers;
    headers.add("Host", "x");
    for (const auto& value : values) headers.add("sec-websocket-extensions", value);
    const auto offers = parse_extensions(headers);
    if (!offers) return "malformed";
    const auto terms = choose_deflate(*offers);
    return terms ? deflate_answer(*terms) : "declined";
}

const std::string kPlain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

TEST(WsExtension, ContextTakeoverIsNeverAgreedOn) {
    EXPECT_EQ(answer_to({"permessage-deflate"}), kPlain);
    EXPECT_EQ(answer_to({"permessage-deflate; server_no_context_takeover"}), kPlain);
    EXPECT_EQ(answer_to({"permessage-deflate;client_no_context_takeover;server_no_context_takeover"}),
              kPlain);
    EXPECT_EQ(answer_to({"permessage-deflate; client_max_window_bits"}), kPlain) << "what browsers send";
    EXPECT_EQ(answer_to({"permessage-deflate; client_max_window_bits=8"}), kPlain) << "a hint";
}

TEST(WsExtension, TheServersWindowIsAsSmallAsAskedFor) {
    for (int bits = 9; bits <= 15; ++bits) {
        const auto text = std::to_string(bits);
        EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits=" + text}),
                  kPlain + "; server_max_window_bits=" + text);
    }
    EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits=\"10\""}),
              kPlain + "; server_max_window_bits=10");
    EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits=8"}), "declined");
}

TEST(WsExtension, TheFirstOfferThatCanBeMetCounts) {
    EXPECT_EQ(answer_to({"permessage-deflate; server_max_window_bits=8, permessage-deflate"}), kPlain);
    EXPECT_EQ(answer_to({"x-other, permessage-deflate; server_max_window_bits=9, permessage-deflate"}),
              kPlain + "; server_max_window_bits=9");
    EXPECT_EQ(answer_to({"x-other; a=b", "permessage-deflate"}), kPlain) << "two header lines";
    EXPECT_EQ(answer_to({",permessage-deflate, ,"}), kPlain) << "empty elements of a list";
}

TEST(WsExtension, OffersThatCantBeMetAreDeclined) {
    for (const std::string offer :
         {"x-webkit-deflate-frame", "permessage-deflate; unknown",
          "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=16",
          "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=09",
          "permessage-deflate; server_max_window_bits=1", "permessage-deflate; server_max_window_bits=nine",
          "permessage-deflate; client_max_window_bits=16", "permessage-deflate; client_max_window_bits=08",
          "permessage-deflate; server_no_context_takeover=1",
          "permessage-deflate; client_no_context_takeover=true",
          "permessage-deflate; client_max_window_bits; client_max_window_bits",
          "permessage-deflate; server_no_context_takeover; server_no_context_takeover"}) {
        EXPECT_EQ(answer_to({offer}), "declined") << offer;
    }
    EXPECT_EQ(answer_to({}), "declined") << "no header at all";
}

TEST(WsExtension, MalformedHeaders) {
    for (const std::string value :
         {"", ",", ";", "permessage-deflate;", "permessage-deflate; =1", "permessage-deflate; a=",
          "permessage-deflate a", "permessage-deflate; a b", "permessage-deflate; a=\"b", "a; b=\"\\",
          "a; b=\"x y\"", "a; b=\"\"", "permessage/deflate", "\"permessage-deflate\""}) {
        EXPECT_EQ(answer_to({value}), "malformed") << value;
    }
    EXPECT_EQ(answer_to({"permessage-deflate", ""}), "malformed");
    std::string many = "a";
    for (int i = 1; i < 16; ++i) many += ",a";
    EXPECT_EQ(answer_to({many}), "declined");
    EXPECT_EQ(answer_to({many + ",a"}), "malformed");
    std::string long_offer = "a";
    for (int i = 0; i < 16; ++i) long_offer += ";p" + std::to_string(i);
    EXPECT_EQ(answer_to({long_offer}), "declined");
    EXPECT_EQ(answer_to({long_offer + ";q"}), "malformed");
}

}  // namespace
}  // namespace twinpane::net
