// The WebSocket decoder with permessage-deflate. The first byte says how the bytes are cut, the rest are
// frames.
#include "ws_events.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
    if (size == 0) return 0;
    constexpr std::size_t kLimit = 3000;
    constexpr std::size_t kHeld = 2 * kLimit + 64;  // a string doubles; inflated ones do not
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    static twinpane::net::InflaterPool pool;  // as on a loop: what a message leaves behind must not show
    const auto whole = fuzz::run(bytes, bytes.size() + 1, kLimit, &pool, kHeld);
    FUZZ_CHECK(pool.leased() == 0);
    const auto pieces = fuzz::run(bytes, 1 + data[0] % 32U, kLimit, &pool, kHeld);
    FUZZ_CHECK(pool.leased() == 0);
    FUZZ_CHECK(whole.text == pieces.text);
    FUZZ_CHECK(whole.failure == pieces.failure);
    return 0;
}
