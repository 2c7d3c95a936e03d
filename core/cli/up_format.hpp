#pragma once

// What stands in a node's data directory before it first starts.

#include "core/cli/up_plan.hpp"

#include <cstdint>

namespace glasslog::cli {

// first_voter: a controller of a quorum that all directories begin together. observer: of a quorum
// that exists; it follows, and votes once it was added.
enum class Membership : std::uint8_t { first_voter, observer };

// Durable when it returns; meta.properties is the last file.
Expected<void, IoError> format_node(const ClusterPlan& plan,
                                    const NodePlan& node,
                                    const Identities& identities,
                                    Membership membership);

bool is_formatted(const NodePlan& node);

}  // namespace glasslog::cli
