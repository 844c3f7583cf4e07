// The contract on the store in memory, and the records' JSON.
#include <gtest/gtest.h>

#include "storage/contract/contract.hpp"
#include "storage/contract/records.hpp"
#include "storage/record_json.hpp"
#include "storage/testing/memory_store.hpp"

namespace twinpane::storage {
namespace {

struct MemorySubject : testing::MemoryStore {
    void restart() {}  // the data stays with the store
};

TEST(RecordJson, KeepsEveryField) {
    const auto record = contract::session("s", "123456789");
    EXPECT_EQ(session_from_json(to_json(record)).value(), record);
    EXPECT_EQ(account_from_json(to_json(contract::account("a", "ada"))).value(),
              contract::account("a", "ada"));
    EXPECT_EQ(refresh_from_json(to_json(contract::refresh("h"))).value(), contract::refresh("h"));
    EXPECT_EQ(session_from_json(to_json(SessionRecord{})).value(), SessionRecord{});
}

TEST(RecordJson, ToleratesUnknownAndAbsentFields) {
    const auto read =
        session_from_json(R"({"v":1,"id":"s","later":{"x":[1]},"pages":[{"url":"u","new":null}]})");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->id, "s");
    EXPECT_EQ(read->mode, "pointer");
    EXPECT_EQ(read->pages.at(0).url, "u");
}

TEST(RecordJson, RefusesWhatItCannotRead) {
    for (const char* bad : {"", "[]", "{", "{}", R"({"v":2,"id":"s"})", R"({"v":"1"})", R"({"v":1,"id":7})",
                            R"({"v":1,"pages":{}})", R"({"v":1,"pageEpoch":-1})"}) {
        const auto read = session_from_json(bad);
        ASSERT_FALSE(read.has_value()) << bad;
        EXPECT_EQ(read.error().code, Code::kStoreFailed);
    }
}

TEST(MemoryStore, FailsWhenAsked) {
    testing::MemoryStore memory;
    contract::Caller<testing::MemoryStore> store(memory);
    ASSERT_TRUE(store.put(contract::session("s1", "1")));
    memory.fail_next(1);
    const auto failed = store.close(contract::session("s1", "1"));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::kStoreFailed);
    EXPECT_EQ(memory.live_sessions().size(), 1U);
    EXPECT_TRUE(memory.ended_sessions().empty());
    EXPECT_TRUE(store.close(contract::session("s1", "1")));
}

}  // namespace

namespace contract {
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StorageContract, MemorySubject);
}  // namespace contract

}  // namespace twinpane::storage
