#pragma once

// Produces records: batches by partition, compressed, numbered when idempotent, retried in order.

#include "core/base/expected.hpp"
#include "core/client/client_error.hpp"
#include "core/client/cluster.hpp"
#include "core/client/records.hpp"
#include "core/protocol/compression.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <memory>

namespace glasslog::client {

enum class Acks : std::int16_t { all = -1, none = 0, leader = 1 };

enum class Idempotence : std::uint8_t { off, on };

struct ProducerConfig {
    Acks acks = Acks::all;
    Idempotence idempotence = Idempotence::on;  // needs Acks::all
    protocol::Compression compression = protocol::Compression::none;
    std::size_t batch_bytes = 16 * 1024;              // batch.size, uncompressed
    Duration linger = Duration::milliseconds(5);      // linger.ms
    std::size_t buffer_bytes_max = 32 * 1024 * 1024;  // buffer.memory
    std::size_t request_bytes_max = 1024 * 1024;      // max.request.size
    Duration delivery_timeout = Duration::seconds(120);
};

struct ProducerCounters {
    std::uint64_t record_count = 0;  // accepted by produce()
    std::uint64_t acked_count = 0;
    std::uint64_t failed_count = 0;
    std::uint64_t batch_count = 0;  // sent, without repeats
    std::uint64_t retry_count = 0;  // batches sent again
    std::uint64_t request_count = 0;
    std::uint64_t batch_bytes = 0;  // as sent, without repeats
};

// Of one partition the records are kept in the order of the calls: at most five batches are in
// flight, and after a failure everything behind it waits for its repeat. Without idempotence one.
class Producer {
public:
    Producer(const runtime::Runtime& runtime,
             const ClusterConfig& cluster,
             const ProducerConfig& config);
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    // Takes the record, or refuses it at once (full, too_large) without calling `done`. `done` runs
    // once, when the cluster keeps the record as `acks` asks, or cannot within delivery_timeout.
    Expected<void, ClientError> produce(NewRecord record, ClientDone<RecordPlace> done);

    // Sends without lingering; `done` runs when every record taken so far has its answer.
    void flush(UniqueFunction<void()> done);

    std::size_t buffered_bytes() const;
    const ProducerCounters& counters() const;
    Cluster& cluster();

private:
    class Sender;
    std::unique_ptr<Sender> sender_;
};

}  // namespace glasslog::client
