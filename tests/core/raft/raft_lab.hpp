#pragma once

// RaftLab: a few Raft machines in one room: messages arrive in order and at once unless a node is
// cut off, syncs complete at once, time goes on by hand.

#include "core/raft/raft.hpp"

#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace glasslog::raft::test {

Voter voter(std::int32_t id);

struct LabNode {
    std::unique_ptr<Raft> raft;
    std::vector<Batch> log;
    std::vector<SnapshotId> snapshots;
    QuorumState saved;
    bool is_up = true;
    bool is_cut = false;
    std::map<RequestToken, VoterChangeResponse> changes;
    std::map<RequestToken, ReadReply> reads;
    std::map<RequestToken, UpgradeReply> upgrades;
    std::map<RequestId, FetchResponse> fetched;  // the last one
};

class RaftLab {
public:
    // Voters 1 .. count; nodes up to `nodes` observe.
    explicit RaftLab(std::int32_t voters, std::int32_t nodes = 0, Rules rules = {});

    // Voters as configuration files name them: without disks, at kraft.version 0.
    static RaftLab with_static_voters(std::int32_t voters);

    LabNode& node(std::int32_t id) { return nodes_.at(NodeId(id)); }

    const State& state(std::int32_t id) { return node(id).raft->state(); }

    // Ticks whoever is due until `passed`, delivering everything in between.
    void run(Duration passed);

    // Only this node's clock: its timer fires.
    void tick(std::int32_t id);

    RequestToken propose(std::int32_t id, std::int32_t record_count = 1);
    RequestToken tell(std::int32_t id, Request request);
    RequestToken read(std::int32_t id);
    UpgradeReply upgrade(std::int32_t id, std::int16_t level, bool is_only_checked = false);
    void step(NodeId id, const Event& event);
    void deliver_all();

    void crash(std::int32_t id);  // what was saved and synced stays
    void restart(std::int32_t id);

    // 0: nobody, or more than one.
    std::int32_t leader();

    Instant now() const { return now_; }

private:
    RaftLab(std::vector<Voter> voters, std::int32_t nodes, Rules rules, std::int16_t level);

    struct Message {
        NodeId from;
        NodeId to;
        std::variant<Send, std::pair<RequestId, Response>> what;
    };

    struct Owed {
        NodeId from;
        RequestId id;
    };

    void boot(LabNode& node, NodeId id);
    void carry_out(NodeId id, Effects effects, const Event& cause);
    void append(LabNode& node, const Append& append, const Event& cause);
    void answer(NodeId id, RequestToken token, Response response);
    void send(NodeId from, std::vector<Send> sends);
    void deliver(Message message);
    bool is_reachable(NodeId from, NodeId to);
    std::vector<Batch> read_log(const LabNode& node, Offset from, Offset upto) const;

    std::vector<Voter> voters_;
    Rules rules_;
    std::int16_t kraft_version_ = 1;
    std::map<NodeId, LabNode> nodes_;
    std::deque<Message> in_flight_;
    std::map<RequestToken, Owed> owed_;
    std::uint64_t last_token_ = 0;
    std::uint64_t last_digest_ = 0;
    Instant now_ = Instant::from_nanoseconds(1);
};

}  // namespace glasslog::raft::test
