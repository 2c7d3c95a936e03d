#include "core/protocol/record_batch.hpp"

#include "core/base/check.hpp"
#include "core/base/crc32c.hpp"
#include "core/base/varint.hpp"

namespace glasslog::protocol {
namespace {

constexpr std::size_t magic_end = 17;
constexpr std::int16_t codec_bits = 0x07;
constexpr std::int16_t log_append_time_bit = 0x08;

// Reads forward through one record; the first misfit sticks.
struct Cursor {
    ByteView left;
    bool is_ok = true;

    std::int32_t varint() {
        if (is_short()) return short_varint();
        const auto number = read_varint(left);
        return taken(number.has_value() ? number->size : 0) ? number->value : 0;
    }

    std::int64_t varlong() {
        if (is_short()) return short_varint();
        const auto number = read_varlong(left);
        return taken(number.has_value() ? number->size : 0) ? number->value : 0;
    }

    // -1: none.
    std::optional<ByteView> nullable_bytes() {
        const std::int32_t size = varint();
        if (size == -1) return std::nullopt;
        return bytes(size);
    }

    ByteView bytes(std::int32_t size) {
        if (!is_ok || size < 0 || static_cast<std::size_t>(size) > left.size()) {
            is_ok = false;
            return {};
        }
        const ByteView found = left.first(static_cast<std::size_t>(size));
        left = left.subspan(found.size());
        return found;
    }

private:
    // One byte, as most lengths and deltas are.
    bool is_short() const { return is_ok && !left.empty() && left.front() < 0x80; }

    std::int32_t short_varint() {
        const std::int32_t zigzag = left.front();
        left = left.subspan(1);
        return zigzag >> 1 ^ -(zigzag & 1);
    }

    bool taken(std::size_t size) {
        is_ok = is_ok && size != 0;
        if (is_ok) left = left.subspan(size);
        return is_ok;
    }
};

HeaderView read_header(Cursor& cursor) {
    HeaderView header;
    header.key = as_text(cursor.bytes(cursor.varint()));
    header.value = cursor.nullable_bytes();
    return header;
}

}  // namespace

std::string_view name(BatchFault fault) {
    switch (fault) {
        case BatchFault::incomplete:
            return "the batch is not complete";
        case BatchFault::length:
            return "the batch length is too small";
        case BatchFault::magic:
            return "the batch is not of magic 2";
    }
    UNREACHABLE("{}", static_cast<int>(fault));
}

Expected<BatchView, BatchFault> BatchView::read(ByteView bytes) {
    if (bytes.size() < batch_length_end) return Unexpected{BatchFault::incomplete};
    const auto length = load_be<std::int32_t>(bytes.data() + 8);
    constexpr auto length_min = static_cast<std::int32_t>(batch_header_size - batch_length_end);
    if (length < length_min) return Unexpected{BatchFault::length};
    if (bytes.size() < magic_end) return Unexpected{BatchFault::incomplete};
    if (load_be<std::int8_t>(bytes.data() + 16) != batch_magic)
        return Unexpected{BatchFault::magic};
    const std::size_t size = batch_length_end + static_cast<std::size_t>(length);
    if (bytes.size() < size) return Unexpected{BatchFault::incomplete};
    return BatchView(bytes.first(size));
}

std::int64_t BatchView::timestamp_of(const RecordView& record) const {
    if (timestamp_type() == TimestampType::log_append_time) return max_timestamp();
    return wrapping_sum(base_timestamp(), record.timestamp_delta);
}

Sequence BatchView::last_sequence() const {
    if (base_sequence() == no_sequence) return no_sequence;
    const std::int64_t sum = std::int64_t{base_sequence().value()} + last_offset_delta();
    return Sequence{static_cast<std::int32_t>(sum & INT32_MAX)};
}

std::optional<Compression> BatchView::compression() const {
    const int codec = attributes() & codec_bits;
    if (codec > static_cast<int>(Compression::zstd)) return std::nullopt;
    return static_cast<Compression>(codec);
}

bool BatchView::is_crc_right() const {
    return crc32c(bytes_.subspan(batch_crc_begin)) == crc();
}

bool HeaderIterator::next(HeaderView& header) {
    if (count_ == 0) return false;
    Cursor cursor{left_};
    header = read_header(cursor);
    CHECK(cursor.is_ok);
    left_ = cursor.left;
    --count_;
    return true;
}

bool RecordIterator::fail(const char* what) {
    error_ = DecodeError{fmt::format("record {} of {}: {}", done_, count_, what), at_};
    return false;
}

bool RecordIterator::next() {
    if (error_.has_value()) return false;
    const ByteView left = all_.subspan(at_);
    if (done_ == count_) return left.empty() ? false : fail("bytes after the last record");
    const auto length = read_varint(left);
    if (!length.has_value()) return fail("no length");
    const ByteView behind = left.subspan(length->size);
    if (length->value < 0) return fail("negative length");
    const auto size = static_cast<std::size_t>(length->value);
    if (size > behind.size()) return fail("longer than the bytes left");
    Cursor cursor{behind.first(size)};
    cursor.bytes(1);  // attributes, all unused
    record_.timestamp_delta = cursor.varlong();
    record_.offset_delta = cursor.varint();
    record_.key = cursor.nullable_bytes();
    record_.value = cursor.nullable_bytes();
    record_.header_count = cursor.varint();
    record_.header_bytes = cursor.left;
    if (!cursor.is_ok || record_.header_count < 0) return fail("broken fields");
    for (std::int32_t i = 0; i < record_.header_count && cursor.is_ok; ++i)
        read_header(cursor);
    if (!cursor.is_ok) return fail("broken headers");
    if (!cursor.left.empty()) return fail("bytes after the last header");
    at_ += length->size + size;
    ++done_;
    return true;
}

Expected<RecordSection, DecompressFault> RecordSection::open(const BatchView& batch,
                                                             std::size_t bytes_max) {
    const auto codec = batch.compression();
    if (!codec) return Unexpected{DecompressFault::corrupt};
    if (codec == Compression::none) {
        return RecordSection(Bytes(), batch.record_bytes(), batch.record_count());
    }
    Bytes content = TRY(decompress(*codec, batch.record_bytes(), bytes_max));
    const ByteView view = content.view();
    return RecordSection(std::move(content), view, batch.record_count());
}

void assign(std::span<std::uint8_t> batch, const BatchAssignment& assignment) {
    const auto view = BatchView::read(batch);
    CHECK(view.has_value());
    CHECK(view->size() == batch.size());
    const bool same_times = view->timestamp_type() == assignment.timestamp_type &&
                            view->max_timestamp() == assignment.max_timestamp;
    store_be(batch.data(), assignment.base_offset.value());
    store_be(batch.data() + 12, assignment.leader_epoch.value());
    if (same_times) return;
    const bool is_appended = assignment.timestamp_type == TimestampType::log_append_time;
    const int others = view->attributes() & ~log_append_time_bit;
    store_be(batch.data() + 21,
             static_cast<std::int16_t>(others | (is_appended ? log_append_time_bit : 0)));
    store_be(batch.data() + 35, assignment.max_timestamp);
    store_be(batch.data() + 17, crc32c(batch.subspan(batch_crc_begin)));
}

Bytes assigned_copy(const BatchView& batch, const BatchAssignment& assignment) {
    std::vector<std::uint8_t> copy(batch.bytes().begin(), batch.bytes().end());
    assign(copy, assignment);
    return Bytes::from(std::move(copy));
}

}  // namespace glasslog::protocol
