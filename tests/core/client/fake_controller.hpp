#pragma once

// One controller of a quorum in memory: what it says is what the test put into FakeQuorum, and only
// the leader says it.

#include "core/protocol/codec.hpp"
#include "core/protocol/messages/add_raft_voter.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/messages/describe_cluster.hpp"
#include "core/protocol/messages/describe_quorum.hpp"
#include "core/protocol/messages/remove_raft_voter.hpp"
#include "core/rpc/server.hpp"

#include <map>
#include <string>
#include <vector>

namespace glasslog::client {

// All controllers of a test share it.
struct FakeQuorum {
    std::string cluster_id = "fake-cluster";
    NodeId leader{1};
    LeaderEpoch epoch{5};
    Offset high_watermark{40};
    std::map<NodeId, runtime::Endpoint> voters;
    protocol::WireError change_error = protocol::WireError::none;  // of add and remove
    std::string change_message;
    int refusals_left = -1;  // so many changes are refused, then none; -1: all
    std::vector<protocol::AddRaftVoterRequest> added;
    std::vector<protocol::RemoveRaftVoterRequest> removed;
};

Uuid fake_directory(NodeId id);

class FakeController final : public rpc::Handler {
public:
    FakeController(FakeQuorum& quorum, NodeId id) : quorum_(quorum), id_(id) {}

    void handle(const rpc::ConnectionFacts&, rpc::Request request) override;

    std::size_t request_count = 0;  // without ApiVersions
    bool is_silent = false;         // keeps requests without an answer
    std::vector<rpc::Request> unanswered;

private:
    void describe_quorum(rpc::Request& request) const;
    void describe_cluster(rpc::Request& request) const;
    void add_voter(rpc::Request& request);
    void remove_voter(rpc::Request& request);
    protocol::WireError error_of_change();

    FakeQuorum& quorum_;
    NodeId id_;
};

}  // namespace glasslog::client
