// Named pipes and processes of others.

#include "core/os/directory_work.hpp"
#include "core/os/process.hpp"
#include "tests/core/os/support.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <unistd.h>

namespace glasslog::os {
namespace {

class BetweenProcessesTest : public TemporaryDirectoryTest {
protected:
    static std::string text_of(const Bytes& bytes) { return std::string(as_text(bytes.view())); }

    static Child sleeper() {
        auto spawned = spawn({.program = "sleep", .arguments = {"1000"}, .has_own_group = true});
        EXPECT_TRUE(spawned.has_value());
        return spawned->child;
    }

    static void end(Child& child) {
        ignore(child.signal(SIGKILL), "it may have ended");
        ASSERT_TRUE(child.wait().has_value());
    }

    // Until /proc shows the state; a signal is delivered soon, not at once.
    static bool comes_to(int pid, char state) {
        for (int i = 0; i < 100'000; ++i) {
            const auto facts = process_facts(pid);
            if (facts && facts->state == state) return true;
        }
        return false;
    }
};

TEST_F(BetweenProcessesTest, AFileIsReplacedAsAWhole) {
    ASSERT_TRUE(write_file(path("file"), as_bytes("a long old content")).has_value());

    ASSERT_TRUE(replace_file(path("file"), as_bytes("new")).has_value());

    EXPECT_EQ(text_of(*read_file(path("file"))), "new");
    EXPECT_EQ(list_directory(root())->size(), 1u);
    EXPECT_EQ(replace_file(path("no/file"), {}).error().code, IoCode::not_found);
}

TEST_F(BetweenProcessesTest, ReadsTheEndOfAFile) {
    ASSERT_TRUE(write_file(path("log"), as_bytes("first line\nlast line\n")).has_value());

    EXPECT_EQ(text_of(*read_tail(path("log"), 5)), "line\n");
    EXPECT_EQ(text_of(*read_tail(path("log"), 100)), "first line\nlast line\n");
    EXPECT_EQ(read_tail(path("nothing"), 5).error().code, IoCode::not_found);
}

TEST_F(BetweenProcessesTest, AChildDoesNotInheritALock) {
    auto lock = lock_file(path("lock"));
    ASSERT_TRUE(lock.has_value());
    EXPECT_EQ(lock_file(path("lock")).error().code, IoCode::exists);
    Child child = sleeper();

    lock->reset();

    EXPECT_TRUE(lock_file(path("lock")).has_value());
    end(child);
}

TEST_F(BetweenProcessesTest, LinesComeThroughANamedPipe) {
    const auto fifo = make_fifo(path("control"));
    ASSERT_TRUE(fifo.has_value());
    EXPECT_TRUE(read_now(fifo->get(), 100)->empty());

    ASSERT_TRUE(write_to_fifo(path("control"), "one\n").has_value());
    ASSERT_TRUE(write_to_fifo(path("control"), "two\n").has_value());

    EXPECT_EQ(text_of(*read_now(fifo->get(), 100)), "one\ntwo\n");
    EXPECT_TRUE(read_now(fifo->get(), 100)->empty());
}

TEST_F(BetweenProcessesTest, ANamedPipeThatNobodyReadsRefuses) {
    ASSERT_TRUE(make_fifo(path("control")).has_value());

    EXPECT_EQ(write_to_fifo(path("control"), "x\n").error().code, IoCode::refused);
    EXPECT_EQ(write_to_fifo(path("nothing"), "x\n").error().code, IoCode::not_found);
}

TEST_F(BetweenProcessesTest, TellsWhetherAProcessIsStopped) {
    Child child = sleeper();

    ASSERT_TRUE(child.signal(SIGSTOP).has_value());
    EXPECT_TRUE(comes_to(child.pid(), 'T'));
    ASSERT_TRUE(child.signal(SIGCONT).has_value());
    EXPECT_TRUE(comes_to(child.pid(), 'S'));

    end(child);
    EXPECT_FALSE(process_facts(child.pid()).has_value());
}

TEST_F(BetweenProcessesTest, HoldsTheProcessThatItMeansAndNoOther) {
    Child child = sleeper();
    const std::uint64_t start = process_facts(child.pid())->start;
    EXPECT_GT(start, 0u);
    EXPECT_EQ(ProcessHandle::open(child.pid(), start + 1).error().code, IoCode::not_found);

    const auto held = ProcessHandle::open(child.pid(), start);
    ASSERT_TRUE(held.has_value());
    EXPECT_FALSE(held->wait_for_end(Duration::milliseconds(1)));
    ASSERT_TRUE(held->signal(SIGKILL).has_value());

    EXPECT_TRUE(held->wait_for_end(Duration::seconds(60)));
    EXPECT_EQ(ProcessHandle::open(child.pid(), start).error().code, IoCode::not_found);
    EXPECT_EQ(child.wait()->signal, SIGKILL);
    EXPECT_EQ(held->signal(SIGKILL).error().code, IoCode::not_found);
}

TEST_F(BetweenProcessesTest, AChildOfItsOwnGroupIsNotMeantByOurs) {
    Child child = sleeper();

    EXPECT_EQ(::getpgid(child.pid()), child.pid());
    EXPECT_NE(::getpgid(child.pid()), ::getpgrp());
    end(child);
}

}  // namespace
}  // namespace glasslog::os
