#include "app/welcome.hpp"

namespace twinpane::app {

std::string with_port(const std::string& origin, std::int64_t configured, int actual) {
    const auto suffix = ":" + std::to_string(configured);
    if (actual <= 0 || !origin.ends_with(suffix)) return origin;
    return origin.substr(0, origin.size() - suffix.size() + 1) + std::to_string(actual);
}

std::string welcome(const config::Config& config, const WelcomeFacts& facts) {
    const auto publicly =
        with_port(config.text("public.url"), config.integer("public.port"), facts.public_port);
    const auto internally =
        with_port(config.text("internal.url"), config.integer("internal.port"), facts.internal_port);
    const auto desk = internally + "/cobrowse/desk/";
    std::string out = "READY in " + std::to_string(facts.milliseconds) + " ms\n\n";
    out += "  public    " + publicly + "/cobrowse        for customers' browsers\n";
    out += "  internal  " + internally + "/cobrowse           for agents and integrators\n";
    std::string shop;
    if (facts.demo_port != 0) {
        shop = "http://shop.localhost:" + std::to_string(facts.demo_port) + "/";
        out += "  demo      " + shop + "                       a shop to try it on\n";
    }
    out += "\n  agent login  " + facts.login;
    if (facts.password == "-" || facts.password.empty()) {
        out += "   (the password of the first start is in " + facts.password_file + ")\n";
    } else {
        out += "   password  " + facts.password + "   (made now, kept in " + facts.password_file + ")\n";
    }
    if (facts.demo_port != 0) {
        out +=
            "\n  The first minute, with two browser windows side by side:\n"
            "   1. The customer: open " +
            shop +
            " and press \"Get help on this page\" in the corner. Nine digits appear.\n"
            "   2. The agent: open " +
            desk +
            ", log in, type the nine digits, press Enter.\n"
            "   3. The customer: press \"Share this page\". The agent sees the shop, live.\n"
            "   4. The agent: click on a lamp, the customer sees where. Press \"Write\" and ask to click and "
            "type.\n"
            "   5. The customer: press \"Allow\", watch the agent fill the basket; Esc takes control back, "
            "End ends it.\n";
    }
    out += "\n  Ctrl-C stops it.\n";
    return out;
}

}  // namespace twinpane::app
