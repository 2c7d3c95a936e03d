#pragma once

// QuorumWatch: holds a quorum that runs at full depth against the theorems of invariants/: what its
// nodes say (trace), what they know (State, images) and what stands on their disks, byte by byte.
// It looks in events of the world, never in the middle of a node's code.

#include "core/trace/kinds.hpp"
#include "sim/history.hpp"
#include "sim/invariants/broker_epochs.hpp"
#include "sim/invariants/committed_prefix.hpp"
#include "sim/invariants/controller_exclusion.hpp"
#include "sim/invariants/election_safety.hpp"
#include "sim/invariants/log_matching.hpp"
#include "sim/invariants/metadata_log_matching.hpp"
#include "sim/invariants/never_two_leaders_in_same_epoch.hpp"
#include "sim/invariants/quorum_backed.hpp"
#include "sim/invariants/vote_once.hpp"
#include "sim/log_on_disk.hpp"
#include "sim/stage.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace glasslog::sim {

// The promises that it watches, without "quorum-sound", which is all of them.
const std::vector<std::string>& quorum_promises();

class QuorumWatch {
public:
    using Broken = UniqueFunction<void(const std::string& promise, const std::string& text)>;

    // history: of who creates topics.
    QuorumWatch(Stage& stage, History& history, Broken broken)
        : stage_(stage), history_(history), broken_(std::move(broken)) {}

    // Cheap; callable from observers.
    void see(NodeId node, const trace::AnyKind& kind);

    // When everything has come to rest.
    void conclude();

private:
    struct Member {
        LeaderEpoch epoch{0};
        bool leads = false;
    };

    void note(const std::string& promise, const std::optional<std::string>& text);
    void see_role(NodeId node, const trace::kinds::QuorumRoleChanged& role);
    void see_batch(NodeId node, const trace::kinds::BatchAppended& batch);
    void plan(NodeId node);
    void look(NodeId node);
    void look_at_log(NodeId node, const raft::State& state);
    void look_at_leader(NodeId node, const raft::State& state, std::span<const LoggedBatch> log);
    void count_lost_topics();
    Backing backing_of(const LoggedBatch& last, const raft::VoterSet& voters);
    void look_at_image(NodeId node, const metadata::Image& image);

    Stage& stage_;
    History& history_;
    Broken broken_;
    std::map<NodeId, Member> members_;
    std::map<NodeId, LogOnDisk> files_;
    std::set<NodeId> planned_;
    std::set<LeaderEpoch> complete_;  // epochs whose leader was looked at
    Offset committed_end_{0};         // as any leader has ever said
    ElectionSafety elections_;
    NeverTwoLeadersInSameEpoch beliefs_;
    VoteOnce votes_;
    LogMatching logs_;
    CommittedPrefix committed_;
    MetadataLogMatching images_;
    BrokerEpochs broker_epochs_;
    ControllerExclusion exclusion_;
};

}  // namespace glasslog::sim
