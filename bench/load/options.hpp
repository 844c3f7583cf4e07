// What the load client is told on its command line.
#pragma once

#include <optional>
#include <string>

#include "session.hpp"

namespace twinpane::load {

struct Options {
    std::string scenario;
    Target target;
    Transport transport = Transport::kWebSocket;
    int pid = 0;           // of the server; found by its port if not given
    int cpu = -1;          // to run on
    unsigned count = 100;  // connections, pairs, subscribers or sessions: the scenario says which
    unsigned live = 100;   // reconnect: sessions that stay
    unsigned size = 512;   // bytes of a message's data
    unsigned burst = 8;    // fanout: messages in flight
    unsigned rate = 1000;  // rooms: messages published per second
    bool jitter = false;   // reconnect: clients wait before each attempt, as browsers' clients do
    bool across = false;   // publish: subscribers on another loop than their publishers
    bool forget = false;   // reconnect: the server does not know the sessions
    double warmup = 2, seconds = 5;
};

// Nothing, and a usage text on standard error, if the arguments make no sense.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace twinpane::load
