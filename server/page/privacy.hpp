// The second wall (section 5): what nodes of a class may not hold, whatever the customer's browser sends.
#pragma once

#include <string_view>

#include "page/page_state.hpp"

namespace twinpane::page {

constexpr std::string_view kBullets = "\u2022\u2022\u2022\u2022\u2022\u2022\u2022\u2022";

constexpr Privacy strictest(Privacy a, Privacy b) {
    return a > b ? a : b;
}

bool equal_ignoring_case(std::string_view a, std::string_view b);  // ASCII

// The strictest class of `at` (kNil: shown) and its ancestors. O(depth).
Privacy effective_privacy(const PageState& page, Index at);

// Whether an element `tag` of effective class `privacy` may not have attribute `name`.
bool hides_attribute(Privacy privacy, std::string_view tag, std::string_view name);
// The bits of an element's state that may not be held: checked, indeterminate, selected.
std::uint8_t hidden_state(Privacy privacy, std::string_view tag);
// Whether text of effective class `privacy`, directly in an element `tag`, may not be shown. `option`: an
// option or optgroup is among its ancestors.
bool hides_text(Privacy privacy, std::string_view tag, bool option);
// Likewise, looking at `parent` and its ancestors. O(depth).
bool hides_text(const PageState& page, Privacy privacy, Index parent);
// Text that says nothing: white space and bullets.
bool harmless_text(std::string_view text);

// After the class of `top` or of an ancestor rose: drops what the subtree may not hold any more. Returns the
// number of nodes visited.
std::size_t drop_hidden(PageState& page, Index top);

}  // namespace twinpane::page
