#include "observe/log.hpp"

#include <gtest/gtest.h>

namespace twinpane::observe {
namespace {

TEST(Log, ValuesThatCouldForgeALineAreQuotedAndEscaped) {
    EXPECT_EQ(format_line("http.refused", {{"code", 4008}, {"why", "two Hosts"}}),
              "http.refused code=4008 why=\"two Hosts\"");
    EXPECT_EQ(format_line("x", {{"v", "a\nlevel=error"}}), "x v=\"a\\x0alevel=error\"");
    EXPECT_EQ(format_line("x", {{"v", ""}, {"w", "a\"b"}}), "x v=\"\" w=\"a\\\"b\"");
}

TEST(Log, AFloodOfOneEventIsCountedNotWritten) {
    ::testing::internal::CaptureStderr();
    {
        Log log(Level::kInfo, "n1");
        for (int i = 0; i < 5000; ++i) log.info("flood");
        log.info("other");
    }
    const auto text = ::testing::internal::GetCapturedStderr();
    std::size_t lines = 0;
    for (std::size_t at = text.find("flood"); at != std::string::npos; at = text.find("flood", at + 1))
        ++lines;
    EXPECT_GE(lines, 200U);
    EXPECT_LE(lines, 1000U);  // a new window may open while the loop runs
    EXPECT_NE(text.find("other node=n1"), std::string::npos);
}

TEST(Log, LevelsBelowTheConfiguredOneAreSilent) {
    ::testing::internal::CaptureStderr();
    {
        Log log(parse_level("warn"), "");
        log.info("quiet");
        log.warn("loud");
    }
    const auto text = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(text.find("quiet"), std::string::npos);
    EXPECT_NE(text.find("loud"), std::string::npos);
}

}  // namespace
}  // namespace twinpane::observe
