// Makes compressed frames (permessage-deflate, RFC 7692 7.2.1) that any number of connections share: every
// message stands for itself. One per loop, used on its thread.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "net/ws_codec.hpp"

namespace twinpane::net {

class Deflater {
  public:
    static constexpr int kLeastBits = 9, kMostBits = 15;
    // Smaller messages fit into one packet anyway.
    static constexpr std::size_t kFrom = 512;

    // `from` 0: whatever it is and even if it grows, for conformance tools.
    explicit Deflater(std::size_t from = kFrom);
    ~Deflater();
    Deflater(Deflater&&) noexcept;
    Deflater& operator=(Deflater&&) noexcept;

    // The payload as one final compressed frame for receivers whose window is at least 2^bits bytes
    // (WebSocket::deflate_bits). Null when compressing is not worth it: the payload is below `from`, or it
    // does not shrink (or memory is out). The compressor of each window size is made at its first use, at
    // most 270 KiB.
    SharedBytes frame(Opcode opcode, std::string_view payload, int bits);

  private:
    struct Stream;
    Stream* stream_for(int bits);

    std::size_t from_;
    std::array<std::unique_ptr<Stream>, kMostBits - kLeastBits + 1> streams_;
};

}  // namespace twinpane::net
