#include "base/bytes_pool.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace twinpane {
namespace {

TEST(BytesPool, WhatComesBackIsUsedAgain) {
    BytesPool pool;
    const std::string text(100, 'a');
    auto bytes = pool.share(text);
    const auto* buffer = bytes->data();
    const auto copy = bytes;
    bytes.reset();
    EXPECT_EQ(*copy, text) << "somebody holds it still";
    auto other = pool.share(std::string(100, 'b'));
    EXPECT_NE(other->data(), copy->data());
    other.reset();
    auto again = pool.take();
    EXPECT_TRUE(again.empty());
    EXPECT_GE(again.capacity(), 100U);
    again.assign(50, 'c');
    EXPECT_EQ(*pool.share(std::move(again)), std::string(50, 'c'));
    EXPECT_EQ(copy->data(), buffer);
}

TEST(BytesPool, AWeakHolderKeepsTheBufferFromBeingUsedAgain) {
    BytesPool pool;
    auto bytes = pool.share("one");
    const std::weak_ptr<const std::string> weak = bytes;
    bytes.reset();
    EXPECT_TRUE(weak.expired());
    EXPECT_EQ(*pool.share("two"), "two");
    EXPECT_FALSE(weak.lock());
}

TEST(BytesPool, LargeBuffersAndTooManyGoToTheHeap) {
    BytesPool pool({.kept = 2, .capacity = 1000});
    pool.share(std::string(2000, 'a')).reset();
    EXPECT_LT(pool.take().capacity(), 1000U);
    std::vector<SharedBytes> many;
    for (int i = 0; i < 10; ++i) many.push_back(pool.share(std::string(500, 'a')));
    many.clear();
    int kept = 0;
    std::vector<SharedBytes> next;
    for (int i = 0; i < 10; ++i) {
        auto text = pool.take();
        if (text.capacity() >= 500) ++kept;
        next.push_back(pool.share(std::move(text)));
    }
    EXPECT_EQ(kept, 2);
}

TEST(BytesPool, BytesOutliveIt) {
    SharedBytes bytes;
    {
        BytesPool pool;
        bytes = pool.share(std::string(100, 'x'));
        pool.share("back before").reset();
    }
    EXPECT_EQ(*bytes, std::string(100, 'x'));
}

TEST(BytesPool, BytesAreLetGoOnOtherThreads) {
    BytesPool pool;
    std::vector<SharedBytes> bytes;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 100; ++i) bytes.push_back(pool.share(std::to_string(round * 1000 + i)));
        const auto copy = bytes;
        std::thread one([mine = std::move(bytes)]() mutable { mine.clear(); });
        std::thread other([mine = copy]() mutable { mine.clear(); });
        for (std::size_t i = 0; i < copy.size(); ++i) {
            EXPECT_EQ(*copy[i], std::to_string(round * 1000 + static_cast<int>(i)));
            EXPECT_EQ(*pool.share("meanwhile"), "meanwhile");
        }
        one.join();
        other.join();
        bytes.clear();
    }
}

}  // namespace
}  // namespace twinpane
