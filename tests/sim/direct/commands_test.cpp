// Any commands in any order: no theorem of safety breaks. RapidCheck draws and shrinks them.

#include "sim/direct/script.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <tuple>
#include <vector>

namespace glasslog::sim::direct {
namespace {

// A command in the making: what, whom, and which.
using Raw = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>;

constexpr std::array<Verb, 20> often{
    Verb::deliver, Verb::deliver,  Verb::deliver,   Verb::deliver, Verb::deliver,
    Verb::sync,    Verb::sync,     Verb::sync,      Verb::tick,    Verb::tick,
    Verb::propose, Verb::read,     Verb::drop,      Verb::crash,   Verb::restart,
    Verb::restart, Verb::snapshot, Verb::duplicate, Verb::fail,    Verb::add_voter};

Command command_of(const Raw& raw, const World& world) {
    const auto [verb, who, which] = raw;
    Command command{.verb = often.at(verb % often.size())};
    const auto count = static_cast<std::uint8_t>(world.nodes().size());
    command.node = static_cast<std::uint8_t>(who % count + 1);
    command.peer = static_cast<std::uint8_t>(which % count + 1);
    if (command.verb == Verb::crash) command.count = which % 3U;
    if (!names_message(command.verb) || world.flights().empty()) return command;
    const std::size_t at = (who * 256U + which) % world.flights().size();
    command.message = world.flights()[at].name;
    return command;
}

RC_GTEST_PROP(CommandsTest, NoOrderOfCommandsBreaksATheorem, (const std::vector<Raw>& raws)) {
    WorldOptions options;
    options.spares = 1;
    options.timing.fast_election_delay_max = Duration::milliseconds(20);
    World world(options);

    for (const Raw& raw : raws) {
        world.apply(command_of(raw, world));
        RC_ASSERT(!world.finding().has_value());
    }
}

TEST(CommandsTest, RandomBytesAsCommandsHold) {
    std::uint64_t applied = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        WorldOptions options;
        options.seed = seed;
        World world(options);
        for (std::uint64_t i = 0; i < 400; ++i) {
            const std::uint64_t drawn = StableHash().add(seed).add(i).value();
            const Raw raw{static_cast<std::uint8_t>(drawn),
                          static_cast<std::uint8_t>(drawn >> 8),
                          static_cast<std::uint8_t>(drawn >> 16)};
            applied += world.apply(command_of(raw, world)) ? 1U : 0U;
            ASSERT_FALSE(world.finding()) << world.finding()->text;
        }
    }
    EXPECT_GT(applied, 5'000U);
}

}  // namespace
}  // namespace glasslog::sim::direct
