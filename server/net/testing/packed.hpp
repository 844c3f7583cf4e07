// The client's half of permessage-deflate for tests, straight on zlib: pack and unpack one message.
#pragma once

#include <zlib.h>

#include <optional>
#include <string>
#include <string_view>

namespace twinpane::net::testing {

struct PackShape {
    int level = 6;
    int bits = 15;
    int flush = Z_SYNC_FLUSH;  // Z_FINISH makes a final block
    bool cut_tail = true;      // the 00 00 FF FF of a sync flush
};

inline std::string pack(std::string_view text, const PackShape& shape = {}) {
    z_stream z{};
    deflateInit2(&z, shape.level, Z_DEFLATED, -shape.bits, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&z, text.size()) + 64, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, shape.flush);
    out.resize(z.total_out);
    deflateEnd(&z);
    if (shape.flush == Z_SYNC_FLUSH && shape.cut_tail) out.resize(out.size() - 4);
    return out;
}

// Nothing when it is not one message made for a window of `bits`.
inline std::optional<std::string> unpack(std::string packed, int bits = 15) {
    packed.append("\x00\x00\xff\xff", 4);
    z_stream z{};
    inflateInit2(&z, -bits);
    z.next_in = reinterpret_cast<Bytef*>(packed.data());
    z.avail_in = static_cast<uInt>(packed.size());
    std::string out;
    int status = Z_OK;
    while (status == Z_OK && (z.avail_in > 0 || z.avail_out == 0)) {
        char part[4096];
        z.next_out = reinterpret_cast<Bytef*>(part);
        z.avail_out = sizeof part;
        status = inflate(&z, Z_SYNC_FLUSH);
        out.append(part, sizeof part - z.avail_out);
    }
    const bool good = (status == Z_OK || status == Z_BUF_ERROR) && z.avail_in == 0;
    inflateEnd(&z);
    if (!good) return std::nullopt;
    return out;
}

}  // namespace twinpane::net::testing
