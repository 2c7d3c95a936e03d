// OsDisk: what the conformance suite cannot see: descriptors, cold reads, poison.

#include "core/os/null_trace.hpp"
#include "core/os/os_disk.hpp"
#include "tests/core/os/support.hpp"

#include <fcntl.h>
#include <filesystem>

namespace glasslog::os {
namespace {

using runtime::OpenMode;

class OsDiskTest : public TemporaryDirectoryTest {
protected:
    static constexpr std::size_t descriptors_max = 4;

    ~OsDiskTest() override {
        files_.clear();
        workers_.stop();
        executor_.close();
    }

    void run_until(UniqueFunction<bool()> finished) {
        for (int i = 0; i < 1'000'000 && !finished(); ++i)
            executor_.run_some(Duration::milliseconds(10));
    }

    runtime::File& open(const std::string& name, OpenMode mode = OpenMode::create_or_append) {
        std::unique_ptr<runtime::File> file;
        disk_.open(name, mode, [&](auto result) { file = *std::move(result); });
        run_until([&] { return file != nullptr; });
        files_.push_back(std::move(file));
        return *files_.back();
    }

    std::optional<IoCode> append(runtime::File& file, const std::string& text) {
        return code_of(
            [&](auto done) { file.append(Bytes::copy_of(as_bytes(text)), std::move(done)); });
    }

    std::string read(runtime::File& file) {
        std::optional<std::string> text;
        file.read_at(0, 1'000'000, [&](Expected<Bytes, IoError> result) {
            text = result ? std::string(as_text(result->view())) : result.error().text();
        });
        run_until([&] { return text.has_value(); });
        return text.value_or("no answer");
    }

    template <typename Call>
    std::optional<IoCode> code_of(Call call) {
        bool is_done = false;
        std::optional<IoCode> code;
        call(runtime::IoDone<void>([&](Expected<void, IoError> result) {
            is_done = true;
            if (!result) code = result.error().code;
        }));
        run_until([&] { return is_done; });
        return code;
    }

    void poison(const std::string& name) {
        auto node = disk_.files().adopt(path(name),
                                        Descriptor(::open(path(name).c_str(), O_RDONLY)),
                                        Access::reading);
        ASSERT_TRUE(node.has_value());
        disk_.files().poison(**node);
    }

    OsClock clock_;
    NullTrace trace_;
    WorkerPool workers_{2};
    OsExecutor executor_{clock_, trace_, {}};
    OsDisk disk_{executor_, workers_, {.root = root(), .descriptors_max = descriptors_max}};
    std::vector<std::unique_ptr<runtime::File>> files_;
};

TEST_F(OsDiskTest, UsesMoreFilesThanDescriptors) {
    for (int i = 0; i < 20; ++i)
        open(fmt::format("file-{}", i));
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < files_.size(); ++i)
            EXPECT_EQ(append(*files_[i], fmt::format("{}.{} ", i, round)), std::nullopt);
    }

    EXPECT_LE(disk_.files().descriptor_count(), descriptors_max);
    for (std::size_t i = 0; i < files_.size(); ++i)
        EXPECT_EQ(read(*files_[i]), fmt::format("{0}.0 {0}.1 {0}.2 ", i));
}

TEST_F(OsDiskTest, FindsAFileAgainAfterItsDirectoryWasRenamed) {
    ASSERT_TRUE(make_directories(path("old")).has_value());
    for (int i = 0; i < 10; ++i)
        append(open(fmt::format("old/file-{}", i)), fmt::format("{}", i));

    ASSERT_EQ(code_of([&](auto done) { disk_.rename("old", "new", std::move(done)); }),
              std::nullopt);
    for (int i = 0; i < 10; ++i)
        open(fmt::format("other-{}", i));

    for (std::size_t i = 0; i < 10; ++i)
        EXPECT_EQ(read(*files_[i]), fmt::format("{}", i));
}

TEST_F(OsDiskTest, KeepsTheDescriptorOfARemovedFile) {
    append(open("doomed"), "still here");
    for (int i = 0; i < 10; ++i)
        open(fmt::format("other-{}", i));

    ASSERT_EQ(code_of([&](auto done) { disk_.remove("doomed", std::move(done)); }), std::nullopt);
    for (int i = 10; i < 20; ++i)
        open(fmt::format("other-{}", i));

    EXPECT_EQ(read(*files_[0]), "still here");
}

TEST_F(OsDiskTest, DoesNotTakeAnotherFileForItsOwn) {
    append(open("file"), "mine");
    for (int i = 0; i < 10; ++i)
        open(fmt::format("other-{}", i));
    std::filesystem::rename(path("file"), path("elsewhere"));
    ASSERT_TRUE(write_file(path("file"), as_bytes("a stranger's")).has_value());

    EXPECT_NE(read(*files_[0]).find("another file has taken its name"), std::string::npos);
}

TEST_F(OsDiskTest, ReadsWhatIsNotInMemory) {
    const std::string text(500'000, 'c');
    runtime::File& file = open("cold");
    ASSERT_EQ(append(file, text), std::nullopt);
    ASSERT_EQ(code_of([&](auto done) { file.sync(std::move(done)); }), std::nullopt);
    const Descriptor descriptor(::open(path("cold").c_str(), O_RDONLY));
    ASSERT_EQ(::posix_fadvise(descriptor.get(), 100'000, 0, POSIX_FADV_DONTNEED), 0);

    EXPECT_EQ(read(file), text);
}

TEST_F(OsDiskTest, APoisonedFileTakesNothingMore) {
    runtime::File& file = open("file");
    ASSERT_EQ(append(file, "before"), std::nullopt);

    poison("file");

    EXPECT_EQ(append(file, "after"), IoCode::poisoned);
    EXPECT_EQ(code_of([&](auto done) { file.sync(std::move(done)); }), IoCode::poisoned);
    EXPECT_EQ(code_of([&](auto done) { file.truncate(0, std::move(done)); }), IoCode::poisoned);
    EXPECT_EQ(read(file), "before");
}

TEST_F(OsDiskTest, AFileStaysPoisonedWhenItIsOpenedAgain) {
    ASSERT_EQ(append(open("file"), "before"), std::nullopt);
    poison("file");
    files_.clear();

    EXPECT_EQ(append(open("file"), "after"), IoCode::poisoned);
}

}  // namespace
}  // namespace glasslog::os
