// The whole page as JSON, in the form of docs/protocol/vectors/README.md: for tests that compare pages.
#pragma once

#include <string>

#include "page/mirror.hpp"

namespace twinpane::page::testing {

// {"page": {…} | null, "count": n, "sum": n}. `mirror` comes from Mirror::create.
std::string dump(const Mirror& mirror);

}  // namespace twinpane::page::testing
