// The `glasslog` command.

#include "core/cli/verbs.hpp"

#include <fmt/format.h>

#include <exception>

namespace {

constexpr const char* overview =
    "Glasslog: a Kafka-compatible distributed log that one can see through.\n"
    "Exit codes: 0 done or holds, 1 failed or violated, 2 unusable input, 3 nondeterminism,\n"
    "4 a requested fault never bit, 70 internal error, 130 interrupted.";

int run(int argc, char** argv) {
    CLI::App app(overview, "glasslog");
    app.require_subcommand(1);
    app.set_version_flag("--version", "glasslog 0.1.0");
    glasslog::cli::Action action;
    glasslog::cli::add_broker_verb(app, action);
    glasslog::cli::add_topic_verb(app, action);
    glasslog::cli::add_produce_verb(app, action);
    glasslog::cli::add_consume_verb(app, action);
    glasslog::cli::add_offsets_verb(app, action);
    glasslog::cli::add_dump_verb(app, action);
    glasslog::cli::add_wire_verb(app, action);
    glasslog::cli::add_sim_verb(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : static_cast<int>(glasslog::cli::ExitCode::unusable);
    }
    return static_cast<int>(action());
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "glasslog: internal error: {}\n", error.what());
        return static_cast<int>(glasslog::cli::ExitCode::internal);
    }
}
