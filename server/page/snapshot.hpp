// Writes a page as batches that rebuild it (section 6). Internal to page.
#pragma once

#include <functional>
#include <string>

#include "page/page_state.hpp"

namespace twinpane::page {

// The string table is the epoch's own, so that the batches after the snapshot find what they refer to. One
// line per batch, each begins a new operation or continues the tape; all carry the page's epoch and seq.
// Lines are cut at about 256 KiB; a single longer value makes a longer line. Stops when `sink` returns false.
void write_snapshot(const PageState& page, const std::function<bool(std::string line)>& sink);

}  // namespace twinpane::page
