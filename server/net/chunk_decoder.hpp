// Decoder of chunked request bodies (RFC 9112 7.1), as strict as the wall: CRLF only, short extensions, few
// trailers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace twinpane::net {

class ChunkDecoder {
  public:
    enum class State : std::uint8_t { kMore, kDone, kBad, kTooLarge };

    // Takes a prefix of `bytes` (its length is put into `used`) and appends payload to `out`, which never
    // grows beyond `max_body`. Trailers are checked and thrown away. After anything but kMore the decoder is
    // spent.
    State feed(std::string_view bytes, std::size_t& used, std::string& out, std::size_t max_body);

  private:
    static constexpr std::size_t kMaxExtension = 32;
    static constexpr std::size_t kMaxTrailer = 4096;

    enum class Part : std::uint8_t {
        kSize,
        kExtension,
        kSizeLf,
        kData,
        kDataCr,
        kDataLf,
        kTrailerStart,
        kTrailerName,
        kTrailerValue,
        kTrailerLf,
        kEndLf,
    };
    // One byte of anything but payload. False: malformed.
    bool step(char c);

    Part part_ = Part::kSize;
    std::uint64_t left_ = 0;  // of the present chunk
    unsigned digits_ = 0;
    std::size_t extension_ = 0;
    std::size_t trailer_ = 0;
    bool done_ = false;
};

}  // namespace twinpane::net
