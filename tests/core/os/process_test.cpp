#include "core/os/process.hpp"

#include "core/os/file_sink.hpp"
#include "tests/core/os/support.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace glasslog::os {
namespace {

class ProcessTest : public TemporaryDirectoryTest {
protected:
    static std::string text_of(const Bytes& bytes) { return std::string(as_text(bytes.view())); }

    static std::string read_to_end(int fd) {
        std::string out;
        while (true) {
            const auto chunk = read_some(fd, 4096);
            if (!chunk || chunk->empty()) return out;
            out += as_text(chunk->view());
        }
    }
};

TEST_F(ProcessTest, ReadsWhatItWrote) {
    ASSERT_TRUE(write_file(path("file"), as_bytes("first")).has_value());
    ASSERT_TRUE(write_file(path("file"), as_bytes("two")).has_value());

    const auto content = read_file(path("file"));

    ASSERT_TRUE(content.has_value());
    EXPECT_EQ(text_of(*content), "two");
}

TEST_F(ProcessTest, RefusesAFileThatIsTooLong) {
    ASSERT_TRUE(write_file(path("file"), as_bytes("12345")).has_value());

    EXPECT_EQ(read_file(path("file"), 4).error().code, IoCode::full);
    EXPECT_EQ(read_file(path("nothing")).error().code, IoCode::not_found);
    EXPECT_EQ(write_file(path("no/such"), {}).error().code, IoCode::not_found);
}

TEST_F(ProcessTest, MakesAndRemovesTrees) {
    ASSERT_TRUE(make_directories(path("a/b/c")).has_value());
    ASSERT_TRUE(write_file(path("a/b/file"), as_bytes("x")).has_value());
    EXPECT_TRUE(path_exists(path("a/b/c")));

    ASSERT_TRUE(remove_tree(path("a")).has_value());

    EXPECT_FALSE(path_exists(path("a")));
    EXPECT_TRUE(remove_tree(path("a")).has_value());
}

TEST_F(ProcessTest, WritingToAPipeWithoutAReaderIsAnError) {
    auto spawned = spawn({.program = "true", .has_pipes = true});
    ASSERT_TRUE(spawned.has_value());
    ASSERT_TRUE(spawned->child.wait().has_value());

    EXPECT_EQ(write_all(spawned->input.get(), as_bytes("x")).error().code, IoCode::reset);
}

TEST_F(ProcessTest, TalksWithAChildThroughPipes) {
    auto spawned = spawn({.program = "cat", .has_pipes = true});
    ASSERT_TRUE(spawned.has_value());

    ASSERT_TRUE(write_all(spawned->input.get(), as_bytes("hello")).has_value());
    spawned->input.close();

    EXPECT_EQ(read_to_end(spawned->output.get()), "hello");
    EXPECT_TRUE(spawned->child.wait()->is_success());
}

TEST_F(ProcessTest, SendsOutputToAFile) {
    auto spawned = spawn({.program = "sh",
                          .arguments = {"-c", "echo out; echo err >&2; exit 3"},
                          .output_file = path("log")});
    ASSERT_TRUE(spawned.has_value());

    EXPECT_EQ(spawned->child.wait()->text(), "exited with 3");
    EXPECT_EQ(text_of(*read_file(path("log"))), "out\nerr\n");
}

TEST_F(ProcessTest, AProgramThatDoesNotExistIsNotFound) {
    EXPECT_EQ(spawn({.program = "glasslog-no-such-program"}).error().code, IoCode::not_found);
}

TEST_F(ProcessTest, TellsHowAChildEnded) {
    auto spawned = spawn({.program = "sleep", .arguments = {"1000"}});
    ASSERT_TRUE(spawned.has_value());
    EXPECT_FALSE(spawned->child.poll()->has_value());

    ASSERT_TRUE(spawned->child.signal(SIGKILL).has_value());

    EXPECT_EQ(spawned->child.wait()->text(), "killed by signal 9 (Killed)");
    EXPECT_TRUE(spawned->child.poll()->has_value());
    EXPECT_EQ(spawned->child.signal(SIGKILL).error().code, IoCode::not_found);
}

TEST_F(ProcessTest, CollectsTheResultOfAForkedWorker) {
    auto worker = fork_worker([](int output) {
        ignore(write_all(output, as_bytes("found it")), "the test sees it");
        return 4;
    });
    ASSERT_TRUE(worker.has_value());

    EXPECT_EQ(wait_readable({worker->output.get()}, Duration::seconds(60)), 0u);
    EXPECT_EQ(read_to_end(worker->output.get()), "found it");
    EXPECT_EQ(worker->child.wait()->code, 4);
}

TEST_F(ProcessTest, WaitsForNoDescriptorForEver) {
    auto worker = fork_worker([](int) {
        ::raise(SIGSTOP);
        return 0;
    });
    ASSERT_TRUE(worker.has_value());

    EXPECT_EQ(wait_readable({worker->output.get()}, Duration::milliseconds(1)), std::nullopt);

    ASSERT_TRUE(worker->child.signal(SIGKILL).has_value());
    ASSERT_TRUE(worker->child.wait().has_value());
}

TEST_F(ProcessTest, ASinkWritesFramesToAFile) {
    auto sink = FileSink::create(path("trace"));
    ASSERT_TRUE(sink.has_value());

    ASSERT_TRUE((*sink)->write(as_bytes("one ")).has_value());
    ASSERT_TRUE((*sink)->write(as_bytes("two")).has_value());

    EXPECT_EQ(text_of(*read_file(path("trace"))), "one two");
}

TEST_F(ProcessTest, KnowsItself) {
    EXPECT_THAT(executable_path(), testing::EndsWith("os_test"));
    EXPECT_EQ(environment("GLASSLOG_NO_SUCH_VARIABLE"), "");
}

}  // namespace
}  // namespace glasslog::os
