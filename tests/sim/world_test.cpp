// Time, order, chance, incarnations and the trace of a World.

#include "sim/world.hpp"

#include "core/trace/diff.hpp"
#include "sim/disk_lab.hpp"
#include "tests/sim/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace glasslog::sim {
namespace {

WorldConfig seeded(std::uint64_t seed) {
    WorldConfig config;
    config.seed = seed;
    return config;
}

TEST(WorldTest, RunsEventsInTheOrderOfTheirTime) {
    World world(seeded(1));
    std::vector<int> seen;
    world.at(Instant() + Duration::seconds(2), [&] { seen.push_back(2); });
    world.at(Instant() + Duration::seconds(1), [&] { seen.push_back(1); });

    world.run_for(Duration::seconds(5));

    EXPECT_EQ(seen, (std::vector<int>{1, 2}));
    EXPECT_EQ(world.now(), Instant() + Duration::seconds(5));
}

// Which of two executors comes first at one Instant; each keeps its own order.
std::string order_of_posts(std::uint64_t seed) {
    World world(seeded(seed));
    std::string order;
    for (const char* name : {"a", "b"}) {
        add_script(world, name, [&order, name](Script& self) {
            for (int i = 0; i < 3; ++i)
                self.runtime().executor.post(
                    [&order, name, i] { order += name + std::to_string(i); });
        });
    }
    world.run_to_end();
    return order;
}

TEST(WorldTest, ShufflesExecutorsButNeverTheirPosts) {
    std::set<std::string> orders;

    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const std::string order = order_of_posts(seed);
        orders.insert(order);
        EXPECT_LT(order.find("a0"), order.find("a1"));
        EXPECT_LT(order.find("a1"), order.find("a2"));
        EXPECT_LT(order.find("b0"), order.find("b1"));
        EXPECT_LT(order.find("b1"), order.find("b2"));
    }

    EXPECT_GT(orders.size(), 5U);
}

TEST(WorldTest, DrawsByKeyAcrossRestarts) {
    World world(seeded(7));
    std::vector<std::uint64_t> seen;
    const NodeId node = add_script(world, "a", [&](Script& self) {
        seen.push_back(self.runtime().random.draw("election", "x"));
    });
    world.run_to_end();
    world.crash(node);
    world.restart(node);
    world.run_to_end();

    World other(seeded(7));
    std::vector<std::uint64_t> expected;
    add_script(other, "a", [&](Script& self) {
        self.runtime().random.draw("another", "x");
        expected.push_back(self.runtime().random.draw("election", "x"));
        self.runtime().random.draw("election", "y");
        expected.push_back(self.runtime().random.draw("election", "x"));
    });
    other.run_to_end();

    EXPECT_EQ(seen, expected) << "one more draw of another key moves nothing";
    EXPECT_NE(seen[0], seen[1]);
}

// Says what it does in its destructor, through the runtime.
class Loud final : public Program {
public:
    Loud(runtime::Runtime runtime, std::vector<std::string>& said)
        : runtime_(runtime), said_(said) {}

    ~Loud() override {
        said_.push_back("destroyed");
        runtime_.executor.post([&said = said_] { said.push_back("after death"); });
        runtime_.random.draw("death", "");
    }

    void start() override {
        timer_ = runtime_.executor.at(runtime_.clock.now() + Duration::seconds(1),
                                      [this] { said_.push_back("tick"); });
    }

private:
    runtime::Runtime runtime_;
    std::vector<std::string>& said_;
    runtime::Timer timer_;
};

TEST(WorldTest, ACrashedIncarnationHasNoEffectAnyMore) {
    World world(seeded(1));
    std::vector<std::string> said;
    const NodeId node = world.add_node({.name = "a"}, [&](std::vector<runtime::Runtime> reactors) {
        return std::make_unique<Loud>(reactors.front(), said);
    });
    world.start(node);
    world.run_for(Duration::milliseconds(10));
    world.at(world.now(), [&] {
        world.crash(node);
        said.push_back("crashed");
    });

    world.run_for(Duration::seconds(5));

    EXPECT_THAT(said, testing::ElementsAre("crashed", "destroyed"));
    EXPECT_FALSE(world.is_running(node));
}

TEST(WorldTest, AStoppedProgramMayActInItsDestructor) {
    World world(seeded(1));
    std::string received;
    add_receiver(world, "b", received);
    const NodeId a = add_sender(world, "a", "b", Duration::seconds(1));
    world.run_for(Duration::milliseconds(500));

    world.stop(a);
    world.run_for(Duration::milliseconds(500));

    EXPECT_EQ(received, "0,[reset]");
}

TEST(WorldTest, StartsTheMonotonicClockAgainAtARestart) {
    World world(seeded(1));
    std::vector<Instant> starts;
    const NodeId node =
        add_script(world, "a", [&](Script& self) { starts.push_back(self.runtime().clock.now()); });
    world.run_for(Duration::seconds(3));
    world.crash(node);
    world.restart(node);
    world.run_to_end();

    EXPECT_THAT(starts, testing::ElementsAre(Instant(), Instant()));
}

// A few nodes that talk, write and wait; the trace of it.
std::vector<trace::Event> small_run(std::uint64_t seed, std::uint64_t* hash, bool is_watched) {
    World world(seeded(seed));
    std::vector<trace::Event> events;
    if (is_watched) world.observe([&](const trace::Event& event) { events.push_back(event); });
    std::string received;
    const NodeId b = add_receiver(world, "b", received);
    add_sender(world, "a", "b", Duration::milliseconds(7));
    world.run_for(Duration::milliseconds(200));
    world.inject(PowerLoss{b, {}});
    world.run_for(Duration::seconds(1));
    world.inject(Restart{b});
    world.run_for(Duration::seconds(1));
    *hash = world.hash();
    return events;
}

TEST(WorldTest, TheSameSeedGivesTheSameHash) {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    const auto left = small_run(42, &first, true);
    const auto right = small_run(42, &second, true);

    EXPECT_EQ(first, second) << trace::diff_text(left, right);
    EXPECT_GT(left.size(), 50U);
}

TEST(WorldTest, WatchingChangesNothing) {
    std::uint64_t watched = 0;
    std::uint64_t alone = 0;
    small_run(42, &watched, true);
    small_run(42, &alone, false);

    EXPECT_EQ(watched, alone);
}

TEST(WorldTest, SeedsGiveDifferentRuns) {
    std::set<std::uint64_t> hashes;

    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        std::uint64_t hash = 0;
        small_run(seed, &hash, false);
        hashes.insert(hash);
    }

    EXPECT_EQ(hashes.size(), 100U);
}

TEST(WorldTest, ANetworkEventKnowsTheMessageThatCausedIt) {
    std::uint64_t hash = 0;
    const auto events = small_run(3, &hash, true);
    std::size_t joined = 0;

    for (const trace::Event& event : events) {
        if (event.kind != trace::EventKind(trace::kinds::MessageDelivered::kind.number)) continue;
        const auto cause = std::ranges::find(events, event.cause, &trace::Event::id);
        ASSERT_NE(cause, events.end());
        EXPECT_EQ(cause->kind, trace::EventKind(trace::kinds::MessageSent::kind.number));
        ++joined;
    }

    EXPECT_GT(joined, 10U);
}

// --- the laboratory for storage crashes ---------------------------------------------------------

// Writes three records, each synced, to a file whose name is synced too.
struct Work {
    explicit Work(DiskLab& given) : lab(given) {
        lab.disk().open("log", runtime::OpenMode::create, [this](auto opened) {
            if (!opened) return;
            file = std::move(*opened);
            lab.disk().sync_directory("", [this](auto) { next(); });
        });
    }

    void next() {
        if (written == 3) return;
        file->append(text_payload("record;"), [this](auto) {
            file->sync([this](auto synced) {
                if (synced) ++written;
                next();
            });
        });
    }

    DiskLab& lab;
    std::unique_ptr<runtime::File> file;
    int written = 0;
};

TEST(DiskLabTest, CountsEveryChange) {
    DiskLab lab;
    Work work(lab);

    ASSERT_TRUE(lab.run());

    EXPECT_EQ(work.written, 3);
    EXPECT_EQ(lab.boundaries(), 1U + 1U + 3U * 2U);
}

TEST(DiskLabTest, CrashesAtEachBoundaryAndKeepsWhatWasSynced) {
    for (const CrashModel& model : all_crash_models()) {
        for (std::uint64_t k = 0; k < 8; ++k) {
            DiskLab lab(DiskLab::Options{.seed = k});
            lab.crash_at(k, model);
            int written = 0;
            {
                Work work(lab);
                lab.run();
                ASSERT_TRUE(lab.has_crashed()) << "boundary " << k;
                EXPECT_EQ(lab.boundaries(), k);
                written = work.written;
            }
            lab.reopen();
            EXPECT_TRUE(written == 0 || lab.image().contents("log").has_value()) << text(model);
            const auto bytes = lab.image().contents("log").value_or(Bytes());
            EXPECT_GE(bytes.size(), static_cast<std::size_t>(written) * 7);
        }
    }
}

TEST(DiskLabTest, AKilledProcessLosesNothingThatWasWritten) {
    DiskLab lab;
    lab.crash_at(3, std::nullopt);
    {
        Work work(lab);
        lab.run();
    }

    lab.reopen();

    EXPECT_EQ(as_text(lab.image().contents("log")->view()), "record;");
}

}  // namespace
}  // namespace glasslog::sim
