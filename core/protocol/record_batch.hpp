#pragma once

// Record batches of magic 2: a view of the 61-byte header, an iterator over the records, and the
// few fields that a broker changes in place. Layout, big-endian, offsets in bytes:
//    0 base offset i64            12 partition leader epoch i32   43 producer id i64
//    8 length i32 (after it)      16 magic i8 (2)                 51 producer epoch i16
//   17 CRC-32C u32 of 21..end     21 attributes i16               53 base sequence i32
//   23 last offset delta i32      27 base timestamp i64           57 record count i32
//   35 max timestamp i64          61 records, one compressed blob when attributes say so
// attributes: bits 0-2 codec, 3 log append time, 4 transactional, 5 control, 6 delete horizon.
// Source: Kafka's record format; KIP-98.

#include "core/base/errors.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/protocol/compression.hpp"

#include <span>

namespace glasslog::protocol {

inline constexpr std::size_t batch_header_size = 61;
inline constexpr std::size_t batch_length_end = 12;  // total size = this + the length field
inline constexpr std::size_t batch_crc_begin = 21;   // first byte that the CRC covers
inline constexpr std::int8_t batch_magic = 2;

enum class TimestampType : std::uint8_t { create_time, log_append_time };

// Why the first bytes are no batch. incomplete: more bytes may make them one.
enum class BatchFault : std::uint8_t { incomplete, length, magic };

std::string_view name(BatchFault fault);

struct RecordView;

// a + b and a - b of timestamps that may be anything: they wrap.
constexpr std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

constexpr std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

// A batch inside bytes that outlive it. Length and magic are right; the CRC is whatever it is.
class BatchView {
public:
    // The batch that begins `bytes`; what follows it is left alone. Length is looked at before
    // magic, and either before completeness.
    static Expected<BatchView, BatchFault> read(ByteView bytes);

    Offset base_offset() const { return Offset{load<std::int64_t>(0)}; }

    LeaderEpoch leader_epoch() const { return LeaderEpoch{load<std::int32_t>(12)}; }

    std::uint32_t crc() const { return load<std::uint32_t>(17); }

    std::int16_t attributes() const { return load<std::int16_t>(21); }

    std::int32_t last_offset_delta() const { return load<std::int32_t>(23); }

    // Of the first record; with has_delete_horizon() the horizon in its place.
    std::int64_t base_timestamp() const { return load<std::int64_t>(27); }

    std::int64_t max_timestamp() const { return load<std::int64_t>(35); }

    // Of one of its records: the base timestamp and its delta, or the time of the append.
    std::int64_t timestamp_of(const RecordView& record) const;

    ProducerId producer_id() const { return ProducerId{load<std::int64_t>(43)}; }

    ProducerEpoch producer_epoch() const { return ProducerEpoch{load<std::int16_t>(51)}; }

    Sequence base_sequence() const { return Sequence{load<std::int32_t>(53)}; }

    std::int32_t record_count() const { return load<std::int32_t>(57); }

    Offset last_offset() const { return base_offset() + last_offset_delta(); }

    Offset next_offset() const { return last_offset() + 1; }

    // base_sequence() + last_offset_delta(), where 0 follows INT32_MAX; none without a producer.
    Sequence last_sequence() const;

    // Empty for the reserved codecs.
    std::optional<Compression> compression() const;

    TimestampType timestamp_type() const {
        return has(0x08) ? TimestampType::log_append_time : TimestampType::create_time;
    }

    bool is_transactional() const { return has(0x10); }

    bool is_control() const { return has(0x20); }

    bool has_delete_horizon() const { return has(0x40); }

    bool has_producer_id() const { return producer_id() != no_producer_id; }

    // True when the CRC field is that of the bytes. Reads the whole batch.
    bool is_crc_right() const;

    // The whole batch, header included.
    ByteView bytes() const { return bytes_; }

    std::size_t size() const { return bytes_.size(); }

    // What stands behind the header, still compressed.
    ByteView record_bytes() const { return bytes_.subspan(batch_header_size); }

private:
    explicit BatchView(ByteView bytes) : bytes_(bytes) {}

    template <typename T>
    T load(std::size_t at) const {
        return load_be<T>(bytes_.data() + at);
    }

    bool has(std::int16_t bit) const { return (attributes() & bit) != 0; }

    ByteView bytes_;
};

// One header of a record. Points into the record.
struct HeaderView {
    std::string_view key;
    std::optional<ByteView> value;
};

// One record; points into the batch's bytes, or the decompressed ones.
struct RecordView {
    std::int64_t timestamp_delta = 0;  // from the batch's base timestamp
    std::int32_t offset_delta = 0;     // from the batch's base offset
    std::optional<ByteView> key;
    std::optional<ByteView> value;  // none: a tombstone
    std::int32_t header_count = 0;
    ByteView header_bytes;
};

// Goes through the headers of a record, which its RecordIterator has checked. Allocates nothing.
class HeaderIterator {
public:
    explicit HeaderIterator(const RecordView& record)
        : left_(record.header_bytes), count_(record.header_count) {}

    // False at the end.
    bool next(HeaderView& header);

private:
    ByteView left_;
    std::int32_t count_;
};

// Goes through uncompressed records. Allocates nothing.
class RecordIterator {
public:
    // count: as the batch header says.
    RecordIterator(ByteView records, std::int32_t count) : all_(records), count_(count) {}

    // Moves to the next record. False at the end, and at the first byte that cannot be right: see
    // error(). Bytes beyond the last record are such an error.
    bool next();

    // The record that next() moved to.
    const RecordView& record() const { return record_; }

    // What ended the walk early, with the position within the records; empty when nothing did.
    const std::optional<DecodeError>& error() const { return error_; }

private:
    bool fail(const char* what);

    ByteView all_;
    std::size_t at_ = 0;
    std::int32_t count_;
    std::int32_t done_ = 0;
    RecordView record_;
    std::optional<DecodeError> error_;
};

// The records of a batch, decompressed when they have to be. Lives no longer than the batch.
class RecordSection {
public:
    // Refuses a reserved codec and broken compression (corrupt), and content above bytes_max.
    static Expected<RecordSection, DecompressFault> open(const BatchView& batch,
                                                         std::size_t bytes_max);

    RecordIterator records() const { return {view_, count_}; }

    // Uncompressed.
    ByteView bytes() const { return view_; }

private:
    RecordSection(Bytes decompressed, ByteView view, std::int32_t count)
        : decompressed_(std::move(decompressed)), view_(view), count_(count) {}

    Bytes decompressed_;  // empty when the batch's own bytes serve
    ByteView view_;
    std::int32_t count_;
};

// What a leader writes into a batch that it appends.
struct BatchAssignment {
    Offset base_offset;
    LeaderEpoch leader_epoch;
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t max_timestamp = -1;
};

// Changes the batch in `batch` (one whole batch) in place. The CRC is made anew only when type or
// maximum of the timestamps differ from what the batch had.
void assign(std::span<std::uint8_t> batch, const BatchAssignment& assignment);

// As assign, on a copy.
Bytes assigned_copy(const BatchView& batch, const BatchAssignment& assignment);

}  // namespace glasslog::protocol
