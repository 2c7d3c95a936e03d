// Metadata and control records as a KRaft node of Apache Kafka 4.3.1 wrote them.

#include "core/protocol/metadata_record.hpp"

#include "core/protocol/codec.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/protocol/schema.hpp"
#include "tests/support/facts.hpp"
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

namespace glasslog::protocol {
namespace {

namespace fs = std::filesystem;

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

// Every record of every log and snapshot in a folder; how often each type came.
std::map<std::string, int> check_folder(const fs::path& folder) {
    std::map<std::string, int> seen;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const fs::path kind = entry.path().extension();
        if (kind != ".checkpoint" && kind != ".log") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const Bytes file =
            Bytes::from(std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), {}));
        for_each_record(file, [&](const BatchView& batch, const RecordView& record) {
            if (batch.is_control()) return;
            const auto decoded = decode_metadata_record(Bytes::copy_of(*record.value));
            ASSERT_TRUE(decoded.has_value()) << decoded.error().text();
            ++seen[metadata_record_name(decoded->record)];
            EXPECT_EQ(to_hex(encode_metadata_record(*decoded).view()), to_hex(*record.value));
        });
    }
    return seen;
}

// The same, counted by Kafka's dump tool: "USER_SCRAM_CREDENTIAL_RECORD" is
// UserScramCredentialRecord.
std::map<std::string, int> counted_by_kafka(const fs::path& dump) {
    constexpr std::string_view mark = R"(payload: {"type":")";
    std::map<std::string, int> counts;
    std::ifstream in(dump);
    for (std::string line; std::getline(in, line);) {
        const std::size_t at = line.find(mark);
        if (at == std::string::npos) continue;
        const std::size_t begin = at + mark.size();
        std::string name = line.substr(begin, line.find('"', begin) - begin);
        std::ranges::transform(name, name.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        ++counts[schema_name(name)];
    }
    return counts;
}

TEST(MetadataRecordTest, ThoseOfAClusterOfKafkaComeBackByteForByte) {
    const auto facts = support::facts_folder();
    if (!facts) GTEST_SKIP() << "GLASSLOG_FACTS is not set";

    for (const std::string name : {"metadata-active", "metadata-follower", "one-node-clean"}) {
        const fs::path folder = fs::path(testing::TempDir()) / ("metadata-records-" + name);
        fs::create_directories(folder);
        const std::string files = *facts + "/golden/files/" + name;
        const std::string dump = (folder / "dump.txt").string();
        ASSERT_EQ(std::system(("tar xzf " + files + ".tar.gz -C " + folder.string()).c_str()), 0);
        ASSERT_EQ(std::system(("zcat " + files + ".dump.txt.gz > " + dump).c_str()), 0);

        EXPECT_EQ(check_folder(folder / "data/__cluster_metadata-0"), counted_by_kafka(dump))
            << name;
        EXPECT_FALSE(check_folder(folder / "data").empty()) << "bootstrap.checkpoint of " << name;
        fs::remove_all(folder);
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

TEST(MetadataRecordTest, CredentialsAreNotPrinted) {
    UserScramCredentialRecord record{.name = "alice", .mechanism = 1, .iterations = 4096};
    record.salt = Bytes::copy_of(as_bytes("salt"));
    record.stored_key = Bytes::copy_of(as_bytes("stored"));
    record.server_key = Bytes::copy_of(as_bytes("server"));

    EXPECT_EQ(print_metadata_record({record, Version{0}}),
              R"({"name":"alice","mechanism":1,"salt":"hidden","stored_key":"hidden",)"
              R"("server_key":"hidden","iterations":4096})");
}

TEST(MetadataRecordTest, UnknownTypesAreKept) {
    const std::vector<std::uint8_t> value{1, 29, 0, 9, 9};

    const auto decoded = decode_metadata_record(Bytes::from(value));

    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(metadata_record_name(decoded->record), "record type 29");
    EXPECT_EQ(to_hex(encode_metadata_record(*decoded).view()), "011d000909");
}

TEST(MetadataRecordTest, AStringThatKafkaDoesNotReadIsRefused) {
    const auto record = [](std::vector<std::uint8_t> length, std::size_t size) {
        std::vector<std::uint8_t> value{1, 4, 0, 2, 2, 'r', 2, 'k'};  // of a config
        value.insert(value.end(), length.begin(), length.end());
        value.insert(value.end(), size, 'x');
        value.push_back(0);
        return decode_metadata_record(Bytes::from(std::move(value)));
    };

    EXPECT_TRUE(record({0x80, 0x80, 0x02}, 32'767).has_value());
    EXPECT_FALSE(record({0x81, 0x80, 0x02}, 32'768).has_value());
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
