// Clock, Executor and Gate.

#include "core/runtime/gate.hpp"
#include "tests/conformance/world.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace glasslog::conformance {
namespace {

using testing::ElementsAre;

class ClockTest : public ConformanceTest {};

class ExecutorTest : public ConformanceTest {
protected:
    runtime::Executor& executor() { return at_a().executor; }

    Instant in_milliseconds(std::int64_t ms) {
        return at_a().clock.now() + Duration::milliseconds(ms);
    }

    // A task that writes its number down.
    auto note(int number) {
        return [this, number] { ran_.push_back(number); };
    }

    bool run_until_count(std::size_t count) {
        return run_until([this, count] { return ran_.size() >= count; });
    }

    std::vector<int> ran_;
};

TEST_F(ClockTest, NeverGoesBack) {
    std::vector<Instant> seen;
    for (int i = 0; i < 100; ++i)
        at_a().executor.post([&] { seen.push_back(at_a().clock.now()); });

    ASSERT_TRUE(run_until([&] { return seen.size() == 100; }));

    EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST_F(ClockTest, WallTimeIsAfterTheYear2000) {
    EXPECT_GT(at_a().clock.wall(), WallTime::from_milliseconds(946'684'800'000));
}

TEST_F(ExecutorTest, RunsTasksInTheOrderOfPosting) {
    for (int i = 0; i < 1000; ++i)
        executor().post(note(i));

    ASSERT_TRUE(run_until_count(1000));

    std::vector<int> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(ran_, expected);
}

TEST_F(ExecutorTest, RunsATaskAfterTheOneThatPostsIt) {
    executor().post([&] {
        executor().post(note(3));
        ran_.push_back(1);
    });
    executor().post(note(2));

    ASSERT_TRUE(run_until_count(3));

    EXPECT_THAT(ran_, ElementsAre(1, 2, 3));
}

TEST_F(ExecutorTest, NeverRunsATaskInsidePost) {
    executor().post(note(1));

    EXPECT_TRUE(ran_.empty());
    EXPECT_TRUE(run_until_count(1));
}

TEST_F(ExecutorTest, RunsTimersByInstant) {
    const auto third = executor().at(in_milliseconds(9), note(3));
    const auto first = executor().at(in_milliseconds(1), note(1));
    const auto second = executor().at(in_milliseconds(5), note(2));

    ASSERT_TRUE(run_until_count(3));

    EXPECT_THAT(ran_, ElementsAre(1, 2, 3));
}

TEST_F(ExecutorTest, NeverRunsATimerBeforeItsInstant) {
    const Instant when = in_milliseconds(3);
    Instant ran_at;
    const auto timer = executor().at(when, [&] {
        ran_at = at_a().clock.now();
        ran_.push_back(1);
    });

    ASSERT_TRUE(run_until_count(1));

    EXPECT_GE(ran_at, when);
}

TEST_F(ExecutorTest, RunsATimerOfThePastSoonButNotInside) {
    const auto timer = executor().at(Instant(), note(1));

    EXPECT_TRUE(ran_.empty());
    EXPECT_TRUE(run_until_count(1));
}

TEST_F(ExecutorTest, DestructionOfATimerCancelsIt) {
    { const auto timer = executor().at(in_milliseconds(1), note(1)); }
    const auto later = executor().at(in_milliseconds(2), note(2));

    ASSERT_TRUE(run_until_count(1));

    EXPECT_THAT(ran_, ElementsAre(2));
}

TEST_F(ExecutorTest, AssignmentReplacesATimer) {
    runtime::Timer timer = executor().at(in_milliseconds(1), note(1));
    timer = executor().at(in_milliseconds(2), note(2));

    ASSERT_TRUE(run_until_count(1));

    EXPECT_THAT(ran_, ElementsAre(2));
}

TEST_F(ExecutorTest, ATimerMayCancelAnotherOfTheSameInstant) {
    const Instant when = in_milliseconds(1);
    runtime::Timer one;
    runtime::Timer other;
    one = executor().at(when, [&] {
        other.cancel();
        ran_.push_back(1);
    });
    other = executor().at(when, [&] {
        one.cancel();
        ran_.push_back(1);
    });

    ASSERT_TRUE(run_until_count(1));
    settle();

    EXPECT_EQ(ran_.size(), 1u);
}

TEST_F(ExecutorTest, ATimerMaySetItselfAgain) {
    runtime::Timer timer;
    std::function<void()> again = [&] {
        ran_.push_back(1);
        if (ran_.size() < 5) timer = executor().at(in_milliseconds(1), [&] { again(); });
    };
    again();

    EXPECT_TRUE(run_until_count(5));
}

TEST_F(ExecutorTest, ATimerThatIsAlwaysDueStarvesNobody) {
    runtime::Timer eager;
    std::function<void()> again = [&] { eager = executor().at(Instant(), [&] { again(); }); };
    again();
    const auto patient = executor().at(in_milliseconds(1), note(1));
    executor().post(note(2));

    EXPECT_TRUE(run_until_count(2));
}

TEST_F(ExecutorTest, ATimerIsArmedUntilItIsCancelled) {
    runtime::Timer timer;
    EXPECT_FALSE(timer.is_armed());

    timer = executor().at(in_milliseconds(1), note(1));
    EXPECT_TRUE(timer.is_armed());
    ASSERT_TRUE(run_until_count(1));
    EXPECT_TRUE(timer.is_armed());

    timer.cancel();
    EXPECT_FALSE(timer.is_armed());
}

TEST_F(ExecutorTest, TheInstantNeverNeverComes) {
    const auto never = executor().at(Instant::never(), note(1));
    const auto soon = executor().at(in_milliseconds(1), note(2));

    ASSERT_TRUE(run_until_count(1));
    settle();

    EXPECT_THAT(ran_, ElementsAre(2));
}

TEST_F(ExecutorTest, KeepsManyTimersInOrder) {
    const Instant start = at_a().clock.now();
    std::vector<runtime::Timer> timers;
    std::vector<Instant> order;
    for (std::int64_t i = 0; i < 500; ++i) {
        const Instant when = start + Duration::microseconds(i * 7919 % 5000);
        timers.push_back(executor().at(when, [&order, when] { order.push_back(when); }));
    }
    for (std::size_t i = 0; i < timers.size(); i += 3)
        timers[i].cancel();

    ASSERT_TRUE(run_until([&] { return order.size() == 333; }));

    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(ExecutorTest, ATaskThroughAGateIsVoidAfterItsOwner) {
    auto gate = std::make_unique<runtime::Gate>();
    executor().post(gate->wrap(note(1)));
    executor().post([&] { gate.reset(); });
    executor().post(gate->wrap(note(2)));
    executor().post(note(3));

    ASSERT_TRUE(run_until_count(2));

    EXPECT_THAT(ran_, ElementsAre(1, 3));
}

TEST_F(ExecutorTest, AClosedGateVoidsWhatWasMadeBefore) {
    runtime::Gate gate;
    executor().post(gate.wrap(note(1)));
    gate.close();
    executor().post(gate.wrap(note(2)));

    ASSERT_TRUE(run_until_count(1));
    settle();

    EXPECT_THAT(ran_, ElementsAre(2));
}

}  // namespace
}  // namespace glasslog::conformance
