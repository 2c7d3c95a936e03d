// Mailbox: messages between the reactors of one node.

#include "tests/conformance/world.hpp"

#include <numeric>

namespace glasslog::conformance {
namespace {

class MailboxTest : public ConformanceTest {
protected:
    // Fills reactor 0's queue to itself, which nobody empties meanwhile; how many it took.
    int fill() {
        constexpr int tries_max = 1 << 20;
        int sent = 0;
        while (sent < tries_max &&
               at_a().mailbox.post_to(ReactorId(0), [this, sent] { got_.push_back(sent); })) {
            ++sent;
        }
        EXPECT_LT(sent, tries_max) << "the queue has no bound";
        return sent;
    }

    std::vector<int> got_;
};

TEST_F(MailboxTest, KeepsTheOrderOfOneSender) {
    for (int i = 0; i < 500; ++i)
        ASSERT_TRUE(at_a().mailbox.post_to(ReactorId(1), [this, i] { got_.push_back(i); }));

    ASSERT_TRUE(run_until([this] { return got_.size() == 500; }));

    std::vector<int> expected(500);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(got_, expected);
}

TEST_F(MailboxTest, NeverRunsAMessageInsidePostTo) {
    ASSERT_TRUE(at_a().mailbox.post_to(ReactorId(1), [this] { got_.push_back(1); }));
    ASSERT_TRUE(at_a().mailbox.post_to(ReactorId(0), [this] { got_.push_back(2); }));

    EXPECT_TRUE(got_.empty());
    EXPECT_TRUE(run_until([this] { return got_.size() == 2; }));
}

TEST_F(MailboxTest, CarriesAnAnswerBack) {
    std::unique_ptr<int> answer;
    auto question = std::make_unique<int>(41);
    ASSERT_TRUE(at_a().mailbox.post_to(ReactorId(1), [&, asked = std::move(question)]() mutable {
        ++*asked;
        const bool is_sent = at_a2().mailbox.post_to(
            ReactorId(0),
            [&, reply = std::move(asked)]() mutable { answer = std::move(reply); });
        EXPECT_TRUE(is_sent);
    }));

    ASSERT_TRUE(run_until([&] { return answer != nullptr; }));

    EXPECT_EQ(*answer, 42);
}

TEST_F(MailboxTest, RefusesWhenThePairsQueueIsFull) {
    const int sent = fill();

    EXPECT_GT(sent, 0);
    EXPECT_TRUE(at_a2().mailbox.post_to(ReactorId(0), [] {})) << "another pair, another queue";
}

TEST_F(MailboxTest, ARefusedMessageHasNoEffect) {
    const int sent = fill();
    ASSERT_FALSE(at_a().mailbox.post_to(ReactorId(0), [this] { got_.push_back(-1); }));

    ASSERT_TRUE(run_until([&] { return std::ssize(got_) >= sent; }));
    settle();

    EXPECT_EQ(std::ssize(got_), sent);
    EXPECT_EQ(got_.back(), sent - 1);
}

TEST_F(MailboxTest, TakesMessagesAgainAfterItWasFull) {
    const int sent = fill();
    ASSERT_TRUE(run_until([&] { return std::ssize(got_) == sent; }));

    ASSERT_TRUE(at_a().mailbox.post_to(ReactorId(0), [this] { got_.push_back(-1); }));

    ASSERT_TRUE(run_until([&] { return std::ssize(got_) == sent + 1; }));
    EXPECT_EQ(got_.back(), -1);
}

}  // namespace
}  // namespace glasslog::conformance
