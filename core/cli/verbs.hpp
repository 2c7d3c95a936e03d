#pragma once

// The verbs of the `glasslog` command: each adds its options to the command line, and says what to
// run when it was chosen.

#include "core/cli/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <functional>

namespace glasslog::cli {

// Set by the verb that was chosen.
using Action = std::function<ExitCode()>;

void add_broker_verb(CLI::App& app, Action& action);
void add_up_verb(CLI::App& app, Action& action);
void add_quorum_verb(CLI::App& app, Action& action);
void add_topic_verb(CLI::App& app, Action& action);
void add_produce_verb(CLI::App& app, Action& action);
void add_consume_verb(CLI::App& app, Action& action);
void add_offsets_verb(CLI::App& app, Action& action);
void add_dump_verb(CLI::App& app, Action& action);
void add_storage_verb(CLI::App& app, Action& action);
void add_wire_verb(CLI::App& app, Action& action);
void add_sim_verb(CLI::App& app, Action& action);

// Below `sim`.
void add_trace_verb(CLI::App& sim, Action& action);
void add_direct_verb(CLI::App& sim, Action& action);
void add_bench_verb(CLI::App& sim, Action& action);
void add_elections_verb(CLI::App& sim, Action& action);

}  // namespace glasslog::cli
