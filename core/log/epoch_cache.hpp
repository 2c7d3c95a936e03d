#pragma once

// EpochCache: where each leader epoch of a partition begins. Followers and consumers ask it where a
// leader's records ended, so that they cut what no later leader kept (KIP-101, KIP-279, KIP-320).
//
//   epoch 0        epoch 3      epoch 4
//   |0 ......... 11|12 ..... 19|20 ... log end        entries (0,0) (3,12) (4,20)
//
// Entries are strictly increasing in epoch and in start offset. An epoch without records (1, 2
// above) has no entry, or had one that the next epoch replaced. docs/storage.md, "Leader epochs".

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace glasslog::log {

struct EpochStart {
    LeaderEpoch epoch;
    Offset start;  // of the epoch's first record, or where it would have been

    friend auto operator<=>(const EpochStart&, const EpochStart&) = default;
};

// An answer: (no_leader_epoch, no_offset) when nothing is known.
struct EpochEnd {
    LeaderEpoch epoch = no_leader_epoch;
    Offset end = no_offset;  // exclusive

    friend auto operator<=>(const EpochEnd&, const EpochEnd&) = default;
};

class EpochCache {
public:
    EpochCache() = default;

    // `epoch` begins at `start`. Removes every entry with an epoch >= `epoch` or a start >=
    // `start`, then appends; does nothing when `epoch` is the latest and began no later. Both are
    // >= 0. True when the entries changed, that is, when leader-epoch-checkpoint must be written.
    // Called at every append with the batch's epoch, and when a replica becomes leader.
    bool assign(LeaderEpoch epoch, Offset start);

    // The log was cut to [.., end): removes entries that begin at or after `end`. True on a change.
    bool truncate_from_end(Offset end);

    // The log begins at `log_start` now: removes entries that ended before it; the one that covers
    // it is kept and begins at `log_start`. True on a change.
    bool truncate_from_start(Offset log_start);

    // Where the records of `epoch` end, in a log whose end is `log_end`:
    // - the latest epoch: (epoch, log_end);
    // - unknown (-1), or above the latest: nothing known;
    // - otherwise with h = the first entry above `epoch` and f = the last entry not above it:
    //   (f.epoch, h.start), or (epoch, h.start) when there is no f.
    EpochEnd end_offset_for(LeaderEpoch epoch, Offset log_end) const;

    // The epoch of the record at `offset`; empty before the first entry.
    std::optional<LeaderEpoch> epoch_at(Offset offset) const;

    std::optional<LeaderEpoch> latest() const;

    std::span<const EpochStart> entries() const { return entries_; }

    friend bool operator==(const EpochCache&, const EpochCache&) = default;

private:
    std::vector<EpochStart> entries_;
};

// The text of leader-epoch-checkpoint: version 0, the count, then one "epoch start" per line.
//   "0\n2\n0 0\n3 12\n"
std::string encode_epoch_checkpoint(const EpochCache& cache);

// Refuses another version, a wrong count, anything but decimal numbers >= 0, and entries that do
// not increase. A missing last newline is tolerated.
Expected<EpochCache, DecodeError> decode_epoch_checkpoint(ByteView text);

}  // namespace glasslog::log
