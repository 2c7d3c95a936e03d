#include "core/protocol/batch_builder.hpp"

#include "core/base/check.hpp"
#include "core/base/crc32c.hpp"
#include "core/base/varint.hpp"

#include <algorithm>

namespace glasslog::protocol {
namespace {

std::size_t nullable_size(const std::optional<ByteView>& bytes) {
    if (!bytes.has_value()) return 1;
    return varint_size(static_cast<std::int64_t>(bytes->size())) + bytes->size();
}

std::size_t headers_size(std::span<const HeaderView> headers) {
    std::size_t size = varint_size(static_cast<std::int64_t>(headers.size()));
    for (const HeaderView& header : headers)
        size += nullable_size(as_bytes(header.key)) + nullable_size(header.value);
    return size;
}

void append_nullable(std::vector<std::uint8_t>& out, const std::optional<ByteView>& bytes) {
    if (!bytes.has_value()) return append_varint(out, -1);
    append_varint(out, static_cast<std::int64_t>(bytes->size()));
    out.insert(out.end(), bytes->begin(), bytes->end());
}

std::int16_t attributes_of(const BatchOptions& options) {
    int bits = static_cast<int>(options.compression);
    if (options.timestamp_type == TimestampType::log_append_time) bits |= 0x08;
    if (options.is_transactional) bits |= 0x10;
    if (options.is_control) bits |= 0x20;
    return static_cast<std::int16_t>(bits);
}

}  // namespace

BatchBuilder::BatchBuilder(const BatchOptions& options)
    : options_(options), bytes_(batch_header_size) {}

std::size_t BatchBuilder::size_bound(const NewRecord& record) {
    constexpr std::size_t attributes_size = 1;
    return varint32_bytes_max + attributes_size + varint64_bytes_max + varint32_bytes_max +
           nullable_size(record.key) + nullable_size(record.value) + headers_size(record.headers);
}

void BatchBuilder::append(const NewRecord& record) {
    if (count_ == 0) base_timestamp_ = record.timestamp;
    max_timestamp_ = std::max(max_timestamp_, record.timestamp);
    const std::int64_t timestamp_delta = wrapping_difference(record.timestamp, base_timestamp_);
    constexpr std::size_t attributes_size = 1;
    const std::size_t size = attributes_size + varint_size(timestamp_delta) + varint_size(count_) +
                             nullable_size(record.key) + nullable_size(record.value) +
                             headers_size(record.headers);
    append_varint(bytes_, static_cast<std::int64_t>(size));
    bytes_.push_back(0);
    append_varint(bytes_, timestamp_delta);
    append_varint(bytes_, count_);
    append_nullable(bytes_, record.key);
    append_nullable(bytes_, record.value);
    append_varint(bytes_, static_cast<std::int64_t>(record.headers.size()));
    for (const HeaderView& header : record.headers) {
        append_nullable(bytes_, as_bytes(header.key));
        append_nullable(bytes_, header.value);
    }
    ++count_;
}

Bytes BatchBuilder::build() {
    CHECK(count_ > 0);
    if (options_.compression != Compression::none) {
        const Bytes packed = compress(options_.compression,
                                      ByteView(bytes_).subspan(batch_header_size),
                                      options_.compression_level);
        bytes_.resize(batch_header_size);
        bytes_.insert(bytes_.end(), packed.view().begin(), packed.view().end());
    }
    std::uint8_t* head = bytes_.data();
    CHECK(bytes_.size() <= INT32_MAX);
    store_be(head, options_.base_offset.value());
    store_be(head + 8, static_cast<std::int32_t>(bytes_.size() - batch_length_end));
    store_be(head + 12, options_.leader_epoch.value());
    store_be(head + 16, batch_magic);
    store_be(head + 21, attributes_of(options_));
    store_be(head + 23, count_ - 1);
    store_be(head + 27, base_timestamp_);
    store_be(head + 35, max_timestamp_);
    store_be(head + 43, options_.producer_id.value());
    store_be(head + 51, options_.producer_epoch.value());
    store_be(head + 53, options_.base_sequence.value());
    store_be(head + 57, count_);
    store_be(head + 17, crc32c(ByteView(bytes_).subspan(batch_crc_begin)));
    Bytes batch = Bytes::from(std::move(bytes_));
    *this = BatchBuilder(options_);
    return batch;
}

Bytes single_record_batch(const BatchOptions& options, const NewRecord& record) {
    BatchBuilder builder(options);
    builder.append(record);
    return builder.build();
}

}  // namespace glasslog::protocol
