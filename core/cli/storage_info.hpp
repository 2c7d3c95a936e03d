#pragma once

// What stands in the directories of a node, and what is wrong with them.

#include "core/cli/exit_code.hpp"
#include "core/cli/storage_config.hpp"

#include <cstdint>

namespace glasslog::cli {

enum class StorageForm : std::uint8_t { text, json };

// To standard output: whose the directories are, what their metadata log begins with, voters,
// quorum-state, snapshots; then every problem. failed: there is one.
ExitCode print_storage(const StorageConfig& config, StorageForm form);

}  // namespace glasslog::cli
