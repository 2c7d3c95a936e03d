#include "core/client/fetcher.hpp"
#include "core/protocol/record_batch.hpp"

#include <utility>

namespace glasslog::client {
namespace {

// The part of `owner` that `view` shows.
Bytes share(const Bytes& owner, ByteView view) {
    if (view.empty()) return {};
    return owner.slice(static_cast<std::size_t>(view.data() - owner.data()), view.size());
}

std::optional<Bytes> share(const Bytes& owner, const std::optional<ByteView>& view) {
    if (!view.has_value()) return std::nullopt;
    return share(owner, *view);
}

ConsumedRecord consumed(const Bytes& owner,
                        const protocol::BatchView& batch,
                        const protocol::RecordView& record) {
    ConsumedRecord result;
    result.offset = batch.base_offset() + record.offset_delta;
    result.leader_epoch = batch.leader_epoch();
    result.timestamp_type = batch.timestamp_type();
    result.timestamp = WallTime::from_milliseconds(batch.timestamp_of(record));
    result.key = share(owner, record.key);
    result.value = share(owner, record.value);
    protocol::HeaderIterator headers(record);
    for (protocol::HeaderView header; headers.next(header);) {
        result.headers.push_back(
            {.key = std::string(header.key), .value = share(owner, header.value)});
    }
    return result;
}

ClientError corrupt(const TopicPartition& partition, Offset offset, std::string_view why) {
    return {.cause = Cause::corrupt,
            .code = protocol::WireError::corrupt_message,
            .detail = fmt::format("{} at offset {}: {}", partition.text(), offset, why)};
}

}  // namespace

std::optional<Offset> FetchedBatches::next_offset() const {
    std::optional<Offset> next;
    ByteView rest = bytes_.view().subspan(at_);
    for (auto batch = protocol::BatchView::read(rest); batch;
         batch = protocol::BatchView::read(rest)) {
        next = batch->next_offset();
        rest = rest.subspan(batch->size());
    }
    return next;
}

Expected<bool, ClientError> FetchedBatches::decode_next(const TopicPartition& partition,
                                                        std::size_t bytes_max,
                                                        Offset& position,
                                                        std::deque<ConsumedRecord>& records) {
    auto batch = protocol::BatchView::read(bytes_.view().subspan(at_));
    if (!batch) {
        if (batch.error() == protocol::BatchFault::incomplete) return false;
        return Unexpected{corrupt(partition, position, protocol::name(batch.error()))};
    }
    const Bytes whole = bytes_.slice(at_, batch->size());
    at_ += batch->size();
    if (!batch->is_crc_right()) return Unexpected{corrupt(partition, position, "wrong checksum")};
    if (batch->is_control()) {
        position = std::max(position, batch->next_offset());
        return true;
    }
    const auto codec = batch->compression();
    if (!codec.has_value()) return Unexpected{corrupt(partition, position, "unknown codec")};
    Bytes content = share(whole, batch->record_bytes());
    if (*codec != protocol::Compression::none) {
        auto unpacked = protocol::decompress(*codec, batch->record_bytes(), bytes_max);
        if (!unpacked) return Unexpected{corrupt(partition, position, "cannot be decompressed")};
        content = std::move(unpacked).value();
    }
    protocol::RecordIterator iterator(content.view(), batch->record_count());
    while (iterator.next()) {
        ConsumedRecord record = consumed(content, *batch, iterator.record());
        if (record.offset < position) continue;
        record.partition = partition;
        records.push_back(std::move(record));
    }
    if (iterator.error().has_value()) {
        return Unexpected{corrupt(partition, position, iterator.error()->text())};
    }
    position = std::max(position, batch->next_offset());
    return true;
}

}  // namespace glasslog::client
