#pragma once

// ProducerState: the idempotence rules of one partition, a fold over its batches. For each producer
// id: its epoch, its last five batches, and where its open transaction began. Two replicas with the
// same batches have the same state; so has a broker after recovery (snapshot, then replay).
// Source: KIP-98, KIP-360; docs/storage.md, "Producer state".

#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/log/batch_facts.hpp"
#include "core/protocol/errors.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace glasslog::log {

// The window of batches within which a repeated one is recognised; a client has no more in flight.
inline constexpr std::size_t batch_window = 5;

// A mistake that only a simulation can make.
enum class DuplicateRule : std::uint8_t {
    answer_again,  // a batch of the window is answered with its first offset, and not appended
    forget,        // every batch is new: a retry is stored twice
};

struct AppendIt {};

// Already stored: answer success with the offset and the time of the first time.
struct Duplicate {
    Offset base_offset;
    Offset last_offset;
    WallTime timestamp;  // the stored batch's largest

    friend bool operator==(const Duplicate&, const Duplicate&) = default;
};

using Verdict = std::variant<AppendIt, Duplicate, protocol::WireError>;

class ProducerState {
public:
    struct Batch {
        Sequence last_sequence = no_sequence;
        Offset last_offset = no_offset;
        std::int32_t offset_delta = 0;  // last offset - base offset
        WallTime timestamp;

        Sequence base_sequence() const { return sequence_before(last_sequence, offset_delta); }

        Offset base_offset() const { return last_offset - offset_delta; }

        friend bool operator==(const Batch&, const Batch&) = default;
    };

    struct Producer {
        ProducerEpoch epoch = no_producer_epoch;
        std::array<Batch, batch_window> window;  // oldest first
        std::uint8_t batch_count = 0;            // of the window, all of this epoch
        std::int32_t coordinator_epoch = -1;
        Offset transaction_start = no_offset;  // of the open transaction
        WallTime last_timestamp;

        std::span<const Batch> batches() const { return {window.data(), batch_count}; }

        friend bool operator==(const Producer&, const Producer&) = default;
    };

    // producer_count_max: beyond it, the producers that were silent longest and have no open
    // transaction are forgotten, an eighth at a time: for them any sequence is accepted again.
    explicit ProducerState(std::size_t producer_count_max = 20'000,
                           DuplicateRule rule = DuplicateRule::answer_again);

    // What to do with a batch of a client or a coordinator. A follower does not ask: it applies.
    // Errors: 45 out of order sequence, 47 producer epoch too old, 48 a plain batch inside an open
    // transaction, 52 a marker of an older coordinator.
    Verdict check(const BatchFacts& facts) const;

    // Folds a batch that is being appended, or replayed. Never refuses.
    void apply(const BatchFacts& facts);

    // Forgets producers without an open transaction whose last batch is `after` old or older.
    // The count of those.
    std::size_t expire(WallTime now, Duration after);

    // The first offset of the oldest open transaction.
    std::optional<Offset> first_open_transaction() const;

    const std::map<ProducerId, Producer>& producers() const { return producers_; }

    friend bool operator==(const ProducerState& a, const ProducerState& b) {
        return a.producers_ == b.producers_;
    }

    // From a snapshot.
    void insert(ProducerId id, Producer producer);

private:
    Producer& entry(ProducerId id);
    void forget_the_most_silent();

    std::map<ProducerId, Producer> producers_;
    std::size_t producer_count_max_;
    DuplicateRule rule_;
};

// One producer of a snapshot file: only its last batch survives there.
struct ProducerSnapshot {
    ProducerId producer_id;
    ProducerEpoch epoch;
    Sequence last_sequence;
    Offset last_offset;
    std::int32_t offset_delta = 0;
    WallTime timestamp;
    std::int32_t coordinator_epoch = -1;
    Offset transaction_start = no_offset;

    friend bool operator==(const ProducerSnapshot&, const ProducerSnapshot&) = default;
};

// The bytes of `<offset>.snapshot`: version i16 (1), CRC-32C u32 of all that follows, count i32,
// then per producer 46 bytes: id i64, epoch i16, last sequence i32, last offset i64, offset delta
// i32, timestamp i64, coordinator epoch i32, start of the open transaction i64 (-1 none).
Bytes encode_snapshot(const ProducerState& state);

// Refuses another version, a wrong checksum, a count that the bytes do not hold exactly.
Expected<std::vector<ProducerSnapshot>, DecodeError> decode_snapshot(ByteView bytes);

// Puts the entries into an empty `state`.
void load(ProducerState& state, std::span<const ProducerSnapshot> entries);

}  // namespace glasslog::log
