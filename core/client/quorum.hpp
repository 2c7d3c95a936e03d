#pragma once

// The metadata quorum of a cluster: who leads, how far everybody is, and who votes. Asked of
// brokers, which pass it on, or of controllers, of which only the leader knows (KIP-595, KIP-836,
// KIP-853, KIP-919).

#include "core/base/expected.hpp"
#include "core/base/uuid.hpp"
#include "core/client/client_error.hpp"
#include "core/client/cluster.hpp"
#include "core/protocol/messages/describe_quorum.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::client {

// One replica of the metadata log as its leader sees it.
struct QuorumReplica {
    NodeId id = no_node;
    Uuid directory_id;  // zero: not said
    Offset log_end = no_offset;
    std::optional<WallTime> last_fetch;      // of the leader: the time of the answer
    std::optional<WallTime> last_caught_up;  // likewise

    friend bool operator==(const QuorumReplica&, const QuorumReplica&) = default;
};

struct QuorumView {
    NodeId leader = no_node;
    LeaderEpoch epoch = no_leader_epoch;
    Offset high_watermark = no_offset;  // -1: the leader does not know it yet
    std::vector<QuorumReplica> voters;
    std::vector<QuorumReplica> observers;
    std::map<NodeId, std::vector<protocol::VoterEndpoint>> endpoints;  // of voters

    const QuorumReplica* find_voter(NodeId id) const;
    const QuorumReplica* find_observer(NodeId id) const;

    friend bool operator==(const QuorumView&, const QuorumView&) = default;
};

// What one answer says; its error, of the request or of the partition, otherwise.
Expected<QuorumView, ClientError> quorum_view(const protocol::DescribeQuorumResponse& response);

protocol::DescribeQuorumRequest describe_quorum_request();

// Whom the endpoints in ClusterConfig::bootstrap belong to.
enum class BootstrapKind : std::uint8_t { brokers, controllers };

struct NewVoter {
    NodeId id = no_node;
    Uuid directory_id;
    std::vector<protocol::VoterEndpoint> listeners;
};

// Every call asks one endpoint after the other until one may answer, the leader, and gives up with
// the last refusal after ClusterConfig::request_timeout. A change that the leader cannot begin yet
// (REQUEST_TIMED_OUT) is asked of it again until then; one that has no answer is not sent again.
class QuorumAdmin {
public:
    QuorumAdmin(const runtime::Runtime& runtime, const ClusterConfig& cluster, BootstrapKind kind);
    ~QuorumAdmin();
    QuorumAdmin(const QuorumAdmin&) = delete;
    QuorumAdmin& operator=(const QuorumAdmin&) = delete;

    void describe(ClientDone<QuorumView> done);
    void cluster_id(ClientDone<std::string> done);

    // Answered when the new set of voters is committed. duplicate_voter: it is one already.
    void add_voter(const NewVoter& voter, ClientDone<void> done);

    // Both ids must be those of a voter; voter_not_found otherwise.
    void remove_voter(NodeId id, const Uuid& directory_id, ClientDone<void> done);

    // Writes the voters of the configuration files into the log: kraft.version 1. Answered when
    // that is committed, or is so already; is_only_checked: whether it could be.
    void upgrade(bool is_only_checked, ClientDone<void> done);

private:
    class Calls;  // what is on its way

    std::unique_ptr<Calls> calls_;
};

}  // namespace glasslog::client
