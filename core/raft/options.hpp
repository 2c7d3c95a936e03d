#pragma once

// What a Raft machine is told when it is made: who it is, how patient, and what its disk held.

#include "core/raft/rules.hpp"
#include "core/raft/types.hpp"

namespace glasslog::raft {

// Names and defaults of Kafka's controller.quorum.* configuration.
struct Timing {
    Duration election_timeout =
        Duration::milliseconds(1'000);  // and up to as much again, at random
    Duration fetch_timeout = Duration::milliseconds(2'000);
    Duration request_timeout = Duration::milliseconds(2'000);
    Duration retry_backoff = Duration::milliseconds(20);
    Duration election_backoff_max = Duration::milliseconds(1'000);
    Duration fetch_wait_max = Duration::milliseconds(500);
    // After a leader is gone for sure (Refused), a follower asks for votes within this time, at
    // random. Zero: as Kafka, only the fetch timeout counts.
    Duration fast_election_delay_max = Duration::milliseconds(50);
    Duration change_voter_timeout = Duration::milliseconds(30'000);
};

// An observer that was not heard for so long is forgotten, as Kafka's leader does.
inline constexpr Duration observer_session = Duration::seconds(300);

struct Limits {
    std::size_t parked_max = 1'000;      // fetches, reads: each
    std::size_t observers_max = 10'000;  // whose progress is remembered
};

struct Options {
    ReplicaKey self;
    // Only a controller may vote; a broker observes.
    bool can_vote = true;
    std::vector<Endpoint> endpoints;  // of this node's controller listeners
    KraftRange kraft_version{0, 1};
    std::size_t bootstrap_server_count = 0;  // asked by an observer that knows no leader
    bool joins_by_itself = false;            // controller.quorum.auto.join.enable
    Timing timing;
    Limits limits;
    Rules rules;
    std::uint64_t seed = 0;  // of this life's timeouts
};

// What the disk held. voters: those of the snapshot or configuration first, then the log's.
struct Opened {
    QuorumState quorum;
    Offset log_start{0};
    Offset log_end{0};
    log::EpochCache epochs;
    std::optional<SnapshotId> snapshot;  // the newest
    std::vector<VotersAt> voters;
};

}  // namespace glasslog::raft
