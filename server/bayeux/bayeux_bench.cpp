// What the engine itself costs: publishes from a WebSocket to n subscribers on WebSockets, without sockets.
//   bayeux_bench [SECONDS per line]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>
#include <vector>

#include "base/testing/manual_loop.hpp"
#include "bayeux/engine_group.hpp"
#include "bayeux/envelope.hpp"

namespace {
std::size_t allocations = 0;
}

// Not inlined: the compiler would see malloc meet delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

using namespace twinpane;
using namespace twinpane::bayeux;

class Everybody final : public SecurityPolicy {
  public:
    void handshake(const Peer&, std::string_view,
                   std::move_only_function<void(Result<std::shared_ptr<const Principal>>)> done) override {
        done(std::make_shared<const Principal>());
    }
    bool may_subscribe(const Principal&, const Peer&, std::string_view) override { return true; }
    bool may_publish(const Principal&, const Peer&, std::string_view) override { return true; }
};

class Sink final : public Outlet {
  public:
    Sink() : Outlet(Kind::kStream) {}
    bool send(std::span<const SharedBytes> messages) override {
        for (const auto& message : messages) bytes += message->size();
        return true;
    }
    void refuse(Code) override {}
    std::size_t queued_bytes() const override { return 0; }
    void bound(std::string_view client_id) override { id = client_id; }
    std::size_t bytes = 0;
    std::string id;
};

// Of this thread, so that a busy machine does not show.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void measure(unsigned subscribers, double seconds) {
    testing::ManualLoop loop;
    testing::SeededRandom random;
    Everybody policy;
    EngineGroup group;
    group.add(loop, loop, loop, random, policy);
    const Peer peer;
    Batch batch;
    const auto say = [&](const std::shared_ptr<Sink>& who, std::string_view text) {
        if (parse_batch(text, Utf8::kUnchecked, batch)) group.inlet(0).receive(batch, peer, who);
    };
    const auto open = [&] {
        auto sink = std::make_shared<Sink>();
        say(sink, R"([{"channel":"/meta/handshake","version":"1.0","id":"1"}])");
        const auto message = [&](std::string_view channel, std::string_view more) {
            say(sink, "[{\"channel\":\"" + std::string(channel) + "\",\"clientId\":\"" + sink->id +
                          "\",\"id\":\"2\"" + std::string(more) + "}]");
        };
        message("/meta/connect", R"(,"connectionType":"websocket")");
        message("/meta/connect", R"(,"connectionType":"websocket")");
        return sink;
    };
    std::vector<std::shared_ptr<Sink>> sinks;
    for (unsigned i = 0; i < subscribers; ++i) {
        sinks.push_back(open());
        say(sinks.back(), "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"" + sinks.back()->id +
                              R"(","id":"3","subscription":"/bench/room"}])");
    }
    const auto publisher = open();
    const auto text = "[{\"channel\":\"/bench/room\",\"clientId\":\"" + publisher->id +
                      R"(","id":"17","data":{"text":")" + std::string(480, 'x') + "\"}}]";
    const auto run = [&](std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) say(publisher, text);
    };
    run(1000);
    std::size_t times = 0;
    const auto before = allocations;
    const auto start = cpu_seconds();
    double passed = 0;
    while (passed < seconds) {
        run(1000);
        times += 1000;
        passed = cpu_seconds() - start;
    }
    const auto each = passed / static_cast<double>(times);
    std::printf(
        "1 -> %4u: %8.0f ns of CPU per publish, %6.1f ns per delivery, %5.2f allocations per publish\n",
        subscribers, each * 1e9, each * 1e9 / subscribers,
        static_cast<double>(allocations - before) / static_cast<double>(times));
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
    for (const unsigned subscribers : {1U, 10U, 500U}) measure(subscribers, seconds);
    return 0;
}
