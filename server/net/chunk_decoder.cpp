#include "net/chunk_decoder.hpp"

#include <algorithm>

#include "net/text.hpp"

namespace twinpane::net {

ChunkDecoder::State ChunkDecoder::feed(std::string_view bytes, std::size_t& used, std::string& out,
                                       std::size_t max_body) {
    used = 0;
    while (used < bytes.size()) {
        if (part_ == Part::kData) {
            const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - used));
            out.append(bytes.substr(used, take));
            used += take;
            left_ -= take;
            if (left_ == 0) part_ = Part::kDataCr;
            continue;
        }
        if (!step(bytes[used++])) return State::kBad;
        if (done_) return State::kDone;
        if (part_ == Part::kData && left_ > max_body - std::min(max_body, out.size()))
            return State::kTooLarge;
    }
    return State::kMore;
}

bool ChunkDecoder::step(char c) {
    switch (part_) {
        case Part::kSize:
            if (const int value = hex_value(c); value >= 0) {
                left_ = left_ * 16 + static_cast<std::uint64_t>(value);
                return ++digits_ <= 8;  // 4 GiB: far above every limit
            }
            if (digits_ == 0) return false;
            if (c == '\r')
                part_ = Part::kSizeLf;
            else if (c == ';')
                part_ = Part::kExtension;
            else
                return false;
            return true;
        case Part::kExtension:
            if (c == '\r') {
                part_ = Part::kSizeLf;
                return true;
            }
            return ++extension_ <= kMaxExtension &&
                   (c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
        case Part::kSizeLf:
            part_ = left_ == 0 ? Part::kTrailerStart : Part::kData;
            digits_ = 0;
            extension_ = 0;
            return c == '\n';
        case Part::kDataCr:
            part_ = Part::kDataLf;
            return c == '\r';
        case Part::kDataLf:
            part_ = Part::kSize;
            return c == '\n';
        case Part::kTrailerStart:
            if (c == '\r') {
                part_ = Part::kEndLf;
                return true;
            }
            part_ = Part::kTrailerName;
            return ++trailer_ <= kMaxTrailer && is_token_char(c);
        case Part::kTrailerName:
            if (c == ':') part_ = Part::kTrailerValue;
            return ++trailer_ <= kMaxTrailer && (c == ':' || is_token_char(c));
        case Part::kTrailerValue:
            if (c == '\r') {
                part_ = Part::kTrailerLf;
                return true;
            }
            return ++trailer_ <= kMaxTrailer &&
                   (c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
        case Part::kTrailerLf:
            part_ = Part::kTrailerStart;
            return c == '\n';
        case Part::kEndLf:
            done_ = true;
            return c == '\n';
        case Part::kData:
            break;
    }
    return false;
}

}  // namespace twinpane::net
