// Counts wrong tries per name (an account, an address) and locks a name out: five a minute, then ten minutes.
// A try is booked before it is made and taken back when it was right, so that parallel tries can't outrun the
// count. Bounded: beyond `max_names` the oldest names are forgotten. On one thread only.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"

namespace twinpane::cobrowse {

class Tries {
  public:
    struct Rules {
        unsigned per_window = 5;
        Millis window{60'000};
        Millis lock_out{600'000};
        std::size_t max_names = 20'000;
    };

    Tries(const Clock& clock, Rules rules) : clock_(clock), rules_(rules) {}

    // Books one try. False: `name` is locked out (now); nothing is booked. Empty names are never locked.
    bool book(const std::string& name);
    // That try was right.
    void take_back(const std::string& name);
    bool locked(const std::string& name) const;
    std::size_t names() const { return entries_.size(); }

  private:
    struct Entry {
        Millis window_start{0};
        unsigned count = 0;
        Millis locked_until{0};
        std::list<std::string>::iterator order;
    };

    Entry& entry_of(const std::string& name, Millis now);

    const Clock& clock_;
    Rules rules_;
    std::unordered_map<std::string, Entry> entries_;
    std::list<std::string> order_;  // oldest first
};

}  // namespace twinpane::cobrowse
