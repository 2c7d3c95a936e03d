#pragma once

// What a node of the metadata quorum must not forget when it restarts (QuorumState in types.hpp:
// the epoch it has reached, who leads it, whom it voted for in it) as Kafka's file `quorum-state`,
// one line of JSON:
//   0  {"clusterId":"","leaderId":1,"leaderEpoch":2,"votedId":-1,"appliedOffset":0,
//       "currentVoters":[{"voterId":1}],"data_version":0}
//   1  {"leaderId":-1,"leaderEpoch":2,"votedId":1,"votedDirectoryId":"…22 characters…",
//       "data_version":1}
// Version 0 is written while kraft.version is 0: voters are then named by their ids alone, in
// controller.quorum.voters. Sources: KIP-595, KIP-853.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/raft/types.hpp"

#include <span>
#include <string>
#include <string_view>

namespace glasslog::raft {

inline constexpr std::string_view quorum_state_file_name = "quorum-state";

// For kraft.version 1 and above: version 1, without a newline, as Kafka writes it.
std::string encode_quorum_state(const QuorumState& state);

// For kraft.version 0: version 0. `voters` as configured. The voted directory is left out.
std::string encode_quorum_state_with_voters(const QuorumState& state,
                                            std::span<const NodeId> voters);

// Reads either version. Refuses what is no JSON object, a missing or repeated key of its version,
// numbers out of range, and a voted directory without a vote. Other keys are passed over, as Kafka
// does.
Expected<QuorumState, DecodeError> decode_quorum_state(std::string_view text);

}  // namespace glasslog::raft
