// Properties over random pages and operations (testing/story.hpp).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "page/checksum.hpp"
#include "page/id_map.hpp"
#include "page/mirror.hpp"
#include "page/testing/dump.hpp"
#include "page/testing/normal.hpp"
#include "page/testing/story.hpp"
#include "page/utf16.hpp"

namespace twinpane::page {
namespace {

namespace json = boost::json;
using testing::Story;

void fold(Mirror& mirror, const std::string& batch) {
    const auto report = mirror.fold(batch);
    if (!report) RC_FAIL(report.error().context + "\n" + batch);
}

// The page without its batch number, in a form that is equal when the pages are.
std::string content(const Mirror& mirror) {
    json::object held = testing::parse(testing::dump(mirror)).as_object();
    if (held["page"].is_object()) held["page"].as_object().erase("s");
    return testing::normal(held);
}

// What a joiner builds from a snapshot; its lines numbered so that a mirror takes them.
std::unique_ptr<Mirror> rebuilt(const Mirror& mirror) {
    auto joined = Mirror::create({});
    joined->begin_epoch(mirror.epoch());
    std::uint32_t line_number = 0;
    mirror.snapshot([&](std::string line) {
        json::object batch = json::parse(line).as_object();
        RC_ASSERT(batch.at("e").to_number<std::uint32_t>() == mirror.epoch());
        RC_ASSERT(batch.at("s").to_number<std::uint32_t>() == mirror.seq());
        RC_ASSERT(line.size() < 280U << 10U);
        batch["s"] = ++line_number;
        fold(*joined, json::serialize(batch));
        return true;
    });
    return joined;
}

// Batch `text` with number `seq` instead of its own.
std::string renumbered(const std::string& text, std::uint32_t seq) {
    json::object batch = json::parse(text).as_object();
    batch["s"] = seq;
    return json::serialize(batch);
}

void check_against(const Story& story, const Mirror& mirror) {
    RC_ASSERT(mirror.node_count() == story.nodes().size());
    const json::object held = testing::parse(testing::dump(mirror)).as_object();
    std::uint32_t sum = 0;
    for (const auto& [id, node] : story.nodes()) sum += mix(id, node.parent);
    RC_ASSERT(held.at("sum").to_number<std::uint32_t>() == sum);
    std::vector<const json::value*> open{&held.at("page").at("root")};
    std::size_t visited = 0;
    while (!open.empty()) {
        const json::object& node = open.back()->as_object();
        open.pop_back();
        ++visited;
        std::vector<std::uint32_t> children;
        if (const auto* below = node.if_contains("children")) {
            for (const json::value& child : below->as_array()) {
                children.push_back(child.at("id").to_number<std::uint32_t>());
                open.push_back(&child);
            }
        }
        RC_ASSERT(story.nodes().at(node.at("id").to_number<std::uint32_t>()).children == children);
    }
    RC_ASSERT(visited == story.nodes().size());
}

RC_GTEST_PROP(PageProperty, TreeFollowsTheModel, (std::uint64_t seed)) {
    Story story(seed);
    const auto mirror = Mirror::create({});
    mirror->begin_epoch(1);
    fold(*mirror, story.begin(*rc::gen::inRange<std::size_t>(0, 120)));
    for (int batch = 0; batch < 8; ++batch) fold(*mirror, story.more(15));
    check_against(story, *mirror);
}

RC_GTEST_PROP(PageProperty, SnapshotRebuildsThePage, (std::uint64_t seed)) {
    Story story(seed, 7);
    const auto mirror = Mirror::create({});
    mirror->begin_epoch(7);
    fold(*mirror, story.begin(*rc::gen::inRange<std::size_t>(0, 200)));
    for (int batch = 0; batch < 6; ++batch) fold(*mirror, story.more(15));
    const auto joined = rebuilt(*mirror);
    RC_ASSERT(content(*joined) == content(*mirror));
    RC_ASSERT(joined->complete());
    // What comes next means the same to both: node ids, sheets and string table are the same.
    for (int batch = 0; batch < 4; ++batch) {
        const std::string next = story.more(15);
        fold(*mirror, next);
        fold(*joined, renumbered(next, joined->seq() + 1));
    }
    RC_ASSERT(content(*joined) == content(*mirror));
    check_against(story, *joined);
}

// A batch of a story, damaged: a byte changed, a number replaced, a piece cut out or doubled.
std::string damaged(std::string text, std::mt19937_64& random) {
    const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
    static const std::vector<std::string> kNumbers = {
        "0",    "1",  "-1", "2147483647", "2147483648",           "1e308", "0.5", "4294967295", "\"x\"",
        "null", "[]", "{}", "true",       "18446744073709551615", "6",     "13"};
    for (std::size_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
        const std::size_t at = below(text.size());
        switch (below(5)) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, below(20));
                break;
            case 2:
                text.insert(at, text.substr(below(text.size()), below(30)));
                break;
            default: {
                const std::size_t digit = text.find_first_of("0123456789", at);
                if (digit == std::string::npos) break;
                std::size_t end = text.find_first_not_of("0123456789", digit);
                if (end == std::string::npos) end = text.size();
                text.replace(digit, end - digit, kNumbers[below(kNumbers.size())]);
            }
        }
    }
    return text;
}

RC_GTEST_PROP(PageProperty, DamagedBatchesAreSurvived, (std::uint64_t seed)) {
    std::mt19937_64 random(seed);
    const auto mirror = Mirror::create({.max_nodes = 2000, .max_bytes = 1U << 20U, .max_depth = 40});
    for (std::uint32_t epoch = 1; epoch <= 6; ++epoch) {
        Story story(random(), epoch);
        mirror->begin_epoch(epoch);
        for (int batch = 0; batch < 6; ++batch) {
            std::string text = batch == 0 ? story.begin(30) : story.more(20);
            const bool hurt = batch == 5 || random() % 4 == 0;
            if (hurt) text = damaged(std::move(text), random);
            const std::uint32_t seq = mirror->seq();
            const auto report = mirror->fold(text);
            if (!report) {
                const Code code = report.error().code;
                RC_ASSERT(code == Code::kStreamInvalid || code == Code::kPageTooLarge ||
                          code == Code::kChecksumMismatch || code == Code::kEpochStale ||
                          code == Code::kSequenceGap);
                RC_ASSERT(mirror->seq() == seq);
                break;
            }
            // Whatever was taken can be served and read.
            if (mirror->complete()) RC_ASSERT(content(*rebuilt(*mirror)) == content(*mirror));
        }
    }
    mirror->begin_epoch(100);
    Story story(seed, 100);
    fold(*mirror, story.begin(10));
}

RC_GTEST_PROP(PageProperty, SpliceIsThatOfUtf16,
              (std::vector<std::uint8_t> picks, unsigned from, unsigned count)) {
    // Text of one to four byte characters, beside the same in UTF-16.
    static const std::vector<std::pair<std::string, std::u16string>> kCharacters = {
        {"a", u"a"}, {"é", u"é"}, {"世", u"世"}, {"\U0001F600", u"\U0001F600"}};
    std::string utf8;
    std::u16string utf16;
    for (const std::uint8_t pick : picks) {
        utf8 += kCharacters[pick % 4].first;
        utf16 += kCharacters[pick % 4].second;
    }
    RC_ASSERT(utf16_length(utf8) == utf16.size());
    const std::size_t start = from % (utf16.size() + 2);
    const std::size_t remove = count % (utf16.size() + 2);
    const bool fits = start + remove <= utf16.size();
    std::string changed = utf8;
    RC_ASSERT(utf16_splice(changed, start, remove, "né\U0001F680") == fits);
    if (!fits) {
        RC_ASSERT(changed == utf8);
        return;
    }
    utf16.replace(start, remove, u"né\U0001F680");
    RC_ASSERT(utf16_length(changed) == utf16.size());
    // Halves that lost their partner are U+FFFD in both.
    std::string expected;
    for (std::size_t i = 0; i < utf16.size(); ++i) {
        const char16_t unit = utf16[i];
        const bool high = unit >= 0xD800 && unit < 0xDC00;
        const bool pair = high && i + 1 < utf16.size() && utf16[i + 1] >= 0xDC00 && utf16[i + 1] < 0xE000;
        if (pair) {
            expected += utf16[++i] == 0xDE00 ? "\U0001F600" : "\U0001F680";
        } else {
            expected += unit == u'a'    ? "a"
                        : unit == u'n'  ? "n"
                        : unit == u'é'  ? "é"
                        : unit == u'世' ? "世"
                                        : "\uFFFD";
        }
    }
    RC_ASSERT(changed == expected);
}

RC_GTEST_PROP(PageProperty, IdMapIsAMap,
              (std::vector<std::pair<std::uint16_t, bool>> steps, std::uint64_t key)) {
    IdMap map(key);
    std::map<std::uint32_t, std::uint32_t> model;
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
        const std::uint32_t id = 1U + steps[i].first % 400U;
        if (steps[i].second && !model.contains(id)) {
            map.insert(id, i);
            model[id] = i;
        } else if (!steps[i].second) {
            map.erase(id);
            model.erase(id);
        }
    }
    RC_ASSERT(map.size() == model.size());
    for (std::uint32_t id = 1; id <= 401; ++id) {
        RC_ASSERT(map.find(id) == (model.contains(id) ? model[id] : IdMap::kNone));
    }
}

}  // namespace
}  // namespace twinpane::page
