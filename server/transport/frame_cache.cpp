#include "base/bytes.hpp"
#include "bayeux/json.hpp"
#include "net/ws_codec.hpp"
#include "transport/context.hpp"

namespace twinpane::transport {

namespace {
// Meta messages hold client ids beside what the client chose; services hold whatever they say in private. The
// engine writes channel names without escapes.
bool may_deflate(std::string_view message, bool services_too) {
    const auto channel = bayeux::json::member(message, "channel");
    if (!channel || channel->starts_with("\"/meta/")) return false;
    return services_too || !channel->starts_with("\"/service/");
}
}  // namespace

SharedBytes FrameCache::frame_of(const SharedBytes& message, int deflate_bits, bool services_too) {
    if (message != message_) {
        message_ = message;
        plain_ = nullptr;
        packed_.fill({});
    }
    if (deflate_bits >= net::Deflater::kLeastBits && deflate_bits <= net::Deflater::kMostBits) {
        auto& packed = packed_[static_cast<std::size_t>(deflate_bits - net::Deflater::kLeastBits)];
        if (!packed.tried) {
            packed.tried = true;
            if (message->size() >= net::Deflater::kFrom && may_deflate(*message, services_too))
                packed.frame = deflater_.frame(net::Opcode::kText, json_array({&message, 1}), deflate_bits);
        }
        if (packed.frame) return packed.frame;
    }
    if (!plain_) plain_ = net::encode_text_frame(json_array({&message, 1}));
    return plain_;
}

}  // namespace twinpane::transport
