#include "core/raft/log_batches.hpp"

#include "core/protocol/batch_builder.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/protocol/metadata_record.hpp"

#include <utility>

namespace glasslog::raft {

namespace {

constexpr std::size_t batch_content_bytes_max = 64U << 20;

// Types of control records, in the key behind its version.
constexpr std::int16_t leader_change_type = 2;
constexpr std::int16_t kraft_version_type = 5;
constexpr std::int16_t kraft_voters_type = 6;

// Control records, one by one, into one batch.
class ControlBatch {
public:
    explicit ControlBatch(const BatchStamp& stamp)
        : builder_({.base_offset = stamp.base, .leader_epoch = stamp.epoch, .is_control = true}),
          time_(stamp.time) {}

    template <typename Message>
    void add(std::int16_t type, const Message& message) {
        std::vector<std::uint8_t> key;
        append_be(key, std::int16_t{0});
        append_be(key, type);
        const Bytes value = protocol::encode(message, protocol::Version(0)).flatten();
        builder_.append({.timestamp = time_, .key = ByteView(key), .value = value.view()});
    }

    Bytes build() { return builder_.build(); }

private:
    protocol::BatchBuilder builder_;
    std::int64_t time_;
};

protocol::VotersRecord voters_record(const VoterSet& voters) {
    protocol::VotersRecord record;
    record.voters.assign(voters.all().begin(), voters.all().end());
    return record;
}

Expected<void, DecodeError> describe_control(const protocol::RecordView& record, Batch& batch) {
    if (!record.key || record.key->size() < 4 || !record.value) return {};
    const auto type = load_be<std::int16_t>(record.key->data() + 2);
    const Bytes value = Bytes::copy_of(*record.value);
    if (type == kraft_version_type) {
        auto level = protocol::decode<protocol::KRaftVersionRecord>(value, protocol::Version(0));
        if (!level) return Unexpected{std::move(level).error()};
        batch.kraft_version = level->kraft_version;
    } else if (type == kraft_voters_type) {
        auto voters = protocol::decode<protocol::VotersRecord>(value, protocol::Version(0));
        if (!voters) return Unexpected{std::move(voters).error()};
        batch.voters = VoterSet(std::move(voters->voters));
    }
    return {};
}

}  // namespace

Bytes leader_change_batch(const LeaderChange& change, NodeId leader, const BatchStamp& stamp) {
    protocol::LeaderChangeMessage message;
    message.leader_id = leader;
    for (const Voter& voter : change.voters.all())
        message.voters.push_back({voter.voter_id, {}});
    for (const NodeId node : change.granting)
        message.granting_voters.push_back({node, {}});
    ControlBatch batch(stamp);
    batch.add(leader_change_type, message);
    if (!change.writes_voters) return batch.build();
    protocol::KRaftVersionRecord level;
    level.kraft_version = change.kraft_version;
    batch.add(kraft_version_type, level);
    batch.add(kraft_voters_type, voters_record(change.voters));
    return batch.build();
}

Bytes voters_batch(const VotersChange& change, const BatchStamp& stamp) {
    ControlBatch batch(stamp);
    if (change.kraft_version) {
        protocol::KRaftVersionRecord level;
        level.kraft_version = *change.kraft_version;
        batch.add(kraft_version_type, level);
    }
    batch.add(kraft_voters_type, voters_record(change.voters));
    return batch.build();
}

Bytes barrier_batch(const BatchStamp& stamp) {
    const Bytes value =
        protocol::encode_metadata_record({protocol::NoOpRecord{}, protocol::Version(0)});
    return value_batch({&value, 1}, stamp);
}

Bytes value_batch(std::span<const Bytes> values, const BatchStamp& stamp) {
    CHECK(!values.empty());
    protocol::BatchBuilder builder({.base_offset = stamp.base, .leader_epoch = stamp.epoch});
    for (const Bytes& value : values)
        builder.append({.timestamp = stamp.time, .value = value.view()});
    return builder.build();
}

Expected<Batch, DecodeError> describe_batch(const protocol::BatchView& view) {
    if (!view.is_crc_right()) return Unexpected{DecodeError{"batch: wrong CRC", 0}};
    if (view.base_offset() < Offset(0) || view.last_offset_delta() < 0) {
        return Unexpected{DecodeError{"batch: impossible offsets", 0}};
    }
    Batch batch{.base = view.base_offset(),
                .end = view.next_offset(),
                .epoch = view.leader_epoch(),
                .digest = view.crc(),
                .voters = std::nullopt,
                .kraft_version = std::nullopt};
    if (!view.is_control()) return batch;
    const auto section = protocol::RecordSection::open(view, batch_content_bytes_max);
    if (!section) return Unexpected{DecodeError{"batch: broken compression", 0}};
    protocol::RecordIterator records = section->records();
    while (records.next()) {
        auto described = describe_control(records.record(), batch);
        if (!described) return Unexpected{std::move(described).error()};
    }
    if (records.error()) return Unexpected{*records.error()};
    return batch;
}

Expected<DescribedBatches, DecodeError> describe_batches(const Bytes& bytes) {
    DescribedBatches described;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto view = protocol::BatchView::read(bytes.view().subspan(at));
        if (!view && view.error() == protocol::BatchFault::incomplete) break;
        if (!view) return Unexpected{DecodeError{"what was fetched is no batch", at}};
        auto batch = describe_batch(*view);
        if (!batch) return Unexpected{DecodeError{batch.error().what, at}};
        described.batches.push_back(std::move(*batch));
        described.bytes.push_back(bytes.slice(at, view->size()));
        at += view->size();
    }
    return described;
}

}  // namespace glasslog::raft
