// A session record as the history REST shows it.
#pragma once

#include <boost/json.hpp>
#include <cstdint>

#include "storage/ports.hpp"

namespace twinpane::rest {

// `now_ms`: for the page that is still open.
boost::json::object history_json(const storage::SessionRecord& record, std::int64_t now_ms);

}  // namespace twinpane::rest
