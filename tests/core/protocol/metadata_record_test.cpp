// Metadata and control records as a KRaft node of Apache Kafka 4.3.1 wrote them.

#include "core/protocol/metadata_record.hpp"

#include "core/protocol/codec.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/protocol/record_batch.hpp"
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

#include <map>

namespace glasslog::protocol {
namespace {

// Calls f(batch, record) for every record of a log or snapshot file.
template <typename F>
void for_each_record(const Bytes& file, F f) {
    for (ByteView left = file.view(); !left.empty();) {
        const auto batch = BatchView::read(left);
        ASSERT_TRUE(batch.has_value());
        RecordIterator records(batch->record_bytes(), batch->record_count());
        while (records.next())
            f(*batch, records.record());
        EXPECT_FALSE(records.error().has_value());
        left = left.subspan(batch->size());
    }
}

TEST(MetadataRecordTest, ThoseOfKafkaComeBackByteForByte) {
    std::map<std::string, int> seen;
    for (const char* file : {"metadata.log", "bootstrap.checkpoint", "snapshot.checkpoint"}) {
        const Bytes log = support::golden(std::string("wire/batches/") + file);
        for_each_record(log, [&](const BatchView& batch, const RecordView& record) {
            if (batch.is_control()) return;
            const auto decoded = decode_metadata_record(Bytes::copy_of(*record.value));
            ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
            ++seen[metadata_record_name(decoded->record)];
            EXPECT_EQ(to_hex(encode_metadata_record(*decoded).view()), to_hex(*record.value));
            EXPECT_TRUE(print_metadata_record(*decoded).starts_with('{'));
        });
    }
    for (const char* name : {"TopicRecord",
                             "PartitionRecord",
                             "ConfigRecord",
                             "RegisterBrokerRecord",
                             "BrokerRegistrationChangeRecord",
                             "FeatureLevelRecord",
                             "ProducerIdsRecord",
                             "RemoveTopicRecord",
                             "NoOpRecord"}) {
        EXPECT_GT(seen[name], 0) << name;
    }
}

template <typename Message>
void expect_same(const RecordView& record) {
    const Bytes value = Bytes::copy_of(*record.value);
    const auto message = decode<Message>(value, Version{0});
    ASSERT_TRUE(message.has_value()) << message.error().text();
    EXPECT_EQ(encode(*message, Version{0}).flatten(), value);
}

TEST(MetadataRecordTest, ControlRecordsOfKafkaComeBackByteForByte) {
    std::map<int, int> seen;
    for (const char* file : {"metadata.log", "bootstrap.checkpoint", "snapshot.checkpoint"}) {
        const Bytes log = support::golden(std::string("wire/batches/") + file);
        for_each_record(log, [&](const BatchView& batch, const RecordView& record) {
            if (!batch.is_control()) return;
            const auto type = load_be<std::int16_t>(record.key->data() + 2);
            ++seen[type];
            if (type == 2) expect_same<LeaderChangeMessage>(record);
            if (type == 3) expect_same<SnapshotHeaderRecord>(record);
            if (type == 4) expect_same<SnapshotFooterRecord>(record);
            if (type == 5) expect_same<KRaftVersionRecord>(record);
            if (type == 6) expect_same<VotersRecord>(record);
        });
    }
    EXPECT_EQ(seen.size(), 5U);
}

TEST(MetadataRecordTest, UnknownTypesAreKept) {
    const std::vector<std::uint8_t> value{1, 27, 0, 9, 9};

    const auto decoded = decode_metadata_record(Bytes::from(value));

    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(metadata_record_name(decoded->record), "record type 27");
    EXPECT_EQ(to_hex(encode_metadata_record(*decoded).view()), "011b000909");
}

TEST(MetadataRecordTest, BrokenFramesAreRefused) {
    const auto refused = [](std::vector<std::uint8_t> bytes) {
        return !decode_metadata_record(Bytes::from(std::move(bytes))).has_value();
    };

    EXPECT_TRUE(refused({}));
    EXPECT_TRUE(refused({0, 20, 0, 0}));                // frame version 0
    EXPECT_TRUE(refused({1, 20}));                      // no version
    EXPECT_TRUE(refused({1, 20, 1, 0}));                // NoOpRecord has no version 1
    EXPECT_TRUE(refused({1, 20, 0, 0, 0}));             // a byte left over
    EXPECT_TRUE(refused({1, 0x80, 0x80, 0x02, 0, 0}));  // type 32768
    EXPECT_FALSE(refused({1, 20, 0, 0}));
}

}  // namespace
}  // namespace glasslog::protocol
