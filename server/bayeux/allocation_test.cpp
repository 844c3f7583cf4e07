// The hot path asks the heap for nothing once it is warm: a publish from a WebSocket to n subscribers on
// WebSockets, from the text of the transport message to the outlets. Counted by replacing the global operator
// new of this test program.
#include <atomic>
#include <cstdlib>
#include <new>

#include "bayeux/testing/rig.hpp"

namespace {
std::atomic<std::size_t> allocations{0};
}

// Not inlined: the compiler would see malloc meet delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace twinpane::bayeux {
namespace {

using testing::Rig;

// Takes everything and keeps nothing, or keeps it as a connection does that has not written it yet.
class Sink final : public Outlet {
  public:
    Sink() : Outlet(Kind::kStream) { unwritten.reserve(64); }
    bool send(std::span<const SharedBytes> messages) override {
        for (const auto& message : messages) {
            ++received;
            last_size = message->size();
            if (unwritten.size() == 8) unwritten.clear();
            unwritten.push_back(message);
        }
        return true;
    }
    void refuse(Code) override {}
    std::size_t queued_bytes() const override { return 0; }
    void bound(std::string_view client_id) override { id = client_id; }

    std::size_t received = 0, last_size = 0;
    std::vector<SharedBytes> unwritten;
    std::string id;
};

struct Room {
    explicit Room(std::size_t subscribers) {
        for (std::size_t i = 0; i < subscribers; ++i) {
            // Through a name, a pattern, and both.
            sinks.push_back(open());
            if (i % 3 != 1)
                say(*sinks.back(), sinks.back(), "/meta/subscribe", R"(,"subscription":"/rooms/one")");
            if (i % 3 != 0)
                say(*sinks.back(), sinks.back(), "/meta/subscribe", R"(,"subscription":"/rooms/**")");
        }
        publisher = open();
    }
    std::shared_ptr<Sink> open() {
        auto sink = std::make_shared<Sink>();
        receive(sink, std::string(Rig::kHandshake));
        say(*sink, sink, "/meta/connect", "");
        say(*sink, sink, "/meta/connect", "");  // stays held
        return sink;
    }
    void say(const Sink& who, const std::shared_ptr<Sink>& outlet, std::string_view channel,
             std::string_view more) {
        receive(outlet, Rig::message(who.id, channel, "7", more));
    }
    void receive(const std::shared_ptr<Sink>& outlet, const std::string& text) {
        ASSERT_TRUE(parse_batch(text, Utf8::kUnchecked, batch)) << text;
        rig.group.inlet(0).receive(batch, rig.peer, outlet);
    }

    Rig rig;
    Batch batch;
    std::vector<std::shared_ptr<Sink>> sinks;
    std::shared_ptr<Sink> publisher;
};

std::size_t allocations_of(Room& room, const std::string& text, int times) {
    const auto before = allocations.load();
    for (int i = 0; i < times; ++i) room.receive(room.publisher, text);
    return allocations.load() - before;
}

TEST(Allocation, IsCountedHere) {
    const auto before = allocations.load();
    const auto text = std::make_unique<std::string>(100, 'x');
    EXPECT_EQ(allocations.load() - before, 2U);
    EXPECT_EQ(text->size(), 100U);
}

TEST(Allocation, NoneForAPublishToManySubscribersAfterWarmUp) {
    for (const std::size_t subscribers : {0U, 1U, 50U, 500U}) {
        Room room(subscribers);
        const auto text =
            "[" +
            Rig::publish(room.publisher->id, "/rooms/one", "{\"text\":\"" + std::string(480, 'x') + "\"}") +
            "]";
        // Warm is when every buffer of the pool has been as large as this message once.
        allocations_of(room, text, 1000);
        for (auto& sink : room.sinks) sink->received = 0;
        const auto replies = room.publisher->received;
        EXPECT_EQ(allocations_of(room, text, 1000), 0U) << subscribers << " subscribers";
        for (const auto& sink : room.sinks) {
            EXPECT_EQ(sink->received, 1000U);
            EXPECT_GT(sink->last_size, 480U);
        }
        EXPECT_EQ(room.publisher->received - replies, 1000U);
    }
}

TEST(Allocation, NoneForABatchOfPublishesEither) {
    Room room(10);
    std::string text = "[";
    for (int i = 0; i < 8; ++i) {
        if (i != 0) text += ',';
        text += Rig::publish(room.publisher->id, "/rooms/one", std::string(50, '1'));
    }
    text += ']';
    allocations_of(room, text, 1000);
    EXPECT_EQ(allocations_of(room, text, 1000), 0U);
}

}  // namespace
}  // namespace twinpane::bayeux
