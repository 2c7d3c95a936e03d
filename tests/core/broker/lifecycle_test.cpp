#include "core/broker/lifecycle.hpp"

#include <gtest/gtest.h>

namespace glasslog::broker {
namespace {

using protocol::WireError;

class LifecycleTest : public testing::Test {
protected:
    LifeEffects tell(const LifeEvent& event) { return life_.step(now_, event); }

    // Time goes on to the next wake.
    LifeEffects tick(LifeEffects before) {
        EXPECT_TRUE(before.wake_at.has_value());
        now_ = std::max(now_, before.wake_at.value_or(now_));
        return life_.step(now_, LifeTick{});
    }

    static HeartbeatAnswer answer(bool is_caught_up,
                                  bool is_fenced,
                                  bool should_shut_down = false) {
        return {WireError::none, is_caught_up, is_fenced, should_shut_down};
    }

    // Registered with epoch 7, logs ready, unfenced.
    void run_up() {
        ASSERT_TRUE(std::holds_alternative<Register>(tell(LifeBegins{}).ask));
        ASSERT_TRUE(std::holds_alternative<Heartbeat>(
            tell(RegistrationAnswer{WireError::none, BrokerEpoch(7)}).ask));
        ASSERT_EQ(tell(answer(true, true)).entered, LifeStage::recovery);
        ASSERT_TRUE(std::holds_alternative<Heartbeat>(tell(LogsReady{}).ask));
        ASSERT_EQ(tell(answer(true, false)).entered, LifeStage::running);
    }

    LifeTiming timing_;
    Lifecycle life_{timing_};
    Instant now_ = Instant::from_nanoseconds(1);
};

TEST_F(LifecycleTest, AsksToBeLetInOnlyWhenItsLogsAreOpen) {
    ASSERT_TRUE(std::holds_alternative<Register>(tell(LifeBegins{}).ask));
    LifeEffects effects = tell(RegistrationAnswer{WireError::none, BrokerEpoch(7)});
    EXPECT_TRUE(std::get<Heartbeat>(effects.ask).wants_fence);
    effects = tell(answer(true, true));
    EXPECT_EQ(effects.entered, LifeStage::recovery);

    effects = tell(LogsReady{});

    EXPECT_FALSE(std::get<Heartbeat>(effects.ask).wants_fence);
    EXPECT_EQ(std::get<Heartbeat>(effects.ask).epoch, BrokerEpoch(7));
    EXPECT_EQ(tell(answer(true, false)).entered, LifeStage::running);
}

TEST_F(LifecycleTest, WaitsForItsMetadataWithShortSteps) {
    tell(LifeBegins{});
    tell(RegistrationAnswer{WireError::none, BrokerEpoch(7)});

    const LifeEffects effects = tell(answer(false, true));

    EXPECT_FALSE(effects.entered);
    EXPECT_EQ(effects.wake_at, now_ + timing_.eager_interval);
    EXPECT_TRUE(std::holds_alternative<Heartbeat>(tick(effects).ask));
}

TEST_F(LifecycleTest, BeatsAtItsIntervalWhileItRuns) {
    run_up();
    LifeEffects effects = tell(LifeTick{});
    EXPECT_EQ(effects.wake_at, now_ + timing_.heartbeat_interval);

    effects = tick(effects);

    EXPECT_TRUE(std::holds_alternative<Heartbeat>(effects.ask));
}

TEST_F(LifecycleTest, TriesAgainLaterAndLaterUntilAControllerIsFound) {
    LifeEffects effects = tell(LifeBegins{});
    Duration last;
    for (int round = 0; round < 4; ++round) {
        effects = tell(ControllerSilent{});
        const Duration wait = *effects.wake_at - now_;
        EXPECT_GT(wait, last);
        last = wait;
        effects = tick(effects);
        ASSERT_TRUE(std::holds_alternative<Register>(effects.ask));
    }
    tell(ControllerSilent{});

    EXPECT_TRUE(std::holds_alternative<Register>(tell(ControllerFound{}).ask));
}

TEST_F(LifecycleTest, GivesUpWhenNobodyRegistersIt) {
    LifeEffects effects = tell(LifeBegins{});
    now_ = now_ + timing_.registration_timeout;

    effects = tell(ControllerSilent{});
    effects = tell(LifeTick{});

    ASSERT_TRUE(effects.failed);
    EXPECT_EQ(effects.failed->error, WireError::request_timed_out);
}

TEST_F(LifecycleTest, ARefusalThatWillNotChangeEndsIt) {
    tell(LifeBegins{});

    const LifeEffects effects = tell(RegistrationAnswer{WireError::inconsistent_cluster_id, {}});

    ASSERT_TRUE(effects.failed);
    EXPECT_EQ(effects.failed->error, WireError::inconsistent_cluster_id);
}

TEST_F(LifecycleTest, RegistersAgainWhenTheClusterForgotIt) {
    run_up();
    LifeEffects effects = tell(LifeTick{});
    effects = tick(effects);
    ASSERT_TRUE(std::holds_alternative<Heartbeat>(effects.ask));

    effects = tell(HeartbeatAnswer{.error = WireError::stale_broker_epoch});
    effects = tick(effects);

    EXPECT_TRUE(std::holds_alternative<Register>(effects.ask));
}

TEST_F(LifecycleTest, LeavesWhenTheControllerLetsItGo) {
    run_up();

    LifeEffects effects = tell(LeaveAsked{});
    EXPECT_TRUE(std::get<Heartbeat>(effects.ask).wants_shut_down);
    effects = tell(answer(true, false));
    EXPECT_EQ(effects.wake_at, now_ + timing_.leaving_interval);
    effects = tick(effects);
    ASSERT_TRUE(std::holds_alternative<Heartbeat>(effects.ask));

    EXPECT_EQ(tell(answer(true, true, true)).entered, LifeStage::gone);
}

TEST_F(LifecycleTest, LeavesAnywayWhenNobodyAnswers) {
    run_up();
    LifeEffects effects = tell(LeaveAsked{});
    now_ = now_ + timing_.leave_timeout;

    effects = tell(LifeTick{});

    EXPECT_EQ(effects.entered, LifeStage::gone);
    EXPECT_FALSE(effects.failed);
}

}  // namespace
}  // namespace glasslog::broker
