// Sends a page's snapshot as NDJSON, packed when the client takes it: a piece per turn of the loop, and none
// while the connection has enough to write.
#pragma once

#include "cobrowse/session.hpp"
#include "rest/call.hpp"

namespace twinpane::rest {

void stream_page(Call call, cobrowse::Snapshot lines);

}  // namespace twinpane::rest
