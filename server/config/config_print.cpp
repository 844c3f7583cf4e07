// The table of options as a commented YAML file and as Markdown.
#include "config/config.hpp"

namespace twinpane::config {

namespace {
constexpr std::string_view kSitePrefix = "sites[].";

std::string quoted(const Option& option) {
    const auto value = show(option, default_value(option));
    const bool bare =
        option.type != Type::kText && option.type != Type::kOrigin && option.type != Type::kToken;
    return bare ? value : '"' + value + '"';
}

std::string range(const Option& option) {
    if (option.type == Type::kIgnored) return "no effect";
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
        // What has no effect would warn.
        if (option.type == Type::kIgnored) continue;
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
        const bool ignored = option.type == Type::kIgnored;
        out += "| `" + std::string(option.name) + "`" + (option.transports != 0 && !ignored ? " *" : "") +
               " | " + (ignored ? "" : "`" + quoted(option) + "`") + " | " + range(option) + " | " +
               (ignored ? "Accepted with a warning: " : "") + std::string(option.doc) + " |\n";
    }
    return out;
}

}  // namespace twinpane::config
