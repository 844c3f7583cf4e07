// What an operator decides about co-browsing. Built by app from the configuration file; read-only once the
// loops run, so every loop may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "page/mirror.hpp"

namespace twinpane::cobrowse {

struct Policy {
    bool form_values_shown = false;  // agents see what stands in form fields; passwords never
    std::vector<std::string> mask;   // CSS selectors that capture hides and closes
    bool allow_write = true;         // an agent may ask for write mode
    bool allow_submit = false;       // an agent in write mode may press submit buttons
    bool keep_query = false;         // history keeps query and fragment of visited addresses
};

struct Site {
    std::string name;
    std::vector<std::string> origins;  // exact, "https://www.example.com"
    Policy policy;
};

struct Limits {
    std::size_t sessions = 10'000;  // live, all loops together
    Millis code_ttl{600'000};
    Millis rejoin_grace{600'000};
    Millis inactivity{1'800'000};
    Millis mode_request{30'000};
    // A connection that is broken for so long is told to the others; a page load takes less.
    Millis link_grace{2'000};
    // No agent connected for so long: the customer's page is no longer sent, write mode ends.
    Millis agent_away{60'000};
    std::size_t stream_bytes_per_second = 2U << 20U;  // per session, burst 5 times that
    std::size_t stream_batches_per_second = 200;      // likewise
    std::size_t acts_per_second = 200;                // per agent, likewise
    std::size_t viewer_high_water = 512U << 10U;      // a viewer with more waiting gets no more batches ...
    std::size_t viewer_low_water = 64U << 10U;  // ... until it is down to this; then it refetches the page
    Millis viewer_check{200};
    std::size_t requests_per_client = 256;  // publishes of one client under way to a session at a time
    std::size_t events = 2'000;             // time-line entries and page visits kept in one record
    unsigned page_retries = 5;  // broken page lives in a row before the node waits for a page load
    page::MirrorLimits mirror;
};

struct Config {
    std::string node = "node1";
    std::string base = "/cobrowse/n/node1";  // sticky base path of this node
    std::vector<Site> sites;
    Limits limits;
    // Base URL ("https://view.example/cobrowse/resource/<scope>/<expires>/<signature>/") of a session's
    // resources for agents; empty function: none. Called on any loop, so it must be thread-safe.
    std::function<std::string(std::string_view scope, std::int64_t now_ms)> resource_url;
    // Told when a session has ended, with its scope (history id). Any loop.
    std::function<void(std::string_view scope)> resources_done;

    const Site* find_site(std::string_view name) const;
    const Site* find_site_of_origin(std::string_view origin) const;
};

// True if `origin` is one of the site's.
bool allows_origin(const Site& site, std::string_view origin);

}  // namespace twinpane::cobrowse
