#pragma once

// DescribeQuorum (API key 55), answered from what a machine knows. Pure. Source: KIP-595, KIP-836,
// KIP-853.

#include "core/base/time.hpp"
#include "core/protocol/messages/describe_quorum.hpp"
#include "core/raft/state.hpp"

namespace glasslog::raft {

// The two clocks, read together.
struct ClockReading {
    Instant now;
    WallTime wall;
};

// Only the leader knows; of another topic or partition nobody does.
protocol::DescribeQuorumResponse describe_quorum(const protocol::DescribeQuorumRequest& request,
                                                 const State& state,
                                                 const ClockReading& clock);

}  // namespace glasslog::raft
