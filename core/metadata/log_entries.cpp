#include "core/metadata/log_entries.hpp"

#include "core/protocol/codec.hpp"
#include "core/protocol/messages/control_records.hpp"

namespace glasslog::metadata {

namespace {

constexpr std::size_t batch_content_bytes_max = 64U << 20;
constexpr std::int16_t kraft_version_type =
    5;  // of a control record, in the key behind its version

Expected<std::vector<LogEntry>, DecodeError> read_control(const protocol::BatchView& batch,
                                                          protocol::RecordIterator records) {
    std::vector<LogEntry> entries;
    while (records.next()) {
        const protocol::RecordView& record = records.record();
        if (!record.key || record.key->size() < 4 || !record.value) continue;
        if (load_be<std::int16_t>(record.key->data() + 2) != kraft_version_type) continue;
        const auto message =
            TRY(protocol::decode<protocol::KRaftVersionRecord>(Bytes::copy_of(*record.value),
                                                               protocol::Version(0)));
        entries.emplace_back(ReplayedKraftVersion{batch.base_offset() + record.offset_delta,
                                                  batch.leader_epoch(),
                                                  message.kraft_version});
    }
    if (records.error()) return Unexpected{*records.error()};
    return entries;
}

Expected<std::vector<LogEntry>, DecodeError> read_data(const protocol::BatchView& batch,
                                                       protocol::RecordIterator records) {
    ReplayedBatch replayed{batch.base_offset(), batch.leader_epoch(), {}};
    while (records.next()) {
        if (!records.record().value) {
            return Unexpected{DecodeError{"metadata record: no value", 0}};
        }
        replayed.records.push_back(
            TRY(protocol::decode_metadata_record(Bytes::copy_of(*records.record().value))).record);
    }
    if (records.error()) return Unexpected{*records.error()};
    return std::vector<LogEntry>{std::move(replayed)};
}

}  // namespace

Expected<std::vector<LogEntry>, DecodeError> read_entries(const protocol::BatchView& batch) {
    const auto section = protocol::RecordSection::open(batch, batch_content_bytes_max);
    if (!section) return Unexpected{DecodeError{"metadata batch: broken compression", 0}};
    return batch.is_control() ? read_control(batch, section->records())
                              : read_data(batch, section->records());
}

}  // namespace glasslog::metadata
