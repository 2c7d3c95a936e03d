// Files of a data directory as a damaged disk may hold them. The first byte chooses the file, the
// rest is its content: every decoder answers with a value or a refusal, and a dump prints
// something.

#include "core/base/check.hpp"
#include "core/base/crc32c.hpp"
#include "core/log/epoch_cache.hpp"
#include "core/log/producer_state.hpp"
#include "core/storage/batch_scan.hpp"
#include "core/storage/checkpoints.hpp"
#include "core/storage/dump.hpp"
#include "core/storage/segment.hpp"

#include <array>

namespace glasslog::storage {
namespace {

// Reads `file` as recovery does, chunk by chunk, and keeps the indexes that it would write.
void scan(ByteView file, CheckCrc check) {
    BatchScanner scanner(0, file.size(), check);
    SegmentIndexes indexes(Offset(0), {.interval_bytes = 1, .index_bytes_max = 1 << 16});
    log::ProducerState producers(64);
    Offset end(0);
    while (true) {
        const ScanResult result = scanner.next();
        if (const auto* wants = std::get_if<WantsBytes>(&result)) {
            CHECK(wants->position + wants->max_bytes <= file.size());
            scanner.feed(file.subspan(static_cast<std::size_t>(wants->position), wants->max_bytes));
            continue;
        }
        const auto* batch = std::get_if<ScannedBatch>(&result);
        if (batch == nullptr) break;
        producers.apply(batch->facts);
        const bool follows = batch->facts.base_offset >= end;
        if (!follows || batch->facts.last_offset > Offset(INT32_MAX)) break;
        indexes.add(batch->facts, batch->position);
        end = batch->facts.last_offset + 1;
    }
    CHECK(scanner.position() <= file.size());
    indexes.seal();
    const auto unwritten = indexes.take_unwritten();
    const SegmentExtent extent{Offset(0), file.size()};
    CHECK(decode_offset_index(unwritten.offset_entries.view(), extent, Padding::none).has_value());
    CHECK(decode_time_index(unwritten.time_entries.view(), Offset(0), Padding::none).has_value());
}

void snapshot(std::vector<std::uint8_t> bytes) {
    if (bytes.size() >= 10) {
        store_be<std::int16_t>(bytes.data(), 1);
        store_be<std::uint32_t>(bytes.data() + 2, crc32c(ByteView(bytes).subspan(6)));
    }
    const auto entries = log::decode_snapshot(bytes);
    if (!entries) return;
    log::ProducerState state(64);
    log::load(state, *entries);
    CHECK(log::decode_snapshot(log::encode_snapshot(state).view()).has_value());
}

void text_files(ByteView bytes) {
    if (const auto cache = log::decode_epoch_checkpoint(bytes)) {
        const std::string again = log::encode_epoch_checkpoint(*cache);
        CHECK(log::decode_epoch_checkpoint(as_bytes(again)).value() == *cache);
    }
    if (const auto offsets = decode_offset_checkpoint(bytes)) {
        const std::string again = encode_offset_checkpoint(*offsets);
        CHECK(decode_offset_checkpoint(as_bytes(again)).value() == *offsets);
    }
    if (const auto id = decode_partition_metadata(bytes))
        CHECK(decode_partition_metadata(as_bytes(encode_partition_metadata(*id))).value() == *id);
    ignore(decode_meta_properties(bytes), "only that it answers");
    ignore(decode_clean_shutdown(bytes), "only that it answers");
}

void indexes(ByteView bytes) {
    const SegmentExtent extent{Offset(1'000'000), 1 << 20};
    for (const Padding padding : {Padding::none, Padding::zeros}) {
        if (const auto index = decode_offset_index(bytes, extent, padding))
            CHECK(index->lookup(Offset(1'000'500)) < extent.log_bytes);
        if (const auto index = decode_time_index(bytes, extent.base, padding))
            CHECK(index->lookup(WallTime::from_milliseconds(5)).offset >= extent.base);
    }
}

void dump(ByteView bytes) {
    static constexpr std::array names{"00000000000000000007.log",
                                      "00000000000000000007.index",
                                      "00000000000000000007.timeindex",
                                      "00000000000000000007.snapshot",
                                      "leader-epoch-checkpoint",
                                      "recovery-point-offset-checkpoint",
                                      "partition.metadata",
                                      "meta.properties",
                                      ".kafka_cleanshutdown"};
    std::size_t line_count = 0;
    LineSink sink = [&](const std::string&) { ++line_count; };
    for (const char* name : names)
        CHECK(describe_file(name, bytes, DumpDepth::records, sink));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView bytes(data + 1, size - 1);
    switch (data[0] % 6) {
        case 0:
            scan(bytes, CheckCrc::yes);
            break;
        case 1:
            scan(bytes, CheckCrc::no);
            break;
        case 2:
            snapshot({bytes.begin(), bytes.end()});
            break;
        case 3:
            text_files(bytes);
            break;
        case 4:
            indexes(bytes);
            break;
        default:
            dump(bytes);
            break;
    }
    return 0;
}

}  // namespace glasslog::storage
