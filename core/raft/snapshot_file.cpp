#include "core/raft/snapshot_file.hpp"

#include "core/base/check.hpp"
#include "core/protocol/batch_builder.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/record_batch.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace glasslog::raft {

namespace {

constexpr std::string_view whole_suffix = ".checkpoint";
constexpr std::string_view partial_suffix = ".checkpoint.part";
constexpr std::string_view deleted_suffix = ".checkpoint.deleted";

constexpr std::size_t offset_digits = 20;
constexpr std::size_t epoch_digits = 10;
constexpr std::size_t stem_size = offset_digits + 1 + epoch_digits;

// Types of control records, in the key behind its version (0).
constexpr std::int16_t header_type = 3;
constexpr std::int16_t footer_type = 4;
constexpr std::int16_t kraft_version_type = 5;
constexpr std::int16_t voters_type = 6;

constexpr std::size_t control_key_size = 4;
constexpr protocol::Version control_version{0};

std::string_view suffix(SnapshotFileKind kind) {
    switch (kind) {
        case SnapshotFileKind::whole:
            return whole_suffix;
        case SnapshotFileKind::partial:
            return partial_suffix;
        case SnapshotFileKind::deleted:
            return deleted_suffix;
    }
    UNREACHABLE("snapshot file kind {}", static_cast<int>(kind));
}

// All of `text` is digits.
template <typename Number>
std::optional<Number> parse_digits(std::string_view text) {
    if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

// Writes batches one behind the other, offsets going on.
class Writer {
public:
    explicit Writer(const SnapshotWriting& how) : how_(how), builder_(options(false)) {}

    template <typename Message>
    void add_control(std::int16_t type, const Message& message) {
        std::vector<std::uint8_t> key;
        append_be(key, std::int16_t{0});
        append_be(key, type);
        const Bytes value = protocol::encode(message, control_version).flatten();
        builder_.append({.timestamp = how_.written_at, .key = key, .value = value.view()});
    }

    void add_record(const Bytes& value) {
        const protocol::NewRecord record{.timestamp = how_.written_at, .value = value.view()};
        const std::size_t size = builder_.size() + protocol::BatchBuilder::size_bound(record);
        if (builder_.record_count() > 0 && size > how_.batch_bytes_max) begin_data();
        builder_.append(record);
    }

    void begin_control() { begin(true); }

    void begin_data() { begin(false); }

    std::vector<Bytes> finish() {
        begin(false);
        return std::move(batches_);
    }

private:
    protocol::BatchOptions options(bool is_control) const {
        return {.base_offset = next_, .leader_epoch = how_.epoch, .is_control = is_control};
    }

    // Ends the batch that is open; one without records is left out.
    void begin(bool is_control) {
        if (builder_.record_count() > 0) {
            next_ = next_ + builder_.record_count();
            batches_.push_back(builder_.build());
        }
        builder_ = protocol::BatchBuilder(options(is_control));
    }

    const SnapshotWriting& how_;
    Offset next_{0};
    protocol::BatchBuilder builder_;
    std::vector<Bytes> batches_;
};

// Reads the batches in order; a place in that order per kind of record.
class Reader {
public:
    Reader(LeaderEpoch epoch, const SnapshotLimits& limits) : epoch_(epoch), limits_(limits) {}

    Expected<Snapshot, DecodeError> read(const Bytes& file) {
        if (file.size() > limits_.file_bytes_max) {
            return refuse(fmt::format("larger than {} bytes", limits_.file_bytes_max));
        }
        while (at_ < file.size()) {
            const auto batch = protocol::BatchView::read(file.view().subspan(at_));
            if (!batch) return refuse(fmt::format("no batch ({})", name(batch.error())));
            TRY(take(*batch));
            at_ += batch->size();
        }
        if (place_ != Place::end) return refuse("it ends before its footer");
        return std::move(snapshot_);
    }

private:
    // What has been read last; only upwards, and only `records` again.
    enum class Place : std::uint8_t { begin, header, kraft_version, voters, records, end };

    Unexpected<DecodeError> refuse(const std::string& what) const {
        return Unexpected{DecodeError{"snapshot: " + what, at_}};
    }

    Expected<void, DecodeError> take(const protocol::BatchView& batch) {
        if (!batch.is_crc_right()) return refuse("a wrong CRC");
        if (batch.base_offset() != next_) return refuse("offsets with a gap");
        if (batch.leader_epoch() != epoch_) return refuse("a batch of another epoch");
        const bool is_counted =
            batch.record_count() > 0 && batch.last_offset_delta() == batch.record_count() - 1;
        if (!is_counted) return refuse("a batch that counts its records wrongly");
        const auto section = protocol::RecordSection::open(batch, limits_.batch_content_max);
        if (!section) return refuse("a batch that cannot be unpacked");
        protocol::RecordIterator records = section->records();
        for (std::int32_t index = 0; records.next(); ++index) {
            const protocol::RecordView& record = records.record();
            if (record.offset_delta != index) return refuse("offsets with a gap");
            TRY(batch.is_control() ? take_control(record) : take_record(record));
        }
        if (records.error()) return refuse(records.error()->what);
        next_ = batch.next_offset();
        return {};
    }

    Expected<void, DecodeError> take_record(const protocol::RecordView& record) {
        TRY(move_to(Place::records));
        if (!record.value) return refuse("a record without a value");
        snapshot_.records.push_back(Bytes::copy_of(*record.value));
        return {};
    }

    Expected<void, DecodeError> take_control(const protocol::RecordView& record) {
        const bool has_type = record.key && record.key->size() == control_key_size && record.value;
        if (!has_type) return refuse("a control record without type or value");
        const Bytes value = Bytes::copy_of(*record.value);
        switch (load_be<std::int16_t>(record.key->data() + 2)) {
            case header_type:
                return take_header(value);
            case kraft_version_type:
                return take_kraft_version(value);
            case voters_type:
                return take_voters(value);
            case footer_type:
                return take_footer(value);
            default:
                return refuse("a control record that no snapshot has");
        }
    }

    Expected<void, DecodeError> take_header(const Bytes& value) {
        TRY(move_to(Place::header));
        const auto header =
            TRY(protocol::decode<protocol::SnapshotHeaderRecord>(value, control_version));
        if (header.version != 0) return refuse("a header of a later version");
        snapshot_.last_contained_time = header.last_contained_log_timestamp;
        return {};
    }

    Expected<void, DecodeError> take_kraft_version(const Bytes& value) {
        TRY(move_to(Place::kraft_version));
        const auto level =
            TRY(protocol::decode<protocol::KRaftVersionRecord>(value, control_version));
        if (level.kraft_version < 0) return refuse("a kraft.version below 0");
        snapshot_.kraft_version = level.kraft_version;
        return {};
    }

    Expected<void, DecodeError> take_voters(const Bytes& value) {
        TRY(move_to(Place::voters));
        if (snapshot_.kraft_version < 1) return refuse("voters without a kraft.version");
        snapshot_.voters = TRY(protocol::decode<protocol::VotersRecord>(value, control_version));
        return {};
    }

    Expected<void, DecodeError> take_footer(const Bytes& value) {
        TRY(move_to(Place::end));
        const auto footer =
            TRY(protocol::decode<protocol::SnapshotFooterRecord>(value, control_version));
        if (footer.version != 0) return refuse("a footer of a later version");
        return {};
    }

    Expected<void, DecodeError> move_to(Place place) {
        const bool is_first = place_ == Place::begin;
        if (is_first != (place == Place::header)) {
            return refuse(is_first ? "it does not begin with its header" : "a second header");
        }
        const bool is_more = place == Place::records && place_ == Place::records;
        if (place <= place_ && !is_more) return refuse("records out of order");
        place_ = place;
        return {};
    }

    LeaderEpoch epoch_;
    const SnapshotLimits& limits_;
    std::size_t at_ = 0;
    Offset next_{0};
    Place place_ = Place::begin;
    Snapshot snapshot_;
};

}  // namespace

std::string snapshot_file_name(const SnapshotFileName& name) {
    return fmt::format("{:020}-{:010}{}",
                       name.id.end.value(),
                       name.id.epoch.value(),
                       suffix(name.kind));
}

std::optional<SnapshotFileName> parse_snapshot_file_name(std::string_view name) {
    const bool has_stem = name.size() > stem_size && name[offset_digits] == '-';
    if (!has_stem) return std::nullopt;
    const auto end = parse_digits<std::int64_t>(name.substr(0, offset_digits));
    const auto epoch = parse_digits<std::int32_t>(name.substr(offset_digits + 1, epoch_digits));
    if (!end || !epoch) return std::nullopt;
    for (const auto kind :
         {SnapshotFileKind::whole, SnapshotFileKind::partial, SnapshotFileKind::deleted}) {
        if (name.substr(stem_size) != suffix(kind)) continue;
        return SnapshotFileName{{Offset(*end), LeaderEpoch(*epoch)}, kind};
    }
    return std::nullopt;
}

std::vector<Bytes> encode_snapshot(const Snapshot& snapshot, const SnapshotWriting& how) {
    Writer writer(how);
    writer.begin_control();
    protocol::SnapshotHeaderRecord header;
    header.last_contained_log_timestamp = snapshot.last_contained_time;
    writer.add_control(header_type, header);
    if (snapshot.kraft_version >= 1) {
        protocol::KRaftVersionRecord level;
        level.kraft_version = snapshot.kraft_version;
        writer.add_control(kraft_version_type, level);
        writer.add_control(voters_type, snapshot.voters);
    }
    writer.begin_data();
    for (const Bytes& record : snapshot.records)
        writer.add_record(record);
    writer.begin_control();
    writer.add_control(footer_type, protocol::SnapshotFooterRecord{});
    return writer.finish();
}

Expected<Snapshot, DecodeError> decode_snapshot(const Bytes& file,
                                                LeaderEpoch epoch,
                                                const SnapshotLimits& limits) {
    return Reader(epoch, limits).read(file);
}

}  // namespace glasslog::raft
