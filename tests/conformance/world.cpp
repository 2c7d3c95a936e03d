#include "tests/conformance/world.hpp"

namespace glasslog::conformance {

void ConformanceTest::SetUp() {
    world_ = make_world();
    a_ = &world_->add_node(2);
    b_ = &world_->add_node(1);
}

void ConformanceTest::TearDown() {
    world_.reset();
}

bool ConformanceTest::run_until(UniqueFunction<bool()> finished) {
    const bool is_finished = world_->run_until(std::move(finished), Duration::seconds(60));
    EXPECT_TRUE(is_finished) << "nothing made it happen";
    return is_finished;
}

void ConformanceTest::settle() {
    for (int round = 0; round < 5; ++round) {
        int left = 5;
        for (runtime::Runtime* reactor : {&at_a(), &at_a2(), &at_b()})
            reactor->executor.post([&] { --left; });
        ASSERT_TRUE(at_a().mailbox.post_to(ReactorId(1), [&] { --left; }));
        at_b().disk.space("", [&](const auto&) { --left; });
        ASSERT_TRUE(run_until([&] { return left == 0; }));
    }
}

}  // namespace glasslog::conformance
