// JSON values as text that is equal when they mean the same: keys sorted, numbers as doubles.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

namespace twinpane::page::testing {

inline boost::json::value parse(const std::string& text) {
    boost::json::parse_options options;
    options.max_depth = 4096;  // dumps are as deep as the page
    return boost::json::parse(text, {}, options);
}

inline std::string normal(const boost::json::value& value) {
    if (const auto* object = value.if_object()) {
        std::map<std::string, std::string> fields;
        for (const auto& [key, held] : *object) fields[std::string(key)] = normal(held);
        std::string out = "{";
        for (const auto& [key, held] : fields) out += boost::json::serialize(key) + ":" + held + ",\n";
        return out + "}";
    }
    if (const auto* array = value.if_array()) {
        std::string out = "[";
        for (const auto& item : *array) out += normal(item) + ",";
        return out + "]";
    }
    if (value.is_number()) return boost::json::serialize(boost::json::value(value.to_number<double>()));
    return boost::json::serialize(value);
}

}  // namespace twinpane::page::testing
