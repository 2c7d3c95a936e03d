// Codes of refused batches are those that Apache Kafka 4.3.1 answered to the same bytes.

#include "core/protocol/batch_validation.hpp"

#include "core/base/crc32c.hpp"

#include <gtest/gtest.h>

namespace glasslog::protocol {
namespace {

constexpr std::int64_t now_ms = 1'700'000'000'000;
constexpr Version latest{12};

// A batch that can be spoiled; the CRC is made right again unless the test wants it wrong.
class Draft {
public:
    Draft() : Draft(std::vector{NewRecord{.timestamp = now_ms, .value = as_bytes("v")}}) {}

    explicit Draft(const std::vector<NewRecord>& records, const BatchOptions& options = {}) {
        BatchBuilder builder(options);
        for (const NewRecord& record : records)
            builder.append(record);
        const Bytes batch = builder.build();
        bytes_.assign(batch.view().begin(), batch.view().end());
    }

    template <typename T>
    Draft& put(std::size_t at, T value) {
        store_be(bytes_.data() + at, value);
        return *this;
    }

    Draft& add(std::size_t count, std::uint8_t byte) {
        bytes_.insert(bytes_.end(), count, byte);
        return *this;
    }

    Draft& cut(std::size_t size) {
        bytes_.resize(size);
        return *this;
    }

    Draft& sealed() { return put(17, crc32c(ByteView(bytes_).subspan(batch_crc_begin))); }

    ByteView bytes() const { return bytes_; }

private:
    std::vector<std::uint8_t> bytes_;
};

// What a client is told, both steps together.
struct Answer {
    WireError code = WireError::none;
    bool tells_log_start = false;
    std::vector<std::int32_t> wrong_records;

    friend bool operator==(const Answer&, const Answer&) = default;
};

void PrintTo(const Answer& answer, std::ostream* out) {
    *out << name(answer.code) << (answer.tells_log_start ? ", log start" : "") << ", "
         << answer.wrong_records.size() << " records";
}

Answer refused(const BatchRefusal& refusal) {
    Answer answer{refusal.code, refusal.tells_log_start};
    for (const RecordRefusal& record : refusal.records)
        answer.wrong_records.push_back(record.index);
    return answer;
}

Answer check(const Draft& draft, BatchRules rules = {}, Version version = latest) {
    rules.now_ms = now_ms;
    const auto batch = check_produced_format(draft.bytes(), version);
    if (!batch) return refused(batch.error());
    const auto checked = check_produced_batch(*batch, rules);
    return checked ? Answer{} : refused(checked.error());
}

const Answer taken{};
const Answer malformed{WireError::invalid_record, false};
const Answer corrupt{WireError::corrupt_message, false};
const Answer invalid{WireError::invalid_record, true};
const Answer unknown_error{WireError::unknown_server_error, true};

TEST(BatchValidationTest, AnswersAsKafkaToABrokenFormat) {
    const auto whole = [] { return Draft(); };
    const std::size_t size = whole().bytes().size();

    EXPECT_EQ(check(whole()), taken);
    EXPECT_EQ(check(whole().cut(0)), malformed);
    EXPECT_EQ(check(whole().cut(5)), malformed);
    EXPECT_EQ(check(whole().cut(21)), malformed);
    EXPECT_EQ(check(whole().put(8, static_cast<std::int32_t>(size - 12 + 10))), malformed);
    EXPECT_EQ(check(whole().put(8, std::int32_t{10})), corrupt);
    EXPECT_EQ(check(whole().put(8, std::int32_t{-1})), corrupt);
    EXPECT_EQ(check(whole().put(8, std::int32_t{20})), corrupt);
    EXPECT_EQ(check(whole().put(16, std::int8_t{0})), malformed);
    EXPECT_EQ(check(whole().put(16, std::int8_t{1})), malformed);
    EXPECT_EQ(check(whole().put(16, std::int8_t{3})), corrupt);
    EXPECT_EQ(check(whole().put(16, std::int8_t{-1})), corrupt);
    EXPECT_EQ(check(whole().add(20, 0xFF)), corrupt);
    EXPECT_EQ(check(whole().add(5, 0xFF)), taken);
}

TEST(BatchValidationTest, TakesOneBatchOnly) {
    Draft two;
    const std::vector<std::uint8_t> first(two.bytes().begin(), two.bytes().end());
    for (const std::uint8_t byte : first)
        two.add(1, byte);

    EXPECT_EQ(check(two), malformed);
}

TEST(BatchValidationTest, TakesZstdFromVersion7On) {
    const Draft zstd({{.timestamp = now_ms}}, {.compression = Compression::zstd});

    EXPECT_EQ(check(zstd, {}, Version{6}).code, WireError::unsupported_compression_type);
    EXPECT_EQ(check(zstd, {}, Version{7}), taken);
}

TEST(BatchValidationTest, AnswersAsKafkaToABrokenHead) {
    EXPECT_EQ(check(Draft().put(17, std::uint32_t{1})), corrupt);
    EXPECT_EQ(check(Draft().put(0, std::int64_t{7})), invalid);
    EXPECT_EQ(check(Draft().put(12, std::int32_t{55})), taken);
    EXPECT_EQ(check(Draft().put(57, std::int32_t{0}).sealed()), invalid);
    EXPECT_EQ(check(Draft().put(57, std::int32_t{0}).put(23, std::int32_t{-1}).sealed()), invalid);
    EXPECT_EQ(check(Draft().put(23, std::int32_t{5}).sealed()), invalid);
    EXPECT_EQ(check(Draft().put(23, INT32_MAX).put(57, INT32_MIN).sealed()), invalid);
    EXPECT_EQ(check(Draft().put(21, std::int16_t{32}).sealed()), invalid);
    EXPECT_EQ(check(Draft().put(21, std::int16_t{8}).sealed()), taken);
    EXPECT_EQ(check(Draft().put(21, std::int16_t{64}).sealed()), taken);
    EXPECT_EQ(check(Draft().put(21, std::int16_t{128}).sealed()), taken);
    EXPECT_EQ(check(Draft().put(43, std::int64_t{5}).sealed()), invalid);  // sequence -1
    EXPECT_EQ(check(Draft(), {.batch_bytes_max = 60}),
              (Answer{WireError::message_too_large, false}));
}

TEST(BatchValidationTest, AnswersAsKafkaToBrokenRecords) {
    const NewRecord record{.timestamp = now_ms};
    const Draft two(std::vector{record, record});

    EXPECT_EQ(check(Draft().put(57, std::int32_t{2}).put(23, std::int32_t{1}).sealed()), invalid);
    EXPECT_EQ(check(Draft(two).put(57, std::int32_t{1}).put(23, std::int32_t{0}).sealed()),
              invalid);
    EXPECT_EQ(check(Draft().put(21, std::int16_t{1}).sealed()), unknown_error);
    EXPECT_EQ(check(Draft().put(21, std::int16_t{5}).sealed()), unknown_error);
}

TEST(BatchValidationTest, NamesRecordsWithoutKeyOfACompactedTopic) {
    const NewRecord keyed{.timestamp = now_ms, .key = as_bytes("k")};
    const NewRecord bare{.timestamp = now_ms};

    EXPECT_EQ(check(Draft(std::vector{keyed, bare, keyed}), {.requires_keys = true}),
              (Answer{WireError::invalid_record, true, {1}}));
    EXPECT_EQ(check(Draft(std::vector{keyed, keyed}), {.requires_keys = true}), taken);
}

TEST(BatchValidationTest, RefusesTimestampsOutOfRange) {
    const auto at = [](std::int64_t timestamp) {
        return Draft(std::vector{NewRecord{.timestamp = timestamp}});
    };
    const Answer late{WireError::invalid_timestamp, true, {0}};

    EXPECT_EQ(check(at(now_ms + 7'200'000)), late);
    EXPECT_EQ(check(at(now_ms + 3'600'000)), taken);
    EXPECT_EQ(check(at(INT64_MAX)), late);
    EXPECT_EQ(check(at(-1)), taken);
    EXPECT_EQ(check(at(0)), taken);
    EXPECT_EQ(check(at(-5)), taken);
    EXPECT_EQ(check(at(INT64_MIN)), taken);
    EXPECT_EQ(check(at(now_ms - 11), {.timestamp_before_ms_max = 10}), late);
    EXPECT_EQ(
        check(at(0),
              {.timestamp_type = TimestampType::log_append_time, .timestamp_before_ms_max = 10}),
        taken);
}

TEST(BatchValidationTest, ALimitOnTheContentIsTooLarge) {
    const std::vector<std::uint8_t> zeros(100'000);
    const Draft bomb(std::vector{NewRecord{.timestamp = now_ms, .value = zeros}},
                     {.compression = Compression::gzip});

    EXPECT_EQ(check(bomb, {.decompressed_bytes_max = 50'000}).code, WireError::message_too_large);
    EXPECT_EQ(check(bomb, {.decompressed_bytes_max = 200'000}), taken);
}

CheckedBatch checked(const Draft& draft, BatchRules rules = {}) {
    rules.now_ms = now_ms;
    return check_produced_batch(check_produced_format(draft.bytes(), latest).value(), rules)
        .value();
}

TEST(BatchValidationTest, FindsTheLargestTimestamp) {
    const std::vector<NewRecord> records{{.timestamp = 5}, {.timestamp = 9}, {.timestamp = 9}};

    const CheckedBatch created = checked(Draft(records));
    EXPECT_EQ(created.max_timestamp, 9);
    EXPECT_EQ(created.max_timestamp_delta, 1);
    EXPECT_FALSE(created.needs_rebuild);

    const CheckedBatch appended =
        checked(Draft(records), {.timestamp_type = TimestampType::log_append_time});
    EXPECT_EQ(appended.max_timestamp, now_ms);
    EXPECT_EQ(appended.timestamp_type, TimestampType::log_append_time);
}

TEST(BatchValidationTest, OffsetsWithGapsAreRebuilt) {
    Draft gap({{.timestamp = 5, .value = as_bytes("a")}, {.timestamp = 6, .value = as_bytes("b")}});
    const std::size_t second_record = batch_header_size + 8;
    ASSERT_EQ(gap.bytes()[second_record + 3], 2);  // zigzag of 1
    gap.put(second_record + 3, std::int8_t{14}).sealed();
    EXPECT_TRUE(checked(gap).needs_rebuild);

    const auto again = rebuilt(BatchView::read(gap.bytes()).value(), Compression::lz4, 1000);

    const auto batch = BatchView::read(again.value().view()).value();
    EXPECT_TRUE(batch.is_crc_right());
    EXPECT_EQ(batch.compression(), Compression::lz4);
    const auto section = RecordSection::open(batch, 1000);
    RecordIterator records = section.value().records();
    ASSERT_TRUE(records.next() && records.next());
    EXPECT_EQ(records.record().offset_delta, 1);
    EXPECT_EQ(as_text(*records.record().value), "b");
}

}  // namespace
}  // namespace glasslog::protocol
