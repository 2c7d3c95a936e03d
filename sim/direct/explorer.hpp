#pragma once

// One random run of a direct world: the faults of a plan (plan.hpp), then healing and the liveness
// theorems. Everything that happens is noted as a command, so that the run can be replayed and
// shrunk without the plan.

#include "sim/direct/plan.hpp"

#include <optional>
#include <vector>

namespace glasslog::sim::direct {

struct RunReport {
    std::uint64_t seed = 0;
    Strategy strategy = Strategy::uniform;
    WorldOptions world;
    Pace pace;
    std::vector<Command> commands;
    std::optional<Finding> finding;
    std::uint64_t steps = 0;
    std::uint64_t digest = 0;
    Bites bites{};
    std::uint32_t requested = 0;  // bit i stands for Bite i
    Coverage coverage;
};

RunReport explore(const ExploreOptions& options, std::uint64_t seed);

}  // namespace glasslog::sim::direct
