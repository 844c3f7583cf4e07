#include "transport/browser_cookie.hpp"

#include <gtest/gtest.h>

namespace twinpane::transport {
namespace {

const std::string kValue(32, 'a');

std::string taken(const std::string& header, const BrowserCookie& cookie = {}) {
    net::Request request;
    request.headers.add("Cookie", header);
    return browser_of(request, cookie);
}

TEST(BrowserCookie, EachOptionIsAnAttribute) {
    EXPECT_EQ(set_cookie({}, kValue),
              "BAYEUX_BROWSER=" + kValue + "; Path=/; Secure; HttpOnly; SameSite=Lax");
    const BrowserCookie all{.name = "B",
                            .domain = "example.com",
                            .path = "/cobrowse",
                            .max_age = 0,
                            .secure = true,
                            .http_only = true,
                            .same_site = "None",
                            .partitioned = true};
    EXPECT_EQ(
        set_cookie(all, "v"),
        "B=v; Domain=example.com; Path=/cobrowse; Max-Age=0; Secure; HttpOnly; SameSite=None; Partitioned");
    const BrowserCookie least{.path = "", .secure = false, .http_only = false, .same_site = ""};
    EXPECT_EQ(set_cookie(least, "v"), "BAYEUX_BROWSER=v");
}

TEST(BrowserCookie, OnlyWhatWasGivenOutIsTaken) {
    EXPECT_EQ(taken("x=1; BAYEUX_BROWSER=" + kValue + "; y=2"), kValue);
    EXPECT_EQ(taken("B=" + kValue, {.name = "B"}), kValue);
    for (const std::string& bad : std::initializer_list<std::string>{
             "", "BAYEUX_BROWSER=", "BAYEUX_BROWSER=" + kValue.substr(1), "BAYEUX_BROWSER=" + kValue + "a",
             "BAYEUX_BROWSER=" + std::string(32, 'A'), "BAYEUX_BROWSER=" + std::string(32, '~'),
             "bayeux_browser=" + kValue}) {
        EXPECT_EQ(taken(bad), "") << bad;
    }
}

TEST(BrowserCookie, ValuesAre128RandomBits) {
    SystemRandom random;
    const auto one = new_browser(random);
    EXPECT_EQ(one.size(), 32U);
    EXPECT_NE(one, new_browser(random));
    EXPECT_EQ(taken("BAYEUX_BROWSER=" + one), one);
}

}  // namespace
}  // namespace twinpane::transport
