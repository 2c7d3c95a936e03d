#include "sim/disk_image.hpp"

#include "core/base/random.hpp"

#include <gtest/gtest.h>

#include <string>

namespace glasslog::sim {
namespace {

using runtime::OpenMode;

Payload bytes(std::size_t count, char letter) {
    return Bytes::copy_of(as_bytes(std::string(count, letter)));
}

class DiskImageTest : public testing::Test {
protected:
    InodeId create(const std::string& path) {
        const auto inode = image_.open(path, OpenMode::create);
        EXPECT_TRUE(inode.has_value());
        return *inode;
    }

    void append(InodeId file, std::size_t count, char letter) {
        image_.append(file, bytes(count, letter), WallTime::from_milliseconds(1));
    }

    void sync(InodeId file) { image_.sync_upto(file, image_.changes(file)); }

    std::vector<FileCrash> lose_power(const CrashModel& model, std::uint64_t seed = 1) {
        return image_.power_loss(
            model,
            [seed, n = 0](std::string_view what, const std::string& path) mutable {
                return keyed_draw(seed, what, path, static_cast<std::uint64_t>(n++));
            });
    }

    std::string text(const std::string& path) const {
        const auto found = image_.contents(path);
        return found ? std::string(as_text(found->view())) : "(none)";
    }

    DiskImage image_;
};

constexpr CrashModel lose_contents{Unsynced::lost, Unsynced::kept, 0};
constexpr CrashModel lose_names{Unsynced::kept, Unsynced::lost, 0};

TEST_F(DiskImageTest, LosesExactlyTheUnsyncedTail) {
    const InodeId file = create("log");
    append(file, 3, 'a');
    sync(file);
    append(file, 2, 'b');

    const auto report = lose_power(lose_contents);

    EXPECT_EQ(text("log"), "aaa");
    ASSERT_EQ(report.size(), 1U);
    EXPECT_EQ(report[0].path, "log");
    EXPECT_EQ(report[0].written_bytes, 2U);
    EXPECT_EQ(report[0].kept_bytes, 0U);
}

TEST_F(DiskImageTest, LosesNothingThatWasSynced) {
    const InodeId file = create("log");
    append(file, 3, 'a');
    sync(file);
    ASSERT_TRUE(image_.sync_directory("").has_value());

    for (const CrashModel& model : all_crash_models()) {
        EXPECT_TRUE(lose_power(model).empty());
        EXPECT_EQ(text("log"), "aaa") << sim::text(model);
    }
}

TEST_F(DiskImageTest, ASyncCoversOnlyTheChangesBeforeIt) {
    const InodeId file = create("log");
    append(file, 1, 'a');
    const std::uint64_t upto = image_.changes(file);
    append(file, 1, 'b');
    image_.sync_upto(file, upto);

    lose_power(lose_contents);

    EXPECT_EQ(text("log"), "a");
}

TEST_F(DiskImageTest, BringsBackWhatAnUnsyncedTruncationRemoved) {
    const InodeId file = create("log");
    append(file, 3, 'a');
    sync(file);
    image_.truncate(file, 1, WallTime());
    append(file, 4, 'b');

    lose_power(lose_contents);

    EXPECT_EQ(text("log"), "aaa");
}

TEST_F(DiskImageTest, ASuffixIsLostAtAWrite) {
    bool lost = false;
    bool kept = false;

    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const std::string path = "log" + std::to_string(seed);
        const InodeId file = create(path);
        for (char letter = 'a'; letter < 'e'; ++letter)
            append(file, 2, letter);
        lose_power({Unsynced::suffix_lost, Unsynced::kept, 0}, seed);
        const std::string left = text(path);
        EXPECT_EQ(left, std::string("aabbccdd").substr(0, left.size()));
        EXPECT_EQ(left.size() % 2, 0U);
        lost = lost || left.empty();
        kept = kept || left.size() == 8;
    }

    EXPECT_TRUE(lost);
    EXPECT_TRUE(kept);
}

TEST_F(DiskImageTest, ASubsetLeavesPagesOfZerosButNeverTouchesWhatWasSynced) {
    bool holes = false;

    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const std::string path = "log" + std::to_string(seed);
        const InodeId file = create(path);
        append(file, 5000, 's');
        sync(file);
        append(file, 20'000, 'u');
        lose_power({Unsynced::subset_lost, Unsynced::kept, 0}, seed);
        const std::string left = text(path);
        ASSERT_EQ(left.substr(0, 5000), std::string(5000, 's'));
        const bool hole = left.find('\0') != std::string::npos;
        holes = holes || (hole && left.find('u') != std::string::npos);
    }

    EXPECT_TRUE(holes);
}

TEST_F(DiskImageTest, TearsTheFirstLostWriteAtASector) {
    bool torn = false;

    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const std::string path = "log" + std::to_string(seed);
        const InodeId file = create(path);
        append(file, 100, 's');
        sync(file);
        append(file, 3000, 'u');
        const auto report = lose_power({Unsynced::lost, Unsynced::kept, 512}, seed);
        const std::size_t left = text(path).size();
        EXPECT_TRUE(left == 100 || left % 512 == 0) << left;
        EXPECT_LT(left, 3100U);
        ASSERT_EQ(report.size(), 1U);
        EXPECT_EQ(report[0].kept_bytes, left - 100);
        EXPECT_EQ(report[0].is_torn, left > 100);
        torn = torn || report[0].is_torn;
    }

    EXPECT_TRUE(torn);
}

TEST_F(DiskImageTest, LosesANameThatNoDirectorySyncCovered) {
    const InodeId file = create("log");
    append(file, 3, 'a');
    sync(file);

    lose_power(lose_names);

    EXPECT_EQ(text("log"), "(none)");
}

TEST_F(DiskImageTest, UndoesARenameAsAWhole) {
    ASSERT_TRUE(image_.make_directory("d").has_value());
    append(create("d/old"), 1, 'o');
    append(create("d/new"), 1, 'n');
    ASSERT_TRUE(image_.sync_directory("").has_value());
    ASSERT_TRUE(image_.sync_directory("d").has_value());
    ASSERT_TRUE(image_.rename("d/new", "d/old").has_value());
    EXPECT_EQ(text("d/old"), "n");

    lose_power(lose_names);

    EXPECT_EQ(text("d/old"), "o");
    EXPECT_EQ(text("d/new"), "n");
}

TEST_F(DiskImageTest, KeepsARenameThatWasSynced) {
    append(create("old"), 1, 'o');
    append(create("new"), 1, 'n');
    ASSERT_TRUE(image_.rename("new", "old").has_value());
    ASSERT_TRUE(image_.sync_directory("").has_value());

    lose_power(lose_names);

    EXPECT_EQ(text("old"), "n");
    EXPECT_EQ(image_.files(), std::vector<std::string>{"old"});
}

TEST_F(DiskImageTest, BringsBackARemovedNameAndItsBytes) {
    append(create("log"), 2, 'a');
    ASSERT_TRUE(image_.sync_directory("").has_value());
    ASSERT_TRUE(image_.remove("log").has_value());
    EXPECT_EQ(text("log"), "(none)");

    lose_power(lose_names);

    EXPECT_EQ(text("log"), "aa");
}

TEST_F(DiskImageTest, ForgetsTheBytesOfARemovedFileOnceNobodyReachesIt) {
    const InodeId file = create("log");
    append(file, 1000, 'a');
    image_.pin(file);
    ASSERT_TRUE(image_.remove("log").has_value());
    ASSERT_TRUE(image_.sync_directory("").has_value());
    EXPECT_EQ(image_.used_bytes(), 1000U) << "an open handle keeps it";

    image_.unpin(file);
    ASSERT_TRUE(image_.make_directory("d").has_value());
    ASSERT_TRUE(image_.sync_directory("").has_value());

    EXPECT_EQ(image_.used_bytes(), 0U);
}

TEST_F(DiskImageTest, RefusesWhatAFileSystemRefuses) {
    create("file");
    ASSERT_TRUE(image_.make_directory("d/e").has_value());

    EXPECT_EQ(image_.open("file", OpenMode::create).error().code, IoCode::exists);
    EXPECT_EQ(image_.open("none", OpenMode::read).error().code, IoCode::not_found);
    EXPECT_EQ(image_.open("x/none", OpenMode::create).error().code, IoCode::not_found);
    EXPECT_EQ(image_.open("d", OpenMode::append).error().code, IoCode::failed);
    EXPECT_EQ(image_.remove("d").error().code, IoCode::failed);
    EXPECT_EQ(image_.rename("none", "x").error().code, IoCode::not_found);
    EXPECT_EQ(image_.list("file").error().code, IoCode::not_found);
    EXPECT_TRUE(image_.make_directory("d/e").has_value());
}

TEST_F(DiskImageTest, FlipsOneBitForEver) {
    append(create("log"), 2, 'a');
    const auto file = image_.find("log");
    ASSERT_TRUE(file.has_value());

    EXPECT_TRUE(image_.rot(*file, 1, 1));
    EXPECT_FALSE(image_.rot(*file, 2, 1));

    EXPECT_EQ(text("log"), "ac");
}

}  // namespace
}  // namespace glasslog::sim
