#pragma once

// What runs inside a Consumer: positions of the assigned partitions, one fetch at a time to each
// leader, and fetched batches until poll() takes their records.

#include "core/client/consumer.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/protocol/messages/list_offsets.hpp"
#include "core/runtime/gate.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace glasslog::client {

// Fetched bytes of one partition and how far their records have been taken.
class FetchedBatches {
public:
    // Whole batches; a cut one at the end is ignored.
    explicit FetchedBatches(Bytes bytes) : bytes_(std::move(bytes)) {}

    // Behind the last whole batch; none when there is none.
    std::optional<Offset> next_offset() const;

    // Decodes the next batch: appends its records from `position` on, and moves `position` behind
    // it. False at the end. Control batches give no records.
    Expected<bool, ClientError> decode_next(const TopicPartition& partition,
                                            std::size_t bytes_max,
                                            Offset& position,
                                            std::deque<ConsumedRecord>& records);

private:
    Bytes bytes_;
    std::size_t at_ = 0;
};

class Consumer::Fetcher {
public:
    Fetcher(const runtime::Runtime& runtime,
            const ClusterConfig& cluster,
            const ConsumerConfig& config);

    void assign(std::vector<Assignment> assignments);
    void seek(const TopicPartition& partition, StartAt start);
    void poll(std::size_t records_max,
              Duration timeout,
              ClientDone<std::vector<ConsumedRecord>> done);

    std::optional<Offset> position(const TopicPartition& partition) const;
    std::optional<Offset> high_watermark(const TopicPartition& partition) const;

    const std::optional<ClientError>& last_refusal() const { return last_refusal_; }

    const ConsumerCounters& counters() const { return counters_; }

    Cluster& cluster() { return cluster_; }

private:
    // One assigned partition. consumed ≤ decoded ≤ fetched, all offsets of a next record.
    struct Position {
        std::optional<StartAt> looking_for;  // until ListOffsets has answered
        bool is_asked = false;               // a fetch or ListOffsets is on its way
        std::uint64_t generation = 0;        // answers to what was asked before a seek are void
        Offset consumed = no_offset;
        Offset decoded = no_offset;
        Offset fetched = no_offset;
        std::optional<Offset> high_watermark;
        std::deque<ConsumedRecord> records;
        std::deque<FetchedBatches> chunks;
        Instant not_before;
    };

    struct Asked {
        TopicPartition partition;
        std::uint64_t generation = 0;
    };

    struct Poll {
        std::size_t records_max = 0;
        ClientDone<std::vector<ConsumedRecord>> done;
    };

    using Positions = std::map<TopicPartition, Position>;
    using FetchAnswer = Expected<rpc::Answered<protocol::FetchResponse>, rpc::RpcError>;
    using OffsetsAnswer = Expected<rpc::Answered<protocol::ListOffsetsResponse>, rpc::RpcError>;

    void start_at(Position& position, const StartAt& start);
    void pump_soon();
    void pump();
    bool may_fetch(const Position& position) const;

    void look_up(NodeId leader, const TopicPartition& partition, Position& position);
    void looked_up(const Asked& asked, const OffsetsAnswer& answer);
    void fetch(NodeId leader, const std::vector<Positions::iterator>& partitions);
    void fetched(NodeId leader, const std::vector<Asked>& asked, const FetchAnswer& answer);
    void take_topic(const protocol::FetchResponse::Topic& topic,
                    std::map<TopicPartition, Asked>& open);
    void take(const Asked& asked, const protocol::FetchResponse::Partition& answer);
    void out_of_range(const TopicPartition& partition, Position& position);
    Position* find(const Asked& asked);
    void again_later(Position& position);
    void want_metadata();

    void serve_poll();
    bool gather(std::vector<ConsumedRecord>& records, std::size_t records_max);
    void drain(const TopicPartition& partition,
               Position& position,
               std::vector<ConsumedRecord>& records,
               std::size_t records_max);
    void finish_poll(Expected<std::vector<ConsumedRecord>, ClientError> result);
    void wake_at(Instant when);

    runtime::Runtime runtime_;
    ConsumerConfig config_;
    Cluster cluster_;
    ConsumerCounters counters_;
    Positions positions_;
    std::uint64_t last_generation_ = 0;
    TopicPartition last_served_;  // the next poll begins behind it
    std::set<NodeId> fetching_;   // leaders with a fetch on its way
    std::optional<Poll> poll_;
    std::optional<ClientError> error_;  // for the next poll
    std::optional<ClientError> last_refusal_;

    bool is_metadata_asked_ = false;
    bool is_pump_posted_ = false;
    runtime::Timer poll_timer_;
    runtime::Timer wake_timer_;
    Instant wake_at_ = Instant::never();
    runtime::Gate gate_;
};

}  // namespace glasslog::client
