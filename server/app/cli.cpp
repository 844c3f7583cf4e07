#include "app/cli.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "app/demo.hpp"
#include "app/node.hpp"
#include "app/supervisor.hpp"
#include "app/tls_files.hpp"
#include "base/clock.hpp"
#include "config/config.hpp"

namespace twinpane::app {

namespace {

std::vector<std::string> warnings(const LoadedConfig& loaded) {
    auto out = loaded.config.warnings();
    for (auto& warning : tls_warnings(loaded, SystemClock{}.unix_ms())) out.push_back(std::move(warning));
    return out;
}

int check(const std::string& path) {
    const auto loaded = load_config(path);
    if (!loaded.good) return 2;
    for (const auto& warning : warnings(loaded)) std::cout << path << ": warning: " << warning << "\n";
    std::cout << path << ": good\n";
    return 0;
}

void add_ports(CLI::App& command, Overrides& overrides) {
    const auto port = CLI::Range(0, 65535);
    command.add_option("--public-port", overrides.public_port, "Instead of public.port")->check(port);
    command.add_option("--internal-port", overrides.internal_port, "Instead of internal.port")->check(port);
    command.add_option("--data", overrides.data, "Instead of data");
}

}  // namespace

int run_cli(int argc, char** argv) {
    CLI::App app{"Twinpane, the open co-browse server"};
    app.set_version_flag("--version", "twinpane " TWINPANE_VERSION);
    app.require_subcommand(1);

    std::string path;
    Overrides overrides;
    Wires wires;

    auto& serve = *app.add_subcommand("serve", "Run a node under a supervisor");
    serve.add_option("--config", path, "Configuration file")->required();
    add_ports(serve, overrides);
    serve.add_option("--demo-port", overrides.demo_port, "Instead of demo.port")->check(CLI::Range(0, 65535));

    auto& configure = *app.add_subcommand("config", "Print or check a configuration");
    bool defaults = false;
    bool markdown = false;
    std::string checked;
    auto* group = configure.add_option_group("what");
    group->add_flag("--print-defaults", defaults, "Every option with its default, as YAML");
    group->add_flag("--markdown", markdown, "The same as a table for the documentation");
    group->add_option("--check", checked, "Read FILE and print every error with its line");
    group->require_option(1);

    // The supervisor's children; not for people.
    auto& node = *app.add_subcommand("node", "")->group("");
    node.add_option("--config", path)->required();
    add_ports(node, overrides);
    auto& demo = *app.add_subcommand("demo", "")->group("");
    int demo_port = 0;
    demo.add_option("--config", path)->required();
    demo.add_option("--port", demo_port);
    demo.add_option("--public-port", overrides.public_port);
    for (auto* child : {&node, &demo}) {
        child->add_option("--ready-fd", wires.ready_fd);
        child->add_option("--life-fd", wires.life_fd);
    }

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : 2;
    }
    if (configure.parsed()) {
        if (defaults) std::cout << config::print_defaults();
        if (markdown) std::cout << config::print_markdown();
        return checked.empty() ? 0 : check(checked);
    }
    const auto loaded = load_config(path);
    if (!loaded.good) return 2;
    if (node.parsed()) return run_node(loaded, overrides, wires);
    if (demo.parsed()) return run_demo(loaded, demo_port, overrides.public_port, wires);
    for (const auto& warning : warnings(loaded)) std::cerr << "warning: " << warning << "\n";
    return supervise(loaded, overrides);
}

}  // namespace twinpane::app
