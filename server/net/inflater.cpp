#include "net/inflater.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace twinpane::net {

namespace {
constexpr int kRaw = -15;  // raw deflate with the largest window: takes what any compressor made
constexpr std::size_t kPart = 16U << 10U;
constexpr std::size_t kPadding = 64;
constexpr std::string_view kTail{"\x00\x00\xff\xff", 4};
constexpr int kBlockEnd = 128;  // zlib's mark in data_type: between two blocks
constexpr int kUnusedBits = 63;

// std::string doubles, even in reserve(), and so would overshoot the limit by up to twice.
void reserve_for(std::string& out, std::size_t more, std::size_t limit) {
    const auto need = out.size() + more + kPadding;
    if (need <= out.capacity()) return;
    std::string larger;
    larger.reserve(std::max(need, std::min(2 * out.capacity(), limit + kPadding)));
    larger.append(out);
    out.swap(larger);
}
}  // namespace

struct Inflater::Stream {
    z_stream z{};
    bool ready = false;
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {
    stream_->ready = ::inflateInit2(&stream_->z, kRaw) == Z_OK;
}

Inflater::~Inflater() {
    if (stream_->ready) ::inflateEnd(&stream_->z);
}

void Inflater::begin() {
    if (stream_->ready) ::inflateReset(&stream_->z);
}

Inflater::State Inflater::feed(std::string_view packed, std::string& out, std::size_t limit) {
    if (!stream_->ready) return State::kNoMemory;
    auto& z = stream_->z;
    // zlib's interface lacks const; it does not write to its input.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    z.avail_in = static_cast<uInt>(packed.size());
    std::array<char, kPart> part;  // NOLINT: filled by inflate
    do {
        z.next_out = reinterpret_cast<Bytef*>(part.data());
        z.avail_out = part.size();
        const int status = ::inflate(&z, Z_SYNC_FLUSH);
        const auto got = part.size() - z.avail_out;
        if (got > limit - std::min(limit, out.size())) return State::kTooLarge;
        reserve_for(out, got, limit);
        out.append(part.data(), got);
        if (status == Z_MEM_ERROR) return State::kNoMemory;
        if (status == Z_STREAM_END) {
            // A final block does not end the message (RFC 7692 7.2.3.4).
            ::inflateReset(&z);
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            return State::kBad;
        } else if (status == Z_BUF_ERROR && got == 0) {
            break;
        }
    } while (z.avail_in > 0 || z.avail_out == 0);
    return State::kGood;
}

Inflater::State Inflater::finish(std::string& out, std::size_t limit) {
    const auto state = feed(kTail, out, limit);
    if (state != State::kGood) return state;
    const int at = stream_->z.data_type;
    return (at & kBlockEnd) != 0 && (at & kUnusedBits) == 0 ? State::kGood : State::kBad;
}

void InflaterPool::Return::operator()(Inflater* inflater) const {
    std::unique_ptr<Inflater> back(inflater);
    --pool->leased_;
    if (!pool->idle_) pool->idle_ = std::move(back);
}

InflaterPool::Lease InflaterPool::take() {
    auto inflater = idle_ ? std::move(idle_) : std::make_unique<Inflater>();
    inflater->begin();
    ++leased_;
    return Lease(inflater.release(), Return{this});
}

}  // namespace twinpane::net
