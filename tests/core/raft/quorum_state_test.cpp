#include "core/raft/quorum_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace glasslog::raft {
namespace {

using testing::HasSubstr;

const Uuid directory = *Uuid::parse("vzH3etEoRfGgHh8ISBSSTg");

// As Kafka 4.3.1 left them: golden/files/metadata-follower, and a node with
// controller.quorum.voters.
constexpr std::string_view kafka_version_1 =
    R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA",)"
    R"("data_version":1})";
constexpr std::string_view kafka_version_0 =
    R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
    R"("currentVoters":[{"voterId":1}],"data_version":0})";

TEST(QuorumStateTest, ReadsWhatKafkaWroteAndWritesTheSameBytes) {
    const auto dynamic = decode_quorum_state(kafka_version_1);
    const auto with_voters = decode_quorum_state(kafka_version_0);

    ASSERT_TRUE(dynamic && with_voters);
    EXPECT_EQ(*dynamic, (QuorumState{LeaderEpoch(3), NodeId(1), {}}));
    EXPECT_EQ(encode_quorum_state(*dynamic), kafka_version_1);
    EXPECT_EQ(*with_voters, (QuorumState{LeaderEpoch(1), NodeId(1), {}}));
    const std::array voters{NodeId(1)};
    EXPECT_EQ(encode_quorum_state_with_voters(*with_voters, voters), kafka_version_0);
}

TEST(QuorumStateTest, KeepsTheVoteOfAFollowerAndOfNobodysFollower) {
    for (const NodeId leader : {no_node, NodeId(7)}) {
        const QuorumState state{LeaderEpoch(4), leader, {NodeId(2), directory}};

        const auto read = decode_quorum_state(encode_quorum_state(state));

        ASSERT_TRUE(read);
        EXPECT_EQ(*read, state);
    }
}

TEST(QuorumStateTest, TakesSpacesAndKeysThatItDoesNotKnow) {
    const auto read = decode_quorum_state(
        " { \"data_version\" : 1 , \"later\" : [ { \"a\" : null } , 3 ] , \"leaderId\" : -1 ,"
        " \"leaderEpoch\" : 9 , \"votedId\" : 2 , \"votedDirectoryId\" :"
        " \"vzH3etEoRfGgHh8ISBSSTg\" }\n");

    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, (QuorumState{LeaderEpoch(9), no_node, {NodeId(2), directory}}));
}

struct Nonsense {
    std::string text;
    std::string why;
};

TEST(QuorumStateTest, RefusesNonsenseAndSaysWhich) {
    const std::string tail = R"("votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})";
    const std::vector<Nonsense> cases{
        {"", "no JSON object"},
        {"leaderId=1", "no JSON object"},
        {std::string(kafka_version_1) + "}", "no JSON object"},
        {R"({"leaderId":1,"leaderId":2})", "no JSON object"},
        {R"({"leaderId":1,"leaderEpoch":3,"votedId":-1})", "data_version"},
        {R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"data_version":2})", "data_version"},
        {R"({"leaderEpoch":3,"votedId":-1,)" + tail, "leaderId"},
        {R"({"leaderId":-2,"leaderEpoch":3,"votedId":-1,)" + tail, "leaderId"},
        {R"({"leaderId":4294967297,"leaderEpoch":3,"votedId":-1,)" + tail, "leaderId"},
        {R"({"leaderId":1,"leaderEpoch":-1,"votedId":-1,)" + tail, "leaderEpoch"},
        {R"({"leaderId":1,"leaderEpoch":"3","votedId":-1,)" + tail, "leaderEpoch"},
        {R"({"leaderId":1,"leaderEpoch":3,"votedId":true,)" + tail, "votedId"},
        {R"({"leaderId":1,"leaderEpoch":3,"votedId":2,"data_version":1})", "votedDirectoryId"},
        {R"({"leaderId":1,"leaderEpoch":3,"votedId":2,"votedDirectoryId":"x","data_version":1})",
         "votedDirectoryId"},
        {R"({"leaderId":1,"leaderEpoch":3,"votedId":-1,"votedDirectoryId":)"
         R"("vzH3etEoRfGgHh8ISBSSTg","data_version":1})",
         "no vote"},
        {std::string(1000, '['), "no JSON object"},
        {"{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}", "no JSON object"},
    };

    for (const Nonsense& one : cases) {
        const auto read = decode_quorum_state(one.text);

        ASSERT_FALSE(read) << one.text;
        EXPECT_THAT(read.error().text(), HasSubstr(one.why)) << one.text;
    }
}

TEST(QuorumStateTest, RefusesEveryTruncation) {
    for (std::size_t size = 0; size < kafka_version_1.size(); ++size)
        EXPECT_FALSE(decode_quorum_state(kafka_version_1.substr(0, size))) << size;
}

RC_GTEST_PROP(QuorumStateTest, IsReadAsItWasWritten, ()) {
    const QuorumState state{
        LeaderEpoch(*rc::gen::inRange(0, INT32_MAX)),
        NodeId(*rc::gen::inRange(-1, INT32_MAX)),
        {NodeId(*rc::gen::inRange(0, INT32_MAX)), {*rc::gen::arbitrary<std::uint64_t>(), 7}}};

    const auto read = decode_quorum_state(encode_quorum_state(state));

    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == state);
}

}  // namespace
}  // namespace glasslog::raft
