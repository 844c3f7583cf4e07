// The inflater against zlib's one-shot way, in pieces and under a limit; and the deflater there and back. The
// first two bytes choose limit and pieces, the rest is a compressed message.
#include <algorithm>
#include <string>

#include "check.hpp"
#include "net/deflater.hpp"
#include "net/inflater.hpp"
#include "net/testing/packed.hpp"

namespace {
using namespace twinpane::net;
using State = Inflater::State;

State inflate_all(Inflater& inflater, std::string_view packed, std::size_t piece, std::size_t limit,
                  std::string& out) {
    inflater.begin();
    for (std::size_t at = 0; at < packed.size(); at += piece) {
        const auto state = inflater.feed(packed.substr(at, piece), out, limit);
        FUZZ_CHECK(out.size() <= limit);
        FUZZ_CHECK(out.capacity() <= limit + 64 + 1);
        if (state != State::kGood) return state;
    }
    return inflater.finish(out, limit);
}

void there_and_back(std::string_view bytes, int bits) {
    static Deflater deflater(1);
    const auto frame = deflater.frame(Opcode::kBinary, bytes, bits);
    if (!frame) return;
    const auto mark = static_cast<unsigned char>((*frame)[1]);
    const auto packed = frame->substr(mark < 126 ? 2 : mark == 126 ? 4 : 10);
    FUZZ_CHECK(packed.size() < bytes.size());
    FUZZ_CHECK(testing::unpack(packed, bits) == bytes);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
    if (size < 2) return 0;
    const std::string_view packed(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t limit = data[0] * 64U;
    static Inflater inflater;
    std::string whole;
    std::string pieces;
    const auto one = inflate_all(inflater, packed, packed.size() + 1, limit, whole);
    const auto other = inflate_all(inflater, packed, 1 + data[1] % 16U, limit, pieces);
    FUZZ_CHECK(one == other);
    if (one == State::kGood) {
        FUZZ_CHECK(whole == pieces);
        // zlib's plain way stops at a final block; else it must agree.
        if (const auto plain = testing::unpack(std::string(packed))) FUZZ_CHECK(*plain == whole);
    }
    there_and_back(packed, 9 + data[1] % 7);
    if (one == State::kGood) there_and_back(whole, 9 + data[1] % 7);
    return 0;
}
