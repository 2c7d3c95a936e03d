// The `glasslog` command.

#include "core/cli/verbs.hpp"
#include "sim/scenario_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <vector>

namespace {

constexpr const char* overview =
    "Glasslog: a Kafka-compatible distributed log that one can see through.\n"
    "Exit codes: 0 done or holds, 1 failed or violated, 2 unusable input, 3 nondeterminism,\n"
    "4 a requested fault never bit, 70 internal error, 130 interrupted.";

constexpr const char* examples =
    "Examples:\n"
    "  glasslog broker --data /tmp/glasslog --listen 127.0.0.1:9092\n"
    "  glasslog topic create orders --partitions 3\n"
    "  seq 1000 | glasslog produce orders\n"
    "  glasslog consume orders --from-beginning --exit-at-end\n"
    "  glasslog sim run scenarios/lessons/power-loss.scenario --seed 7\n"
    "`glasslog COMMAND --help` has more.";

// A word that is no command: said by name, with the one that was perhaps meant.
void explain_unknown_command(const CLI::App& app,
                             const std::string& path,
                             const std::string& word) {
    std::vector<std::string> commands;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        commands.push_back(command->get_name());
    const std::string nearest = glasslog::sim::nearest_word(word, commands);
    fmt::print(stderr,
               "{}: no command '{}'; expected one of {}{}\n",
               path,
               word,
               fmt::join(commands, ", "),
               nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest));
}

// Every word up to the first option names a command while commands are expected. Looked at before
// the command line is parsed: a --help behind the word would hide that there is no such command.
bool are_commands_known(const CLI::App& app, std::span<char*> words) {
    const CLI::App* at = &app;
    std::string path = app.get_name();
    for (const std::string word : words) {
        const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
        if (commands.empty() || word.starts_with('-')) return true;
        const auto found = std::ranges::find(commands, word, [](const CLI::App* command) {
            return command->get_name();
        });
        if (found == commands.end()) {
            explain_unknown_command(*at, path, word);
            return false;
        }
        at = *found;
        path += " " + word;
    }
    return true;
}

int run(int argc, char** argv) {
    CLI::App app(overview, "glasslog");
    app.require_subcommand(1);
    app.footer(examples);
    app.set_version_flag("--version", "glasslog 0.1.0");
    glasslog::cli::Action action;
    glasslog::cli::add_broker_verb(app, action);
    glasslog::cli::add_up_verb(app, action);
    glasslog::cli::add_quorum_verb(app, action);
    glasslog::cli::add_topic_verb(app, action);
    glasslog::cli::add_produce_verb(app, action);
    glasslog::cli::add_consume_verb(app, action);
    glasslog::cli::add_offsets_verb(app, action);
    glasslog::cli::add_dump_verb(app, action);
    glasslog::cli::add_storage_verb(app, action);
    glasslog::cli::add_wire_verb(app, action);
    glasslog::cli::add_sim_verb(app, action);
    const std::span<char*> words(argv, static_cast<std::size_t>(argc));
    if (!are_commands_known(app, words.subspan(std::min<std::size_t>(1, words.size())))) {
        return static_cast<int>(glasslog::cli::ExitCode::unusable);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : static_cast<int>(glasslog::cli::ExitCode::unusable);
    }
    const glasslog::cli::ExitCode code = action();
    const bool is_told = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (is_told || code != glasslog::cli::ExitCode::done) return static_cast<int>(code);
    fmt::print(stderr, "glasslog: standard output could not be written\n");
    return static_cast<int>(glasslog::cli::ExitCode::failed);
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
