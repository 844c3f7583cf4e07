#include "config/config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
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
        std::set<std::string> seen;
        for (const auto& entry : map) {
            if (!entry.first.IsScalar()) {
                problem(entry.first, "a key must be a word");
                continue;
            }
            const auto name = prefix + entry.first.Scalar();
            if (!seen.insert(name).second) {
                problem(entry.first, name + " is given twice");
            } else if (name == "sites") {
                read_sites(entry.second);
            } else if (const auto* option = find_option(name)) {
                set(entry.second, name, config_.values_[name], *option);
            } else if (entry.second.IsMap() && is_section(name)) {
                walk(entry.second, name + ".");
            } else {
                problem(entry.first, name + " is not an option" + suggestion(name));
            }
        }
    }

    static bool is_section(const std::string& name) {
        return std::ranges::any_of(options(), [&](const auto& o) { return o.name.starts_with(name + "."); });
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
        for (const auto& option : options()) {
            if (option.name.starts_with(kSitePrefix)) {
                values.emplace(option.name.substr(kSitePrefix.size()), default_value(option));
            }
        }
        for (const auto& entry : node) {
            const auto key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
            const auto* option = find_option(std::string(kSitePrefix) + key);
            if (option == nullptr) {
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
        for (const auto& other : config_.sites_) {
            if (other.name == site.name) problem(node, "sites[].name " + site.name + " is used twice");
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
            problems_.push_back({0, "node.name must be 1 to 63 letters, digits or '-'"});
        }
        if (config_.text("data").empty()) problems_.push_back({0, "data must not be empty"});
        const auto host = [](std::string_view origin) {
            origin = origin.substr(origin.find("//") + 2);
            return origin.substr(0, origin.rfind(':'));
        };
        const auto& viewer = config_.text("viewer.origin");
        if (config_.text("internal.url").empty()) problems_.push_back({0, "internal.url must not be empty"});
        if (config_.text("public.url").empty()) problems_.push_back({0, "public.url must not be empty"});
        if (!viewer.empty() && !config_.text("internal.url").empty() &&
            host(viewer) == host(config_.text("internal.url"))) {
            problems_.push_back(
                {0, "viewer.origin must have another host name than internal.url (cookies cross ports)"});
        }
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
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::vector<Problem>{{0, "can't read " + path}};
    std::ostringstream text;
    text << in.rdbuf();
    return parse(text.str());
}

namespace {
std::string quoted(const Option& option) {
    if (option.type == Type::kList || option.type == Type::kOrigins) return "[]";
    const auto value = show(option, default_value(option));
    const bool bare = option.type != Type::kText && option.type != Type::kOrigin;
    return bare ? value : '"' + value + '"';
}

std::string range(const Option& option) {
    if (!option.choices.empty()) {
        std::string out;
        for (const auto choice : option.choices) out.append(out.empty() ? "" : ", ").append(choice);
        return out;
    }
    if (option.type == Type::kInt || option.type == Type::kDuration || option.type == Type::kSize) {
        return show(option, Value{option.min}) + " … " + show(option, Value{option.max});
    }
    return "";
}
}  // namespace

std::string print_defaults() {
    std::string out = "# Twinpane: every option with its default. Keep what you change, delete the rest.\n";
    std::string section;
    bool sites = false;
    for (const auto& option : options()) {
        const auto dot = option.name.find('.');
        std::string indent;
        auto leaf = option.name;
        const bool of_site = option.name.starts_with(kSitePrefix);
        if (of_site) {
            leaf = option.name.substr(kSitePrefix.size());
            if (!sites)
                out +=
                    "\n# One entry per web site:\n# sites:\n#   - name: shop\n#     origins: "
                    "[\"https://www.example.com\"]\n";
            sites = true;
        } else if (dot != std::string_view::npos) {
            const std::string name(option.name.substr(0, dot));
            if (name != section) out += "\n" + name + ":\n";
            section = name;
            leaf = option.name.substr(dot + 1);
            indent = "  ";
        } else {
            section.clear();
        }
        if (of_site) indent = "#     ";
        const auto limits = range(option);
        out += (of_site ? indent + "# " : indent + "# ") + std::string(option.doc) +
               (limits.empty() ? "" : " (" + limits + ")") + "\n";
        out += indent + std::string(leaf) + ": " + quoted(option) + "\n";
    }
    return out;
}

std::string print_markdown() {
    std::string out = "| option | default | range | meaning |\n|---|---|---|---|\n";
    for (const auto& option : options()) {
        out += "| `" + std::string(option.name) + "` | `" + quoted(option) + "` | " + range(option) + " | " +
               std::string(option.doc) + " |\n";
    }
    return out;
}

}  // namespace twinpane::config
