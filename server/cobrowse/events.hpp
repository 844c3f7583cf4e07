// The events of docs/protocol/session.md as JSON text.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "storage/ports.hpp"

namespace twinpane::cobrowse {

inline boost::json::object user_json(const storage::Participant& who) {
    return {{"userId", who.user_id}, {"role", who.role}, {"name", who.name}};
}

// {"v":1,"type":type,...fields}
inline std::string event_json(std::string_view type, boost::json::object fields = {}) {
    boost::json::object event{{"v", 1}, {"type", type}};
    for (auto& field : fields) event.insert_or_assign(field.key(), std::move(field.value()));
    return boost::json::serialize(event);
}

}  // namespace twinpane::cobrowse
