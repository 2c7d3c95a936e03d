// AlterPartition, ElectLeaders, reassignment and the periodic elections of a cluster of three.

#include "tests/core/metadata/cluster_lab.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace glasslog::metadata::test {
namespace {

using protocol::ElectionType;
using protocol::WireError;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr NodeId three{3};

class PartitionsTest : public testing::Test {
protected:
    PartitionsTest() {
        for (const int id : {1, 2, 3})
            lab_.start(id);
        lab_.create("t", {{1, 2, 3}});
    }

    ClusterLab lab_;
};

// ------------------------------------------------------------------------------------
// AlterPartition

struct AlterCase {
    const char* what;
    std::vector<int> isr;
    std::function<void(protocol::AlterPartitionRequest&)> spoil;
    WireError error;
};

protocol::AlterPartitionRequest::Partition& only(protocol::AlterPartitionRequest& request) {
    return request.topics.at(0).partitions.at(0);
}

std::vector<AlterCase> alter_cases() {
    using Request = protocol::AlterPartitionRequest;
    const auto as_is = [](Request&) {};
    return {
        {"a smaller set", {1, 2}, as_is, WireError::none},
        {"the same set", {1, 2, 3}, as_is, WireError::none},
        {"an earlier incarnation of the sender",
         {1, 2},
         [](Request& r) { r.broker_epoch = BrokerEpoch(0); },
         WireError::stale_broker_epoch},
        {"an unknown topic",
         {1, 2},
         [](Request& r) {
             r.topics[0].topic_id = Uuid{5, 5};
         },
         WireError::unknown_topic_id},
        {"an unknown partition",
         {1, 2},
         [](Request& r) { only(r).partition_index = PartitionIndex(9); },
         WireError::unknown_topic_or_partition},
        {"a leader epoch that is not yet",
         {1, 2},
         [](Request& r) { ++only(r).leader_epoch; },
         WireError::not_controller},
        {"a partition epoch that is not yet, before an old leader epoch",
         {1, 2},
         [](Request& r) {
             ++only(r).partition_epoch;
             only(r).leader_epoch = LeaderEpoch(-1);
         },
         WireError::not_controller},
        {"an old leader epoch",
         {1, 2},
         [](Request& r) { only(r).leader_epoch = LeaderEpoch(-1); },
         WireError::fenced_leader_epoch},
        {"not the leader, before an old partition epoch",
         {1, 2},
         [](Request& r) {
             r.broker_id = NodeId(2);
             r.broker_epoch = only(r).new_isr_with_epochs[1].broker_epoch;
             only(r).partition_epoch = -1;
         },
         WireError::invalid_request},
        {"an old partition epoch, before a wrong set",
         {2},
         [](Request& r) { only(r).partition_epoch = -1; },
         WireError::invalid_update_version},
        {"no replica", {1, 9}, as_is, WireError::invalid_request},
        {"a replica twice", {1, 2, 2}, as_is, WireError::invalid_request},
        {"without the leader", {2, 3}, as_is, WireError::invalid_request},
        {"nobody", {}, as_is, WireError::invalid_request},
        {"recovering, and not alone",
         {1, 2},
         [](Request& r) { only(r).leader_recovery_state = 1; },
         WireError::invalid_request},
        {"recovering again",
         {1},
         [](Request& r) { only(r).leader_recovery_state = 1; },
         WireError::invalid_request},
        {"an earlier incarnation of a member",
         {1, 2},
         [](Request& r) { only(r).new_isr_with_epochs[1].broker_epoch = BrokerEpoch(0); },
         WireError::ineligible_replica},
        {"a member that does not say of which incarnation it is",
         {1, 2},
         [](Request& r) { only(r).new_isr_with_epochs[1].broker_epoch = BrokerEpoch(-1); },
         WireError::none},
    };
}

TEST_F(PartitionsTest, AnswersAlterPartitionAsKafkaDoes) {
    for (const AlterCase& one_case : alter_cases()) {
        ClusterLab lab;
        for (const int id : {1, 2, 3})
            lab.start(id);
        lab.create("t", {{1, 2, 3}});
        auto request = lab.in_sync("t", one_case.isr);
        one_case.spoil(request);

        EXPECT_EQ(lab.alter_error(request), one_case.error) << one_case.what;
        if (one_case.error != WireError::none) {
            EXPECT_THAT(lab.last.records, IsEmpty()) << one_case.what;
        }
    }
}

TEST_F(PartitionsTest, AFencedBrokerIsNotLetIn) {
    lab_.fence(3);

    EXPECT_EQ(lab_.alter_error(lab_.in_sync("t", {1, 2, 3})), WireError::ineligible_replica);
}

TEST_F(PartitionsTest, AnEmptyAlterPartitionIsRight) {
    protocol::AlterPartitionRequest request;
    request.broker_id = one;
    request.broker_epoch = BrokerEpoch(12'345);

    EXPECT_EQ(lab_.alter(request).error_code, WireError::none);
}

TEST_F(PartitionsTest, OfTwoSetsForOnePartitionTheSecondIsOld) {
    auto request = lab_.in_sync("t", {1, 2});
    request.topics[0].partitions.push_back(request.topics[0].partitions[0]);

    const auto response = lab_.alter(request);

    EXPECT_EQ(response.topics[0].partitions[0].error_code, WireError::none);
    EXPECT_EQ(response.topics[0].partitions[1].error_code, WireError::invalid_update_version);
}

TEST_F(PartitionsTest, TellsTheLeaderWhatIsNow) {
    const auto response = lab_.alter(lab_.in_sync("t", {1, 2}));

    const auto& answer = response.topics.at(0).partitions.at(0);
    EXPECT_EQ(answer.leader_id, one);
    EXPECT_THAT(answer.isr, ElementsAre(one, two));
    EXPECT_EQ(answer.partition_epoch, 1);
    EXPECT_EQ(answer.leader_epoch, LeaderEpoch(0));
}

// ----------------------------------------------------------------------------------------
// elections

TEST_F(PartitionsTest, AnswersElectionsAsKafkaDoes) {
    struct Row {
        const char* what;
        const char* topic;
        int index;
        ElectionType type;
        WireError error;
    };

    // 1 came back and is not in sync with `away`; `lost` has nobody.
    lab_.create("away", {{1, 2}});
    lab_.create("lost", {{3}});
    lab_.fence(3);
    lab_.fence(1);
    lab_.beat(1);
    lab_.alter(lab_.in_sync("t", {1, 2}));
    const std::vector<Row> rows{
        {"a preferred leader that is in sync", "t", 0, ElectionType::preferred, WireError::none},
        {"again", "t", 0, ElectionType::preferred, WireError::election_not_needed},
        {"unclean on a live leader", "t", 0, ElectionType::unclean, WireError::election_not_needed},
        {"a preferred leader that is not in sync",
         "away",
         0,
         ElectionType::preferred,
         WireError::preferred_leader_not_available},
        {"nobody is alive",
         "lost",
         0,
         ElectionType::unclean,
         WireError::eligible_leaders_not_available},
        {"an unknown topic",
         "nosuch",
         0,
         ElectionType::preferred,
         WireError::unknown_topic_or_partition},
        {"an unknown partition",
         "t",
         9,
         ElectionType::preferred,
         WireError::unknown_topic_or_partition},
        {"an unknown type", "t", 0, ElectionType(5), WireError::invalid_request},
    };
    for (const Row& row : rows) {
        protocol::ElectLeadersRequest request;
        request.election_type = row.type;
        request.topic_partitions.emplace();
        request.topic_partitions->push_back({row.topic, {PartitionIndex(row.index)}});

        const auto response = lab_.ask<protocol::ElectLeadersResponse>(request);

        const auto& result = response.replica_election_results.at(0).partition_result.at(0);
        EXPECT_EQ(result.error_code, row.error) << row.what;
        const bool is_type_wrong = row.error == WireError::invalid_request;
        EXPECT_EQ(response.error_code, is_type_wrong ? row.error : WireError::none) << row.what;
    }
    EXPECT_EQ(lab_.partition("t").leader, one);
}

TEST_F(PartitionsTest, AnElectionOfAllTellsOnlyWhatNeededOne) {
    lab_.create("other", {{2}});
    protocol::ElectLeadersRequest request;

    const auto response = lab_.ask<protocol::ElectLeadersResponse>(request);

    ASSERT_EQ(response.replica_election_results.size(), 2U);
    EXPECT_THAT(response.replica_election_results[0].partition_result, IsEmpty());
    EXPECT_THAT(response.replica_election_results[1].partition_result, IsEmpty());
}

class PeriodicTest : public testing::Test {
protected:
    explicit PeriodicTest(std::size_t per_pass = 1'000) {
        ControllerOptions options = ClusterLab::options({});
        options.session_timeout = Duration::seconds(3'600);
        options.elections_per_pass_max = per_pass;
        lab_.controller() = Controller(options, lab_.image());
        lab_.begin();
        for (const int id : {1, 2, 3})
            lab_.start(id);
    }

    ClusterLab lab_;
};

TEST_F(PeriodicTest, LeadersMoveBackFromTimeToTime) {
    lab_.create("t", {{1, 2}});
    lab_.fence(1);
    lab_.beat(1);
    lab_.alter(lab_.in_sync("t", {2, 1}));
    EXPECT_EQ(lab_.partition("t").leader, two);

    lab_.pass(Duration::seconds(299));
    EXPECT_EQ(lab_.partition("t").leader, two);
    lab_.pass(Duration::seconds(1));

    EXPECT_EQ(lab_.partition("t").leader, one);
}

TEST_F(PeriodicTest, AnUncleanElectionWaitsForItsTurnAndForLeave) {
    for (const char* topic : {"careful", "careless"}) {
        lab_.create(topic, {{1, 2}}, {{"min.insync.replicas", "1"}});
        lab_.alter(lab_.in_sync(topic, {1}));
    }
    lab_.fence(1);
    EXPECT_EQ(lab_.partition("careless").leader, no_node);
    protocol::IncrementalAlterConfigsRequest allow;
    auto& resource = allow.resources.emplace_back();
    resource.resource_type = ConfigResourceType::topic;
    resource.resource_name = "careless";
    auto& change = resource.configs.emplace_back();
    change.name = "unclean.leader.election.enable";
    change.config_operation = protocol::ConfigOperation::set;
    change.value = "true";
    lab_.ask<protocol::IncrementalAlterConfigsResponse>(AlterConfigs{allow});

    lab_.pass(Duration::seconds(300));

    EXPECT_EQ(lab_.partition("careful").leader, no_node);
    EXPECT_EQ(lab_.partition("careless").leader, two);
    EXPECT_THAT(lab_.partition("careless").isr, ElementsAre(two));
    EXPECT_EQ(lab_.partition("careless").leader_recovery_state, leader_recovering);
}

class CappedPeriodicTest : public PeriodicTest {
protected:
    CappedPeriodicTest() : PeriodicTest(2) {}
};

TEST_F(CappedPeriodicTest, APassIsBoundedAndTheNextFollowsAtOnce) {
    lab_.create("t", {{1, 2}, {1, 2}, {1, 2}, {1, 2}, {1, 2}});
    lab_.fence(1);
    lab_.beat(1);
    for (const int index : {0, 1, 2, 3, 4})
        lab_.alter(lab_.in_sync("t", {2, 1}, index));
    const Instant due = lab_.controller().soft().balance_at;

    const auto first = lab_.controller().on_timer({due, Offset(1'000)});
    EXPECT_EQ(first.records.size(), 2U);
    EXPECT_EQ(first.wake_at, due);

    lab_.pass(Duration::seconds(300));
    for (const int index : {0, 1, 2, 3, 4})
        EXPECT_EQ(lab_.partition("t", index).leader, one);
}

TEST_F(PartitionsTest, AnotherMinimumEndsEligibility) {
    lab_.create("safe", {{1, 2}}, {{"min.insync.replicas", "2"}});
    lab_.fence(2);
    ASSERT_THAT(lab_.partition("safe").eligible_leader_replicas, ElementsAre(two));
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = ConfigResourceType::topic;
    resource.resource_name = "safe";
    auto& change = resource.configs.emplace_back();
    change.name = "min.insync.replicas";
    change.config_operation = protocol::ConfigOperation::set;
    change.value = "1";

    lab_.ask<protocol::IncrementalAlterConfigsResponse>(AlterConfigs{request});

    EXPECT_THAT(lab_.partition("safe").eligible_leader_replicas, IsEmpty());
}

// --------------------------------------------------------------------------------------
// reassignment

class ReassignmentTest : public PartitionsTest {
protected:
    WireError move(const std::string& topic,
                   std::optional<std::vector<NodeId>> replicas,
                   bool may_change_factor = true) {
        protocol::AlterPartitionReassignmentsRequest request;
        request.allow_replication_factor_change = may_change_factor;
        request.topics.push_back({topic, {{PartitionIndex(0), std::move(replicas)}}});
        const auto response = lab_.ask<protocol::AlterPartitionReassignmentsResponse>(request);
        return response.responses.at(0).partitions.at(0).error_code;
    }

    std::size_t ongoing(const std::optional<std::string>& topic) {
        protocol::ListPartitionReassignmentsRequest request;
        if (topic) {
            request.topics.emplace();
            request.topics->push_back({*topic, {PartitionIndex(0)}});
        }
        return lab_.ask<protocol::ListPartitionReassignmentsResponse>(request).topics.size();
    }
};

TEST_F(ReassignmentTest, AnswersAsKafkaDoes) {
    const NodeId nobody(9);
    EXPECT_EQ(move("nosuch", std::vector{one}), WireError::unknown_topic_or_partition);
    EXPECT_EQ(move("t", std::vector{nobody}), WireError::invalid_replica_assignment);
    EXPECT_EQ(move("t", std::vector{one, one}), WireError::invalid_replica_assignment);
    EXPECT_EQ(move("t", std::vector<NodeId>{}), WireError::invalid_replica_assignment);
    EXPECT_EQ(move("t", std::nullopt), WireError::no_reassignment_in_progress);
    EXPECT_EQ(move("t", std::vector{one, two}, false), WireError::invalid_replication_factor);
    EXPECT_EQ(move("t", std::vector{one, two, three}), WireError::none);
    EXPECT_THAT(lab_.last.records, IsEmpty()) << "it is there already";
    EXPECT_EQ(ongoing("nosuch"), 0U);
}

TEST_F(ReassignmentTest, MovesAPartitionAndTellsItsLeaderToLookAgain) {
    lab_.create("m", {{1, 2}});

    EXPECT_EQ(move("m", std::vector{three, two}), WireError::none);
    EXPECT_THAT(lab_.partition("m").replicas, ElementsAre(three, two, one));
    EXPECT_THAT(lab_.partition("m").adding_replicas, ElementsAre(three));
    EXPECT_THAT(lab_.partition("m").removing_replicas, ElementsAre(one));
    EXPECT_EQ(ongoing("m"), 1U);
    EXPECT_EQ(ongoing(std::nullopt), 1U);

    // 1 leads, and its report that 3 caught up takes it out of the partition.
    EXPECT_EQ(lab_.alter_error(lab_.in_sync("m", {1, 2, 3})), WireError::new_leader_elected);
    EXPECT_THAT(lab_.partition("m").replicas, ElementsAre(three, two));
    EXPECT_EQ(lab_.partition("m").leader, three);
    EXPECT_EQ(ongoing("m"), 0U);
}

TEST_F(ReassignmentTest, ACancelledOneLeavesWhatWasThere) {
    lab_.create("m", {{1, 2}});
    move("m", std::vector{three, one});

    EXPECT_EQ(move("m", std::nullopt), WireError::none);

    EXPECT_THAT(lab_.partition("m").replicas, ElementsAre(one, two));
    EXPECT_THAT(lab_.partition("m").adding_replicas, IsEmpty());
    EXPECT_EQ(lab_.partition("m").leader, one);
}

// From {1,2} to {3,2}: 3 is the only one left in sync when the move is called off.
TEST_F(ReassignmentTest, ACancelThatWouldLoseDataIsRefused) {
    lab_.create("m", {{1, 2}});
    move("m", std::vector{three, two});
    lab_.alter(lab_.in_sync("m", {1, 3}));
    lab_.fence(1);
    ASSERT_THAT(lab_.partition("m").isr, ElementsAre(three));

    EXPECT_EQ(move("m", std::nullopt), WireError::invalid_replica_assignment);
    EXPECT_TRUE(is_reassigning(lab_.partition("m")));
}

TEST_F(ReassignmentTest, AnotherTargetReplacesTheFirst) {
    lab_.start(4);
    lab_.create("m", {{1, 2}});
    move("m", std::vector{three, two});

    move("m", std::vector{NodeId(4), two});

    EXPECT_THAT(lab_.partition("m").replicas, ElementsAre(NodeId(4), two, three, one));
    EXPECT_THAT(lab_.partition("m").adding_replicas, ElementsAre(NodeId(4)));
    EXPECT_THAT(lab_.partition("m").removing_replicas, ElementsAre(three, one));
}

// ------------------------------------------------------------------------------------------
// features

TEST_F(PartitionsTest, AnswersUpdatesOfFeaturesAsKafkaDoes) {
    using Type = protocol::FeatureUpgradeType;

    struct Row {
        const char* feature;
        int level;
        Type type;
        WireError error;
    };

    const WireError refused = WireError::invalid_update_version;
    const std::string elr = "eligible.leader.replicas.version";
    const std::vector<Row> rows{
        {"nosuch.version", 1, Type::upgrade, refused},
        {"metadata.version", 31, Type::upgrade, refused},
        {"metadata.version", -1, Type::upgrade, refused},
        {"metadata.version", 1, Type::unsafe_downgrade, refused},
        {"metadata.version", 29, Type::safe_downgrade, refused},
        {"metadata.version", 30, Type(9), refused},
        {"metadata.version", 30, Type::upgrade, WireError::none},
        {"kraft.version", 2, Type::upgrade, refused},
        {"kraft.version", 0, Type::safe_downgrade, refused},
        {"kraft.version", 0, Type::unsafe_downgrade, refused},
        {"kraft.version", 1, Type::upgrade, WireError::none},
        {elr.c_str(), 0, Type::upgrade, refused},
        {elr.c_str(), 0, Type::safe_downgrade, WireError::none},
        {elr.c_str(), 1, Type::safe_downgrade, refused},
        {elr.c_str(), 1, Type::upgrade, WireError::none},
        {elr.c_str(), 1, Type::upgrade, WireError::none},
    };
    lab_.controller().replay_kraft_version(1);
    for (const Row& row : rows) {
        UpdateFeatures request{{}, protocol::Version(2)};
        auto& update = request.body.feature_updates.emplace_back();
        update.feature = row.feature;
        update.max_version_level = static_cast<std::int16_t>(row.level);
        update.upgrade_type = row.type;

        const auto response = lab_.ask<protocol::UpdateFeaturesResponse>(request);

        EXPECT_EQ(response.error_code, row.error) << row.feature << " " << row.level;
        EXPECT_EQ(response.error_message.has_value(), row.error != WireError::none);
    }
    EXPECT_EQ(lab_.image().features.at(elr), 1);
}

TEST_F(PartitionsTest, EligibilityCannotBeSwitchedOffWhileAPartitionRestsOnIt) {
    lab_.create("alone", {{3}});
    lab_.fence(3);
    UpdateFeatures request{{}, protocol::Version(1)};
    auto& update = request.body.feature_updates.emplace_back();
    update.feature = "eligible.leader.replicas.version";
    update.allow_downgrade = true;

    const auto response = lab_.ask<protocol::UpdateFeaturesResponse>(request);

    EXPECT_EQ(response.error_code, WireError::invalid_update_version);
    EXPECT_THAT(lab_.last.records, IsEmpty());
}

}  // namespace
}  // namespace glasslog::metadata::test
