#include "app/cli.hpp"

int main(int argc, char** argv) {
    return twinpane::app::run_cli(argc, argv);
}
