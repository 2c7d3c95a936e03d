#pragma once

// What another terminal asks of a cluster that `glasslog up` runs.

#include "core/cli/exit_code.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace glasslog::cli {

enum class UpCommand : std::uint8_t { status, kill, pause, resume, restart, stop };

struct UpOrder {
    UpCommand command = UpCommand::status;
    std::string directory;             // absolute
    std::optional<std::int32_t> node;  // of all but status and stop
    bool is_json = false;
};

// done: it is as asked. failed: no cluster runs there, the node has no process, or it did not come
// to be in time. unusable: no such node, no cluster in the directory.
ExitCode carry_out(const UpOrder& order);

}  // namespace glasslog::cli
