#pragma once

// R18 "lone-voter-durable": the only voter of its quorum shows nobody a record that its disk may
// still forget: there is no other log to decide what was there, and who saw the record is ahead.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// When a record below `shown_end` leaves the node.
inline std::optional<std::string> lone_voter_durable(NodeId leader,
                                                     Offset shown_end,
                                                     Offset durable_end) {
    if (shown_end <= durable_end) return std::nullopt;
    return fmt::format("node {} is the only voter and shows what is below {}; its disk has {}",
                       leader,
                       shown_end,
                       durable_end);
}

}  // namespace glasslog::sim
