#pragma once

// What runs inside a Producer: finds partitions and leaders, sends what is ready, and decides after
// each answer whether a batch is done, comes again, or has failed.

#include "core/client/accumulator.hpp"
#include "core/client/producer.hpp"
#include "core/protocol/messages/init_producer_id.hpp"
#include "core/protocol/messages/produce.hpp"
#include "core/runtime/gate.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::client {

class Producer::Sender {
public:
    Sender(const runtime::Runtime& runtime,
           const ClusterConfig& cluster,
           const ProducerConfig& config);

    Expected<void, ClientError> produce(NewRecord record, ClientDone<RecordPlace> done);
    void flush(UniqueFunction<void()> done);

    std::size_t buffered_bytes() const { return buffered_bytes_; }

    const ProducerCounters& counters() const { return counters_; }

    Cluster& cluster() { return cluster_; }

private:
    // Taken, but its partition or the producer's identity is not known yet.
    struct Held {
        NewRecord record;
        PendingRecord pending;
        std::size_t bytes = 0;
        Instant deadline;
    };

    // The partition that records without a key go to for now.
    struct Sticky {
        PartitionIndex partition;
        std::size_t bytes_left = 0;
    };

    // A batch in a request, and the request's way to find it again.
    struct Sent {
        TopicPartition partition;
        const Batch* batch = nullptr;
    };

    struct Flush {
        std::uint64_t upto = 0;  // every record numbered below has its answer
        UniqueFunction<void()> done;
    };

    using Queues = std::map<TopicPartition, PartitionQueue>;
    using Answer = Expected<rpc::Answered<protocol::ProduceResponse>, rpc::RpcError>;
    using PartitionAnswer = protocol::ProduceResponse::Partition;

    bool is_idempotent() const;
    void pump_soon();
    void pump();

    // Finding the place of records.
    void place_held();
    ClientError why_held(const Held& held) const;
    bool place(Held& held);
    PartitionIndex choose_partition(const Held& held, const TopicView& topic);
    void want_metadata();
    void want_identity();
    void identified(
        const Expected<rpc::Answered<protocol::InitProducerIdResponse>, rpc::RpcError>& answer);

    // Sending.
    void send_ready();
    std::vector<Sent> collect(const std::vector<Queues::iterator>& ready);
    void send_request(NodeId leader, std::vector<Sent> sent);

    // Judging answers.
    void answered(std::vector<Sent> sent, const Answer& answer);
    const PartitionAnswer* find_answer(const protocol::ProduceResponse& response,
                                       const TopicPartition& partition) const;
    void judge(const Sent& sent, const PartitionAnswer* answer);
    void retry(const Sent& sent, const ClientError& error);
    void complete(const Sent& sent, Offset base, std::int64_t append_time);
    void fail(const Sent& sent, const ClientError& error);
    void fail_records(const TopicPartition& partition, Batch& batch, const ClientError& error);
    void expire(Instant now);
    void bump_epoch_when_quiet();

    void finish_flushes();
    std::uint64_t oldest_unanswered() const;
    void wake_at(Instant when);
    Instant next_wake() const;

    runtime::Runtime runtime_;
    ProducerConfig config_;
    AccumulatorConfig batching_;
    Cluster cluster_;
    ProducerCounters counters_;

    std::deque<Held> held_;
    Queues queues_;
    std::map<std::string, Sticky> sticky_;
    std::size_t buffered_bytes_ = 0;
    std::uint64_t next_number_ = 0;
    std::vector<Flush> flushes_;

    ProducerIdentity identity_;
    bool is_identity_asked_ = false;
    bool needs_epoch_bump_ = false;
    std::size_t in_flight_count_ = 0;  // batches

    bool needs_metadata_ = false;
    bool is_metadata_asked_ = false;
    Instant metadata_not_before_;
    bool is_pump_posted_ = false;
    runtime::Timer wake_timer_;
    Instant wake_at_ = Instant::never();
    runtime::Gate gate_;
};

}  // namespace glasslog::client
