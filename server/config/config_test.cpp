#include "config/config.hpp"

#include <gtest/gtest.h>

#include <set>

namespace twinpane::config {
namespace {

std::vector<Problem> problems(const std::string& yaml) {
    auto parsed = parse(yaml);
    if (auto* list = std::get_if<std::vector<Problem>>(&parsed)) return *list;
    return {};
}

TEST(Options, EveryDefaultIsValidAndEveryNameOnce) {
    std::set<std::string_view> names;
    for (const auto& option : options()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_FALSE(option.doc.empty()) << option.name;
        if (option.type == Type::kList || option.type == Type::kOrigins) continue;
        const auto parsed = parse_value(option, option.fallback);
        ASSERT_TRUE(std::holds_alternative<Value>(parsed)) << option.name << std::get<std::string>(parsed);
        EXPECT_EQ(show(option, std::get<Value>(parsed)), option.fallback) << option.name;
    }
}

TEST(Options, OriginsAreExactAndLowerCase) {
    for (const auto* good :
         {"http://shop.localhost:8702", "https://www.example.com", "https://[::1]:8443", "https://[::1]"}) {
        EXPECT_TRUE(is_origin(good)) << good;
    }
    for (const auto* bad :
         {"", "shop.example", "https://", "https://a/", "https://a/b", "https://A.example", "ftp://a",
          "https://u@a", "https://a:0", "https://a:99999", "https://a:", "https://*.a", "null"}) {
        EXPECT_FALSE(is_origin(bad)) << bad;
    }
}

TEST(Config, DefaultsPrintedAreReadBackUnchanged) {
    auto parsed = parse(print_defaults());
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    const auto& config = std::get<Config>(parsed);
    EXPECT_EQ(config.integer("public.port"), 8700);
    EXPECT_EQ(config.integer("session.code_ttl"), 600'000);
    EXPECT_EQ(config.integer("limits.message"), 1 << 20);
    EXPECT_EQ(config.text("node.name"), "node1");
    EXPECT_TRUE(config.sites().empty());
    EXPECT_EQ(config.warnings().size(), 1U);
}

TEST(Config, EveryErrorIsReportedWithItsLineAndReason) {
    const auto list = problems(
        "public:\n"
        "  port: 99999\n"
        "  colour: red\n"
        "session: {code_ttl: soon}\n"
        "log: {level: loud}\n"
        "prot: 1\n"
        "sites:\n"
        "  - name: shop\n"
        "    origins: [https://a.example/, https://b.example]\n"
        "  - name: shop\n"
        "    origins: [https://c.example]\n");
    ASSERT_EQ(list.size(), 7U);
    EXPECT_EQ(list[0], (Problem{2, "public.port must be between 0 and 65535"}));
    EXPECT_EQ(list[1], (Problem{3, "public.colour is not an option"}));
    EXPECT_EQ(list[2].line, 4);
    EXPECT_EQ(list[3], (Problem{5, "log.level must be one of: debug info warn error"}));
    EXPECT_EQ(list[4], (Problem{6, "prot is not an option"}));
    EXPECT_EQ(list[5].line, 9);
    EXPECT_EQ(list[6], (Problem{10, "sites[].name shop is used twice"}));
}

TEST(Config, BrokenYamlIsOneProblemWithItsLine) {
    const auto list = problems("public:\n  port: [1\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_GT(list[0].line, 0);
    EXPECT_TRUE(list[0].reason.starts_with("not YAML"));
}

TEST(Config, TheViewNeedsAHostOfItsOwn) {
    const auto list = problems("viewer: {origin: \"http://agent.localhost:9999\"}\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_NE(list[0].reason.find("another host name"), std::string::npos);
}

TEST(Config, MisspeltSectionSuggestsTheOption) {
    const auto list = problems("code_ttl: 10m\n");
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].reason, "code_ttl is not an option; did you mean session.code_ttl?");
}

TEST(Config, SitesCarryTheirPolicy) {
    auto parsed = parse(
        "sites:\n  - name: shop\n    origins: [\"https://shop.example\"]\n    form_values: shown\n    mask: "
        "[\".card\"]\n"
        "    allow_write: no\n");
    ASSERT_TRUE(std::holds_alternative<Config>(parsed));
    const auto& site = std::get<Config>(parsed).sites().at(0);
    EXPECT_TRUE(site.form_values_shown);
    EXPECT_EQ(site.mask, (std::vector<std::string>{".card"}));
    EXPECT_FALSE(site.allow_write);
    EXPECT_FALSE(site.allow_submit);
}

}  // namespace
}  // namespace twinpane::config
