#include "core/storage/checkpoints.hpp"
#include "core/storage/dump.hpp"
#include "core/storage/names.hpp"
#include "core/storage/offset_index.hpp"
#include "core/storage/time_index.hpp"
#include "tests/support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glasslog::storage {
namespace {

using support::for_each_bit_flip;
using support::for_each_truncation;
using support::golden;

TEST(NamesTest, PrintsAndReadsTheNamesOfSegmentFiles) {
    EXPECT_EQ(segment_file_name(Offset(42), SegmentFile::log), "00000000000000000042.log");
    for (const SegmentFile kind : {SegmentFile::log,
                                   SegmentFile::offset_index,
                                   SegmentFile::time_index,
                                   SegmentFile::txn_index,
                                   SegmentFile::snapshot}) {
        const auto parsed = parse_segment_file_name(segment_file_name(Offset(7), kind));
        ASSERT_TRUE(parsed.has_value());
        EXPECT_EQ(parsed->base, Offset(7));
        EXPECT_EQ(parsed->kind, kind);
    }
}

TEST(NamesTest, TakesNothingElseForASegmentFile) {
    for (const char* name : {"",
                             ".log",
                             "42.log",
                             "0000000000000000004x.log",
                             "-0000000000000000042.log",
                             "00000000000000000042.log.deleted",
                             "00000000000000000042-0000000003.checkpoint",
                             "99999999999999999999.log",
                             "leader-epoch-checkpoint"})
        EXPECT_FALSE(parse_segment_file_name(name).has_value()) << name;
}

TEST(NamesTest, ReadsTheFoldersOfPartitions) {
    struct Row {
        const char* folder;
        const char* topic;
        int index;
        DirectoryKind kind;
    };

    const std::vector<Row> rows{
        {"orders-0", "orders", 0, DirectoryKind::partition},
        {"a-b-12", "a-b", 12, DirectoryKind::partition},
        {"doomed-0.6e7d46ea27554a6ca8928ee07d8b0008-delete", "doomed", 0, DirectoryKind::deleted},
        {"x.y-3.6e7d46ea27554a6ca8928ee07d8b0008-future", "x.y", 3, DirectoryKind::future},
        {"orders-1.6e7d46ea27554a6ca8928ee07d8b0008-stray", "orders", 1, DirectoryKind::stray},
    };
    for (const Row& row : rows) {
        const auto parsed = parse_partition_directory_name(row.folder);
        ASSERT_TRUE(parsed.has_value()) << row.folder;
        EXPECT_EQ(parsed->name, (PartitionName{row.topic, PartitionIndex(row.index)}));
        EXPECT_EQ(parsed->kind, row.kind) << row.folder;
    }
    for (const char* folder : {"orders", "orders-", "-0", "orders-x", "lost+found", ""})
        EXPECT_FALSE(parse_partition_directory_name(folder).has_value()) << folder;
}

TEST(NamesTest, CutsTheTopicOfADeletedFolderToWhatFileSystemsTake) {
    const PartitionName name{std::string(249, 't'), PartitionIndex(7)};
    const Uuid unique{0x6e7d46ea27554a6c, 0xa8928ee07d8b0008};

    const std::string folder = deleted_directory_name(name, unique);

    EXPECT_EQ(folder.size(), 255U);
    EXPECT_THAT(folder, testing::EndsWith("-7.6e7d46ea27554a6ca8928ee07d8b0008-delete"));
    EXPECT_EQ(deleted_directory_name({"doomed", PartitionIndex(0)}, unique),
              "doomed-0.6e7d46ea27554a6ca8928ee07d8b0008-delete");
}

// Of the metadata log of a running cluster: entries every 4096 bytes.
TEST(OffsetIndexTest, ReadsAndWritesTheBytesOfKafka) {
    const Bytes file = golden("storage/metadata-0.index");

    const auto index = decode_offset_index(file.view(), {Offset(0), 1 << 20}, Padding::none);

    ASSERT_TRUE(index.has_value()) << index.error().text();
    ASSERT_EQ(index->entries().size(), 2U);
    EXPECT_EQ(index->entries()[0], (OffsetIndexEntry{61, 4295}));
    EXPECT_EQ(to_hex(index->encode_from(0).view()), to_hex(file.view()));
}

TEST(OffsetIndexTest, FindsTheLastEntryAtOrBelow) {
    OffsetIndex index{Offset(100)};
    index.append(Offset(110), 1000);
    index.append(Offset(120), 2000);

    EXPECT_EQ(index.lookup(Offset(90)), 0U);
    EXPECT_EQ(index.lookup(Offset(109)), 0U);
    EXPECT_EQ(index.lookup(Offset(110)), 1000U);
    EXPECT_EQ(index.lookup(Offset(119)), 1000U);
    EXPECT_EQ(index.lookup(Offset(500)), 2000U);
}

TEST(OffsetIndexTest, EndsAtTheZerosOfAPreallocatedFile) {
    std::vector<std::uint8_t> bytes(64);
    store_be<std::int32_t>(bytes.data(), 5);
    store_be<std::int32_t>(bytes.data() + 4, 100);

    const auto index = decode_offset_index(bytes, {Offset(0), 1000}, Padding::zeros);

    ASSERT_TRUE(index.has_value());
    EXPECT_EQ(index->entries().size(), 1U);
    EXPECT_FALSE(decode_offset_index(bytes, {Offset(0), 1000}, Padding::none).has_value());
}

TEST(OffsetIndexTest, DecodesOrRefusesEveryDamage) {
    const Bytes file = golden("storage/metadata-0.index");
    const auto decode = [](ByteView damaged) {
        const auto index = decode_offset_index(damaged, {Offset(0), 20000}, Padding::none);
        if (!index) return;
        for (const OffsetIndexEntry& entry : index->entries())
            EXPECT_LT(entry.position, 20000);
    };
    for_each_truncation(file.view(), decode);
    for_each_bit_flip(file.view(), decode);
}

TEST(TimeIndexTest, ReadsAndWritesTheBytesOfKafka) {
    const Bytes file = golden("storage/metadata-0.timeindex");

    const auto index = decode_time_index(file.view(), Offset(0), Padding::none);

    ASSERT_TRUE(index.has_value()) << index.error().text();
    ASSERT_EQ(index->entries().size(), 3U);
    EXPECT_EQ(index->entries()[0],
              (TimestampOffset{WallTime::from_milliseconds(1795221750986), Offset(61)}));
    EXPECT_EQ(to_hex(index->encode_from(0).view()), to_hex(file.view()));
}

TEST(TimeIndexTest, SaysWhereToBeginToLookForATime) {
    const auto at = [](int ms) { return WallTime::from_milliseconds(ms); };
    TimeIndex index{Offset(10)};
    index.maybe_append({at(100), Offset(12)});
    index.maybe_append({at(100), Offset(15)});
    index.maybe_append({at(90), Offset(17)});
    index.maybe_append({at(200), Offset(20)});

    EXPECT_EQ(index.entries().size(), 2U);
    EXPECT_EQ(index.lookup(at(99)), (TimestampOffset{WallTime(), Offset(10)}));
    EXPECT_EQ(index.lookup(at(100)).offset, Offset(12));
    EXPECT_EQ(index.lookup(at(199)).offset, Offset(12));
    EXPECT_EQ(index.lookup(at(999)).offset, Offset(20));
}

TEST(TimeIndexTest, DecodesOrRefusesEveryDamage) {
    const Bytes file = golden("storage/metadata-0.timeindex");
    const auto decode = [](ByteView damaged) {
        ignore(decode_time_index(damaged, Offset(0), Padding::none), "must not crash");
    };
    for_each_truncation(file.view(), decode);
    for_each_bit_flip(file.view(), decode);
}

TEST(CheckpointsTest, ReadsTheOffsetsOfKafka) {
    const Bytes file = golden("storage/log-start-offset-checkpoint");

    const auto offsets = decode_offset_checkpoint(file.view());

    ASSERT_TRUE(offsets.has_value());
    EXPECT_EQ(*offsets, (OffsetCheckpoint{{{"trimmed", PartitionIndex(0)}, Offset(23)}}));
    EXPECT_EQ(encode_offset_checkpoint(*offsets), as_text(file.view()));
}

// Kafka writes them in the order of a hash map; we sort by name.
TEST(CheckpointsTest, ReadsEveryLineOfKafka) {
    const Bytes file = golden("storage/recovery-point-offset-checkpoint");

    const auto offsets = decode_offset_checkpoint(file.view());

    ASSERT_TRUE(offsets.has_value());
    EXPECT_EQ(offsets->size(), 25U);
    EXPECT_EQ(offsets->at({"__transaction_state", PartitionIndex(1)}), Offset(27));
    EXPECT_EQ(decode_offset_checkpoint(as_bytes(encode_offset_checkpoint(*offsets))).value(),
              *offsets);
}

TEST(CheckpointsTest, RefusesBrokenOffsets) {
    for (const char* text : {"",
                             "1\n0\n",
                             "0\n",
                             "0\nx\n",
                             "0\n1\n",
                             "0\n1\na 0\n",
                             "0\n1\na 0 1\nb 0 1\n",
                             "0\n1\na -1 1\n",
                             "0\n1\na 0 -1\n",
                             "0\n1\na 0 1x\n",
                             "0\n1\n 0 1\n"})
        EXPECT_FALSE(decode_offset_checkpoint(as_bytes(text)).has_value()) << text;
}

TEST(CheckpointsTest, ReadsAndWritesPartitionMetadata) {
    const Bytes file = golden("storage/partition.metadata");

    const auto id = decode_partition_metadata(file.view());

    ASSERT_TRUE(id.has_value());
    EXPECT_EQ(encode_partition_metadata(*id), as_text(file.view()));
    EXPECT_FALSE(decode_partition_metadata(as_bytes("version: 1\ntopic_id: x")).has_value());
    EXPECT_FALSE(decode_partition_metadata(as_bytes("version: 0")).has_value());
}

TEST(CheckpointsTest, ReadsTheMetaPropertiesOfKafka) {
    const Bytes file = golden("storage/meta.properties");

    const auto meta = decode_meta_properties(file.view());

    ASSERT_TRUE(meta.has_value());
    EXPECT_EQ(meta->cluster_id, "CXUrWNcaRVaeM6guPruWhA");
    EXPECT_EQ(meta->node_id, NodeId(1));
    EXPECT_EQ(meta->directory_id.text(), "vzH3etEoRfGgHh8ISBSSTg");
    EXPECT_EQ(decode_meta_properties(as_bytes(encode_meta_properties(*meta))).value(), *meta);
}

TEST(CheckpointsTest, ReadsMetaPropertiesOfZooKeepersTime) {
    const auto meta =
        decode_meta_properties(as_bytes("version=0\nbroker.id=7\ncluster.id=a\\:b\n"));

    ASSERT_TRUE(meta.has_value());
    EXPECT_EQ(meta->node_id, NodeId(7));
    EXPECT_EQ(meta->cluster_id, "a:b");
    EXPECT_TRUE(meta->directory_id.is_zero());
}

TEST(CheckpointsTest, RefusesMetaPropertiesThatNameNobody) {
    for (const char* text : {"",
                             "version=2\nnode.id=1\ncluster.id=x\n",
                             "version=1\ncluster.id=x\n",
                             "version=1\nnode.id=-1\ncluster.id=x\n",
                             "version=1\nnode.id=1\n",
                             "version=1\nnode.id=1\ncluster.id=x\ndirectory.id=!\n"})
        EXPECT_FALSE(decode_meta_properties(as_bytes(text)).has_value()) << text;
}

TEST(CheckpointsTest, ReadsAndWritesTheCleanShutdownMarker) {
    const Bytes file = golden("storage/kafka_cleanshutdown");

    const auto epoch = decode_clean_shutdown(file.view());

    ASSERT_TRUE(epoch.has_value());
    EXPECT_EQ(*epoch, BrokerEpoch(14));
    EXPECT_EQ(encode_clean_shutdown(*epoch), as_text(file.view()));
    EXPECT_FALSE(decode_clean_shutdown(as_bytes("")).has_value());
    EXPECT_FALSE(decode_clean_shutdown(as_bytes("{\"version\":1,\"brokerEpoch\":1}")).has_value());
}

TEST(CheckpointsTest, DecodesOrRefusesEveryDamage) {
    for (const char* name : {"recovery-point-offset-checkpoint",
                             "partition.metadata",
                             "meta.properties",
                             "kafka_cleanshutdown"}) {
        const Bytes file = golden(std::string("storage/") + name);
        const auto decode = [](ByteView damaged) {
            ignore(decode_offset_checkpoint(damaged), "must not crash");
            ignore(decode_partition_metadata(damaged), "must not crash");
            ignore(decode_meta_properties(damaged), "must not crash");
            ignore(decode_clean_shutdown(damaged), "must not crash");
        };
        for_each_truncation(file.view(), decode);
        for_each_bit_flip(file.view(), decode);
    }
}

TEST(DumpTest, PrintsBatchesInTheWordsOfKafka) {
    std::vector<std::string> lines;
    LineSink sink = [&](const std::string& line) { lines.push_back(line); };

    const Bytes file = golden("storage/idem-0.log");
    const std::uint64_t whole = describe_segment(file.view(), DumpDepth::batches, sink);

    EXPECT_EQ(whole, file.size());
    ASSERT_EQ(lines.size(), 8U);
    EXPECT_EQ(lines[1],
              "baseOffset: 2 lastOffset: 3 count: 2 baseSequence: 2 lastSequence: 3 producerId: 0 "
              "producerEpoch: 0 partitionLeaderEpoch: 0 isTransactional: false isControl: false "
              "deleteHorizonMs: OptionalLong.empty position: 79 CreateTime: 1700000000002 size: 79 "
              "magic: 2 compresscodec: none crc: 1859682170 isvalid: true");
}

TEST(DumpTest, SaysWhereASegmentIsTorn) {
    std::vector<std::string> lines;
    LineSink sink = [&](const std::string& line) { lines.push_back(line); };

    const Bytes file = golden("storage/idem-0.log");
    const std::uint64_t whole = describe_segment(file.view().first(100), DumpDepth::batches, sink);

    EXPECT_EQ(whole, 79U);
    EXPECT_THAT(lines.back(), testing::HasSubstr("no batch at position 79"));
    EXPECT_THAT(lines.back(), testing::HasSubstr("21 bytes follow"));
}

TEST(DumpTest, KnowsDamagedFilesFromWholeOnes) {
    const Bytes file = golden("storage/idem-0.log");

    EXPECT_FALSE(is_damaged_file("00000000000000000000.log", file.view()));
    EXPECT_TRUE(is_damaged_file("00000000000000000000.log", file.view().first(100)));
    std::vector<std::uint8_t> flipped(file.view().begin(), file.view().end());
    flipped.at(40) ^= 1;
    EXPECT_TRUE(is_damaged_file("00000000000000000000.log", Bytes::from(flipped).view()));
    EXPECT_TRUE(is_damaged_file("00000000000000000000.snapshot", file.view()));
    EXPECT_TRUE(is_damaged_file("00000000000000000000.txnindex", file.view().first(33)));
    EXPECT_FALSE(is_damaged_file("leader-epoch-checkpoint", as_bytes("0\n0\n")));
    EXPECT_TRUE(is_damaged_file("leader-epoch-checkpoint", as_bytes("0\n1\n")));
}

TEST(DumpTest, SurvivesEveryDamage) {
    LineSink sink = [](const std::string&) {};
    for (const char* name : {"00000000000000000000.log",
                             "00000000000000000000.index",
                             "00000000000000000015.snapshot",
                             "leader-epoch-checkpoint"}) {
        const Bytes file = golden("storage/idem-0.log");
        const auto dump = [&](ByteView damaged) {
            EXPECT_TRUE(describe_file(name, damaged, DumpDepth::records, sink));
        };
        for_each_truncation(file.view(), dump);
        for_each_bit_flip(file.view().first(160), dump);
    }
}

}  // namespace
}  // namespace glasslog::storage
