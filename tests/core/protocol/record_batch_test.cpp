// Batches as Kafka's Java producer and broker wrote them, and as our builder does.

#include "core/protocol/batch_builder.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace glasslog::protocol {
namespace {

constexpr std::size_t content_max = 1U << 20;

// A record that owns its bytes.
struct OwnedRecord {
    std::int64_t timestamp = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;

    friend bool operator==(const OwnedRecord&, const OwnedRecord&) = default;
};

std::optional<std::string> owned(const std::optional<ByteView>& bytes) {
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
}

std::vector<OwnedRecord> records_of(const BatchView& batch) {
    std::vector<OwnedRecord> all;
    const auto section = RecordSection::open(batch, content_max);
    RecordIterator each = section.value().records();
    while (each.next()) {
        const RecordView& record = each.record();
        OwnedRecord copy{batch.timestamp_of(record), owned(record.key), owned(record.value)};
        HeaderView header;
        for (HeaderIterator headers(record); headers.next(header);)
            copy.headers.emplace_back(header.key, owned(header.value));
        all.push_back(std::move(copy));
    }
    EXPECT_FALSE(each.error().has_value()) << each.error()->text();
    return all;
}

Bytes built(const BatchOptions& options, const std::vector<OwnedRecord>& records) {
    const auto view = [](const std::optional<std::string>& text) {
        return text ? std::optional(as_bytes(*text)) : std::nullopt;
    };
    BatchBuilder builder(options);
    for (const OwnedRecord& record : records) {
        std::vector<HeaderView> headers;
        for (const auto& [key, value] : record.headers)
            headers.push_back({key, view(value)});
        const NewRecord added{record.timestamp, view(record.key), view(record.value), headers};
        const std::size_t before = builder.size();
        builder.append(added);
        EXPECT_LE(builder.size() - before, BatchBuilder::size_bound(added));
    }
    return builder.build();
}

std::vector<BatchView> batches_of(ByteView log) {
    std::vector<BatchView> all;
    while (!log.empty()) {
        const auto batch = BatchView::read(log);
        EXPECT_TRUE(batch.has_value());
        EXPECT_TRUE(batch->is_crc_right());
        all.push_back(*batch);
        log = log.subspan(batch->size());
    }
    return all;
}

BatchOptions options_of(const BatchView& batch) {
    return {.base_offset = batch.base_offset(),
            .leader_epoch = batch.leader_epoch(),
            .compression = *batch.compression(),
            .timestamp_type = batch.timestamp_type(),
            .is_transactional = batch.is_transactional(),
            .is_control = batch.is_control(),
            .producer_id = batch.producer_id(),
            .producer_epoch = batch.producer_epoch(),
            .base_sequence = batch.base_sequence()};
}

TEST(RecordBatchTest, ReadsWhatKafkaWroteInEveryCodec) {
    const Bytes plain_log = support::golden("wire/batches/codecs-0.log");
    const std::vector<BatchView> plain = batches_of(plain_log.view());
    ASSERT_EQ(plain.size(), 4U);
    const std::vector<OwnedRecord> first = records_of(plain.front());
    ASSERT_EQ(first.size(), 6U);
    EXPECT_EQ(first[0].timestamp, 1'700'000'000'000);
    EXPECT_EQ(first[0].key, "key-0");
    EXPECT_EQ(first[0].value, "value 0 ");
    ASSERT_EQ(first[0].headers.size(), 3U);
    EXPECT_EQ(first[0].headers[1].first, "nul");
    EXPECT_EQ(first[0].headers[1].second, std::nullopt);
    EXPECT_EQ(first[4].key, std::nullopt);
    EXPECT_EQ(first[5].value, std::nullopt);

    for (const int codec : {1, 2, 3, 4}) {
        const Bytes log = support::golden(fmt::format("wire/batches/codecs-{}.log", codec));
        const std::vector<BatchView> packed = batches_of(log.view());
        ASSERT_EQ(packed.size(), plain.size());
        for (std::size_t i = 0; i < packed.size(); ++i) {
            EXPECT_EQ(packed[i].compression(), static_cast<Compression>(codec));
            EXPECT_EQ(records_of(packed[i]), records_of(plain[i])) << codec << ' ' << i;
        }
    }
}

TEST(RecordBatchTest, BuildsTheBytesThatKafkaBuilds) {
    int count = 0;
    for (const char* file : {"codecs-0.log", "metadata.log"}) {
        const Bytes log = support::golden(fmt::format("wire/batches/{}", file));
        for (const BatchView& batch : batches_of(log.view())) {
            const std::vector<OwnedRecord> records = records_of(batch);
            // Some clients take a base timestamp that is not the first record's.
            if (records.front().timestamp != batch.base_timestamp()) continue;

            const Bytes again = built(options_of(batch), records);

            EXPECT_EQ(to_hex(again.view()), to_hex(batch.bytes())) << file;
            ++count;
        }
    }
    EXPECT_GT(count, 50);
}

TEST(RecordBatchTest, ReadsMarkersAndSequencesOfTransactions) {
    const Bytes log = support::golden("wire/batches/transactions.log");

    int markers = 0;
    int transactional = 0;
    for (const BatchView& batch : batches_of(log.view())) {
        if (!batch.is_transactional()) continue;
        ++transactional;
        EXPECT_TRUE(batch.has_producer_id());
        if (batch.is_control()) {
            ++markers;
            EXPECT_EQ(batch.last_sequence(), no_sequence);
        } else {
            EXPECT_EQ(batch.last_sequence(), batch.base_sequence() + batch.record_count() - 1);
        }
    }
    EXPECT_GT(markers, 0);
    EXPECT_GT(transactional, markers);
}

TEST(RecordBatchTest, RecordsOfLogAppendTimeHaveTheTimeOfTheAppend) {
    const Bytes log = support::golden("wire/batches/logtime.log");

    for (const BatchView& batch : batches_of(log.view())) {
        EXPECT_EQ(batch.timestamp_type(), TimestampType::log_append_time);
        for (const OwnedRecord& record : records_of(batch))
            EXPECT_EQ(record.timestamp, batch.max_timestamp());
    }
}

TEST(RecordBatchTest, SequencesWrapToZero) {
    const Bytes batch =
        built({.producer_id = ProducerId{1}, .base_sequence = Sequence{INT32_MAX - 1}},
              {{}, {}, {}});

    EXPECT_EQ(BatchView::read(batch.view()).value().last_sequence(), Sequence{0});
}

std::string any_text() {
    return *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}

std::optional<std::string> any_value() {
    if (*rc::gen::inRange(0, 4) == 0) return std::nullopt;
    return any_text();
}

OwnedRecord any_record() {
    OwnedRecord record;
    record.timestamp = *rc::gen::inRange<std::int64_t>(-1, 1'800'000'000'000);
    record.key = any_value();
    record.value = any_value();
    for (int headers = *rc::gen::inRange(0, 3); headers > 0; --headers) {
        std::string key = any_text();
        record.headers.emplace_back(std::move(key), any_value());
    }
    return record;
}

TEST(RecordBatchTest, RecordsComeBackFromEveryCodec) {
    const bool holds = rc::check([] {
        const auto codec = static_cast<Compression>(*rc::gen::inRange(0, 5));
        std::vector<OwnedRecord> records(*rc::gen::inRange<std::size_t>(1, 20));
        for (OwnedRecord& record : records)
            record = any_record();

        const Bytes bytes = built({.compression = codec, .producer_id = ProducerId{9}}, records);
        const auto batch = BatchView::read(bytes.view());

        RC_ASSERT(batch.has_value());
        RC_ASSERT(batch->size() == bytes.size());
        RC_ASSERT(batch->is_crc_right());
        RC_ASSERT(batch->record_count() == static_cast<std::int32_t>(records.size()));
        RC_ASSERT(batch->last_offset_delta() == batch->record_count() - 1);
        RC_ASSERT(records_of(*batch) == records);
    });
    EXPECT_TRUE(holds);
}

TEST(RecordBatchTest, EveryTruncationIsIncomplete) {
    const Bytes whole = built({}, {{.key = "k", .value = "v"}});

    support::for_each_truncation(whole.view(), [](ByteView cut) {
        EXPECT_EQ(BatchView::read(cut).error(), BatchFault::incomplete) << cut.size();
    });
}

TEST(RecordBatchTest, EveryFlippedBitIsFoundOrLiesOutsideTheCrc) {
    const Bytes whole = built({.compression = Compression::zstd}, {{.key = "k", .value = "v"}});

    std::size_t bit = 0;
    support::for_each_bit_flip(whole.view(), [&bit](ByteView flipped) {
        const std::size_t byte = bit++ / 8;
        const auto batch = BatchView::read(flipped);
        const bool is_outside = byte < 8 || (byte >= 12 && byte < 16);  // offset, leader epoch
        if (is_outside) {
            EXPECT_TRUE(batch.has_value() && batch->is_crc_right()) << byte;
        } else if (batch) {
            EXPECT_FALSE(batch->is_crc_right()) << byte;
        }
    });
}

// Records that are read although the CRC is wrong: the walk itself must stand every damage.
TEST(RecordBatchTest, TheIteratorSurvivesEveryFlippedBitWithoutAllocating) {
    const Bytes whole = built({}, {{.key = "key", .value = "value", .headers = {{"h", "x"}}}, {}});
    const ByteView section = whole.view().subspan(batch_header_size);

    support::for_each_bit_flip(section, [](ByteView flipped) {
        const auto before = support::allocations();
        RecordIterator each(flipped, 2);
        std::size_t seen = 0;
        while (each.next())
            seen += each.record().key.has_value() ? each.record().key->size() : 0;
        const auto used = support::allocations() - before;

        EXPECT_LE(seen, flipped.size());
        EXPECT_LE(used.bytes, each.error().has_value() ? 512U : 0U);
    });
}

TEST(RecordBatchTest, RefusesLengthsAndMagicsThatCannotBe) {
    const Bytes whole = built({}, {{}});
    std::vector<std::uint8_t> bytes(whole.view().begin(), whole.view().end());
    bytes[16] = 1;
    EXPECT_EQ(BatchView::read(bytes).error(), BatchFault::magic);
    store_be(bytes.data() + 8, std::int32_t{48});
    EXPECT_EQ(BatchView::read(bytes).error(), BatchFault::length);
    store_be(bytes.data() + 8, std::int32_t{-1});
    EXPECT_EQ(BatchView::read(bytes).error(), BatchFault::length);
}

TEST(RecordBatchTest, AssigningOffsetAndEpochLeavesTheCrcAlone) {
    const Bytes whole = built({}, {{.timestamp = 5}, {.timestamp = 9}});
    const auto batch = BatchView::read(whole.view()).value();

    const Bytes assigned = assigned_copy(
        batch,
        {.base_offset = Offset{100}, .leader_epoch = LeaderEpoch{3}, .max_timestamp = 9});
    const auto after = BatchView::read(assigned.view()).value();

    EXPECT_EQ(after.base_offset(), Offset{100});
    EXPECT_EQ(after.last_offset(), Offset{101});
    EXPECT_EQ(after.leader_epoch(), LeaderEpoch{3});
    EXPECT_EQ(after.crc(), batch.crc());
    EXPECT_TRUE(after.is_crc_right());
}

TEST(RecordBatchTest, AssigningLogAppendTimeMakesTheCrcAnew) {
    const Bytes whole = built({.is_transactional = true}, {{.timestamp = 5}});
    const auto batch = BatchView::read(whole.view()).value();

    const Bytes assigned =
        assigned_copy(batch,
                      {.timestamp_type = TimestampType::log_append_time, .max_timestamp = 77});
    const auto after = BatchView::read(assigned.view()).value();

    EXPECT_EQ(after.timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(after.max_timestamp(), 77);
    EXPECT_TRUE(after.is_transactional());
    EXPECT_TRUE(after.is_crc_right());
}

TEST(RecordBatchTest, ReadingUncompressedRecordsAllocatesNothing) {
    const Bytes whole = built({}, {{.key = "a", .value = "b", .headers = {{"h", "x"}}}, {}, {}});
    const auto before = support::allocations();

    const auto batch = BatchView::read(whole.view());
    const auto section = RecordSection::open(batch.value(), content_max);
    RecordIterator each = section.value().records();
    int count = 0;
    while (each.next())
        ++count;

    EXPECT_EQ((support::allocations() - before).count, 0U);
    EXPECT_EQ(count, 3);
}

}  // namespace
}  // namespace glasslog::protocol
