#include "net/http.hpp"

#include "net/text.hpp"

namespace twinpane::net {

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const auto& [key, value] : items_) {
        if (equal_no_case(key, name)) return value;
    }
    return std::nullopt;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
    std::string_view rest = query;
    while (!rest.empty()) {
        const auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        const auto key = percent_decode(pair.substr(0, equals), true);
        if (key != name) continue;
        return percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1),
                              true);
    }
    return std::nullopt;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
    for (const auto& [key, value] : headers.items()) {
        if (!equal_no_case(key, "cookie")) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto pair = trim(rest.substr(0, rest.find(';')));
            const auto end = rest.find(';');
            rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
            const auto equals = pair.find('=');
            if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
            auto text = pair.substr(equals + 1);
            if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
                text = text.substr(1, text.size() - 2);
            return text;
        }
    }
    return std::nullopt;
}

}  // namespace twinpane::net
