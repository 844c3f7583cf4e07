#include "transport/callback.hpp"

#include <gtest/gtest.h>

namespace twinpane::transport {
namespace {

TEST(Callback, NamesAndNothingElse) {
    for (const char* good : {"a", "jsonpcallback", "__jsonp1__", "window.cometd.cb_1", "$x", "a-b"}) {
        EXPECT_TRUE(valid_callback(good, 64)) << good;
    }
    for (const char* bad :
         {"", "a(", "a;b", "a b", "a[0]", "a/*", "<", "a=b", "\"", "'", "a\n", "a,b", "\xC3\xBC", "a%"}) {
        EXPECT_FALSE(valid_callback(bad, 64)) << bad;
    }
    EXPECT_TRUE(valid_callback(std::string(64, 'x'), 64));
    EXPECT_FALSE(valid_callback(std::string(65, 'x'), 64));
    EXPECT_FALSE(valid_callback(std::string(10'000, 'x'), 64));
}

TEST(Callback, TheScriptIsOneCallWhateverTheData) {
    EXPECT_EQ(callback_script("cb", "[]"), "/**/cb([]);");
    EXPECT_EQ(callback_script("cb",
                              "[\"a\xE2\x80\xA8\xE2\x80\xA9"
                              "b\"]"),
              "/**/cb([\"a\\u2028\\u2029b\"]);");
    EXPECT_EQ(callback_script("cb", "\"\xE2\x80\xA7\xE2\x80\x9C\xE2\x82\xAC\""),
              "/**/cb(\"\xE2\x80\xA7\xE2\x80\x9C\xE2\x82\xAC\");");
    EXPECT_EQ(callback_script("cb", "\xE2\x80\xA8"), "/**/cb(\\u2028);");
}

}  // namespace
}  // namespace twinpane::transport
