#include "bayeux/json.hpp"

#include <gtest/gtest.h>

namespace twinpane::bayeux::json {
namespace {

bool valid(std::string_view text) {
    Scanner scan(text);
    std::string_view slice;
    return scan.value(slice, 0) && scan.at_end();
}

TEST(Json, AcceptsWhatTheGrammarAllows) {
    for (const char* text : {"null", "true", "false", "0", "-0", "12", "-1.5e+10", "1E5", "\"\"", "[]", "{}",
                             " [ 1 , 2 ] ", R"({"a":{"b":[null,"x\u00e9\n\"\/"]}})",
                             "9007199254740993123456789", R"("\ud800")", "\"\xc3\xa9\""}) {
        EXPECT_TRUE(valid(text)) << text;
    }
}

TEST(Json, RefusesWhatItDoesNot) {
    for (const char* text : {"",    " ",       "nul",         "nulll",      "True",     "01",
                             "-",   "1.",      ".5",          "1e",         "+1",       "0x1",
                             "NaN", "[1,]",    "[,1]",        "[1 2]",      "[",        "]",
                             "{",   "{\"a\"}", "{\"a\":}",    "{\"a\":1,}", "{a:1}",    "{'a':1}",
                             "\"",  "\"\\x\"", "\"\\u12g4\"", "\"\\u123",   "\"a\nb\"", "\"tab\there\"",
                             "1 1", "[1]]",    "//c\n1",      "\"\\"}) {
        EXPECT_FALSE(valid(text)) << text;
    }
    EXPECT_FALSE(valid(std::string_view("[1]\0", 4)));
    EXPECT_FALSE(valid(std::string_view("\"\0\"", 3)));
}

TEST(Json, DepthIsLimitedAndTheLimitItselfIsAllowed) {
    const auto nested = [](unsigned depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(valid(nested(kMaxDepth)));
    EXPECT_FALSE(valid(nested(kMaxDepth + 1)));
    EXPECT_FALSE(valid(std::string(1'000'000, '[')));
    EXPECT_FALSE(valid(std::string(1'000'000, '{')));
}

TEST(Json, DecodesEscapes) {
    EXPECT_EQ(decode(R"("a\/b\u0041\n\"\\")"), "a/bA\n\"\\");
    EXPECT_EQ(decode(R"("\u00e9\u20ac\ud83d\ude00")"), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    EXPECT_EQ(decode(R"("\ud83dx\ude00")"), "\xef\xbf\xbdx\xef\xbf\xbd");
    EXPECT_TRUE(is(R"("ch\u0061nnel")", "channel"));
    EXPECT_FALSE(is(R"("channe")", "channel"));
}

TEST(Json, OfDuplicateMembersTheLastCounts) {
    EXPECT_EQ(member(R"({"a":1,"b":2,"\u0061":[3]})", "a"), "[3]");
    EXPECT_EQ(member(R"({"b":{"a":1}})", "a"), std::nullopt);
    EXPECT_EQ(member("[1]", "a"), std::nullopt);
}

TEST(Json, SmallIntegersOnly) {
    EXPECT_EQ(small_integer("0"), 0U);
    EXPECT_EQ(small_integer("999999999"), 999999999U);
    for (const char* text : {"", "-1", "1.5", "1e3", "\"1\"", "null", "1234567890"}) {
        EXPECT_EQ(small_integer(text), std::nullopt) << text;
    }
}

TEST(Json, QuotedTextIsJsonAgain) {
    const std::string text("a\"b\\c\n\x01\xc3\xa9/", 10);
    std::string out;
    append_quoted(out, text);
    EXPECT_TRUE(valid(out));
    EXPECT_EQ(decode(out), text);
}

}  // namespace
}  // namespace twinpane::bayeux::json
