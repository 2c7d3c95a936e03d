#pragma once

// Nodes of a quorum in a simulated world: each a ReplicatedLog on its own disk, with a server that
// other nodes reach, and what its listener was told.

#include "core/raft/replicated.hpp"
#include "core/rpc/server.hpp"
#include "core/storage/log_directory.hpp"
#include "sim/world.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::raft::test {

// What one life of a node was told.
struct Told {
    std::vector<std::string> values;  // of data batches and of a snapshot, in order
    std::vector<Offset> snapshots;
    std::vector<LeaderEpoch> gained;
    std::vector<LeaderEpoch> lost;
    std::optional<IoError> failure;
    Offset upto;
    LeaderEpoch epoch;  // of the last batch
    bool is_open = false;
};

struct LabOptions {
    std::uint64_t seed = 1;
    std::int32_t voters = 3;
    std::int32_t spares = 0;  // nodes that are no voters
    Duration fast_election_delay_max;
    bool spares_join = false;   // by themselves
    NodeId stranger = no_node;  // was formatted for another cluster
    bool is_static = false;     // the voters stand in configuration files: kraft.version 0
};

class QuorumNode;

class QuorumLab {
public:
    explicit QuorumLab(const LabOptions& options);
    ~QuorumLab();

    void start_all();

    // Until `finished` holds; checks every node's machine after every event.
    bool run_until(UniqueFunction<bool()> finished, Duration limit = Duration::seconds(30));
    void run_for(Duration time);

    // The one active leader, awaited.
    NodeId leader();
    bool has_leader_other_than(NodeId node);

    ReplicatedLog& log(NodeId node);

    // Of this life.
    const Told& told(NodeId node) const { return told_.at(node); }

    bool is_up(NodeId node) { return world_.is_running(node); }

    bool is_open(NodeId node) const { return told_.at(node).is_open; }

    // Proposes one batch on that node; its end, or nothing when it does not lead.
    std::optional<Offset> propose(NodeId node, const std::vector<std::string>& values);

    // The same on whichever leads, until every running node was told of it.
    void write(const std::string& value);
    bool knows_everywhere(const std::string& value);

    // Everything told so far, as a snapshot; until it is there.
    void snapshot(NodeId node);

    // Asks from outside, as an administrator does.
    template <typename Response, typename Request>
    Response ask(NodeId node, const Request& request) {
        auto answer = std::make_shared<std::optional<Response>>();
        log(node).handle(request,
                         [answer](Response response) { answer->emplace(std::move(response)); });
        EXPECT_TRUE(run_until([&] { return answer->has_value(); }));
        return answer->value_or(Response{});
    }

    std::vector<NodeId> voters_seen_by(NodeId node);

    // Bytes of a file in the folder of the log; empty when there is none.
    Bytes file(NodeId node, const std::string& name);

    QuorumOptions options_of(NodeId node) const;
    static Uuid directory_of(NodeId node);

    sim::World& world() { return world_; }

private:
    friend class QuorumNode;

    LabOptions options_;
    sim::World world_;
    std::map<NodeId, Told> told_;
    std::vector<NodeId> nodes_;
};

}  // namespace glasslog::raft::test
