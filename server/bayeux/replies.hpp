// The texts of the messages that the engine itself writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes_pool.hpp"
#include "base/clock.hpp"
#include "bayeux/envelope.hpp"
#include "bayeux/extensions.hpp"

namespace twinpane::bayeux {

// The first three are in every advice: clients of CometD replace their whole advice by the one they get, so a
// part of it would reset the rest.
struct Advice {
    std::string_view reconnect = "retry";  // retry, handshake (with successful:false only) or none
    Millis interval{0};
    Millis timeout{0};
    std::optional<Millis> max_interval = {};
    bool multiple_clients = false;
};

// The members of a reply's `ext`.
class ExtText {
  public:
    // `json` is the member's value.
    ExtText& add(std::string_view name, std::string_view json);
    // Nothing if the client need not be told.
    ExtText& add(const TimeSync& sync, std::int64_t now);
    std::string_view members() const { return text_; }

  private:
    std::string text_;
};

// {"id":...,"channel":...,"successful":true|false, ...}. `id` is JSON text or empty; finish with done().
class ReplyText {
  public:
    ReplyText(BytesPool& pool, std::string_view id, std::string_view channel, bool successful);
    ReplyText& error(std::string_view error);
    ReplyText& advice(const Advice& advice);
    // A field with a value that is JSON already; nothing if `json` is empty.
    ReplyText& field(std::string_view name, std::string_view json);
    // Nothing if it is empty.
    ReplyText& ext(const ExtText& ext);
    SharedBytes done();

  private:
    BytesPool& pool_;
    std::string text_;
};

// The message that subscribers of a broadcast channel get: the publisher's without clientId, id and the
// fields that only a server may set. `timestamp` (JSON), if given, takes the place of the publisher's.
SharedBytes broadcast_text(BytesPool& pool, const Message& message, std::string_view timestamp = {});

// encode_message() with a pool.
SharedBytes data_text(BytesPool& pool, std::string_view channel, std::string_view data, std::string_view id);

}  // namespace twinpane::bayeux
