#pragma once

// The machine's requests and responses as Kafka's wire messages, and back: keys 1 (Fetch of
// __cluster_metadata), 52, 53, 54, 59, 80, 81, 82, each in all versions. What a version has no
// field for is left out by the codec. A request for another cluster or topic becomes the answer
// that it gets, and never reaches the machine. Sources: KIP-595, KIP-630, KIP-853, KIP-996.

#include "core/base/payload.hpp"
#include "core/protocol/messages/add_raft_voter.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/messages/begin_quorum_epoch.hpp"
#include "core/protocol/messages/end_quorum_epoch.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/protocol/messages/fetch_snapshot.hpp"
#include "core/protocol/messages/remove_raft_voter.hpp"
#include "core/protocol/messages/update_raft_voter.hpp"
#include "core/protocol/messages/vote.hpp"
#include "core/raft/events.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace glasslog::raft {

// What every message names. listener: of the controllers, by which a node with several is reached.
struct WireContext {
    std::string cluster_id;
    std::string listener = "CONTROLLER";
    std::int32_t fetch_bytes_max = 1 << 20;
    std::int32_t snapshot_bytes_max = 1 << 20;
};

// Of several, the one with that name, or else the first; null when there is none.
const Endpoint* choose_endpoint(std::span<const Endpoint> endpoints, const std::string& listener);

// ------------------------------------------------------------------------------------- requests

protocol::VoteRequest to_wire(const VoteRequest& request, const WireContext& context);
protocol::BeginQuorumEpochRequest to_wire(const BeginQuorumEpochRequest& request,
                                          const WireContext& context);
protocol::EndQuorumEpochRequest to_wire(const EndQuorumEpochRequest& request,
                                        const WireContext& context);
protocol::FetchRequest to_wire(const FetchRequest& request, const WireContext& context);
protocol::FetchSnapshotRequest to_wire(const FetchSnapshotRequest& request,
                                       const WireContext& context);
protocol::AddRaftVoterRequest to_wire(const AddVoterRequest& request, const WireContext& context);
protocol::RemoveRaftVoterRequest to_wire(const RemoveVoterRequest& request,
                                         const WireContext& context);
protocol::UpdateRaftVoterRequest to_wire(const UpdateVoterRequest& request,
                                         const WireContext& context);
protocol::ApiVersionsRequest to_wire(const ProbeRequest& request, const WireContext& context);

// A typed request, or the answer to one that cannot be understood (errors 104, 42, 3).
template <typename Typed, typename Refusal>
using Understood = std::variant<Typed, Refusal>;

Understood<VoteRequest, protocol::VoteResponse> from_wire(const protocol::VoteRequest& request,
                                                          const WireContext& context);
Understood<BeginQuorumEpochRequest, protocol::BeginQuorumEpochResponse> from_wire(
    const protocol::BeginQuorumEpochRequest& request, const WireContext& context);
Understood<EndQuorumEpochRequest, protocol::EndQuorumEpochResponse> from_wire(
    const protocol::EndQuorumEpochRequest& request, const WireContext& context);
Understood<FetchRequest, protocol::FetchResponse> from_wire(const protocol::FetchRequest& request,
                                                            const WireContext& context);
Understood<FetchSnapshotRequest, protocol::FetchSnapshotResponse> from_wire(
    const protocol::FetchSnapshotRequest& request, const WireContext& context);
Understood<AddVoterRequest, protocol::AddRaftVoterResponse> from_wire(
    const protocol::AddRaftVoterRequest& request, const WireContext& context);
Understood<RemoveVoterRequest, protocol::RemoveRaftVoterResponse> from_wire(
    const protocol::RemoveRaftVoterRequest& request, const WireContext& context);
Understood<UpdateVoterRequest, protocol::UpdateRaftVoterResponse> from_wire(
    const protocol::UpdateRaftVoterRequest& request, const WireContext& context);

// ------------------------------------------------------------------------------------ responses

// The response that a request of this kind gets; `bytes`: batches of a Fetch, the range of a
// FetchSnapshot.
struct Answering {
    const WireContext& context;
    Payload bytes = {};
};

protocol::VoteResponse answer_vote(const VoteResponse& response, const Answering& how);
protocol::BeginQuorumEpochResponse answer_begin(const BeginQuorumEpochResponse& response,
                                                const Answering& how);
protocol::EndQuorumEpochResponse answer_end(const EndQuorumEpochResponse& response,
                                            const Answering& how);
protocol::FetchResponse answer_fetch(const FetchResponse& response, Answering how);
protocol::FetchSnapshotResponse answer_fetch_snapshot(const FetchSnapshotResponse& response,
                                                      Answering how);
protocol::AddRaftVoterResponse answer_add(const VoterChangeResponse& response);
protocol::RemoveRaftVoterResponse answer_remove(const VoterChangeResponse& response);
protocol::UpdateRaftVoterResponse answer_update(const VoterChangeResponse& response,
                                                const Answering& how);

// What an answer says, and the bytes that the machine does not see: of each batch of a Fetch, or
// the one range of a FetchSnapshot.
struct Heard {
    Response response;
    std::vector<Bytes> bytes = {};
};

// Empty: not an answer to what was asked.
std::optional<Heard> hear(const protocol::VoteResponse& response, const WireContext& context);
std::optional<Heard> hear(const protocol::BeginQuorumEpochResponse& response,
                          const WireContext& context);
std::optional<Heard> hear(const protocol::EndQuorumEpochResponse& response,
                          const WireContext& context);
std::optional<Heard> hear(const protocol::FetchResponse& response, const WireContext& context);
std::optional<Heard> hear(const protocol::FetchSnapshotResponse& response,
                          const WireContext& context);
std::optional<Heard> hear(const protocol::AddRaftVoterResponse& response,
                          const WireContext& context);
std::optional<Heard> hear(const protocol::RemoveRaftVoterResponse& response,
                          const WireContext& context);
std::optional<Heard> hear(const protocol::UpdateRaftVoterResponse& response,
                          const WireContext& context);
std::optional<Heard> hear(const protocol::ApiVersionsResponse& response,
                          const WireContext& context);

}  // namespace glasslog::raft
