#include "core/storage/log_directory.hpp"

#include "tests/core/storage/storage_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace glasslog::storage::test {
namespace {

using testing::HasSubstr;

const Uuid topic_id{11, 22};
const PartitionName orders{"orders", PartitionIndex(0)};

class LogDirectoryTest : public testing::Test {
protected:
    static OpenDirectory how() {
        return {.owner = {.cluster_id = "the-cluster", .node_id = NodeId(3)},
                .format = MetaProperties{.cluster_id = "the-cluster",
                                         .node_id = NodeId(3),
                                         .directory_id = {5, 6}},
                .file_delete_delay = Duration::seconds(60)};
    }

    Expected<OpenedDirectory, IoError> open(const OpenDirectory& options) {
        directory_ = std::make_unique<LogDirectory>(lab_.lab().runtime(), "node/data");
        auto opened = lab_.await<OpenedDirectory>(
            [&](auto done) { directory_->open(options, std::move(done)); });
        if (!opened) return Unexpected{IoError{.detail = "no answer"}};
        return std::move(*opened);
    }

    OpenedDirectory must_open() {
        auto opened = open(how());
        EXPECT_TRUE(opened.has_value());
        return opened ? std::move(*opened) : OpenedDirectory{};
    }

    bool create(const PartitionName& name) {
        const auto made = lab_.await<std::string>(
            [&](auto done) { directory_->create_partition(name, topic_id, std::move(done)); });
        return made && *made && **made == directory_->partition_path(name);
    }

    bool checkpoint(CheckpointKind kind, const OffsetCheckpoint& offsets) {
        const auto written = lab_.await<void>(
            [&](auto done) { directory_->write_checkpoint(kind, offsets, std::move(done)); });
        return written && *written;
    }

    bool close_clean() {
        const auto closed = lab_.await<void>(
            [&](auto done) { directory_->close_clean(BrokerEpoch(9), std::move(done)); });
        directory_.reset();
        return closed && *closed;
    }

    void crash() {
        lab_.lab().crash(sim::CrashModel{});
        directory_.reset();
        lab_.lab().reopen();
    }

    std::vector<std::string> files() { return lab_.lab().image().files(); }

    StorageLab lab_;
    std::unique_ptr<LogDirectory> directory_;
};

TEST_F(LogDirectoryTest, FormatsWhatIsEmpty) {
    const OpenedDirectory opened = must_open();

    EXPECT_EQ(opened.meta, *how().format);
    EXPECT_FALSE(opened.clean_shutdown.has_value());
    EXPECT_TRUE(opened.partitions.empty());
    const auto meta = lab_.lab().image().contents("node/data/meta.properties");
    ASSERT_TRUE(meta.has_value());
    EXPECT_THAT(std::string(as_text(meta->view())), HasSubstr("node.id=3\n"));
}

TEST_F(LogDirectoryTest, RefusesWhatIsNotFormatted) {
    OpenDirectory options = how();
    options.format.reset();

    const auto opened = open(options);

    ASSERT_FALSE(opened.has_value());
    EXPECT_THAT(opened.error().text(), HasSubstr("format it first"));
}

TEST_F(LogDirectoryTest, RefusesTheDirectoryOfAnotherNode) {
    must_open();
    ASSERT_TRUE(close_clean());
    OpenDirectory options = how();
    options.owner.node_id = NodeId(4);

    const auto opened = open(options);

    ASSERT_FALSE(opened.has_value());
    EXPECT_THAT(opened.error().text(), HasSubstr("of node 3, this is node 4"));
}

TEST_F(LogDirectoryTest, RefusesTheDirectoryOfAnotherCluster) {
    must_open();
    ASSERT_TRUE(close_clean());
    OpenDirectory options = how();
    options.owner.cluster_id = "another";

    EXPECT_FALSE(open(options).has_value());
}

TEST_F(LogDirectoryTest, IsHeldByOneProcess) {
    must_open();
    LogDirectory second(lab_.lab().runtime(), "node/data");

    const auto opened =
        lab_.await<OpenedDirectory>([&](auto done) { second.open(how(), std::move(done)); });

    ASSERT_TRUE(opened.has_value());
    ASSERT_FALSE(opened->has_value());
    EXPECT_EQ(opened->error().code, IoCode::exists);
}

TEST_F(LogDirectoryTest, FindsPartitionsWithTheirCheckpoints) {
    must_open();
    ASSERT_TRUE(create(orders));
    ASSERT_TRUE(create({"audit-log", PartitionIndex(12)}));
    ASSERT_TRUE(checkpoint(CheckpointKind::recovery_point, {{orders, Offset(30)}}));
    ASSERT_TRUE(checkpoint(CheckpointKind::log_start, {{orders, Offset(10)}}));
    ASSERT_TRUE(checkpoint(CheckpointKind::high_watermark, {{orders, Offset(20)}}));
    crash();

    const OpenedDirectory opened = must_open();

    ASSERT_EQ(opened.partitions.size(), 2U);
    const FoundPartition& audit = opened.partitions[0];
    EXPECT_EQ(audit.name.topic, "audit-log");
    EXPECT_EQ(audit.recovery_point, Offset(0));
    EXPECT_FALSE(audit.high_watermark.has_value());
    const FoundPartition& found = opened.partitions[1];
    EXPECT_EQ(found.name, orders);
    EXPECT_EQ(found.path, "node/data/orders-0");
    EXPECT_EQ(found.topic_id, topic_id);
    EXPECT_EQ(found.recovery_point, Offset(30));
    EXPECT_EQ(found.log_start, Offset(10));
    EXPECT_EQ(found.high_watermark, Offset(20));
}

TEST_F(LogDirectoryTest, BelievesACleanShutdownOnce) {
    must_open();
    ASSERT_TRUE(close_clean());
    EXPECT_EQ(must_open().clean_shutdown, BrokerEpoch(9));
    crash();

    EXPECT_FALSE(must_open().clean_shutdown.has_value());
}

TEST_F(LogDirectoryTest, DeletesByRenamingAndRemovesLater) {
    must_open();
    ASSERT_TRUE(create(orders));

    const auto deleted =
        lab_.await<void>([&](auto done) { directory_->delete_partition(orders, std::move(done)); });

    ASSERT_TRUE(deleted && *deleted);
    EXPECT_THAT(files(), testing::Contains(HasSubstr("orders-0.")));
    lab_.lab().run();
    EXPECT_THAT(files(), testing::Not(testing::Contains(HasSubstr("orders-0"))));
}

TEST_F(LogDirectoryTest, GoesOnDeletingAfterACrash) {
    must_open();
    ASSERT_TRUE(create(orders));
    const auto deleted =
        lab_.await<void>([&](auto done) { directory_->delete_partition(orders, std::move(done)); });
    ASSERT_TRUE(deleted && *deleted);
    crash();

    EXPECT_TRUE(must_open().partitions.empty());
    lab_.lab().run();

    EXPECT_THAT(files(), testing::Not(testing::Contains(HasSubstr("orders-0"))));
}

TEST_F(LogDirectoryTest, TakesABrokenCheckpointForAnEmptyOne) {
    must_open();
    ASSERT_TRUE(create(orders));
    ASSERT_TRUE(close_clean());
    lab_.put_file("node/data/recovery-point-offset-checkpoint", as_bytes("0\n5\n"));

    EXPECT_EQ(must_open().partitions.at(0).recovery_point, Offset(0));
}

TEST_F(LogDirectoryTest, MergesCheckpointsThatAreWrittenAtOnce) {
    must_open();
    int done_count = 0;
    for (int i = 1; i <= 50; ++i) {
        directory_->write_checkpoint(CheckpointKind::high_watermark,
                                     {{orders, Offset(i)}},
                                     [&](const Expected<void, IoError>& done) {
                                         if (done) ++done_count;
                                     });
    }
    const std::uint64_t before = lab_.lab().boundaries();
    lab_.lab().run();

    EXPECT_EQ(done_count, 50);
    EXPECT_LT(lab_.lab().boundaries() - before, 20U);
    const auto file = lab_.lab().image().contents("node/data/replication-offset-checkpoint");
    EXPECT_EQ(as_text(file->view()), "0\n1\norders 0 50\n");
}

// At each boundary of opening, creating, checkpointing and deleting: what was answered is there
// after a power loss, and the directory opens again.
TEST_F(LogDirectoryTest, SurvivesAPowerLossAtEveryBoundary) {
    for (const sim::CrashModel& model : sim::all_crash_models()) {
        bool is_over = false;
        for (std::uint64_t k = 0; !is_over; ++k) {
            StorageLab lab({}, k + 1);
            lab.lab().crash_at(lab.lab().boundaries() + k, model);
            auto directory = std::make_unique<LogDirectory>(lab.lab().runtime(), "data2");
            const auto opened = lab.await<OpenedDirectory>(
                [&](auto done) { directory->open(how(), std::move(done)); });
            bool has_created = false;
            Offset saved(0);
            for (const int offset : {5, 6}) {
                if (lab.lab().has_crashed()) break;
                const auto made = lab.await<std::string>([&](auto done) {
                    directory->create_partition(orders, topic_id, std::move(done));
                });
                has_created |= made && *made;
                if (lab.lab().has_crashed()) break;
                const auto written = lab.await<void>([&](auto done) {
                    directory->write_checkpoint(CheckpointKind::recovery_point,
                                                {{orders, Offset(offset)}},
                                                std::move(done));
                });
                if (written && *written) saved = Offset(offset);
            }
            is_over = !lab.lab().has_crashed();
            if (is_over) lab.lab().crash(model);
            directory.reset();
            lab.lab().reopen();

            directory = std::make_unique<LogDirectory>(lab.lab().runtime(), "data2");
            const auto again = lab.await<OpenedDirectory>(
                [&](auto done) { directory->open(how(), std::move(done)); });
            ASSERT_TRUE(again && *again) << k << " " << text(model);
            if (!has_created) continue;
            ASSERT_EQ((*again)->partitions.size(), 1U) << k << " " << text(model);
            EXPECT_EQ((*again)->partitions[0].topic_id, topic_id);
            EXPECT_GE((*again)->partitions[0].recovery_point, saved);
        }
    }
}

}  // namespace
}  // namespace glasslog::storage::test
