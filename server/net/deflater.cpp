#include "net/deflater.hpp"

#include <zlib.h>

namespace twinpane::net {

namespace {
constexpr int kLevel = 3;        // half the time of the default for about 5 % more bytes
constexpr int kMemoryLevel = 8;  // zlib's default
constexpr std::string_view kTail{"\x00\x00\xff\xff", 4};
}  // namespace

struct Deflater::Stream {
    z_stream z{};
    bool ready = false;
    std::string scratch;

    explicit Stream(int bits) {
        ready = ::deflateInit2(&z, kLevel, Z_DEFLATED, -bits, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() {
        if (ready) ::deflateEnd(&z);
    }
};

Deflater::Deflater(std::size_t from) : from_(from) {}
Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;

Deflater::Stream* Deflater::stream_for(int bits) {
    if (bits < kLeastBits || bits > kMostBits) return nullptr;
    auto& stream = streams_[static_cast<std::size_t>(bits - kLeastBits)];
    if (!stream) stream = std::make_unique<Stream>(bits);
    return stream->ready ? stream.get() : nullptr;
}

SharedBytes Deflater::frame(Opcode opcode, std::string_view payload, int bits) {
    if (payload.size() < from_) return nullptr;
    auto* stream = stream_for(bits);
    if (stream == nullptr) return nullptr;
    auto& z = stream->z;
    ::deflateReset(&z);
    // A result that is not smaller than the payload is of no use, so there is no room for it: only the four
    // bytes that are cut off again come on top.
    auto& scratch = stream->scratch;
    const auto size = static_cast<uLong>(payload.size());
    scratch.resize((from_ > 0 ? size : ::deflateBound(&z, size) + 1) + kTail.size());
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
    z.avail_in = static_cast<uInt>(payload.size());
    z.next_out = reinterpret_cast<Bytef*>(scratch.data());
    z.avail_out = static_cast<uInt>(scratch.size());
    const int status = ::deflate(&z, Z_SYNC_FLUSH);
    // With room left in the output the flush is complete.
    SharedBytes frame;
    if (status == Z_OK && z.avail_in == 0 && z.avail_out > 0) {
        const auto packed = std::string_view(scratch).substr(0, scratch.size() - z.avail_out);
        if (packed.ends_with(kTail))
            frame = encode_deflated_frame(opcode, packed.substr(0, packed.size() - kTail.size()));
    }
    if (scratch.capacity() > (64U << 10U)) scratch = {};
    return frame;
}

}  // namespace twinpane::net
