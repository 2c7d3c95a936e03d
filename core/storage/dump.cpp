#include "core/storage/dump.hpp"

#include "core/log/epoch_cache.hpp"
#include "core/log/producer_state.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/storage/checkpoints.hpp"
#include "core/storage/names.hpp"
#include "core/storage/offset_index.hpp"
#include "core/storage/time_index.hpp"

#include <fmt/format.h>

namespace glasslog::storage {

using protocol::BatchView;
using protocol::TimestampType;

namespace {

constexpr std::size_t record_bytes_max = 128U << 20;  // of one batch, decompressed
constexpr std::size_t txn_index_entry_bytes = 34;

const char* time_name(const BatchView& batch) {
    return batch.timestamp_type() == TimestampType::log_append_time ? "LogAppendTime"
                                                                    : "CreateTime";
}

std::string codec_name(const BatchView& batch) {
    const auto codec = batch.compression();
    return codec ? std::string(name(*codec)) : fmt::format("unknown ({})", batch.attributes() & 7);
}

// Bytes as text: control characters and bytes that are not ASCII become "\xNN".
std::string printable(ByteView bytes) {
    std::string out;
    for (const std::uint8_t byte : bytes) {
        if (byte >= 0x20 && byte < 0x7f) {
            out += static_cast<char>(byte);
        } else {
            out += fmt::format("\\x{:02x}", byte);
        }
    }
    return out;
}

std::string batch_line(const BatchView& batch, std::uint64_t position) {
    const std::string horizon = batch.has_delete_horizon()
                                    ? fmt::format("OptionalLong[{}]", batch.base_timestamp())
                                    : "OptionalLong.empty";
    return fmt::format(
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} "
        "producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} isControl: {} "
        "deleteHorizonMs: {} position: {} {}: {} size: {} magic: 2 compresscodec: {} crc: {} "
        "isvalid: {}",
        batch.base_offset(),
        batch.last_offset(),
        batch.record_count(),
        batch.base_sequence(),
        batch.last_sequence(),
        batch.producer_id(),
        batch.producer_epoch(),
        batch.leader_epoch(),
        batch.is_transactional(),
        batch.is_control(),
        horizon,
        position,
        time_name(batch),
        batch.max_timestamp(),
        batch.size(),
        codec_name(batch),
        batch.crc(),
        batch.is_crc_right());
}

std::string record_line(const BatchView& batch, const protocol::RecordView& record) {
    const std::int64_t time = batch.timestamp_of(record);
    const bool has_sequence = batch.base_sequence() >= Sequence(0);
    const Sequence sequence = has_sequence
                                  ? log::sequence_after(batch.base_sequence(), record.offset_delta)
                                  : no_sequence;
    std::string headers;
    protocol::HeaderIterator iterator(record);
    protocol::HeaderView header;
    while (iterator.next(header)) {
        if (!headers.empty()) headers += ',';
        headers += printable(as_bytes(header.key));
    }
    const auto size_of = [](const std::optional<ByteView>& bytes) {
        return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
    };
    std::string line =
        fmt::format("| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]",
                    batch.base_offset() + record.offset_delta,
                    time_name(batch),
                    time,
                    size_of(record.key),
                    size_of(record.value),
                    sequence,
                    headers);
    if (record.key) line += " key: " + printable(*record.key);
    if (record.value) line += " payload: " + printable(*record.value);
    return line;
}

void describe_records(const BatchView& batch, LineSink& out) {
    const auto section = protocol::RecordSection::open(batch, record_bytes_max);
    if (!section) return out("| the records cannot be decompressed");
    protocol::RecordIterator records = section->records();
    while (records.next())
        out(record_line(batch, records.record()));
    if (records.error()) out("| broken record: " + records.error()->text());
}

std::optional<DecodeError> text_file_error(std::string_view name, ByteView bytes) {
    std::optional<DecodeError> error;
    const auto note = [&](const auto& decoded) {
        if (!decoded) error = decoded.error();
    };
    if (name == "leader-epoch-checkpoint") note(log::decode_epoch_checkpoint(bytes));
    if (name.ends_with("-offset-checkpoint")) note(decode_offset_checkpoint(bytes));
    if (name == "partition.metadata") note(decode_partition_metadata(bytes));
    if (name == "meta.properties") note(decode_meta_properties(bytes));
    if (name == ".kafka_cleanshutdown") note(decode_clean_shutdown(bytes));
    return error;
}

bool is_damaged_segment(ByteView bytes) {
    while (!bytes.empty()) {
        const auto batch = BatchView::read(bytes);
        if (!batch || !batch->is_crc_right()) return true;
        bytes = bytes.subspan(batch->size());
    }
    return false;
}

// The decoders refuse; a dump shows what stands before the refused entry too.
template <typename Index>
void describe_refusal(const Expected<Index, DecodeError>& index, LineSink& out) {
    if (!index) out(index.error().text());
}

}  // namespace

std::uint64_t describe_segment(ByteView bytes, DumpDepth depth, LineSink& out) {
    std::uint64_t position = 0;
    while (position < bytes.size()) {
        const ByteView rest = bytes.subspan(static_cast<std::size_t>(position));
        const auto batch = BatchView::read(rest);
        if (!batch) {
            out(fmt::format("no batch at position {}: {}; {} bytes follow",
                            position,
                            name(batch.error()),
                            rest.size()));
            return position;
        }
        out(batch_line(*batch, position));
        if (depth == DumpDepth::records) describe_records(*batch, out);
        position += batch->size();
    }
    return position;
}

void describe_offset_index(ByteView bytes, Offset base, LineSink& out) {
    const std::size_t whole = bytes.size() - bytes.size() % offset_index_entry_bytes;
    const auto index = decode_offset_index(bytes.first(whole), {base, UINT64_MAX}, Padding::zeros);
    describe_refusal(index, out);
    if (!index) return;
    for (const OffsetIndexEntry& entry : index->entries())
        out(fmt::format("offset: {} position: {}", base + entry.relative_offset, entry.position));
    if (whole != bytes.size()) out("half an entry at the end");
    if (index->entries().empty()) out("no entries");
}

void describe_time_index(ByteView bytes, Offset base, LineSink& out) {
    const std::size_t whole = bytes.size() - bytes.size() % time_index_entry_bytes;
    const auto index = decode_time_index(bytes.first(whole), base, Padding::zeros);
    describe_refusal(index, out);
    if (!index) return;
    for (const TimestampOffset& entry : index->entries())
        out(fmt::format("timestamp: {} offset: {}", entry.timestamp.milliseconds(), entry.offset));
    if (whole != bytes.size()) out("half an entry at the end");
    if (index->entries().empty()) out("no entries");
}

void describe_snapshot(ByteView bytes, LineSink& out) {
    const auto entries = log::decode_snapshot(bytes);
    if (!entries) return out(entries.error().text());
    for (const log::ProducerSnapshot& entry : *entries) {
        const bool is_open = entry.transaction_start != no_offset;
        std::string line = fmt::format(
            "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {} "
            "lastTimestamp: {}",
            entry.producer_id,
            entry.epoch,
            entry.coordinator_epoch,
            is_open ? fmt::format("OptionalLong[{}]", entry.transaction_start)
                    : std::string("OptionalLong.empty"),
            entry.timestamp.milliseconds());
        if (entry.last_offset >= Offset(0)) {
            line += fmt::format(
                " firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
                log::sequence_before(entry.last_sequence, entry.offset_delta),
                entry.last_sequence,
                entry.last_offset,
                entry.offset_delta,
                entry.timestamp.milliseconds());
        }
        out(line);
    }
    if (entries->empty()) out("no producers");
}

void describe_txn_index(ByteView bytes, LineSink& out) {
    while (bytes.size() >= txn_index_entry_bytes) {
        const std::uint8_t* at = bytes.data();
        out(fmt::format(
            "version: {} producerId: {} firstOffset: {} lastOffset: {} lastStableOffset: {}",
            load_be<std::int16_t>(at),
            load_be<std::int64_t>(at + 2),
            load_be<std::int64_t>(at + 10),
            load_be<std::int64_t>(at + 18),
            load_be<std::int64_t>(at + 26)));
        bytes = bytes.subspan(txn_index_entry_bytes);
    }
    if (!bytes.empty()) out("half an entry at the end");
}

void describe_text_file(std::string_view name, ByteView bytes, LineSink& out) {
    std::string_view rest = as_text(bytes);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        out(printable(as_bytes(rest.substr(0, end))));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (const auto error = text_file_error(name, bytes)) out("not readable: " + error->text());
}

bool describe_file(std::string_view name, ByteView bytes, DumpDepth depth, LineSink& out) {
    if (const auto segment = parse_segment_file_name(name)) {
        switch (segment->kind) {
            case SegmentFile::log:
                describe_segment(bytes, depth, out);
                return true;
            case SegmentFile::offset_index:
                describe_offset_index(bytes, segment->base, out);
                return true;
            case SegmentFile::time_index:
                describe_time_index(bytes, segment->base, out);
                return true;
            case SegmentFile::snapshot:
                describe_snapshot(bytes, out);
                return true;
            case SegmentFile::txn_index:
                describe_txn_index(bytes, out);
                return true;
        }
    }
    const bool is_batches = name.ends_with(".checkpoint");  // a snapshot of the metadata log
    if (is_batches) describe_segment(bytes, depth, out);
    const bool is_text = name == "leader-epoch-checkpoint" || name == "partition.metadata" ||
                         name == "meta.properties" || name == ".kafka_cleanshutdown" ||
                         name == "quorum-state" || name.ends_with("-offset-checkpoint");
    if (is_text) describe_text_file(name, bytes, out);
    return is_batches || is_text;
}

bool is_damaged_file(std::string_view name, ByteView bytes) {
    const auto segment = parse_segment_file_name(name);
    if (!segment) {
        return name.ends_with(".checkpoint") ? is_damaged_segment(bytes)
                                             : text_file_error(name, bytes).has_value();
    }
    const std::uint64_t all = UINT64_MAX;
    switch (segment->kind) {
        case SegmentFile::log:
            return is_damaged_segment(bytes);
        case SegmentFile::offset_index:
            return !decode_offset_index(bytes, {segment->base, all}, Padding::zeros);
        case SegmentFile::time_index:
            return !decode_time_index(bytes, segment->base, Padding::zeros);
        case SegmentFile::snapshot:
            return !log::decode_snapshot(bytes);
        case SegmentFile::txn_index:
            return bytes.size() % txn_index_entry_bytes != 0;
    }
    return false;
}

}  // namespace glasslog::storage
