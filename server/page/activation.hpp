// What pressing an element would do to a form, as HTML has it ("activation behaviour", "implicit
// submission"). The server's wall before acts of agents: it knows the page from the stream only, so scripts
// that send forms in other ways are the business of the customer's side.
#pragma once

#include "page/page_state.hpp"

namespace twinpane::page {

struct Activation {
    bool click_submits = false;  // a click there, or Enter or Space with the focus there
    bool enter_submits = false;  // Enter with the focus there
};

Activation activation_of(const PageState& page, Index at);

// The value of an attribute; nothing if the element has none of that name.
const std::string* attribute(const PageState& page, const Node& node, std::string_view name);

// A tag or keyword without regard to ASCII case.
std::string lower(std::string_view text);

}  // namespace twinpane::page
