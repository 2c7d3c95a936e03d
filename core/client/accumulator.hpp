#pragma once

// Records that wait to be sent, as batches of one partition in order. Knows no network and no
// clock: the producer's sender asks and tells.

#include "core/base/time.hpp"
#include "core/client/cluster.hpp"
#include "core/client/records.hpp"
#include "core/protocol/batch_builder.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace glasslog::client {

// The numbers that make a batch idempotent.
struct ProducerIdentity {
    ProducerId id = no_producer_id;
    ProducerEpoch epoch = no_producer_epoch;

    bool is_known() const { return id != no_producer_id; }
};

// A record's share of a batch: who waits for it.
struct PendingRecord {
    ClientDone<RecordPlace> done;
    WallTime timestamp;
    std::uint64_t number = 0;  // counts the producer's records
};

struct Batch {
    explicit Batch(const protocol::BatchOptions& options)
        : builder(options), base_sequence(options.base_sequence) {}

    // Ends the batch: no record is added any more.
    void close();

    // Gives a closed batch other producer numbers.
    void stamp(const ProducerIdentity& identity, Sequence sequence);

    bool is_closed() const { return !bytes.empty(); }

    std::uint64_t number = 0;  // of its first record
    protocol::BatchBuilder builder;
    Bytes bytes;  // when closed
    std::vector<PendingRecord> records;
    std::size_t counted_bytes = 0;  // in the producer's buffer
    Sequence base_sequence;
    Instant opened_at;
    Instant deadline;
    std::int32_t attempt_count = 0;
};

struct AccumulatorConfig {
    std::size_t batch_bytes = 16 * 1024;
    Duration linger;
    Duration delivery_timeout = Duration::seconds(120);
    protocol::Compression compression = protocol::Compression::none;
    std::size_t in_flight_count_max = 5;  // of one partition
};

// The batches of one partition: waiting ones in order, and those in flight. After a failure what
// came back stands in front again, and nothing leaves until everything in flight is back.
class PartitionQueue {
public:
    explicit PartitionQueue(const AccumulatorConfig& config) : config_(&config) {}

    // `config` outlives the queue. counted_bytes: the record's share of the producer's buffer.
    void append(const NewRecord& record,
                PendingRecord pending,
                std::size_t counted_bytes,
                const ProducerIdentity& identity,
                Instant now);

    // When the first batch may leave; never() while nothing may.
    Instant ready_at() const;

    // The first batch, closed, now in flight. The reference holds until remove_in_flight.
    Batch& take();

    // Removes it from flight; the caller answers its records.
    std::unique_ptr<Batch> remove_in_flight(const Batch& batch);

    // Puts a batch back to where its order demands; no batch leaves before `not_before`.
    void give_back(std::unique_ptr<Batch> batch, Instant not_before);

    // Waiting batches that are over at `now`, in order.
    std::vector<std::unique_ptr<Batch>> take_expired(Instant now);

    // Numbers everything that waits anew, from 0. Nothing is in flight.
    void restart_sequences(const ProducerIdentity& identity);

    // Everything that waits leaves without lingering.
    void flush() { is_flushing_ = !waiting_.empty(); }

    std::size_t in_flight_count() const { return in_flight_.size(); }

    bool is_empty() const { return waiting_.empty() && in_flight_.empty(); }

    // Of the oldest batch here; none when empty.
    std::optional<std::uint64_t> oldest_number() const;

    // Of the oldest waiting batch; never() when none waits.
    Instant first_deadline() const;

    std::size_t first_bytes() const;

private:
    Batch& open_batch(const ProducerIdentity& identity, Instant now);
    void settle();

    const AccumulatorConfig* config_;
    std::deque<std::unique_ptr<Batch>> waiting_;
    std::vector<std::unique_ptr<Batch>> in_flight_;
    Sequence next_sequence_{0};
    bool is_recovering_ = false;
    bool is_flushing_ = false;
    Instant not_before_;
};

}  // namespace glasslog::client
