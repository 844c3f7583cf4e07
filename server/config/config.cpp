#include "config/config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace twinpane::config {

namespace {
constexpr std::string_view kSitePrefix = "sites[].";
constexpr std::size_t kMaxFile = 4U << 20U;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 63 &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

// What surely is no selector: empty, or with brackets or quotes that are not closed. A browser that can't
// read a masking rule masks the whole page, so it is better found here.
bool is_balanced(std::string_view selector) {
    std::string open;
    char quote = 0;
    bool some = false;
    for (std::size_t i = 0; i < selector.size(); ++i) {
        const char c = selector[i];
        some = some || c != ' ';
        if (c == '\\') {
            ++i;
        } else if (quote != 0) {
            if (c == quote) quote = 0;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '[' || c == '(') {
            open += c == '[' ? ']' : ')';
        } else if (c == ']' || c == ')') {
            if (open.empty() || open.back() != c) return false;
            open.pop_back();
        }
    }
    return some && quote == 0 && open.empty();
}

// What stands for itself in a path.
bool is_path_char(unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
}

int line_of(const YAML::Node& node) {
    return node.Mark().line + 1;
}
}  // namespace

Config::Config() {
    for (const auto& option : options()) {
        if (!option.name.starts_with(kSitePrefix)) values_.emplace(option.name, default_value(option));
    }
}

bool Config::flag(std::string_view name) const {
    return std::get<bool>(values_.find(name)->second);
}
std::int64_t Config::integer(std::string_view name) const {
    return std::get<std::int64_t>(values_.find(name)->second);
}
const std::string& Config::text(std::string_view name) const {
    return std::get<std::string>(values_.find(name)->second);
}
const std::vector<std::string>& Config::list(std::string_view name) const {
    return std::get<std::vector<std::string>>(values_.find(name)->second);
}
const Value& Config::value(std::string_view name, Transport transport) const {
    for (const auto& scoped : scoped_names(name, transport)) {
        if (const auto found = values_.find(scoped); found != values_.end()) return found->second;
    }
    return values_.find(name)->second;
}
bool Config::flag(std::string_view name, Transport transport) const {
    return std::get<bool>(value(name, transport));
}
std::int64_t Config::integer(std::string_view name, Transport transport) const {
    return std::get<std::int64_t>(value(name, transport));
}
const std::string& Config::text(std::string_view name, Transport transport) const {
    return std::get<std::string>(value(name, transport));
}
std::vector<std::string> Config::transports() const {
    auto out = list("cometd.allowedTransports");
    const auto& there = list("cometd.transports");
    std::erase_if(out, [&](const auto& name) { return std::ranges::find(there, name) == there.end(); });
    return out;
}

int Config::line(std::string_view name) const {
    const auto found = lines_.find(name);
    return found == lines_.end() ? 0 : found->second;
}

// Walks the YAML tree and collects values and problems.
class Reader {
  public:
    std::variant<Config, std::vector<Problem>> read(const YAML::Node& root) {
        if (root.IsDefined() && !root.IsNull()) {
            if (!root.IsMap()) {
                problem(root, "the file must be a map of options");
            } else {
                walk(root, "");
            }
        }
        check_whole();
        if (!problems_.empty()) {
            std::ranges::stable_sort(problems_, {}, &Problem::line);
            return problems_;
        }
        return config_;
    }

  private:
    void problem(const YAML::Node& where, std::string reason) {
        problems_.push_back({line_of(where), std::move(reason)});
    }

    void walk(const YAML::Node& map, const std::string& prefix) {
        for (const auto& entry : map) {
            if (!entry.first.IsScalar()) {
                problem(entry.first, "a key must be a word");
                continue;
            }
            const auto name = prefix + entry.first.Scalar();
            const bool section = entry.second.IsMap() && is_section(name);
            const bool first = config_.lines_.emplace(name, line_of(entry.first)).second;
            const auto* option = find_option(name);
            const auto scoped = split_scope(name);
            if (!first && !section) {
                problem(entry.first, name + " is given twice");
            } else if (name == "sites") {
                read_sites(entry.second);
            } else if (option != nullptr) {
                set(entry.second, name, config_.values_[name], *option);
            } else if (scoped.allowed) {
                auto own = default_value(*scoped.option);
                set(entry.second, name, own, *scoped.option);
                config_.values_[name] = std::move(own);
            } else if (section) {
                walk(entry.second, name + ".");
            } else if (scoped.option != nullptr) {
                problem(entry.first,
                        name + " can't be set for one transport; set " + std::string(scoped.option->name));
            } else {
                problem(entry.first, name + " is not an option" + suggestion(name));
            }
        }
    }

    static std::string suggestion(const std::string& name) {
        const auto leaf = name.substr(name.rfind('.') + 1);
        for (const auto& option : options()) {
            const auto other = option.name.substr(option.name.rfind('.') + 1);
            if (other == leaf) return "; did you mean " + std::string(option.name) + "?";
        }
        return "";
    }

    // Reads `node` into `target` if it is valid under `option`.
    void set(const YAML::Node& node, const std::string& name, Value& target, const Option& option) {
        std::variant<Value, std::string> parsed;
        if (option.type == Type::kIgnored) {
            config_.ignored_.push_back(name + " has no effect: " + std::string(option.doc));
            return;
        }
        if (node.IsScalar()) {
            parsed = parse_value(option, node.Scalar());
        } else if (node.IsSequence()) {
            std::vector<std::string> items;
            for (const auto& item : node) {
                if (!item.IsScalar()) {
                    problem(item, name + " must be a list of words");
                    return;
                }
                items.push_back(item.Scalar());
            }
            parsed = parse_list(option, items);
        } else if (node.IsNull()) {
            parsed = std::string("has no value");
        } else {
            parsed = std::string("must be a single value");
        }
        if (auto* value = std::get_if<Value>(&parsed)) {
            target = std::move(*value);
        } else {
            problem(node, name + " " + std::get<std::string>(parsed));
        }
    }

    void read_sites(const YAML::Node& list) {
        if (!list.IsSequence()) {
            problem(list, "sites must be a list");
            return;
        }
        for (const auto& node : list) {
            if (!node.IsMap()) {
                problem(node, "each site must be a map with name and origins");
                continue;
            }
            read_site(node);
        }
    }

    void read_site(const YAML::Node& node) {
        std::map<std::string, Value> values;
        std::set<std::string> seen;
        for (const auto& option : options()) {
            if (option.name.starts_with(kSitePrefix)) {
                values.emplace(option.name.substr(kSitePrefix.size()), default_value(option));
            }
        }
        for (const auto& entry : node) {
            const auto key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
            const auto* option = find_option(std::string(kSitePrefix) + key);
            if (!seen.insert(key).second) {
                problem(entry.first, "sites[]." + key + " is given twice");
            } else if (option == nullptr) {
                problem(entry.first, "sites[]." + key + " is not an option");
            } else {
                set(entry.second, "sites[]." + key, values[key], *option);
            }
        }
        Site site;
        site.name = std::get<std::string>(values["name"]);
        site.origins = std::get<std::vector<std::string>>(values["origins"]);
        site.form_values_shown = std::get<std::string>(values["form_values"]) == "shown";
        site.mask = std::get<std::vector<std::string>>(values["mask"]);
        site.allow_write = std::get<bool>(values["allow_write"]);
        site.allow_submit = std::get<bool>(values["allow_submit"]);
        if (!is_name(site.name)) problem(node, "sites[].name must be 1 to 63 letters, digits or '-'");
        const auto& given = node["origins"];
        if (!given.IsDefined() || (given.IsSequence() && given.size() == 0)) {
            problem(node, "sites[].origins must name at least one origin");
        }
        for (const auto& selector : site.mask) {
            if (!is_balanced(selector)) {
                problem(node["mask"], "sites[].mask: \"" + selector + "\" is not a CSS selector");
            }
        }
        for (const auto& other : config_.sites_) {
            if (!site.name.empty() && other.name == site.name)
                problem(node, "sites[].name " + site.name + " is used twice");
            for (const auto& origin : site.origins) {
                if (std::ranges::find(other.origins, origin) != other.origins.end()) {
                    problem(node, "origin " + origin + " belongs to two sites");
                }
            }
        }
        config_.sites_.push_back(std::move(site));
    }

    void check_whole() {
        if (!is_name(config_.text("node.name"))) {
            conflict({"node.name"}, "node.name must be 1 to 63 letters, digits or '-'");
        }
        check_tls();
        const auto& echo = config_.text("unsafe_echo_path");
        if (!echo.empty() &&
            (echo.front() != '/' || echo.size() > 200 || !std::ranges::all_of(echo, is_path_char)))
            conflict({"unsafe_echo_path"}, "unsafe_echo_path must be a path such as /echo");
        if (config_.text("data").empty()) conflict({"data"}, "data must not be empty");
        const auto host = [](std::string_view origin) {
            origin = origin.substr(origin.find("//") + 2);
            return origin.substr(0, origin.rfind(':'));
        };
        check_cometd();
        const auto& viewer = config_.text("viewer.origin");
        if (config_.text("internal.url").empty())
            conflict({"internal.url"}, "internal.url must not be empty");
        if (config_.text("public.url").empty()) conflict({"public.url"}, "public.url must not be empty");
        if (config_.integer("public.port") != 0 &&
            config_.integer("public.port") == config_.integer("internal.port") &&
            config_.text("public.host") == config_.text("internal.host")) {
            conflict({"internal.port", "public.port"},
                     "public.port and internal.port must differ: one address can't be both sides");
        }
        if (!viewer.empty() && !config_.text("internal.url").empty() &&
            host(viewer) == host(config_.text("internal.url"))) {
            conflict({"viewer.origin", "internal.url"},
                     "viewer.origin must have another host name than internal.url (cookies cross ports)");
        }
    }

    // A problem that shows only when several options are looked at: at the line of the first one that was
    // given.
    void conflict(std::initializer_list<std::string_view> names, std::string reason) {
        int line = 0;
        for (const auto name : names) {
            if (line == 0) line = config_.line(name);
        }
        problems_.push_back({line, std::move(reason)});
    }

    void check_cometd() {
        if (config_.transports().empty()) {
            conflict({"cometd.allowedTransports", "cometd.transports"},
                     "cometd.allowedTransports has none of cometd.transports");
        }
        const auto cookie = [](std::string_view name) { return "cometd.browserCookie" + std::string(name); };
        const auto text = [&](std::string_view name) {
            return std::string_view(config_.text(cookie(name), Transport::kLongPolling));
        };
        const auto flag = [&](std::string_view name) {
            return config_.flag(cookie(name), Transport::kLongPolling);
        };
        const auto host = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; };
        const auto in_path = [](unsigned char c) { return c > ' ' && c < 0x7F && c != ';' && c != ','; };
        if (!std::ranges::all_of(text("Domain"), host)) {
            conflict({cookie("Domain")}, cookie("Domain") + " must be a host name");
        }
        if (!text("Path").starts_with('/') || !std::ranges::all_of(text("Path"), in_path)) {
            conflict({cookie("Path")},
                     cookie("Path") + " must begin with '/' and have no blanks, ';' or ','");
        }
        if (!flag("Secure")) {
            constexpr std::string_view kNeeds =
                " needs cometd.browserCookieSecure: browsers refuse the cookie otherwise";
            if (text("SameSite") == "None")
                conflict({cookie("SameSite"), cookie("Secure")},
                         cookie("SameSite") + " None" + std::string(kNeeds));
            if (flag("Partitioned"))
                conflict({cookie("Partitioned"), cookie("Secure")},
                         cookie("Partitioned") + std::string(kNeeds));
            if (text("Name").starts_with("__Secure-"))
                conflict({cookie("Name"), cookie("Secure")},
                         cookie("Name") + " with __Secure-" + std::string(kNeeds));
        }
        if (text("Name").starts_with("__Host-") &&
            (!flag("Secure") || !text("Domain").empty() || text("Path") != "/")) {
            conflict({cookie("Name")},
                     cookie("Name") + " with __Host- needs browserCookieSecure, no Domain, and the Path /");
        }
    }

    void check_tls() {
        for (const std::string side : {"public", "internal"}) {
            const auto certificate = side + ".tls.certificate";
            const auto key = side + ".tls.key";
            if (config_.text(certificate).empty() != config_.text(key).empty()) {
                const auto& given = config_.text(key).empty() ? certificate : key;
                const auto& missing = config_.text(key).empty() ? key : certificate;
                problems_.push_back({config_.line(given), given + " needs " + missing + " beside it"});
            }
            if (config_.text(certificate).empty()) continue;
            require_https(side + ".url", side);
            if (side == "internal") require_https("viewer.origin", side);
            if (!config_.flag("cometd.browserCookieSecure", Transport::kLongPolling)) {
                conflict({"cometd.browserCookieSecure"},
                         "cometd.browserCookieSecure can't be false, because " + side + ".tls is set");
            }
        }
    }

    void require_https(const std::string& name, const std::string& side) {
        const auto& url = config_.text(name);
        if (url.empty() || url.starts_with("https://")) return;
        problems_.push_back(
            {config_.line(name), name + " must begin with https://, because " + side + ".tls is set"});
    }

    Config config_;
    std::vector<Problem> problems_;
};

std::vector<std::string> Config::warnings() const {
    std::vector<std::string> out;
    if (sites_.empty()) out.emplace_back("no site is configured: every customer page is refused");
    if (text("viewer.origin").empty()) {
        out.emplace_back(
            "viewer.origin is not set: agents can't see pages until the view has an origin of its own");
    }
    const auto& paths = list("cometd.paths");
    if (std::ranges::find(paths, "/cobrowse/cometd") == paths.end()) {
        out.emplace_back(
            "cometd.paths is without /cobrowse/cometd: Twinpane's own script and desk can't connect");
    }
    const auto served = transports();
    if (std::ranges::find(served, "callback-polling") != served.end()) {
        out.emplace_back(
            "callback-polling is on: a page of any origin may use the Bayeux server through script tags");
    }
    if (!text("unsafe_echo_path").empty()) {
        out.emplace_back("unsafe_echo_path is set: whoever reaches " + text("unsafe_echo_path") +
                         " on the public listener is sent back what they send, without a login");
    }
    if (flag("cometd.ws.unsafe_deflate_services")) {
        out.emplace_back(
            "cometd.ws.unsafe_deflate_services is set: lengths of compressed messages tell about their "
            "content");
    }
    out.insert(out.end(), ignored_.begin(), ignored_.end());
    return out;
}

std::variant<Config, std::vector<Problem>> parse(const std::string& yaml) {
    if (yaml.size() > kMaxFile) return std::vector<Problem>{{0, "the file is larger than 4 MiB"}};
    try {
        return Reader{}.read(YAML::Load(yaml));
    } catch (const YAML::Exception& e) {
        return std::vector<Problem>{{e.mark.is_null() ? 0 : e.mark.line + 1, "not YAML: " + e.msg}};
    }
}

std::variant<Config, std::vector<Problem>> load(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        return std::vector<Problem>{{0, path + " is a folder, not a configuration file"}};
    }
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::vector<Problem>{{0, "can't read " + path}};
    std::ostringstream text;
    text << in.rdbuf();
    return parse(text.str());
}

}  // namespace twinpane::config
