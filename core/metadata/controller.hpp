#pragma once

// Controller: decides every change of the cluster's metadata. A machine of the second shape: handle
// looks at the image as of the last appended record, and returns records and answers; only replay
// changes the image, when the records were appended. The service keeps each answer until the
// records below it are committed. Sources: KIP-500, KIP-631; docs/metadata.md.
//
// Its parts, one file each: topics, alter_configs, brokers, partitions, leader_elections,
// reassignment, feature_levels; what they share is pure (partition_change.hpp, elections.hpp,
// elr.hpp, placement.hpp).

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/metadata/configs.hpp"
#include "core/metadata/image.hpp"
#include "core/metadata/partition_change.hpp"
#include "core/metadata/records.hpp"
#include "core/metadata/requests.hpp"
#include "core/metadata/rules.hpp"
#include "core/metadata/soft.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace glasslog::metadata {

// records: to be written so that all of them count or none (decision_batches.hpp). replies: when
// the records, and all that they rest on, are committed. wake_at: call on_timer then; it replaces
// the time of earlier decisions.
struct Decision {
    std::vector<Record> records;
    std::vector<Reply> replies;
    Instant wake_at = Instant::never();
};

struct ControllerOptions {
    NodeId node{1};
    std::string cluster_id;
    StaticConfigs file;  // defaults: num.partitions, …
    std::int32_t partitions_per_request_max = 10'000;
    std::size_t records_per_request_max = 10'000;     // of a user; they fit one batch
    std::int32_t max_replication_factor = 1;          // until the node can replicate
    Duration session_timeout = Duration::seconds(9);  // broker.session.timeout.ms
    Duration balance_interval = Duration::seconds(300);
    Duration unclean_interval = Duration::seconds(300);
    // metadata.max.idle.interval.ms; max() for a quorum of one voter, whose log need not move.
    Duration no_op_interval = Duration::max();
    std::size_t elections_per_pass_max = 1'000;
    // A new incarnation of a broker with the same directories needs not wait until the session of
    // the one before ends. Kafka lets it wait.
    bool trusts_directory_locks = false;
    Rules rules{};
};

// When and where a decision falls. next_offset: where its first record will stand (a broker's epoch
// is the offset at which its registration was decided).
struct Moment {
    Instant now;
    Offset next_offset;
};

class Controller {
public:
    // The image is that of the committed log when this controller begins to lead.
    Controller(ControllerOptions options, Image image);

    // Leads a cluster of brokers from now on: all sessions and timers begin. Once, before on_timer
    // is called; the broker of a node that is alone beats as any other does (decision 0009).
    Decision begin(Instant now);

    // Decides. Changes soft() alone. What a user asks is refused as a whole, with
    // POLICY_VIOLATION, when it takes more than records_per_request_max.
    Decision handle(const Request& request, RequestToken token, const Moment& at);

    // Decides what is due by now, one thing at a time: a wake_at that is not in the future asks to
    // be called again.
    Decision on_timer(const Moment& at);

    // The records that make an empty log a cluster: the feature levels.
    std::vector<Record> bootstrap() const;

    // Applies a batch that was appended: its first record stands at `base`.
    void replay(std::span<const Record> records, Offset base, LeaderEpoch epoch);

    // A control record of the metadata log finalized this level of kraft.version.
    void replay_kraft_version(std::int16_t level);

    const Image& state() const { return image_; }

    const Soft& soft() const { return soft_; }

private:
    using Records = std::vector<Record>;
    using Affected = std::function<bool(const PartitionState&)>;

    // What a heartbeat makes of its broker.
    enum class BrokerStep : std::uint8_t { stay, fence, unfence, begin_shutdown, shut_down_now };

    // What an election of one partition came to.
    struct Outcome {
        protocol::WireError error = protocol::WireError::none;
        std::optional<std::string> message;
    };

    Response decide(const CreateTopics& request, const Moment& at, Records& records);
    Response decide(const DeleteTopics& request, const Moment& at, Records& records);
    Response decide(const CreatePartitions& request, const Moment& at, Records& records);
    Response decide(const AlterConfigs& request, const Moment& at, Records& records);
    Response decide(const UpdateFeatures& request, const Moment& at, Records& records);
    Response decide(const FenceBroker& request, const Moment& at, Records& records);
    Response decide(const protocol::BrokerRegistrationRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::BrokerHeartbeatRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::UnregisterBrokerRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::ControllerRegistrationRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::AllocateProducerIdsRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::AlterPartitionRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::AssignReplicasToDirsRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::ElectLeadersRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::AlterPartitionReassignmentsRequest& request,
                    const Moment& at,
                    Records& records);
    Response decide(const protocol::ListPartitionReassignmentsRequest& request,
                    const Moment& at,
                    Records& records);

    // brokers.cpp
    bool is_stale(NodeId broker, BrokerEpoch epoch) const;
    std::optional<protocol::WireError> registration_refusal(
        const protocol::BrokerRegistrationRequest& request, Instant now) const;
    std::optional<protocol::WireError> feature_refusal(
        const std::vector<protocol::RegisteredFeature>& features) const;
    void fence(const Broker& broker, Records& records) const;
    bool fence_expired(Instant now, Records& records);

    // heartbeats.cpp
    BrokerStep next_step(const protocol::BrokerHeartbeatRequest& request, bool is_caught_up) const;
    void take_directories(const protocol::BrokerHeartbeatRequest& request,
                          BrokerStep step,
                          Records& records) const;
    void unfence(const Broker& broker, Records& records) const;
    void begin_shutdown(const Broker& broker, Records& records) const;
    bool leads_anything(NodeId broker) const;
    Offset lowest_active_offset() const;

    // partitions.cpp
    protocol::AlterPartitionResponse::Partition alter_partition(
        const protocol::AlterPartitionRequest& request,
        const Topic& topic,
        const protocol::AlterPartitionRequest::Partition& wanted,
        Records& records) const;
    protocol::WireError assign_directory(const protocol::AssignReplicasToDirsRequest& request,
                                         const PartitionRef& which,
                                         const Uuid& directory,
                                         Records& records) const;

    // leader_elections.cpp
    ChangeScope scope_of(const Topic& topic, ElectionKind kind) const;
    void update_leaders(const Presence& presence, const Affected& affected, Records& records) const;
    Outcome elect_leader(const Topic& topic,
                         PartitionIndex index,
                         ElectionKind kind,
                         Records& records) const;
    void move_leaders_back(Records& records) const;
    void elect_uncleanly(Records& records) const;

    // reassignment.cpp
    Outcome reassign(const protocol::AlterPartitionReassignmentsRequest& request,
                     const std::string& topic,
                     const protocol::AlterPartitionReassignmentsRequest::Partition& wanted,
                     Records& records) const;
    Outcome cancel_reassignment(const Topic& topic, PartitionIndex index, Records& records) const;

    // feature_levels.cpp
    bool has_elr() const;
    std::optional<std::string> level_complaint(
        const protocol::UpdateFeaturesRequest::Update& update) const;
    void add_elr_records(Records& records) const;

    ConfigLayers layers() const;
    ConfigLayers cluster_layers() const;  // of no broker in particular
    std::int64_t min_isr(const Topic& topic) const;
    bool allows_unclean_election(const Topic& topic) const;

    ControllerOptions options_;
    Image image_;
    Soft soft_;
};

}  // namespace glasslog::metadata
