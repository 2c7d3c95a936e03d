#pragma once

// Produce (API key 0): batches for partitions. Versions 0-2 are advertised as Kafka does, but not
// spoken.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// acks: 0 no answer, 1 after the leader's log, -1 after all in-sync replicas. One record batch
// (magic 2) per partition. transactional_id: null outside transactions.
struct ProduceRequest {
    static constexpr std::string_view message_name = "ProduceRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::produce;
    static constexpr VersionRange versions{3, 13};
    static constexpr Version flexible_from{9};

    struct Partition {
        PartitionIndex index;
        std::optional<Payload> records = Payload{};

        static void walk(auto& self, auto& w) {
            w.field("index", self.index);
            w.field("records", self.records, nullable());
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string name;
        Uuid topic_id;
        std::vector<Partition> partition_data;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name, until(12));
            w.field("topic_id", self.topic_id, since(13));
            w.array("partition_data", self.partition_data);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::optional<std::string> transactional_id;
    std::int16_t acks = 0;
    std::int32_t timeout_ms = 0;
    std::vector<Topic> topic_data;

    static void walk(auto& self, auto& w) {
        w.field("transactional_id", self.transactional_id, since(3) | nullable());
        w.field("acks", self.acks);
        w.field("timeout_ms", self.timeout_ms);
        w.array("topic_data", self.topic_data);
    }

    friend bool operator==(const ProduceRequest&, const ProduceRequest&) = default;
};

// base_offset is -1 on error; log_append_time_ms is -1 unless the topic uses LogAppendTime.
struct ProduceResponse {
    static constexpr std::string_view message_name = "ProduceResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::produce;
    static constexpr VersionRange versions{3, 13};
    static constexpr Version flexible_from{9};

    struct RecordError {
        std::int32_t batch_index = 0;
        std::optional<std::string> batch_index_error_message;

        static void walk(auto& self, auto& w) {
            w.field("batch_index", self.batch_index, since(8));
            w.field("batch_index_error_message",
                    self.batch_index_error_message,
                    since(8) | nullable());
        }

        friend bool operator==(const RecordError&, const RecordError&) = default;
    };

    struct CurrentLeader {
        NodeId leader_id{-1};
        LeaderEpoch leader_epoch{-1};

        static void walk(auto& self, auto& w) {
            w.field("leader_id", self.leader_id, since(10));
            w.field("leader_epoch", self.leader_epoch, since(10));
        }

        friend bool operator==(const CurrentLeader&, const CurrentLeader&) = default;
    };

    struct Partition {
        PartitionIndex index;
        WireError error_code = WireError::none;
        Offset base_offset;
        std::int64_t log_append_time_ms = -1;
        Offset log_start_offset{-1};
        std::vector<RecordError> record_errors;
        std::optional<std::string> error_message;
        CurrentLeader current_leader;

        static void walk(auto& self, auto& w) {
            w.field("index", self.index);
            w.field("error_code", self.error_code);
            w.field("base_offset", self.base_offset);
            w.field("log_append_time_ms", self.log_append_time_ms, since(2));
            w.field("log_start_offset", self.log_start_offset, since(5));
            w.array("record_errors", self.record_errors, since(8));
            w.field("error_message", self.error_message, since(8) | nullable());
            w.field("current_leader", self.current_leader, tagged(0) | since(10));
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string name;
        Uuid topic_id;
        std::vector<Partition> partition_responses;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name, until(12));
            w.field("topic_id", self.topic_id, since(13));
            w.array("partition_responses", self.partition_responses);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct NodeEndpoint {
        NodeId node_id;
        std::string host;
        std::int32_t port = 0;
        std::optional<std::string> rack;

        static void walk(auto& self, auto& w) {
            w.field("node_id", self.node_id, since(10));
            w.field("host", self.host, since(10));
            w.field("port", self.port, since(10));
            w.field("rack", self.rack, since(10) | nullable());
        }

        friend bool operator==(const NodeEndpoint&, const NodeEndpoint&) = default;
    };

    std::vector<Topic> responses;
    std::int32_t throttle_time_ms = 0;
    std::vector<NodeEndpoint> node_endpoints;

    static void walk(auto& self, auto& w) {
        w.array("responses", self.responses);
        w.field("throttle_time_ms", self.throttle_time_ms, since(1));
        w.array("node_endpoints", self.node_endpoints, tagged(0) | since(10));
    }

    friend bool operator==(const ProduceResponse&, const ProduceResponse&) = default;
};

}  // namespace glasslog::protocol
