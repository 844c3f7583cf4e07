// The WebSocket decoder without extensions. The first byte says how the bytes are cut, the rest are frames.
#include "ws_events.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
    if (size == 0) return 0;
    constexpr std::size_t kLimit = 3000;
    constexpr std::size_t kHeld = 2 * kLimit + 64;  // a string doubles
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = fuzz::run(bytes, bytes.size() + 1, kLimit, nullptr, kHeld);
    const auto pieces = fuzz::run(bytes, 1 + data[0] % 32U, kLimit, nullptr, kHeld);
    FUZZ_CHECK(whole.text == pieces.text);
    FUZZ_CHECK(whole.failure == pieces.failure);
    return 0;
}
