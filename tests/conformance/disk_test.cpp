// Disk and File.

#include "tests/conformance/world.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

namespace glasslog::conformance {
namespace {

using runtime::OpenMode;
using testing::ElementsAre;

class DiskTest : public ConformanceTest {
protected:
    using Handle = std::unique_ptr<runtime::File>;
    using Entries = std::vector<runtime::DirectoryEntry>;

    runtime::Disk& disk() { return at_a().disk; }

    Handle open(const std::string& path, OpenMode mode) {
        Answer<Handle> opened;
        disk().open(path, mode, opened.callback());
        EXPECT_TRUE(await(opened) && opened.is_good()) << path;
        return opened.is_good() ? *std::move(*opened.told) : nullptr;
    }

    IoCode open_fails(const std::string& path, OpenMode mode) {
        Answer<Handle> opened;
        disk().open(path, mode, opened.callback());
        EXPECT_FALSE(opened.has_come()) << "inside the call";
        EXPECT_TRUE(await(opened));
        return opened.code();
    }

    void append(runtime::File& file, const std::string& text) {
        Answer<void> done;
        file.append(Bytes::copy_of(as_bytes(text)), done.callback());
        EXPECT_TRUE(await(done) && done.is_good());
    }

    std::string read(runtime::File& file, std::uint64_t position, std::size_t max) {
        Answer<Bytes> answer;
        file.read_at(position, max, answer.callback());
        EXPECT_TRUE(await(answer) && answer.is_good());
        return answer.is_good() ? std::string(as_text(answer.told->value().view())) : "";
    }

    // The code of a call that gives nothing back; no_code: good.
    IoCode code_of(const std::function<void(runtime::IoDone<void>)>& call) {
        Answer<void> done;
        call(done.callback());
        EXPECT_FALSE(done.has_come()) << "inside the call";
        EXPECT_TRUE(await(done));
        return done.code();
    }

    IoCode make_directory(const std::string& path) {
        return code_of([&](auto done) { disk().make_directory(path, std::move(done)); });
    }

    IoCode remove(const std::string& path) {
        return code_of([&](auto done) { disk().remove(path, std::move(done)); });
    }

    IoCode rename(const std::string& from, const std::string& to) {
        return code_of([&](auto done) { disk().rename(from, to, std::move(done)); });
    }

    Entries list(const std::string& path) {
        Answer<Entries> listed;
        disk().list(path, listed.callback());
        EXPECT_TRUE(await(listed) && listed.is_good()) << path;
        return listed.is_good() ? *std::move(*listed.told) : Entries();
    }

    static constexpr IoCode good = Answer<void>::no_code;
};

TEST_F(DiskTest, OpensOnlyWhatExistsToReadAndAppend) {
    EXPECT_EQ(open_fails("nothing", OpenMode::read), IoCode::not_found);
    EXPECT_EQ(open_fails("nothing", OpenMode::append), IoCode::not_found);
    EXPECT_EQ(open_fails("no/directory", OpenMode::create), IoCode::not_found);
}

TEST_F(DiskTest, CreatesOnlyWhatDoesNotExist) {
    EXPECT_NE(open("file", OpenMode::create), nullptr);
    EXPECT_EQ(open_fails("file", OpenMode::create), IoCode::exists);
}

TEST_F(DiskTest, CreateOrAppendKeepsWhatIsThere) {
    append(*open("file", OpenMode::create_or_append), "one ");
    const Handle again = open("file", OpenMode::create_or_append);
    EXPECT_EQ(again->size(), 4u);

    append(*again, "two");

    EXPECT_EQ(read(*again, 0, 100), "one two");
}

TEST_F(DiskTest, AFileKnowsItsPath) {
    EXPECT_EQ(open("file", OpenMode::create)->path(), "file");
}

TEST_F(DiskTest, AppendsInOrder) {
    const Handle file = open("file", OpenMode::create);
    std::string expected;
    std::vector<int> completed;
    for (int i = 0; i < 200; ++i) {
        const std::string text = fmt::format("{} ", i);
        expected += text;
        file->append(Bytes::copy_of(as_bytes(text)), [&completed, i](auto result) {
            EXPECT_TRUE(result.has_value());
            completed.push_back(i);
        });
    }
    EXPECT_EQ(file->size(), expected.size()) << "counts what was issued";
    EXPECT_TRUE(completed.empty()) << "inside the call";

    ASSERT_TRUE(run_until([&] { return completed.size() == 200; }));

    EXPECT_TRUE(std::ranges::is_sorted(completed));
    EXPECT_EQ(read(*file, 0, 100'000), expected);
}

TEST_F(DiskTest, AppendsAChainAsOne) {
    const Handle file = open("file", OpenMode::create);
    Payload chain;
    std::string expected;
    for (int i = 0; i < 200; ++i) {
        expected += fmt::format("part {};", i);
        chain.append(Bytes::copy_of(as_bytes(fmt::format("part {};", i))));
    }
    Answer<void> done;

    file->append(std::move(chain), done.callback());

    ASSERT_TRUE(await(done));
    EXPECT_EQ(done.calls, 1);
    EXPECT_EQ(read(*file, 0, 100'000), expected);
}

TEST_F(DiskTest, ReadsShortOnlyAtTheEnd) {
    const Handle file = open("file", OpenMode::create);
    append(*file, "0123456789");

    EXPECT_EQ(read(*file, 0, 4), "0123");
    EXPECT_EQ(read(*file, 4, 6), "456789");
    EXPECT_EQ(read(*file, 8, 100), "89");
    EXPECT_EQ(read(*file, 10, 100), "");
    EXPECT_EQ(read(*file, 1000, 1), "");
}

TEST_F(DiskTest, ReadsBigBlocksWhole) {
    const Handle file = open("file", OpenMode::create);
    std::string text(3'000'000, 'x');
    text.replace(1'500'000, 6, "middle");
    append(*file, text);

    EXPECT_EQ(read(*file, 0, 4'000'000), text);
    EXPECT_EQ(read(*file, 1'500'000, 6), "middle");
}

TEST_F(DiskTest, HandlesOfOneFileSeeTheSame) {
    const Handle writer = open("file", OpenMode::create);
    const Handle reader = open("file", OpenMode::read);

    append(*writer, "written since");

    EXPECT_EQ(read(*reader, 0, 100), "written since");
    EXPECT_EQ(reader->size(), 13u);
}

TEST_F(DiskTest, AFileOpenedToReadIsNotChanged) {
    append(*open("file", OpenMode::create), "x");
    const Handle reader = open("file", OpenMode::read);

    EXPECT_EQ(
        code_of([&](auto done) { reader->append(Bytes::copy_of(as_bytes("y")), std::move(done)); }),
        IoCode::failed);
    EXPECT_EQ(read(*reader, 0, 10), "x");
}

TEST_F(DiskTest, AppendsGoOnWhereItWasTruncated) {
    const Handle file = open("file", OpenMode::create);
    append(*file, "0123456789");

    EXPECT_EQ(code_of([&](auto done) { file->truncate(4, std::move(done)); }), good);
    EXPECT_EQ(file->size(), 4u);
    append(*file, "abc");

    EXPECT_EQ(read(*file, 0, 100), "0123abc");
}

TEST_F(DiskTest, TruncatesInOrderWithAppends) {
    const Handle file = open("file", OpenMode::create);
    int completed = 0;
    const auto count = [&](auto result) { completed += result.has_value() ? 1 : 0; };

    file->append(Bytes::copy_of(as_bytes("0123456789")), count);
    file->truncate(3, count);
    file->append(Bytes::copy_of(as_bytes("end")), count);

    ASSERT_TRUE(run_until([&] { return completed == 3; }));
    EXPECT_EQ(read(*file, 0, 100), "012end");
}

TEST_F(DiskTest, Syncs) {
    const Handle file = open("file", OpenMode::create);
    append(*file, "x");

    EXPECT_EQ(code_of([&](auto done) { file->sync(std::move(done)); }), good);
    EXPECT_EQ(code_of([&](auto done) { disk().sync_directory("", std::move(done)); }), good);
    EXPECT_EQ(code_of([&](auto done) { disk().sync_directory("nothing", std::move(done)); }),
              IoCode::not_found);
}

TEST_F(DiskTest, AnswersEverySync) {
    const Handle file = open("file", OpenMode::create);
    const Handle other = open("file", OpenMode::append);
    int synced = 0;
    for (int i = 0; i < 20; ++i) {
        runtime::File& either = i % 2 == 0 ? *file : *other;
        either.append(Bytes::copy_of(as_bytes("x")), [](auto) {});
        either.sync([&](auto result) { synced += result.has_value() ? 1 : 0; });
    }

    EXPECT_TRUE(run_until([&] { return synced == 20; }));
}

TEST_F(DiskTest, NoCallbackAfterTheFileIsGone) {
    Handle file = open("file", OpenMode::create);
    Answer<void> appended;
    Answer<void> synced;
    Answer<Bytes> answer;
    file->append(Bytes::copy_of(as_bytes("x")), appended.callback());
    file->sync(synced.callback());
    file->read_at(0, 1, answer.callback());

    file.reset();
    settle();

    EXPECT_EQ(appended.calls + synced.calls + answer.calls, 0);
    EXPECT_EQ(read(*open("file", OpenMode::read), 0, 10), "x") << "the append was issued";
}

TEST_F(DiskTest, RenamesOverAnExistingFile) {
    append(*open("old", OpenMode::create), "old");
    append(*open("new", OpenMode::create), "new");

    EXPECT_EQ(rename("new", "old"), good);

    EXPECT_EQ(read(*open("old", OpenMode::read), 0, 10), "new");
    EXPECT_EQ(open_fails("new", OpenMode::read), IoCode::not_found);
    EXPECT_EQ(rename("nothing", "old"), IoCode::not_found);
}

TEST_F(DiskTest, AnOpenFileSurvivesItsRename) {
    ASSERT_EQ(make_directory("here"), good);
    const Handle file = open("here/file", OpenMode::create);
    append(*file, "before ");

    ASSERT_EQ(rename("here", "there"), good);
    append(*file, "after");

    EXPECT_EQ(read(*file, 0, 100), "before after");
    EXPECT_EQ(read(*open("there/file", OpenMode::read), 0, 100), "before after");
}

TEST_F(DiskTest, AnOpenFileSurvivesItsRemoval) {
    append(*open("file", OpenMode::create), "still readable");
    const Handle reader = open("file", OpenMode::read);

    EXPECT_EQ(remove("file"), good);

    EXPECT_EQ(read(*reader, 0, 100), "still readable");
    EXPECT_EQ(open_fails("file", OpenMode::read), IoCode::not_found);
}

TEST_F(DiskTest, RemovesFilesAndEmptyDirectories) {
    ASSERT_EQ(make_directory("directory"), good);
    append(*open("directory/file", OpenMode::create), "x");

    EXPECT_NE(remove("directory"), good) << "it is not empty";
    EXPECT_EQ(remove("directory/file"), good);
    EXPECT_EQ(remove("directory"), good);
    EXPECT_EQ(remove("directory"), IoCode::not_found);
}

TEST_F(DiskTest, MakesDirectoriesWithParents) {
    EXPECT_EQ(make_directory("one/two/three"), good);
    EXPECT_EQ(make_directory("one/two/three"), good);

    append(*open("one/two/three/file", OpenMode::create), "x");

    EXPECT_EQ(make_directory("one/two/three/file"), IoCode::exists);
}

TEST_F(DiskTest, ListsByName) {
    ASSERT_EQ(make_directory("top/b"), good);
    append(*open("top/c", OpenMode::create), "three");
    append(*open("top/a", OpenMode::create), "a");
    append(*open("top/b/inside", OpenMode::create), "x");

    EXPECT_THAT(list("top"),
                ElementsAre(runtime::DirectoryEntry{"a", false, 1},
                            runtime::DirectoryEntry{"b", true, 0},
                            runtime::DirectoryEntry{"c", false, 5}));
}

TEST_F(DiskTest, ListsOnlyWhatExists) {
    Answer<Entries> listed;
    disk().list("nothing", listed.callback());

    ASSERT_TRUE(await(listed));

    EXPECT_EQ(listed.code(), IoCode::not_found);
}

TEST_F(DiskTest, TellsWhenAFileChanged) {
    append(*open("file", OpenMode::create), "x");
    Answer<WallTime> modified;
    Answer<WallTime> missing;
    disk().modified_at("file", modified.callback());
    disk().modified_at("nothing", missing.callback());

    ASSERT_TRUE(await(modified) && await(missing));

    ASSERT_TRUE(modified.is_good());
    EXPECT_LE(at_a().clock.wall() - modified.told->value(), Duration::seconds(60));
    EXPECT_GE(at_a().clock.wall(), modified.told->value());
    EXPECT_EQ(missing.code(), IoCode::not_found);
}

TEST_F(DiskTest, ALockExcludesAnother) {
    Answer<std::unique_ptr<runtime::DirectoryLock>> first;
    Answer<std::unique_ptr<runtime::DirectoryLock>> second;
    disk().lock(".lock", first.callback());
    ASSERT_TRUE(await(first) && first.is_good());

    disk().lock(".lock", second.callback());

    ASSERT_TRUE(await(second));
    EXPECT_EQ(second.code(), IoCode::exists);
}

TEST_F(DiskTest, ALockEndsWithItsHandle) {
    Answer<std::unique_ptr<runtime::DirectoryLock>> first;
    Answer<std::unique_ptr<runtime::DirectoryLock>> second;
    disk().lock(".lock", first.callback());
    ASSERT_TRUE(await(first) && first.is_good());
    first.told->value().reset();

    disk().lock(".lock", second.callback());

    ASSERT_TRUE(await(second));
    EXPECT_TRUE(second.is_good());
}

TEST_F(DiskTest, TellsItsSpace) {
    Answer<runtime::Disk::Space> space;

    disk().space("", space.callback());

    EXPECT_FALSE(space.has_come()) << "inside the call";
    ASSERT_TRUE(await(space) && space.is_good());
    EXPECT_GT(space.told->value().free_bytes, 0u);
    EXPECT_GE(space.told->value().total_bytes, space.told->value().free_bytes);
}

TEST_F(DiskTest, NodesHaveDisksOfTheirOwn) {
    append(*open("file", OpenMode::create), "x");
    Answer<Handle> opened;

    at_b().disk.open("file", OpenMode::read, opened.callback());

    ASSERT_TRUE(await(opened));
    EXPECT_EQ(opened.code(), IoCode::not_found);
}

TEST_F(DiskTest, ReactorsOfOneNodeShareItsDisk) {
    append(*open("file", OpenMode::create), "x");
    Answer<Handle> opened;

    at_a2().disk.open("file", OpenMode::read, opened.callback());

    ASSERT_TRUE(await(opened) && opened.is_good());
    EXPECT_EQ(read(*opened.told->value(), 0, 10), "x");
}

}  // namespace
}  // namespace glasslog::conformance
