// Records as the stores keep them: JSON objects with a version, `"v":1`. Readers ignore fields they do not
// know and give absent ones their default, so that fields can be added; what changes the meaning of a field
// raises the version.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "storage/ports.hpp"

namespace twinpane::storage {

std::string to_json(const SessionRecord& record);
std::string to_json(const Account& account);
std::string to_json(const RefreshToken& token);

// kStoreFailed when the bytes are not such a record, or one of a later version.
Result<SessionRecord> session_from_json(std::string_view json);
Result<Account> account_from_json(std::string_view json);
Result<RefreshToken> refresh_from_json(std::string_view json);

}  // namespace twinpane::storage
