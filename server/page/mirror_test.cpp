// What the vectors do not say: limits, effort, node(), how snapshots are cut.
#include "page/mirror.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "page/string_table.hpp"
#include "page/testing/dump.hpp"
#include "page/testing/normal.hpp"

namespace twinpane::page {
namespace {

const std::string kBegin = R"([0,{"u":"https://a.example/","t":"T","w":9,"h":9,"d":1,"q":0,"l":""}])";

// Batch `seq` of epoch 1.
std::string batch(int seq, const std::string& ops, const std::string& strings = "[]") {
    return R"({"v":1,"e":1,"s":)" + std::to_string(seq) + R"(,"t":)" + strings + R"(,"o":[)" + ops + "]}";
}

// A mirror with document 1, body 2 and the text 3 in it.
std::unique_ptr<Mirror> small(MirrorLimits limits = {}) {
    auto mirror = Mirror::create(limits);
    mirror->begin_epoch(1);
    const auto report = mirror->fold(batch(1, kBegin + R"(,[2,0,0,1,6,1,"body",2,"text",0,0],[1])"));
    EXPECT_TRUE(report) << report.error().context;
    return mirror;
}

Code refusal(Mirror& mirror, const std::string& text) {
    const auto report = mirror.fold(text);
    return report ? Code::kInternal : report.error().code;
}

std::string repeat(const std::string& piece, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += (i == 0 ? "" : ",") + piece;
    return out;
}

// A joiner saw the box checked that the customer had unchecked: its attribute still says so.
TEST(MirrorSnapshot, UncheckedBoxWithACheckedAttributeStaysUncheckedForJoiners) {
    auto mirror = small();
    ASSERT_TRUE(mirror->fold(batch(2, R"([2,2,0,4,265,"input","type","checkbox","checked",""],[9,4,0])")));
    std::string all;
    mirror->snapshot([&](std::string line) {
        all += line;
        return true;
    });
    EXPECT_NE(all.find("[9,4,0]"), std::string::npos) << all;
}

TEST(MirrorLimits, Nodes) {
    auto mirror = small({.max_nodes = 10});
    EXPECT_TRUE(mirror->fold(batch(2, "[2,2,0,4," + repeat("3", 7) + "]")));
    EXPECT_EQ(refusal(*mirror, batch(3, "[2,2,0,11,3]")), Code::kPageTooLarge);
    EXPECT_EQ(refusal(*mirror, batch(3, "")), Code::kPageTooLarge) << "until the next epoch";
    EXPECT_EQ(mirror->node_count(), 0U);
    mirror->begin_epoch(2);
    EXPECT_EQ(refusal(*mirror, batch(1, kBegin)), Code::kEpochStale);
}

TEST(MirrorLimits, Depth) {
    auto mirror = small({.max_depth = 10});
    // Document and body are two levels.
    EXPECT_TRUE(mirror->fold(batch(2, "[2,2,0,4," + repeat(R"(1,"b")", 8) + "," + repeat("0", 8) + "]")));
    EXPECT_EQ(refusal(*mirror, batch(3, "[2,11,0,12,3]")), Code::kPageTooLarge);
}

TEST(MirrorLimits, DepthByMoving) {
    auto mirror = small({.max_depth = 10});
    const std::string five = repeat(R"(1,"b")", 5) + "," + repeat("0", 5);
    ASSERT_TRUE(mirror->fold(batch(2, "[2,2,0,4," + five + "],[2,2,0,9," + five + "]")));
    ASSERT_TRUE(mirror->fold(batch(3, "[4,9,6,0]")));  // 5 under the third: level 10
    EXPECT_EQ(refusal(*mirror, batch(4, "[4,9,7,0]")), Code::kPageTooLarge);
}

TEST(MirrorLimits, TextAttributesSheets) {
    const MirrorLimits limits{.max_attribute = 100, .max_text = 200};
    const std::string hundred(101, 'x');
    const std::string more(201, 'x');
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([5,2,"a",")" + hundred + R"("])")), Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([2,2,0,4,129,"p","a",")" + hundred + R"(",0])")),
              Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([25,2,"media",")" + hundred + R"("])")),
              Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([6,3,")" + more + R"("])")), Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([2,2,0,4,2,")" + more + R"("])")), Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([7,3,0,0,")" + more.substr(3) + R"("])")),
              Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([8,2,")" + more + R"("])")), Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, R"([17,2,")" + hundred + R"("],[19,2,")" + hundred + R"("])")),
              Code::kPageTooLarge);
    EXPECT_EQ(refusal(*small(limits), batch(2, "[5,2," + repeat(R"("a","b")", 3000) + "]")), Code::kInternal);
    std::string names;
    for (int i = 0; i < 3000; ++i) names += ",\"n" + std::to_string(i) + R"(","")";
    EXPECT_EQ(refusal(*small(limits), batch(2, "[5,2" + names + "]")), Code::kPageTooLarge);
}

TEST(MirrorLimits, Bytes) {
    auto mirror = small({.max_bytes = 10'000});
    EXPECT_TRUE(mirror->fold(batch(2, R"([6,3,")" + std::string(4000, 'x') + R"("])")));
    EXPECT_TRUE(mirror->fold(batch(3, R"([6,3,""])"))) << "what is dropped does not count";
    EXPECT_TRUE(mirror->fold(batch(4, R"([6,3,")" + std::string(8000, 'x') + R"("])")));
    EXPECT_EQ(refusal(*mirror, batch(5, R"([8,2,")" + std::string(4000, 'x') + R"("])")),
              Code::kPageTooLarge);
    EXPECT_LT(mirror->memory_bytes(), 4000U) << "freed with the epoch";
}

TEST(MirrorLimits, BytesOfEverythingAreGivenBack) {
    auto mirror = small({.max_bytes = 200'000});
    const std::string kilobyte(1024, 'x');
    for (int round = 0; round < 300; ++round) {
        const std::string id = std::to_string(4 + 2 * round);
        const std::string text = std::to_string(5 + 2 * round);
        const auto report = mirror->fold(
            batch(2 + round, "[2,2,0," + id + R"(,129,"p","a",")" + kilobyte + R"(",2,"b",0],[8,)" + id +
                                 ",\"" + kilobyte + R"("],[17,)" + id + ",\"" + kilobyte + R"("],[25,)" + id +
                                 R"(,"media","u"],[6,)" + text + ",\"" + kilobyte + R"("],[5,)" + id +
                                 R"(,"a",null],[24,)" + id + ",1],[3," + id + "]"));
        ASSERT_TRUE(report) << round << report.error().context;
    }
}

TEST(MirrorLimits, StringTable) {
    auto mirror = small();
    EXPECT_TRUE(mirror->fold(batch(2, "", "[" + repeat(R"("x")", StringTable::kMaxEntries) + "]")));
    EXPECT_EQ(refusal(*mirror, batch(3, "", R"(["one more"])")), Code::kStreamInvalid);
    mirror = small();
    const std::string big = '"' + std::string(1U << 20U, 'x') + '"';
    EXPECT_TRUE(mirror->fold(batch(2, "", "[" + repeat(big, 4) + "]")));
    EXPECT_EQ(refusal(*mirror, batch(3, "", R"(["x"])")), Code::kStreamInvalid);
}

// A few bytes on the wire that stand for megabytes.
TEST(MirrorLimits, EffortOfOneBatch) {
    const std::string strings = "[\"" + std::string(1U << 20U, 'x') + "\"]";
    auto mirror = small();
    ASSERT_TRUE(mirror->fold(batch(2, "", strings)));
    EXPECT_EQ(refusal(*mirror, batch(3, repeat("[6,3,0]", 10'000))), Code::kPageTooLarge);
    mirror = small();
    ASSERT_TRUE(mirror->fold(batch(2, "[6,3,0]", strings)));
    EXPECT_EQ(refusal(*mirror, batch(3, repeat(R"([7,3,5,0,""])", 10'000))), Code::kPageTooLarge);
    mirror = small();
    ASSERT_TRUE(mirror->fold(batch(2, "", strings)));
    EXPECT_EQ(refusal(*mirror, batch(3, "[2,2,0,4," + repeat("2,0", 100) + "]")), Code::kPageTooLarge);
    mirror = small();
    ASSERT_TRUE(mirror->fold(batch(2, R"([2,2,0,4,1,"p",)" + repeat("3", 50'000) + ",0]")));
    EXPECT_EQ(refusal(*mirror, batch(3, repeat("[4,4,2,0]", 10'000))), Code::kPageTooLarge);
}

TEST(MirrorLimits, DeepJson) {
    auto mirror = small();
    EXPECT_EQ(refusal(*mirror, R"({"v":1,"e":1,"s":2,"o":[],"x":)" + std::string(100'000, '[') +
                                   std::string(100'000, ']') + "}"),
              Code::kStreamInvalid);
}

TEST(Mirror, ErrorsNameTheOperationAndNoContent) {
    auto mirror = small();
    const auto report = mirror->fold(batch(2, R"([21,"secret"],[6,99,"secret"])"));
    ASSERT_FALSE(report);
    EXPECT_NE(report.error().context.find("op 1 (code 6)"), std::string::npos) << report.error().context;
    EXPECT_EQ(report.error().context.find("secret"), std::string::npos);
}

TEST(Mirror, ReportsWhatChanged) {
    auto mirror = Mirror::create({});
    mirror->begin_epoch(1);
    auto report = mirror->fold(batch(1, kBegin));
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->page_began && report->url_changed && report->title_changed && !report->page_complete);
    report = mirror->fold(batch(2, "[2,0,0,1,14],[1]"));
    EXPECT_TRUE(report && report->page_complete && !report->page_began && !report->url_changed);
    EXPECT_EQ(report->seq, 2U);
    report = mirror->fold(batch(3, R"([20,"u"])"));
    EXPECT_TRUE(report && report->url_changed && !report->title_changed && report->rewritten.empty());
    report = mirror->fold(batch(4, R"([21,"t"])"));
    EXPECT_TRUE(report && !report->url_changed && report->title_changed);
    EXPECT_EQ(mirror->title(), "t");
    EXPECT_EQ(mirror->url(), "u");
}

TEST(Mirror, TellsAboutNodes) {
    auto mirror = small();
    ASSERT_TRUE(mirror->fold(batch(2, R"([2,2,0,4,129,"A","href","/x",33,"b",137,"INPUT","type","Text",0,0,)"
                                      R"(137,"button","type","submit"])")));
    EXPECT_FALSE(mirror->node(0).exists);
    EXPECT_FALSE(mirror->node(99).exists);
    const auto text = mirror->node(3);
    EXPECT_TRUE(text.exists);
    EXPECT_EQ(text.tag + text.type + text.href, "");
    const auto input = mirror->node(6);
    EXPECT_EQ(input.tag, "input");
    EXPECT_EQ(input.type, "text");
    EXPECT_EQ(input.href, "/x");
    EXPECT_EQ(input.privacy, Privacy::kMasked) << "from the element above";
    const auto button = mirror->node(7);
    EXPECT_EQ(button.type, "submit");
    EXPECT_EQ(button.href, "");
    EXPECT_EQ(button.privacy, Privacy::kShown);
    ASSERT_TRUE(mirror->fold(batch(3, R"([5,7,"type","x"],[2,2,0,8,137,"input","type","PassWord"])")));
    EXPECT_EQ(mirror->node(8).privacy, Privacy::kMasked) << "whatever class was sent";
    ASSERT_TRUE(mirror->fold(batch(4, R"([5,8,"type","text"],[24,8,0])")));
    EXPECT_EQ(mirror->node(8).privacy, Privacy::kMasked) << "for ever";
}

TEST(Mirror, MovingUnderAMaskHides) {
    auto mirror = small();
    ASSERT_TRUE(mirror->fold(batch(2, R"([2,2,0,4,41,"div",9,"input"],[8,5,"typed"],[4,3,4,0],[4,5,4,0])")));
    const auto dump = testing::dump(*mirror);
    EXPECT_EQ(dump.find("typed"), std::string::npos) << dump;
    EXPECT_EQ(dump.find("text"), std::string::npos) << dump;
}

TEST(Mirror, SnapshotIsServedOnlyWhenComplete) {
    auto mirror = Mirror::create({});
    mirror->begin_epoch(1);
    ASSERT_TRUE(mirror->fold(batch(1, kBegin + ",[2,0,0,1,14]")));
    int lines = 0;
    mirror->snapshot([&](auto) { return ++lines > 0; });
    EXPECT_EQ(lines, 0);
}

TEST(Mirror, SnapshotIsCutIntoLines) {
    auto mirror = small();
    // Texts longer than a line, at sizes where a cut would hit a character of several bytes; long sheets;
    // many nodes.
    int seq = 1;
    for (int i = 0; i < 3; ++i) {
        std::string text(static_cast<std::size_t>(i), 'x');
        while (text.size() < 700'000) text += "\U0001F600é世\\\"";
        std::string escaped;
        for (const char c : text)
            escaped += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
        const std::string id = std::to_string(4 + i);
        ASSERT_TRUE(mirror->fold(batch(++seq, "[2,2,0," + id + ",2,\"" + escaped + "\"]")));
        ASSERT_TRUE(mirror->fold(batch(++seq, "[17,2,\"" + escaped + "\"]")));
    }
    for (int i = 0; i < 30; ++i) {
        const std::string first = std::to_string(1000 + 2000 * i);
        ASSERT_TRUE(mirror->fold(batch(
            ++seq, "[2,2,0," + first + "," + repeat(R"(137,"p","class","a b c")", 2000) + "]", "[\"w\"]")));
    }
    auto joined = Mirror::create({});
    joined->begin_epoch(1);
    std::vector<std::string> lines;
    mirror->snapshot([&](std::string line) {
        lines.push_back(std::move(line));
        return true;
    });
    EXPECT_GT(lines.size(), 10U);
    std::uint32_t number = 0;
    for (const std::string& line : lines) {
        EXPECT_LE(line.size(), 256U << 10U);
        EXPECT_EQ(line.find('\n'), line.size() - 1);
        auto parsed = boost::json::parse(line).as_object();
        parsed["s"] = ++number;
        const auto report = joined->fold(boost::json::serialize(parsed));
        ASSERT_TRUE(report) << report.error().context;
        EXPECT_EQ(report->page_began, number == 1);
        EXPECT_EQ(report->page_complete, number == lines.size());
    }
    auto left = testing::parse(testing::dump(*mirror)).as_object();
    auto right = testing::parse(testing::dump(*joined)).as_object();
    left["page"].as_object().erase("s");
    right["page"].as_object().erase("s");
    EXPECT_TRUE(testing::normal(left) == testing::normal(right));
    std::size_t taken = 0;
    mirror->snapshot([&](auto) { return ++taken < 3; });
    EXPECT_EQ(taken, 3U) << "stops when the sink has had enough";
}

}  // namespace
}  // namespace twinpane::page
