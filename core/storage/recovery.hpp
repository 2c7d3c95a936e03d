#pragma once

// Opening a partition's directory: a disk job that ends with a log whose every byte is known to be
// whole, without a hole, and durable. docs/storage.md, "Recovery", draws it.
//
// A clean directory is believed: only the last segment's index and what follows the newest producer
// snapshot are read. Otherwise every segment from the one that holds the recovery point on is
// scanned, and the last one always: at the first batch that is torn, fails its checksum or does not
// follow, the file is cut and later segments are dropped; indexes, producer state and epochs are
// rebuilt; what stays is synced.

#include "core/base/errors.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/log/epoch_cache.hpp"
#include "core/log/producer_state.hpp"
#include "core/storage/job.hpp"
#include "core/storage/segment.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::storage {

// keep_torn_tail is a mistake that only a simulation can make: what follows the last whole batch
// stays in the file, and new batches are appended behind it.
enum class RecoveryRule : std::uint8_t { cut_torn_tail, keep_torn_tail };

enum class Shutdown : std::uint8_t { clean, unclean };

struct OpenLog {
    Shutdown shutdown = Shutdown::unclean;  // was .kafka_cleanshutdown there?
    Offset recovery_point{0};               // from the checkpoint; 0 when it has none
    Offset log_start{0};                    // from the checkpoint; 0 when it has none
    std::size_t producer_count_max = 20'000;
};

// What recovery did, for the log line, the trace and the tests.
struct RecoveryReport {
    std::uint64_t scanned_bytes = 0;
    std::uint32_t scanned_segment_count = 0;
    std::uint64_t cut_bytes = 0;  // of the torn segment
    std::uint32_t dropped_segment_count = 0;
    std::uint32_t rebuilt_index_count = 0;
    std::string reason;  // why it was cut there; empty when nothing was

    friend bool operator==(const RecoveryReport&, const RecoveryReport&) = default;
};

// What an opened log consists of. The last segment is the active one; its file is left open in
// `active_slot`.
struct RecoveredLog {
    std::vector<Segment> segments;  // at least one
    std::unique_ptr<SegmentIndexes> active;
    log::EpochCache epochs;  // from the first segment on, which may begin below log_start
    log::ProducerState producers;
    Offset log_start;
    Offset log_end;
    Offset snapshot_end;  // covered by the newest producer snapshot
    RecoveryReport report;
};

inline constexpr FileSlot active_slot{0};

struct RecoveryPlan {
    std::string directory;
    OpenLog open;
    IndexLimits limits;
    RecoveryRule rule = RecoveryRule::cut_torn_tail;
    std::optional<Offset> cut_at;  // truncation: as if the first batch that reaches it were torn
    std::optional<Offset> restart_at;  // everything goes; the log is empty and begins here
};

// `result` is filled when the job finishes without an error.
Job recover_log(RecoveryPlan plan, std::shared_ptr<RecoveredLog> result);

}  // namespace glasslog::storage
