#include "core/protocol/batch_validation.hpp"

namespace glasslog::protocol {
namespace {

constexpr Version first_with_zstd{7};

// What the next bytes are in Kafka's eyes: old formats count as batches, of the wrong magic.
enum class Next : std::uint8_t { nothing, batch, old_format, corrupt };

Next look(ByteView bytes) {
    constexpr std::int32_t oldest_length_min = 14;
    constexpr std::size_t magic_at = 16;
    if (bytes.size() < batch_length_end) return Next::nothing;
    const auto length = load_be<std::int32_t>(bytes.data() + 8);
    if (length < oldest_length_min) return Next::corrupt;
    if (bytes.size() <= magic_at) return Next::nothing;
    const auto magic = static_cast<std::int8_t>(bytes[magic_at]);
    if (magic < 0 || magic > batch_magic) return Next::corrupt;
    if (bytes.size() - batch_length_end < static_cast<std::size_t>(length)) return Next::nothing;
    return magic == batch_magic ? Next::batch : Next::old_format;
}

Unexpected<BatchRefusal> refuse(WireError code, std::string message) {
    return {BatchRefusal{.code = code, .message = std::move(message)}};
}

// The log itself refuses, so that the answer tells where it starts.
Unexpected<BatchRefusal> refuse_in_log(WireError code, std::string message) {
    return {BatchRefusal{.code = code, .message = std::move(message), .tells_log_start = true}};
}

std::optional<BatchRefusal> wrong_head(const BatchView& batch, const BatchRules& rules) {
    const auto no = [](Unexpected<BatchRefusal> refusal) { return std::move(refusal.error); };
    if (batch.base_offset() != Offset{0}) {
        return no(refuse_in_log(WireError::invalid_record,
                                fmt::format("base offset {}, not 0", batch.base_offset())));
    }
    if (batch.size() > rules.batch_bytes_max) {
        return no(refuse(WireError::message_too_large,
                         fmt::format("batch of {} bytes, max.message.bytes is {}",
                                     batch.size(),
                                     rules.batch_bytes_max)));
    }
    if (!batch.is_crc_right()) return no(refuse(WireError::corrupt_message, "wrong CRC"));
    const std::int64_t offsets = std::int64_t{batch.last_offset_delta()} + 1;
    if (batch.record_count() <= 0 || offsets != batch.record_count()) {
        return no(
            refuse_in_log(WireError::invalid_record,
                          fmt::format("{} records, {} offsets", batch.record_count(), offsets)));
    }
    if (batch.has_producer_id() && batch.base_sequence() < Sequence{0}) {
        return no(refuse_in_log(WireError::invalid_record, "producer id without a sequence"));
    }
    if (batch.is_control()) {
        return no(refuse_in_log(WireError::invalid_record, "clients write no control batches"));
    }
    return std::nullopt;
}

// a - b without overflow.
std::int64_t saturated_difference(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a, b, &difference)) return difference;
    return a < b ? INT64_MIN : INT64_MAX;
}

bool is_timestamp_in_range(std::int64_t timestamp, const BatchRules& rules) {
    if (rules.timestamp_type == TimestampType::log_append_time || timestamp == -1) return true;
    const std::int64_t age = saturated_difference(rules.now_ms, timestamp);
    const std::int64_t lead = saturated_difference(timestamp, rules.now_ms);
    return age <= rules.timestamp_before_ms_max && lead <= rules.timestamp_after_ms_max;
}

// Everything that is asked of single records; collects what is wrong with them.
class RecordCheck {
public:
    RecordCheck(const BatchView& batch, const BatchRules& rules)
        : base_timestamp_(batch.base_timestamp()), rules_(rules) {}

    void look_at(const RecordView& record) {
        const std::int64_t timestamp = wrapping_sum(base_timestamp_, record.timestamp_delta);
        if (record.offset_delta != index_) found_.needs_rebuild = true;
        if (timestamp > found_.max_timestamp) {
            found_.max_timestamp = timestamp;
            found_.max_timestamp_delta = index_;
        }
        if (rules_.requires_keys && !record.key.has_value()) {
            add("a compacted topic takes no record without a key");
        } else if (!is_timestamp_in_range(timestamp, rules_)) {
            has_wrong_time_ = true;
            add(fmt::format("timestamp {} is out of range; the broker's clock says {}",
                            timestamp,
                            rules_.now_ms));
        }
        ++index_;
    }

    Expected<CheckedBatch, BatchRefusal> finish() {
        if (!wrong_.empty()) {
            BatchRefusal refusal{.message = wrong_.front().message, .tells_log_start = true};
            if (has_wrong_time_) refusal.code = WireError::invalid_timestamp;
            refusal.records = std::move(wrong_);
            return Unexpected{std::move(refusal)};
        }
        found_.timestamp_type = rules_.timestamp_type;
        if (rules_.timestamp_type == TimestampType::log_append_time) {
            found_.max_timestamp = rules_.now_ms;
            found_.max_timestamp_delta = index_ - 1;
        }
        return found_;
    }

private:
    // An answer that names every record of a large batch would be larger than the batch.
    static constexpr std::size_t refusals_max = 100;

    void add(std::string message) {
        if (wrong_.size() < refusals_max) wrong_.push_back({index_, std::move(message)});
    }

    std::int64_t base_timestamp_;
    const BatchRules& rules_;
    std::int32_t index_ = 0;
    CheckedBatch found_;
    bool has_wrong_time_ = false;
    std::vector<RecordRefusal> wrong_;
};

}  // namespace

Expected<BatchView, BatchRefusal> check_produced_format(ByteView records, Version produce_version) {
    switch (look(records)) {
        case Next::nothing:
            return refuse(WireError::invalid_record, "no batch");
        case Next::old_format:
            return refuse(WireError::invalid_record, "the batch is not of magic 2");
        case Next::corrupt:
            return refuse(WireError::corrupt_message, "broken batch length or magic");
        case Next::batch:
            break;
    }
    const auto batch = BatchView::read(records);
    if (!batch) return refuse(WireError::corrupt_message, std::string(name(batch.error())));
    if (batch->compression() == Compression::zstd && produce_version < first_with_zstd) {
        return refuse(WireError::unsupported_compression_type, "zstd comes with Produce 7");
    }
    switch (look(records.subspan(batch->size()))) {
        case Next::nothing:
            return *batch;
        case Next::corrupt:
            return refuse(WireError::corrupt_message, "broken bytes after the batch");
        case Next::batch:
        case Next::old_format:
            return refuse(WireError::invalid_record, "more than one batch");
    }
    UNREACHABLE("{}", records.size());
}

Expected<CheckedBatch, BatchRefusal> check_produced_batch(const BatchView& batch,
                                                          const BatchRules& rules) {
    if (auto refusal = wrong_head(batch, rules)) return Unexpected{std::move(*refusal)};
    const auto section = RecordSection::open(batch, rules.decompressed_bytes_max);
    if (!section) {
        if (section.error() == DecompressFault::too_large) {
            return refuse(WireError::message_too_large, "the records decompress to too many bytes");
        }
        return refuse_in_log(WireError::unknown_server_error, "the records do not decompress");
    }
    RecordCheck check(batch, rules);
    RecordIterator records = section->records();
    while (records.next())
        check.look_at(records.record());
    if (records.error().has_value()) {
        return refuse_in_log(WireError::invalid_record, records.error()->what);
    }
    return check.finish();
}

Expected<Bytes, DecompressFault> rebuilt(const BatchView& batch,
                                         Compression compression,
                                         std::size_t decompressed_bytes_max) {
    const RecordSection section = TRY(RecordSection::open(batch, decompressed_bytes_max));
    BatchBuilder builder({.base_offset = batch.base_offset(),
                          .leader_epoch = batch.leader_epoch(),
                          .compression = compression,
                          .timestamp_type = batch.timestamp_type(),
                          .is_transactional = batch.is_transactional(),
                          .is_control = batch.is_control(),
                          .producer_id = batch.producer_id(),
                          .producer_epoch = batch.producer_epoch(),
                          .base_sequence = batch.base_sequence()});
    std::vector<HeaderView> headers;
    RecordIterator records = section.records();
    while (records.next()) {
        const RecordView& record = records.record();
        headers.clear();
        HeaderView header;
        for (HeaderIterator each(record); each.next(header);)
            headers.push_back(header);
        builder.append({.timestamp = wrapping_sum(batch.base_timestamp(), record.timestamp_delta),
                        .key = record.key,
                        .value = record.value,
                        .headers = headers});
    }
    if (records.error().has_value() || builder.record_count() == 0) {
        return Unexpected{DecompressFault::corrupt};
    }
    return builder.build();
}

}  // namespace glasslog::protocol
