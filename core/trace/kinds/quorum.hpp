#pragma once

// What a node of the metadata quorum (core/raft) is, said and knows; the event's node is that node.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// Its role, its epoch or the leader that it knows is another from here on. role: as
// raft::role_name says it. leader: -1 when it knows none. voted: whom it voted for in this epoch,
// or -1.
struct QuorumRoleChanged {
    static constexpr KindFacts kind{180, "quorum_role_changed", Level::state};

    std::string role;
    LeaderEpoch epoch;
    NodeId leader = no_node;
    NodeId voted = no_node;

    static void walk(auto& self, auto& w) {
        w.field("role", self.role);
        w.field("epoch", self.epoch);
        w.field("leader", self.leader);
        w.field("voted", self.voted);
    }
};

// It told a candidate yes or no. epoch: of the request.
struct QuorumVoteAnswered {
    static constexpr KindFacts kind{181, "quorum_vote_answered", Level::state};

    NodeId candidate = no_node;
    LeaderEpoch epoch;
    bool is_pre_vote = false;
    bool is_granted = false;

    static void walk(auto& self, auto& w) {
        w.field("candidate", self.candidate);
        w.field("epoch", self.epoch);
        w.field("is_pre_vote", self.is_pre_vote);
        w.field("is_granted", self.is_granted);
    }
};

// It knows everything below `to` of the metadata log to be committed.
struct QuorumCommitted {
    static constexpr KindFacts kind{182, "quorum_committed", Level::state};

    Offset to;

    static void walk(auto& self, auto& w) { w.field("to", self.to); }
};

// The voters that it goes by. voters: their ids, "1,2,3". offset: of the record that names them,
// or -1 for those of the configuration.
struct QuorumVotersChanged {
    static constexpr KindFacts kind{183, "quorum_voters_changed", Level::state};

    Offset offset;
    std::string voters;

    static void walk(auto& self, auto& w) {
        w.field("offset", self.offset);
        w.field("voters", self.voters);
    }
};

// A snapshot of everything below `end` stands on its disk: written by itself, or fetched from the
// leader, and then its log begins there.
struct QuorumSnapshot {
    static constexpr KindFacts kind{184, "quorum_snapshot", Level::state};

    Offset end;
    LeaderEpoch epoch;
    std::int64_t bytes = 0;
    bool is_fetched = false;

    static void walk(auto& self, auto& w) {
        w.field("end", self.end);
        w.field("epoch", self.epoch);
        w.field("bytes", self.bytes);
        w.field("is_fetched", self.is_fetched);
    }
};

}  // namespace glasslog::trace::kinds
