#pragma once

// AlterPartition (API key 56): a leader asks the controller to change the ISR (KIP-497, KIP-841).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// leader_recovery_state: 0 recovered, 1 recovering from an unclean election. new_isr_with_epochs:
// each replica with the broker epoch that the leader saw it fetch in, -1 when it did not say.
struct AlterPartitionRequest {
    static constexpr std::string_view message_name = "AlterPartitionRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::alter_partition;
    static constexpr VersionRange versions{2, 3};
    static constexpr Version flexible_from{0};

    struct BrokerState {
        NodeId broker_id;
        BrokerEpoch broker_epoch{-1};

        static void walk(auto& self, auto& w) {
            w.field("broker_id", self.broker_id);
            w.field("broker_epoch", self.broker_epoch);
        }

        friend bool operator==(const BrokerState&, const BrokerState&) = default;
    };

    struct Partition {
        PartitionIndex partition_index;
        LeaderEpoch leader_epoch;
        std::vector<NodeId> new_isr;
        std::vector<BrokerState> new_isr_with_epochs;
        std::int8_t leader_recovery_state = 0;
        std::int32_t partition_epoch = 0;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("leader_epoch", self.leader_epoch);
            w.array("new_isr", self.new_isr, until(2));
            w.array("new_isr_with_epochs", self.new_isr_with_epochs, since(3));
            w.field("leader_recovery_state", self.leader_recovery_state);
            w.field("partition_epoch", self.partition_epoch);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic_id", self.topic_id);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    NodeId broker_id;
    BrokerEpoch broker_epoch{-1};
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("broker_epoch", self.broker_epoch);
        w.array("topics", self.topics);
    }

    friend bool operator==(const AlterPartitionRequest&, const AlterPartitionRequest&) = default;
};

// The state of each partition after the change.
struct AlterPartitionResponse {
    static constexpr std::string_view message_name = "AlterPartitionResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::alter_partition;
    static constexpr VersionRange versions{2, 3};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;
        NodeId leader_id;
        LeaderEpoch leader_epoch;
        std::vector<NodeId> isr;
        std::int8_t leader_recovery_state = 0;
        std::int32_t partition_epoch = 0;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
            w.array("isr", self.isr);
            w.field("leader_recovery_state", self.leader_recovery_state);
            w.field("partition_epoch", self.partition_epoch);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic_id", self.topic_id);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.array("topics", self.topics);
    }

    friend bool operator==(const AlterPartitionResponse&, const AlterPartitionResponse&) = default;
};

}  // namespace glasslog::protocol
