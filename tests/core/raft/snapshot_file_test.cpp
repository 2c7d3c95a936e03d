#include "core/raft/snapshot_file.hpp"

#include "core/protocol/batch_builder.hpp"
#include "core/protocol/record_batch.hpp"
#include "tests/support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace glasslog::raft {
namespace {

using support::golden;
using testing::HasSubstr;

constexpr const char* voters_file = "metadata/00000000000000000000-0000000000.checkpoint";
constexpr const char* cluster_file = "metadata/00000000000000004692-0000000003.checkpoint";
constexpr const char* bootstrap_file = "metadata/bootstrap.checkpoint";

Bytes joined(const std::vector<Bytes>& batches) {
    std::vector<std::uint8_t> all;
    for (const Bytes& batch : batches)
        all.insert(all.end(), batch.view().begin(), batch.view().end());
    return Bytes::from(std::move(all));
}

std::vector<Bytes> split(const Bytes& file) {
    std::vector<Bytes> batches;
    for (std::size_t at = 0; at < file.size(); at += batches.back().size()) {
        const auto batch = protocol::BatchView::read(file.view().subspan(at));
        batches.push_back(file.slice(at, batch.value().size()));
    }
    return batches;
}

// Two voters and three records.
Snapshot sample() {
    Snapshot snapshot{.last_contained_time = 1'700'000'000'000, .kraft_version = 1};
    snapshot.voters.voters.push_back({NodeId(1), {1, 2}, {{"CONTROLLER", "host", 9093}}, {0, 1}});
    snapshot.voters.voters.push_back({NodeId(2), {3, 4}, {}, {0, 1}});
    for (const char* text : {"one", "two", "three"})
        snapshot.records.push_back(Bytes::copy_of(as_bytes(text)));
    return snapshot;
}

const SnapshotWriting writing{.epoch = LeaderEpoch(5), .written_at = 1'700'000'000'123};

TEST(SnapshotFileTest, ReadsTheVotersThatKafkaFormatted) {
    const auto snapshot = decode_snapshot(golden(voters_file), LeaderEpoch(0));

    ASSERT_TRUE(snapshot) << snapshot.error().text();
    EXPECT_EQ(snapshot->kraft_version, 1);
    EXPECT_EQ(snapshot->last_contained_time, 1'795'221'825'173);
    EXPECT_TRUE(snapshot->records.empty());
    ASSERT_EQ(snapshot->voters.voters.size(), 1U);
    const auto& voter = snapshot->voters.voters.front();
    EXPECT_EQ(voter.voter_id, NodeId(1));
    EXPECT_EQ(voter.voter_directory_id.text(), "3hmAvgrVSXG9dOwvT08rbA");
    ASSERT_EQ(voter.endpoints.size(), 1U);
    EXPECT_EQ(voter.endpoints.front().port, 12721);
}

TEST(SnapshotFileTest, ReadsASnapshotOfAClusterOfKafkas) {
    const auto snapshot = decode_snapshot(golden(cluster_file), LeaderEpoch(3));

    ASSERT_TRUE(snapshot) << snapshot.error().text();
    EXPECT_EQ(snapshot->records.size(), 218U);
    EXPECT_EQ(snapshot->voters.voters.size(), 3U);
}

TEST(SnapshotFileTest, ReadsTheRecordsThatAClusterBeginsWith) {
    const auto snapshot = decode_snapshot(golden(bootstrap_file), LeaderEpoch(0));

    ASSERT_TRUE(snapshot) << snapshot.error().text();
    EXPECT_EQ(snapshot->kraft_version, 0);
    EXPECT_EQ(snapshot->records.size(), 6U);
    EXPECT_EQ(snapshot->last_contained_time, 0);
}

// Kafka stamps each batch with the time at which it was begun.
TEST(SnapshotFileTest, WritesTheBytesThatKafkaWrote) {
    for (const auto& [name, epoch] : {std::pair{voters_file, LeaderEpoch(0)},
                                      {cluster_file, LeaderEpoch(3)},
                                      {bootstrap_file, LeaderEpoch(0)}}) {
        const Bytes file = golden(name);
        const std::vector<Bytes> theirs = split(file);
        const auto snapshot = decode_snapshot(file, epoch);
        ASSERT_TRUE(snapshot) << name;
        for (std::size_t i = 0; i < theirs.size(); ++i) {
            const std::int64_t time = protocol::BatchView::read(theirs[i].view())->base_timestamp();

            const auto ours = encode_snapshot(*snapshot, {.epoch = epoch, .written_at = time});

            ASSERT_EQ(ours.size(), theirs.size()) << name;
            EXPECT_EQ(to_hex(ours[i].view()), to_hex(theirs[i].view())) << name << " batch " << i;
        }
    }
}

TEST(SnapshotFileTest, SplitsRecordsIntoBatchesBelowTheLimit) {
    Snapshot snapshot = sample();
    for (int i = 0; i < 500; ++i)
        snapshot.records.push_back(Bytes::from(std::vector<std::uint8_t>(100, 7)));
    snapshot.records.push_back(Bytes::from(std::vector<std::uint8_t>(5'000, 8)));
    SnapshotWriting small = writing;
    small.batch_bytes_max = 2'000;

    const auto batches = encode_snapshot(snapshot, small);

    std::size_t large_count = 0;
    for (const Bytes& batch : batches)
        large_count += batch.size() > small.batch_bytes_max ? 1 : 0;
    EXPECT_EQ(large_count, 1U) << "only the record that alone is larger";
    EXPECT_GT(batches.size(), 25U);
    const auto read = decode_snapshot(joined(batches), small.epoch);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, snapshot);
}

TEST(SnapshotFileTest, LeavesVotersOutWhileKraftVersionIsZero) {
    Snapshot snapshot = sample();
    snapshot.kraft_version = 0;

    const auto read = decode_snapshot(joined(encode_snapshot(snapshot, writing)), writing.epoch);

    ASSERT_TRUE(read) << read.error().text();
    EXPECT_TRUE(read->voters.voters.empty());
    EXPECT_EQ(read->records, snapshot.records);
}

TEST(SnapshotFileTest, RefusesEveryTruncation) {
    for (const char* name : {voters_file, bootstrap_file}) {
        support::for_each_truncation(golden(name).view(), [](ByteView cut) {
            EXPECT_FALSE(decode_snapshot(Bytes::copy_of(cut), LeaderEpoch(0))) << cut.size();
        });
    }
}

TEST(SnapshotFileTest, RefusesEveryFlippedBit) {
    for (const char* name : {voters_file, bootstrap_file}) {
        support::for_each_bit_flip(golden(name).view(), [](ByteView damaged) {
            EXPECT_FALSE(decode_snapshot(Bytes::copy_of(damaged), LeaderEpoch(0)));
        });
    }
}

// The batches of a sound snapshot: 0 header, 1 records, 2 footer.
struct Rearranged {
    std::vector<std::size_t> batches;
    std::string why;
};

TEST(SnapshotFileTest, RefusesBatchesOutOfOrder) {
    const std::vector<Rearranged> cases{
        {{}, "before its footer"},
        {{0, 1}, "before its footer"},
        {{0}, "before its footer"},
        {{1, 2}, "does not begin with its header"},
        {{2}, "does not begin with its header"},
        {{0, 0, 1, 2}, "second header"},
        {{0, 2, 1}, "out of order"},
        {{0, 1, 2, 2}, "out of order"},
        {{0, 1, 2, 1}, "out of order"},
    };
    const auto sound = encode_snapshot(sample(), writing);
    for (const Rearranged& one : cases) {
        std::vector<Bytes> batches;
        Offset next{0};
        for (const std::size_t index : one.batches) {
            const auto view = protocol::BatchView::read(sound[index].view());
            batches.push_back(
                protocol::assigned_copy(*view,
                                        {.base_offset = next, .leader_epoch = writing.epoch}));
            next = next + view->record_count();
        }

        const auto read = decode_snapshot(joined(batches), writing.epoch);

        ASSERT_FALSE(read) << one.why;
        EXPECT_THAT(read.error().text(), HasSubstr(one.why));
    }
}

TEST(SnapshotFileTest, RefusesGapsAnotherEpochAndWhatIsTooLarge) {
    const auto sound = encode_snapshot(sample(), writing);
    const Bytes whole = joined(sound);

    const auto gap = decode_snapshot(joined({sound[0], sound[2]}), writing.epoch);
    const auto other = decode_snapshot(whole, LeaderEpoch(6));
    const auto large = decode_snapshot(whole, writing.epoch, {.file_bytes_max = whole.size() - 1});

    ASSERT_TRUE(decode_snapshot(whole, writing.epoch, {.file_bytes_max = whole.size()}));
    ASSERT_FALSE(gap || other || large);
    EXPECT_THAT(gap.error().text(), HasSubstr("gap"));
    EXPECT_THAT(other.error().text(), HasSubstr("another epoch"));
    EXPECT_THAT(large.error().text(), HasSubstr("larger than"));
}

TEST(SnapshotFileTest, RefusesATombstoneAndAForeignControlRecord) {
    const auto sound = encode_snapshot(sample(), writing);
    const Bytes tombstone =
        protocol::single_record_batch({.base_offset = Offset(3), .leader_epoch = writing.epoch},
                                      {});
    const std::vector<std::uint8_t> leader_change{0, 0, 0, 2};
    const Bytes foreign = protocol::single_record_batch(
        {.base_offset = Offset(3), .leader_epoch = writing.epoch, .is_control = true},
        {.key = leader_change, .value = ByteView()});

    const auto first = decode_snapshot(joined({sound[0], tombstone}), writing.epoch);
    const auto second = decode_snapshot(joined({sound[0], foreign}), writing.epoch);

    ASSERT_FALSE(first || second);
    EXPECT_THAT(first.error().text(), HasSubstr("without a value"));
    EXPECT_THAT(second.error().text(), HasSubstr("no snapshot has"));
}

RC_GTEST_PROP(SnapshotFileTest, IsReadAsItWasWritten, (std::vector<std::string> values)) {
    Snapshot snapshot = sample();
    snapshot.records.clear();
    for (const std::string& value : values)
        snapshot.records.push_back(Bytes::copy_of(as_bytes(value)));
    SnapshotWriting how = writing;
    how.batch_bytes_max = *rc::gen::inRange<std::size_t>(1, 400);

    const auto read = decode_snapshot(joined(encode_snapshot(snapshot, how)), how.epoch);

    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == snapshot);
}

TEST(SnapshotFileTest, NamesItsFilesAsKafkaDoes) {
    const SnapshotId id{Offset(4692), LeaderEpoch(3)};

    EXPECT_EQ(snapshot_file_name({id, SnapshotFileKind::whole}),
              "00000000000000004692-0000000003.checkpoint");
    EXPECT_EQ(snapshot_file_name({id, SnapshotFileKind::partial}),
              "00000000000000004692-0000000003.checkpoint.part");
    EXPECT_EQ(snapshot_file_name({id, SnapshotFileKind::deleted}),
              "00000000000000004692-0000000003.checkpoint.deleted");
    EXPECT_EQ(snapshot_file_name({bootstrap_snapshot, SnapshotFileKind::whole}),
              "00000000000000000000-0000000000.checkpoint");
}

TEST(SnapshotFileTest, ReadsItsNamesAndNoOthers) {
    for (const auto kind :
         {SnapshotFileKind::whole, SnapshotFileKind::partial, SnapshotFileKind::deleted}) {
        const SnapshotFileName name{{Offset(INT64_MAX), LeaderEpoch(INT32_MAX)}, kind};
        EXPECT_EQ(parse_snapshot_file_name(snapshot_file_name(name)), name);
    }
    for (const char* other : {"bootstrap.checkpoint",
                              "00000000000000004692.log",
                              "00000000000000004692-0000000003",
                              "00000000000000004692-0000000003.checkpoint.tmp",
                              "00000000000000004692_0000000003.checkpoint",
                              "99999999999999999999-0000000003.checkpoint",
                              "00000000000000004692-9999999999.checkpoint",
                              "-0000000000000004692-0000000003.checkpoint",
                              "0000000000000004692-0000000003.checkpoint"})
        EXPECT_FALSE(parse_snapshot_file_name(other)) << other;
}

}  // namespace
}  // namespace glasslog::raft
