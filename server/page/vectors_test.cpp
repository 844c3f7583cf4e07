// Runs docs/protocol/vectors/*.json; their form is in the README there.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "page/mirror.hpp"
#include "page/testing/dump.hpp"
#include "page/testing/normal.hpp"

namespace twinpane::page {
namespace {

namespace json = boost::json;
using testing::normal;

std::vector<std::string> vector_files() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(TWINPANE_VECTORS)) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    std::ranges::sort(names);
    return names;
}

json::object load(const std::string& name) {
    std::ifstream file(std::string(TWINPANE_VECTORS) + "/" + name + ".json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return testing::parse(text).as_object();
}

void run_step(Mirror& mirror, const json::object& step) {
    if (const auto* epoch = step.if_contains("epoch")) {
        mirror.begin_epoch(epoch->to_number<std::uint32_t>());
        return;
    }
    const std::string batch =
        step.contains("raw") ? std::string(step.at("raw").as_string()) : json::serialize(step.at("fold"));
    const std::string before = testing::dump(mirror);
    const std::uint32_t seq_before = mirror.seq();
    const auto report = mirror.fold(batch);
    if (const auto* error = step.if_contains("error")) {
        ASSERT_FALSE(report.has_value()) << "taken: " << batch;
        EXPECT_EQ(std::string(info(report.error().code).name), error->as_string()) << report.error().context;
        EXPECT_EQ(mirror.seq(), seq_before);
        if (report.error().code == Code::kSequenceGap || report.error().code == Code::kEpochStale) {
            EXPECT_EQ(testing::dump(mirror), before);
        } else {
            EXPECT_FALSE(mirror.complete());
            EXPECT_EQ(mirror.node_count(), 0U);
        }
        if (const auto* next = step.if_contains("next")) {
            EXPECT_EQ(mirror.seq() + 1, next->to_number<unsigned>());
        }
        return;
    }
    ASSERT_TRUE(report.has_value()) << report.error().context << "\n" << batch;
    if (step.contains("duplicate")) {
        EXPECT_EQ(report->seq, 0U);
        EXPECT_EQ(testing::dump(mirror), before);
        return;
    }
    EXPECT_EQ(report->seq, mirror.seq());
    const auto* stripped = step.if_contains("stripped");
    EXPECT_EQ(report->values_stripped, stripped == nullptr ? 0 : stripped->to_number<std::size_t>());
    if (stripped == nullptr) {
        EXPECT_EQ(report->rewritten, "");
    } else {
        EXPECT_EQ(normal(testing::parse(report->rewritten)), normal(step.at("relay")));
    }
}

class Vectors : public ::testing::TestWithParam<std::string> {};

TEST_P(Vectors, Run) {
    const json::object story = load(GetParam());
    const auto mirror = Mirror::create({});
    for (const json::value& step : story.at("steps").as_array()) {
        run_step(*mirror, step.as_object());
        if (HasFatalFailure()) return;
    }
    const auto* expected = story.if_contains("expect");
    if (expected == nullptr) return;
    const json::object held = testing::parse(testing::dump(*mirror)).as_object();
    EXPECT_EQ(normal(held.at("page")), normal(*expected));
    EXPECT_EQ(normal(held.at("count")), normal(story.at("count")));
    EXPECT_EQ(normal(held.at("sum")), normal(story.at("sum")));
}

INSTANTIATE_TEST_SUITE_P(Page, Vectors, ::testing::ValuesIn(vector_files()), [](const auto& of) {
    std::string name = of.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace twinpane::page
