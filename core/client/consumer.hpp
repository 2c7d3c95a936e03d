#pragma once

// Consumes assigned partitions: positions, long polls, checked and decompressed records.

#include "core/base/expected.hpp"
#include "core/client/client_error.hpp"
#include "core/client/cluster.hpp"
#include "core/client/records.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace glasslog::client {

// auto.offset.reset: what happens when the position is not in the log.
enum class OutOfRange : std::uint8_t { earliest, latest, fail };

struct ConsumerConfig {
    OutOfRange out_of_range = OutOfRange::earliest;
    Duration fetch_wait_max = Duration::milliseconds(500);
    std::int32_t fetch_bytes_min = 1;
    std::int32_t fetch_bytes_max = 50 * 1024 * 1024;
    std::int32_t partition_fetch_bytes_max = 1024 * 1024;
    std::size_t batch_bytes_max = 256 * 1024 * 1024;  // of a decompressed batch
};

struct Earliest {};

struct Latest {};

// Where to begin: an offset, an end of the log, or the first record at or after a time.
using StartAt = std::variant<Offset, Earliest, Latest, WallTime>;

struct Assignment {
    TopicPartition partition;
    StartAt start;
};

struct ConsumerCounters {
    std::uint64_t record_count = 0;
    std::uint64_t fetch_count = 0;
    std::uint64_t received_bytes = 0;  // of batches
    std::uint64_t reset_count = 0;     // positions moved because they were out of range
};

class Consumer {
public:
    Consumer(const runtime::Runtime& runtime,
             const ClusterConfig& cluster,
             const ConsumerConfig& config);
    ~Consumer();
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    // Replaces what was assigned; fetching begins at once.
    void assign(std::vector<Assignment> assignments);

    // Up to `records_max` records, each partition's in order, as soon as there is one; none after
    // `timeout`. One poll at a time. Fails with out_of_range (OutOfRange::fail), corrupt, and what
    // trying again will not mend; the others are tried again inside.
    void poll(std::size_t records_max,
              Duration timeout,
              ClientDone<std::vector<ConsumedRecord>> done);

    // Of the next record that poll() gives; none until the start is known.
    std::optional<Offset> position(const TopicPartition& partition) const;

    // As the last fetch told.
    std::optional<Offset> high_watermark(const TopicPartition& partition) const;

    // What a fetch was refused with, also when it was tried again since.
    const std::optional<ClientError>& last_refusal() const;

    void seek(const TopicPartition& partition, StartAt start);

    const ConsumerCounters& counters() const;
    Cluster& cluster();

private:
    class Fetcher;
    std::unique_ptr<Fetcher> fetcher_;
};

}  // namespace glasslog::client
