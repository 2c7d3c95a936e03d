// Every kind of fault proves its effect on bytes, messages or clocks, and counts its bites.

#include "core/trace/fold.hpp"
#include "sim/world.hpp"
#include "tests/sim/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace glasslog::sim {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

WorldConfig seeded(std::uint64_t seed) {
    WorldConfig config;
    config.seed = seed;
    return config;
}

// What a window shows of the world.
struct Timeline {
    explicit Timeline(World& world) {
        world.observe([this](const trace::Event& event) {
            const auto kind = trace::decode(event);
            if (kind) see(*kind);
            trace::apply(now, event);
        });
    }

    void see(const trace::AnyKind& kind) {
        const auto* const k = std::get_if<trace::kinds::MessageDelivered>(&kind);
        if (k == nullptr) return;
        ++delivered;
        const trace::MessageKey key{k->connection, k->is_from_opener, k->position};
        const auto message = now.in_flight->find(key);
        const bool is_known = message != now.in_flight->end();
        delivered_from_nowhere += is_known ? 0 : 1;
        delivered_as_held += is_known && !message->second.due ? 1 : 0;
    }

    // Empty: up.
    std::string link(NodeId from, NodeId to) const {
        for (const trace::LinkPicture& link : *now.links) {
            if (link.from == from && link.to == to) return link.state;
        }
        return "";
    }

    trace::Snapshot now;
    int delivered = 0;
    int delivered_from_nowhere = 0;
    int delivered_as_held = 0;
};

// a sends "0,1,2,…" to b, a number each 100 ms.
class NetworkFaultTest : public testing::Test {
protected:
    void SetUp() override {
        b_ = add_receiver(world_, "b", received_);
        a_ = add_sender(world_, "a", "b", Duration::milliseconds(100), &learned_);
        run(Duration::milliseconds(250));
        ASSERT_EQ(received_, "0,1,2,");
    }

    void run(Duration duration) { world_.run_for(duration); }

    std::uint64_t bites(FaultId id) {
        return world_.faults().at(static_cast<std::size_t>(id.value()) - 1).bites;
    }

    World world_{seeded(5)};
    std::string received_;
    std::string learned_;  // by the sender
    NodeId a_;
    NodeId b_;
};

TEST_F(NetworkFaultTest, ACutStopsMessagesUntilItHeals) {
    const FaultId cut = world_.inject(Cut{a_, b_});
    run(Duration::milliseconds(500));
    EXPECT_EQ(received_, "0,1,2,");
    EXPECT_GE(bites(cut), 5U);

    world_.heal(cut);
    run(Duration::milliseconds(1000));

    EXPECT_THAT(received_, StartsWith("0,1,2,3,4,5,6,7,8,"));
}

TEST_F(NetworkFaultTest, ACutFromAllOthersNamesNobody) {
    world_.inject(Cut{b_, no_node});

    run(Duration::milliseconds(500));

    EXPECT_EQ(received_, "0,1,2,");
}

TEST_F(NetworkFaultTest, ACutThatLastsEndsTheConnection) {
    world_.inject(Cut{a_, b_});

    run(Duration::seconds(59));
    EXPECT_EQ(learned_, "");
    run(Duration::seconds(11));

    EXPECT_EQ(learned_, "[timed_out]");
    EXPECT_EQ(received_, "0,1,2,") << "the receiver has nothing to send and learns nothing";
}

TEST_F(NetworkFaultTest, ACutCountsWhateverElseIsWrongWithTheLink) {
    const FaultId slow = world_.inject(SlowLink{a_, b_, Duration::milliseconds(1)});
    const FaultId clog = world_.inject(Clog{a_, b_});
    const FaultId cut = world_.inject(Cut{a_, b_});
    run(Duration::milliseconds(500));

    EXPECT_EQ(received_, "0,1,2,");
    EXPECT_GT(bites(cut), 0U);
    EXPECT_EQ(bites(clog), 0U) << "what is lost is not held";
    EXPECT_EQ(bites(slow), 0U);

    world_.heal(clog);
    run(Duration::milliseconds(500));
    EXPECT_EQ(received_, "0,1,2,");
    world_.heal(cut);
    run(Duration::seconds(2));
    EXPECT_THAT(received_, StartsWith("0,1,2,3,4,5,6,7,8,"));
    EXPECT_GT(bites(slow), 0U);
}

TEST_F(NetworkFaultTest, SlowLinksAddUp) {
    world_.inject(SlowLink{a_, b_, Duration::milliseconds(200)});
    const FaultId second = world_.inject(SlowLink{a_, b_, Duration::milliseconds(200)});
    const FaultId none = world_.inject(SlowLink{a_, b_, Duration()});

    run(Duration::milliseconds(440));
    EXPECT_EQ(received_, "0,1,2,");
    run(Duration::milliseconds(80));

    EXPECT_THAT(received_, StartsWith("0,1,2,3,"));
    EXPECT_GT(bites(second), 0U);
    EXPECT_EQ(bites(none), 0U);
}

TEST_F(NetworkFaultTest, ALinkIsToldAsBadAsItIs) {
    Timeline told(world_);
    const FaultId cut = world_.inject(Cut{a_, b_});
    const FaultId slow = world_.inject(SlowLink{a_, b_, Duration::milliseconds(1)});
    EXPECT_EQ(told.link(a_, b_), "cut");

    world_.heal(cut);
    EXPECT_EQ(told.link(a_, b_), "slow");
    world_.heal(slow);

    EXPECT_EQ(told.link(a_, b_), "");
}

TEST_F(NetworkFaultTest, WhatACutLosesIsNotShownInTheAir) {
    Timeline told(world_);
    const FaultId cut = world_.inject(Cut{a_, b_});

    run(Duration::milliseconds(150));
    EXPECT_TRUE(told.now.in_flight->empty());
    ASSERT_FALSE(told.now.dropped->empty());
    EXPECT_EQ(told.now.dropped->back().drop_reason, "cut");
    run(Duration::milliseconds(500));
    EXPECT_TRUE(told.now.in_flight->empty()) << "the tries in between were lost, too";

    world_.heal(cut);
    run(Duration::seconds(2));

    EXPECT_GT(told.delivered, 10);
    EXPECT_EQ(told.delivered_from_nowhere, 0) << "what is sent again is shown again";
    EXPECT_EQ(told.delivered_as_held, 0);
}

TEST_F(NetworkFaultTest, WhatAMachineWithoutPowerMissesIsNotShownInTheAir) {
    Timeline told(world_);
    world_.inject(PowerLoss{b_, {}});

    run(Duration::milliseconds(500));

    EXPECT_TRUE(told.now.in_flight->empty());
    ASSERT_FALSE(told.now.dropped->empty());
    EXPECT_EQ(told.now.dropped->back().drop_reason, "no power");
}

TEST_F(NetworkFaultTest, AOneWayCutStopsOneDirection) {
    const FaultId back = world_.inject(CutOneWay{b_, a_});
    run(Duration::milliseconds(200));
    EXPECT_THAT(received_, HasSubstr("3,4,"));
    EXPECT_EQ(bites(back), 0U) << "nothing went that way";

    world_.inject(CutOneWay{a_, b_});
    const std::string before = received_;
    run(Duration::milliseconds(500));

    EXPECT_EQ(received_, before);
}

TEST_F(NetworkFaultTest, AClogDeliversEverythingWhenItEnds) {
    const FaultId clog = world_.inject(Clog{a_, b_});
    run(Duration::milliseconds(500));
    EXPECT_EQ(received_, "0,1,2,");
    EXPECT_GE(bites(clog), 4U);

    world_.heal(clog);
    run(Duration::milliseconds(50));

    EXPECT_THAT(received_, StartsWith("0,1,2,3,4,5,6,7,")) << "at once, not at the next try";
}

TEST_F(NetworkFaultTest, ASlowLinkDelaysEveryMessage) {
    const FaultId slow = world_.inject(SlowLink{a_, b_, Duration::milliseconds(300)});

    run(Duration::milliseconds(290));

    EXPECT_EQ(received_, "0,1,2,");
    run(Duration::milliseconds(400));
    EXPECT_THAT(received_, StartsWith("0,1,2,3,4,5"));
    EXPECT_GT(bites(slow), 3U);
}

TEST_F(NetworkFaultTest, AThrottledLinkCarriesSoManyBytesASecond) {
    const FaultId throttle = world_.inject(Throttle{a_, b_, 4});  // a number takes half a second

    run(Duration::milliseconds(2200));

    EXPECT_EQ(received_, "0,1,2,3,4,5,6,");
    EXPECT_GT(bites(throttle), 0U);
}

TEST_F(NetworkFaultTest, AResetEndsConnectionsAtBothEnds) {
    const FaultId reset = world_.inject(Reset{a_, b_});

    run(Duration::milliseconds(300));

    EXPECT_EQ(received_, "0,1,2,[reset]");
    EXPECT_EQ(bites(reset), 1U);
}

TEST_F(NetworkFaultTest, AHalfOpenConnectionSwallowsWhatIsSent) {
    const FaultId half = world_.inject(HalfOpen{b_, a_});

    run(Duration::seconds(59));

    EXPECT_EQ(received_, "0,1,2,[reset]");
    EXPECT_EQ(bites(half), 1U);
    EXPECT_EQ(learned_, "") << "the sender goes on";
    run(Duration::seconds(11));
    EXPECT_EQ(learned_, "[timed_out]");
}

TEST_F(NetworkFaultTest, ACrashedProcessLeavesAReset) {
    world_.inject(Crash{a_});

    run(Duration::milliseconds(100));

    EXPECT_EQ(received_, "0,1,2,[reset]");
}

TEST_F(NetworkFaultTest, AMachineWithoutPowerSaysNothing) {
    world_.inject(PowerLoss{a_, {}});

    run(Duration::seconds(20));

    EXPECT_EQ(received_, "0,1,2,");
}

TEST_F(NetworkFaultTest, APausedProcessGetsEverythingLater) {
    const FaultId pause = world_.inject(Pause{b_});
    run(Duration::milliseconds(500));
    EXPECT_EQ(received_, "0,1,2,");

    world_.heal(pause);
    run(Duration::milliseconds(1));

    EXPECT_THAT(received_, StartsWith("0,1,2,3,4,5,6,7"));
    EXPECT_GT(bites(pause), 0U);
}

// How a connect ends, and when.
std::string connect_under(World& world, Duration limit) {
    std::string outcome = "nothing";
    add_script(world, "c", [&](Script& self) {
        self.runtime().transport.connect({"b", 1}, [&](auto connected) {
            outcome = connected ? "connected" : word(connected.error().code);
        });
    });
    world.run_for(limit);
    return outcome;
}

TEST_F(NetworkFaultTest, ConnectsAreRefused) {
    const FaultId refuse = world_.inject(RefuseConnects{b_});

    EXPECT_EQ(connect_under(world_, Duration::seconds(1)), "refused");
    EXPECT_EQ(bites(refuse), 1U);
}

TEST_F(NetworkFaultTest, ConnectsHangUntilTheyTimeOut) {
    const FaultId hang = world_.inject(HangConnects{b_});

    EXPECT_EQ(connect_under(world_, Duration::seconds(59)), "nothing");
    EXPECT_GT(bites(hang), 2U);
}

TEST_F(NetworkFaultTest, AFilterHoldsOneKindOfMessage) {
    class Hold final : public LinkFilter {
    public:
        Verdict judge(const Packet& packet) override {
            if (packet.kind != PacketKind::data) return Pass{};
            return Deliver{Duration::max()};
        }
    } hold;

    world_.add_filter(hold);
    run(Duration::milliseconds(300));
    EXPECT_EQ(received_, "0,1,2,");
    world_.remove_filter(hold);
    run(Duration::milliseconds(50));

    EXPECT_THAT(received_, StartsWith("0,1,2,3,4,5,"));
}

TEST(NetworkTest, WhatWaitedForRoomIsNotShownAsHeld) {
    World world(seeded(1));
    Timeline told(world);
    std::string received;
    add_receiver(world, "b", received);
    add_script(world, "a", [](Script& self) {
        self.runtime().transport.connect({"b", 1}, [&](auto connected) {
            self.connections.push_back(std::move(*connected));
            for (int i = 0; i < 4; ++i)
                self.connections[0]->write(text_payload(std::string(400'000, 'x')), {}, [](auto) {
                });
        });
    });

    world.run_to_end();

    EXPECT_EQ(received.size(), 1'600'000U);
    EXPECT_EQ(told.delivered, 4);
    EXPECT_EQ(told.delivered_as_held, 0);
}

TEST(NetworkTest, CutsMessagesIntoChunksAndLosesNoByte) {
    World world(seeded(1));
    std::string received;
    std::size_t reads = 0;
    add_script(world, "b", [&](Script& self) {
        self.listeners.push_back(*self.runtime().transport.listen({"TEST", {"b", 1}}));
        self.listeners[0]->accept([&](auto accepted) {
            self.connections.push_back(std::move(*accepted));
            read_all(*self.connections[0], received);
        });
    });
    std::string sent;
    add_script(world, "a", [&](Script& self) {
        self.runtime().transport.connect({"b", 1}, [&](auto connected) {
            self.connections.push_back(std::move(*connected));
            for (int i = 0; i < 200; ++i) {
                const std::string message(static_cast<std::size_t>(i) * 37 % 5000 + 1,
                                          static_cast<char>('a' + i % 26));
                sent += message;
                self.connections[0]->write(text_payload(message), {}, [&](auto) { ++reads; });
            }
            self.connections[0]->close();
        });
    });

    world.run_to_end();

    EXPECT_EQ(received, sent + "[end]");
    EXPECT_EQ(reads, 200U);
}

// --- disks --------------------------------------------------------------------------------------

// A node that appends and syncs a file again and again, and says how each went and when.
class DiskFaultTest : public testing::Test {
protected:
    void SetUp() override {
        node_ = add_script(world_, "a", [this](Script& self) {
            self.runtime().disk.open("log",
                                     runtime::OpenMode::create_or_append,
                                     [this, &self](auto opened) {
                                         ASSERT_TRUE(opened.has_value());
                                         self.files.push_back(std::move(*opened));
                                         again(self);
                                     });
        });
        world_.run_for(Duration::milliseconds(100));
        ASSERT_THAT(said_, StartsWith("ok ok "));
        said_.clear();
    }

    void again(Script& self) {
        self.files[0]->append(text_payload("0123456789"), [this](auto appended) {
            if (!appended) said_ += std::string("append:") + word(appended.error().code) + " ";
        });
        self.files[0]->sync([this, &self](auto synced) {
            said_ += synced ? "ok " : std::string("sync:") + word(synced.error().code) + " ";
            const Instant next = self.runtime().clock.now() + Duration::milliseconds(10);
            self.timers.push_back(self.runtime().executor.at(next, [this, &self] { again(self); }));
        });
    }

    std::string run(Duration duration) {
        said_.clear();
        world_.run_for(duration);
        return said_;
    }

    std::uint64_t bites(FaultId id) {
        return world_.faults().at(static_cast<std::size_t>(id.value()) - 1).bites;
    }

    World world_{seeded(5)};
    NodeId node_;
    std::string said_;
};

TEST_F(DiskFaultTest, ASlowDiskTakesLonger) {
    const std::size_t healthy = run(Duration::seconds(1)).size();
    const FaultId slow = world_.inject(SlowDisk{node_, 50});

    EXPECT_LT(run(Duration::seconds(1)).size(), healthy / 3);
    EXPECT_GT(bites(slow), 5U);

    world_.heal(slow);
    run(Duration::seconds(1));
    EXPECT_GT(run(Duration::seconds(1)).size(), healthy / 2);
}

TEST_F(DiskFaultTest, AStalledDiskGoesOnWhenItHeals) {
    const FaultId stall = world_.inject(StallDisk{node_});
    run(Duration::milliseconds(100));
    EXPECT_EQ(run(Duration::seconds(5)), "");
    EXPECT_GT(bites(stall), 0U);

    world_.heal(stall);

    EXPECT_THAT(run(Duration::milliseconds(100)), StartsWith("ok ok "));
}

TEST_F(DiskFaultTest, AFullDiskWritesAPartAndSaysSo) {
    const std::size_t before = world_.disk(node_).contents("log")->size();
    const FaultId full = world_.inject(FullDisk{node_, 13});

    EXPECT_THAT(run(Duration::seconds(1)), HasSubstr("append:full"));
    EXPECT_EQ(world_.disk(node_).contents("log")->size(), before + 13);
    EXPECT_GT(bites(full), 0U);
}

TEST_F(DiskFaultTest, AFailedSyncPoisonsTheFileUntilARestart) {
    const FaultId fail = world_.inject(FailSync{node_, "lo"});

    EXPECT_THAT(run(Duration::seconds(1)), HasSubstr("sync:failed append:poisoned sync:poisoned"));
    EXPECT_EQ(bites(fail), 1U);

    world_.inject(Crash{node_});
    world_.inject(Restart{node_});
    EXPECT_THAT(run(Duration::seconds(1)), StartsWith("ok ok "));
}

TEST_F(DiskFaultTest, ADeadDiskFailsEverything) {
    const FaultId dead = world_.inject(DeadDisk{node_});
    run(Duration::milliseconds(10));

    EXPECT_THAT(run(Duration::seconds(1)), StartsWith("append:failed sync:failed "));
    EXPECT_GT(bites(dead), 10U);
}

TEST_F(DiskFaultTest, RotIsReadForEver) {
    const FaultId rot = world_.inject(BitRot{node_, "log", 3, 0});
    std::string got;
    for (int i = 0; i < 2; ++i) {
        world_.inject(Crash{node_});
        world_.inject(Restart{node_});
    }
    add_script(world_, "b", [](Script&) {});
    auto& script = static_cast<Script&>(*world_.program(node_));
    world_.run_for(Duration::milliseconds(50));
    script.files[0]->read_at(0, 10, [&](auto bytes) { got = as_text(bytes->view()); });
    world_.run_for(Duration::milliseconds(50));

    EXPECT_EQ(got, "0122456789");
    EXPECT_EQ(bites(rot), 1U);
}

TEST_F(DiskFaultTest, APowerLossTakesWhatWasNotSynced) {
    world_.inject(SlowDisk{node_, 1000});  // a sync takes seconds now
    run(Duration::milliseconds(500));
    const std::size_t written = world_.disk(node_).contents("log")->size();
    ASSERT_TRUE(world_.disk(node_).sync_directory("").has_value());

    world_.inject(PowerLoss{node_, {}});

    EXPECT_EQ(world_.disk(node_).contents("log")->size(), written - 10);
}

TEST_F(DiskFaultTest, ADiskThatIsOnceAsSlowIsNotSlow) {
    const FaultId slow = world_.inject(SlowDisk{node_, 1});
    run(Duration::seconds(1));

    EXPECT_EQ(bites(slow), 0U);
}

TEST_F(DiskFaultTest, APowerLossAfterACrashTakesThePageCache) {
    world_.inject(SlowDisk{node_, 1000});
    run(Duration::milliseconds(500));
    world_.inject(Crash{node_});

    const FaultId first = world_.inject(PowerLoss{node_, {}});
    const FaultId second = world_.inject(PowerLoss{node_, {}});

    EXPECT_EQ(bites(first), 1U);
    EXPECT_EQ(bites(second), 0U) << "there is nothing left to lose";
}

// --- clocks -------------------------------------------------------------------------------------

class ClockFaultTest : public testing::Test {
protected:
    void SetUp() override {
        node_ = add_script(world_, "a", [this](Script& self) {
            clock_ = &self.runtime().clock;
            executor_ = &self.runtime().executor;
        });
        world_.run_for(Duration::seconds(1));
    }

    std::uint64_t bites(FaultId id) {
        return world_.faults().at(static_cast<std::size_t>(id.value()) - 1).bites;
    }

    // When, by the world, a timer `after` from now fires.
    Duration fires_after(Duration after, Duration patience) {
        Instant fired = Instant::never();
        const Instant start = world_.now();
        const runtime::Timer timer =
            executor_->at(clock_->now() + after, [&] { fired = world_.now(); });
        world_.run_for(patience);
        return fired == Instant::never() ? Duration() : fired - start;
    }

    World world_{seeded(5)};
    NodeId node_;
    runtime::Clock* clock_ = nullptr;
    runtime::Executor* executor_ = nullptr;
};

TEST_F(ClockFaultTest, SkewMovesTheWallClockAlone) {
    const Instant now = clock_->now();
    const WallTime wall = clock_->wall();

    const FaultId skew = world_.inject(ClockSkew{node_, Duration::seconds(-30)});

    EXPECT_EQ(clock_->now(), now);
    EXPECT_EQ(clock_->wall() - wall, Duration::seconds(-30));
    EXPECT_EQ(bites(skew), 1U);
    world_.heal(skew);
    EXPECT_EQ(clock_->wall(), wall);
}

TEST_F(ClockFaultTest, DriftChangesThePaceOfBothClocksAndOfTimers) {
    const FaultId drift = world_.inject(ClockDrift{node_, 100'000});
    const Instant now = clock_->now();
    const WallTime wall = clock_->wall();

    EXPECT_EQ(fires_after(Duration::milliseconds(1100), Duration::seconds(10)),
              Duration::seconds(1));
    EXPECT_EQ(clock_->now() - now, Duration::seconds(11));
    EXPECT_EQ(clock_->wall() - wall, Duration::seconds(11));
    EXPECT_GT(bites(drift), 0U);
}

TEST_F(ClockFaultTest, AChangeOfPaceReachesTimersThatWaitAlready) {
    Instant fired;
    const Instant start = world_.now();
    const runtime::Timer timer =
        executor_->at(clock_->now() + Duration::seconds(2), [&] { fired = world_.now(); });
    world_.run_for(Duration::seconds(1));

    world_.inject(ClockDrift{node_, -500'000});
    world_.run_for(Duration::seconds(5));

    EXPECT_EQ(fired - start, Duration::seconds(3));
}

TEST_F(ClockFaultTest, AJumpFiresWhatIsDueByThen) {
    Instant fired;
    const runtime::Timer timer =
        executor_->at(clock_->now() + Duration::seconds(2), [&] { fired = world_.now(); });
    const Instant now = clock_->now();
    const WallTime wall = clock_->wall();

    const FaultId jump =
        world_.inject(ClockJump{node_, Duration::seconds(5), Duration::seconds(-1)});
    world_.run_for(Duration::microseconds(1));

    EXPECT_EQ(fired, world_.now());
    EXPECT_EQ(clock_->now() - now, Duration::seconds(5) + Duration::microseconds(1));
    EXPECT_EQ(clock_->wall() - wall, Duration::seconds(-1));
    EXPECT_GT(bites(jump), 0U);
}

TEST_F(ClockFaultTest, AJumpBitesOnlyOnTheClockThatJumped) {
    const FaultId wall = world_.inject(ClockJump{node_, Duration(), Duration::seconds(1)});
    ignore(clock_->now(), "a reading");
    EXPECT_EQ(bites(wall), 0U);
    ignore(clock_->wall(), "a reading");
    EXPECT_EQ(bites(wall), 1U);

    const FaultId monotonic = world_.inject(ClockJump{node_, Duration::seconds(1), Duration()});
    ignore(clock_->wall(), "a reading");
    EXPECT_EQ(bites(monotonic), 0U);
    ignore(clock_->now(), "a reading");
    EXPECT_EQ(bites(monotonic), 1U);

    world_.inject(Crash{node_});
    world_.inject(Restart{node_});
    world_.run_for(Duration::milliseconds(1));
    ignore(clock_->now(), "a reading");
    EXPECT_EQ(bites(monotonic), 1U) << "the monotonic clock has begun anew";
}

TEST_F(ClockFaultTest, ADriftThatChangesNothingDoesNotBite) {
    const FaultId drift = world_.inject(ClockDrift{node_, 0});
    ignore(clock_->now(), "a reading");
    ignore(clock_->wall(), "a reading");

    EXPECT_EQ(bites(drift), 0U);
}

TEST_F(ClockFaultTest, ADriftThatHealsLeavesTheOneBeforeIt) {
    world_.inject(ClockDrift{node_, 500'000});
    world_.heal(world_.inject(ClockDrift{node_, 0}));

    EXPECT_EQ(fires_after(Duration::seconds(3), Duration::seconds(5)), Duration::seconds(2));
}

TEST(FaultTest, APauseOfAProcessThatHasNothingToDoDoesNotBite) {
    World world(seeded(1));
    const NodeId a = add_script(world, "a", [](Script&) {});
    world.run_to_end();

    const FaultId pause = world.inject(Pause{a});
    world.run_for(Duration::seconds(1));
    world.heal(pause);

    EXPECT_EQ(world.faults().at(0).bites, 0U);
}

TEST(FaultTest, SaysWhatItDoesInTheWordsOfTheLanguage) {
    const std::vector<std::string> names{"b1", "p1"};
    const NodeId b(1);
    const NodeId p(2);

    EXPECT_EQ(text(Cut{b, p}, names), "cut b1 | p1");
    EXPECT_EQ(text(Cut{b, no_node}, names), "cut b1 | others");
    EXPECT_EQ(text(PowerLoss{b, {}}, names), "power-loss b1 lose-unsynced");
    EXPECT_EQ(text(SlowDisk{b, 10}, names), "slow-disk b1 x10");
}

TEST(FaultTest, OnlyWhatLastsIsToldToHeal) {
    World world(seeded(1));
    std::vector<std::string> told;
    world.observe([&](const trace::Event& event) {
        const auto kind = trace::decode(event);
        if (!kind) return;
        const auto* const fault = std::get_if<trace::kinds::FaultInjected>(&*kind);
        if (fault != nullptr && fault->text.starts_with("heal")) told.push_back(fault->text);
    });
    const NodeId a = add_script(world, "a", [](Script&) {});
    const NodeId b = add_script(world, "b", [](Script&) {});
    world.inject(Crash{a});
    world.inject(PowerLoss{b, {}});
    world.inject(Restart{a});
    world.inject(Reset{a, b});
    world.inject(HalfOpen{a, b});
    world.inject(ClockJump{a, Duration::seconds(1), Duration()});
    world.inject(BitRot{a, "x", 0, 0});
    world.inject(Cut{a, b});

    for (const FaultReport& report : world.faults())
        world.heal(report.id);

    EXPECT_EQ(told, std::vector<std::string>{"heal cut a | b"});
}

TEST(FaultTest, AFaultThatMeetsNothingNeverBites) {
    World world(seeded(1));
    const NodeId a = add_script(world, "a", [](Script&) {});
    world.run_to_end();
    world.crash(a);

    world.inject(Crash{a});
    world.inject(Cut{a, no_node});
    world.inject(BitRot{a, "none", 0, 0});
    world.inject(PowerLoss{a, {}});

    for (const FaultReport& report : world.faults())
        EXPECT_EQ(report.bites, 0U) << kind_of(report.fault);
}

}  // namespace
}  // namespace glasslog::sim
