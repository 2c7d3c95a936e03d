#pragma once

// BatchFacts: what a log must know of a record batch without its bytes. Machines hold these; the
// bytes stay with storage.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"

#include <optional>

namespace glasslog::log {

// The end of a transaction, as the one record of a control batch tells it.
struct EndMarker {
    enum class Kind : std::int16_t { abort = 0, commit = 1 };

    Kind kind = Kind::abort;
    std::int32_t coordinator_epoch = -1;

    friend bool operator==(const EndMarker&, const EndMarker&) = default;
};

struct BatchFacts {
    Offset base_offset;
    Offset last_offset;  // inclusive
    LeaderEpoch leader_epoch = no_leader_epoch;
    WallTime max_timestamp;  // the largest of the records; -1 none
    ProducerId producer_id = no_producer_id;
    ProducerEpoch producer_epoch = no_producer_epoch;
    Sequence base_sequence = no_sequence;  // last_sequence() is derived
    bool is_transactional = false;
    bool is_control = false;
    std::optional<EndMarker> marker;  // of a control batch that ends a transaction
    std::uint32_t size_bytes = 0;     // header and records

    friend bool operator==(const BatchFacts&, const BatchFacts&) = default;
};

// Sequences count 0 .. 2147483647 and then begin at 0 again.
Sequence sequence_after(Sequence sequence, std::int32_t count);
Sequence sequence_before(Sequence sequence, std::int32_t count);

// Of the batch's last record; no_sequence when the batch has none.
Sequence last_sequence(const BatchFacts& facts);

// The first batch of `bytes`, which may go on after it. Refuses: fewer bytes than the batch
// claims, another magic than 2, a last offset before the base offset, a negative base offset.
// Does not check the CRC.
Expected<BatchFacts, DecodeError> read_facts(ByteView bytes);

}  // namespace glasslog::log
