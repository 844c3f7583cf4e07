// The texts of the messages that the engine itself writes.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "bayeux/envelope.hpp"

namespace twinpane::bayeux {

// The three values that every advice carries. Clients of CometD replace their whole advice by the one they
// get, so a part of it would reset the rest.
struct Advice {
    std::string_view reconnect = "retry";  // retry, handshake (with successful:false only) or none
    Millis interval{0};
    Millis timeout{0};
};

// {"id":...,"channel":...,"successful":true|false, ...}. `id` is JSON text or empty; finish with done().
class ReplyText {
  public:
    ReplyText(std::string_view id, std::string_view channel, bool successful);
    ReplyText& error(std::string_view error);
    ReplyText& advice(const Advice& advice);
    // A field with a value that is JSON already; nothing if `json` is empty.
    ReplyText& field(std::string_view name, std::string_view json);
    SharedBytes done();

  private:
    std::string text_;
};

// The message that subscribers of a broadcast channel get: the publisher's without clientId, id and the
// fields that only a server may set.
SharedBytes broadcast_text(const Message& message);

}  // namespace twinpane::bayeux
