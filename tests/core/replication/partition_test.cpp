// Transcripts of the Partition machine (tests/transcripts/partition_*.txt), and what they cannot
// say. With GLASSLOG_UPDATE set the transcripts are rewritten.

#include "core/replication/partition.hpp"

#include "tests/core/replication/partition_script.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace glasslog::replication::test {
namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(PartitionTest, DoesWhatTheTranscriptsSay) {
    std::set<std::filesystem::path> transcripts;
    const std::filesystem::path folder(GLASSLOG_SOURCE_DIR "/tests/transcripts");
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().filename().string().starts_with("partition_")) {
            transcripts.insert(entry.path());
        }
    }
    ASSERT_FALSE(transcripts.empty());

    for (const auto& path : transcripts) {
        const std::string expected = read_file(path);
        const std::string actual = replay_transcript(expected);
        if (std::getenv("GLASSLOG_UPDATE") != nullptr) std::ofstream(path) << actual;
        EXPECT_EQ(actual, expected) << path;
    }
}

Event produce(std::uint64_t token) {
    log::BatchFacts facts;
    facts.size_bytes = 100;
    return Produce{.token = RequestToken(token), .facts = facts, .acks = -1, .timeout = {}};
}

TEST(PartitionTest, AHighWatermarkAheadOfTheLogIsCaughtByTheInvariants) {
    Partition partition({}, {}, {.high_watermark = HighWatermarkRule::ahead_of_log_end});
    const NodeId self(1);
    ignore(partition.step({}, Lead{LeaderEpoch(0), {self}, {self}}), "only the state matters");

    const Effects effects = partition.step({}, produce(1));

    EXPECT_FALSE(effects.reply.empty()) << "the mistake answers before the batch is written";
    EXPECT_TRUE(check_invariants(partition.state()).has_value());
}

TEST(PartitionTest, RefusesProducesBeyondItsLimitOfBytes) {
    PartitionConfig config;
    config.uncommitted_bytes_max = 250;
    Partition partition({}, config);
    const NodeId self(1);
    ignore(partition.step({}, Lead{LeaderEpoch(0), {self}, {self}}), "only the state matters");
    for (std::uint64_t token = 1; token <= 3; ++token)
        ignore(partition.step({}, produce(token)), "appended");

    const Effects effects = partition.step({}, produce(4));

    ASSERT_EQ(effects.reply.size(), 1U);
    EXPECT_EQ(std::get<ProduceReply>(effects.reply[0].reply).error, WireError::request_timed_out);
    EXPECT_EQ(partition.state().log_end, Offset(3));
}

}  // namespace
}  // namespace glasslog::replication::test
