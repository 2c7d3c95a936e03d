// What waits for other reactors: called as often as promised, forgotten afterwards.

#include "core/broker/parked.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace glasslog::broker {
namespace {

TEST(ParkedTest, ResumesAsOftenAsPromisedAndThenForgets) {
    Parked parked;
    std::vector<int> answers;
    const std::uint64_t token = parked.park<int>(2, [&](int answer) { answers.push_back(answer); });

    parked.resume<int>(token, 1);
    parked.resume<int>(token, 2);
    parked.resume<int>(token, 3);

    EXPECT_EQ(answers, (std::vector<int>{1, 2}));
    EXPECT_EQ(parked.size(), 0U);
}

TEST(ParkedTest, ForgettingDropsWhatWaits) {
    Parked parked;
    auto responder = std::make_shared<int>(0);
    const std::uint64_t token =
        parked.park<int>(1, [responder](int) { FAIL() << "it was given up"; });

    parked.forget(token);
    parked.resume<int>(token, 1);

    EXPECT_EQ(responder.use_count(), 1);
}

TEST(ParkedTest, TheLastAnswerMayParkAnew) {
    Parked parked;
    std::string story;
    const std::uint64_t first = parked.park<int>(1, [&](int) {
        story += "first ";
        const std::uint64_t second = parked.park<int>(1, [&](int) { story += "second"; });
        parked.resume<int>(second, 2);
    });

    parked.resume<int>(first, 1);

    EXPECT_EQ(story, "first second");
    EXPECT_EQ(parked.size(), 0U);
}

}  // namespace
}  // namespace glasslog::broker
