#include "page/relay.hpp"

#include <simdjson.h>

#include "page/json_write.hpp"

namespace twinpane::page {

namespace dom = simdjson::dom;

std::string Edits::apply(const dom::element& batch) const {
    std::string out = "{";
    for (const dom::key_value_pair field : dom::object(batch)) {
        if (out.size() > 1) out += ',';
        write_string(out, field.key);
        out += ':';
        if (field.key == "o") {
            apply_ops(out, field.value);
        } else if (field.key == "t") {
            apply_strings(out, field.value);
        } else {
            write_element(out, field.value);
        }
    }
    out += '}';
    return out;
}

void Edits::apply_ops(std::string& out, const dom::element& ops) const {
    out += '[';
    std::size_t index = 0;
    bool first = true;
    for (const dom::element op : dom::array(ops)) {
        const std::size_t at = index++;
        if (dropped_.contains(at)) continue;
        if (!first) out += ',';
        first = false;
        auto edit = items_.lower_bound({at, 0});
        if (edit == items_.end() || edit->first.first != at) {
            write_element(out, op);
            continue;
        }
        out += '[';
        std::size_t item_index = 0;
        bool first_item = true;
        for (const dom::element item : dom::array(op)) {
            const bool edited = edit != items_.end() && edit->first == std::pair(at, item_index);
            ++item_index;
            const std::string* json = edited ? &(edit++)->second : nullptr;
            if (json != nullptr && json->empty()) continue;
            if (!first_item) out += ',';
            first_item = false;
            if (json != nullptr) {
                out += *json;
            } else {
                write_element(out, item);
            }
        }
        out += ']';
    }
    out += ']';
}

void Edits::apply_strings(std::string& out, const dom::element& strings) const {
    out += '[';
    std::size_t index = 0;
    for (const dom::element text : dom::array(strings)) {
        if (index > 0) out += ',';
        if (blanked_.contains(index++)) {
            out += "\"\"";
        } else {
            write_element(out, text);
        }
    }
    out += ']';
}

}  // namespace twinpane::page
