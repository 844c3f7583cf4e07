// Takes messages of permessage-deflate apart (RFC 7692 7.2.2): streaming, bounded, no context takeover. On
// one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace twinpane::net {

class Inflater {
  public:
    enum class State : std::uint8_t {
        kGood,
        kTooLarge,  // more would come out than the limit allows
        kBad,       // not deflate, or cut off
        kNoMemory,
    };

    Inflater();
    ~Inflater();
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    // Forgets everything: the next byte begins a message.
    void begin();
    // Inflates a part of a message and appends it to `out`, which never grows (nor reserves) beyond `limit`
    // and the padding that a reader needs behind it. After anything but kGood only begin() helps.
    State feed(std::string_view packed, std::string& out, std::size_t limit);
    // The same for the four bytes that the sender has left out. kBad when the message does not end there.
    State finish(std::string& out, std::size_t limit);

  private:
    struct Stream;
    const std::unique_ptr<Stream> stream_;
};

// One inflater for all connections of a loop: without context takeover a message leaves nothing behind. Only
// while a message is on its way in pieces does its connection keep one for itself (about 40 KiB); it comes
// back when the message ends. The pool keeps a single idle one.
class InflaterPool {
  public:
    struct Return {
        InflaterPool* pool = nullptr;
        void operator()(Inflater* inflater) const;
    };
    using Lease = std::unique_ptr<Inflater, Return>;  // ends before the pool does

    // Ready for the first byte of a message.
    Lease take();
    // Inflaters out on lease.
    std::size_t leased() const { return leased_; }

  private:
    std::unique_ptr<Inflater> idle_;
    std::size_t leased_ = 0;
};

}  // namespace twinpane::net
