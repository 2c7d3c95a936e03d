// Brokers of a cluster: registration, heartbeats, fencing, shutdown, and the other members.

#include "core/metadata/features.hpp"
#include "tests/core/metadata/cluster_lab.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace glasslog::metadata::test {
namespace {

using protocol::WireError;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr NodeId three{3};

std::vector<std::string> names_of(const std::vector<Record>& records) {
    std::vector<std::string> names;
    for (const Record& record : records)
        names.push_back(protocol::metadata_record_name(record));
    return names;
}

TEST(MembershipTest, RefusesRegistrationsAsKafkaDoes) {
    using Request = protocol::BrokerRegistrationRequest;

    struct Row {
        const char* what;
        std::function<void(Request&)> spoil;
        WireError error;
    };

    const std::vector<Row> rows{
        {"as it should be", [](Request&) {}, WireError::none},
        {"another cluster",
         [](Request& r) { r.cluster_id = "x"; },
         WireError::inconsistent_cluster_id},
        {"a live broker of that id",
         [](Request& r) { r.broker_id = one; },
         WireError::duplicate_broker_registration},
        {"no directory", [](Request& r) { r.log_dirs.clear(); }, WireError::invalid_registration},
        {"a reserved directory",
         [](Request& r) {
             r.log_dirs = {Uuid{0, 1}};
         },
         WireError::invalid_registration},
        {"a directory twice",
         [](Request& r) { r.log_dirs.push_back(r.log_dirs[0]); },
         WireError::invalid_registration},
        {"a directory of another broker",
         [](Request& r) {
             r.log_dirs = {Uuid{9, 101}};
         },
         WireError::invalid_registration},
        {"a feature below the finalized level",
         [](Request& r) { r.features[2].max_supported_version = 29; },
         WireError::unsupported_version},
        {"a feature that it does not name",
         [](Request& r) { r.features.clear(); },
         WireError::unsupported_version},
        {"from ZooKeeper",
         [](Request& r) { r.is_migrating_zk_broker = true; },
         WireError::broker_id_not_registered},
    };
    for (const Row& row : rows) {
        ClusterLab lab;
        lab.start(1);
        auto request = lab.registration(2, 50);
        row.spoil(request);

        EXPECT_EQ(lab.enroll(request).error_code, row.error) << row.what;
        EXPECT_EQ(lab.last.records.empty(), row.error != WireError::none) << row.what;
    }
}

TEST(MembershipTest, ANewBrokerIsFencedUntilItHasReadItsRegistration) {
    ClusterLab lab;
    const auto epoch = lab.enroll(lab.registration(1, 1)).broker_epoch;
    EXPECT_TRUE(lab.image().find_broker(one)->is_fenced);

    auto early = lab.heartbeat(1);
    early.current_metadata_offset = Offset(epoch.value() - 1);
    const auto first = lab.beat(early);
    EXPECT_FALSE(first.is_caught_up);
    EXPECT_TRUE(first.is_fenced);

    auto recovering = lab.heartbeat(1);
    recovering.want_fence = true;
    const auto second = lab.beat(recovering);
    EXPECT_TRUE(second.is_caught_up);
    EXPECT_TRUE(second.is_fenced);

    const auto third = lab.beat(1);
    EXPECT_FALSE(third.is_fenced);
    EXPECT_FALSE(lab.image().find_broker(one)->is_fenced);
}

TEST(MembershipTest, TheSameIncarnationKeepsEpochAndFlags) {
    ClusterLab lab;
    lab.start(1);
    auto again = lab.registration(1, 1);
    again.listeners[0].port = 9093;

    const auto response = lab.enroll(again);

    EXPECT_EQ(response.broker_epoch, lab.epoch_of(1));
    EXPECT_FALSE(lab.image().find_broker(one)->is_fenced);
    EXPECT_EQ(lab.image().find_broker(one)->endpoints[0].port, 9093);
}

TEST(MembershipTest, HeartbeatsOfStrangersAreStale) {
    ClusterLab lab;
    lab.start(1);

    auto unknown = lab.heartbeat(1);
    unknown.broker_id = NodeId(77);
    EXPECT_EQ(lab.beat(unknown).error_code, WireError::stale_broker_epoch);
    auto old = lab.heartbeat(1);
    old.broker_epoch = BrokerEpoch(999'999);
    EXPECT_EQ(lab.beat(old).error_code, WireError::stale_broker_epoch);
}

class ClusterOfThree : public testing::Test {
protected:
    ClusterOfThree() {
        for (const int id : {1, 2, 3})
            lab_.start(id);
        lab_.create("t", {{1, 2, 3}, {2, 3, 1}});
    }

    // The others stay alive.
    void pass(Duration time, std::initializer_list<int> alive) {
        const Instant end = lab_.now + time;
        while (lab_.now < end) {
            for (const int id : alive)
                lab_.beat(id);
            lab_.pass(Duration::seconds(2));
        }
    }

    ClusterLab lab_;
};

TEST_F(ClusterOfThree, ABrokerWithoutHeartbeatsIsFencedWhenItsSessionEnds) {
    pass(Duration::seconds(8), {2, 3});
    EXPECT_FALSE(lab_.image().find_broker(one)->is_fenced);

    pass(Duration::seconds(4), {2, 3});

    EXPECT_TRUE(lab_.image().find_broker(one)->is_fenced);
    EXPECT_EQ(lab_.partition("t").leader, two);
    EXPECT_THAT(lab_.partition("t").isr, ElementsAre(two, three));
    EXPECT_THAT(lab_.partition("t", 1).isr, ElementsAre(two, three));
    EXPECT_EQ(lab_.partition("t", 1).leader_epoch, LeaderEpoch(0)) << "its leader is alive";
}

TEST_F(ClusterOfThree, FencingWritesPartitionsFirst) {
    lab_.pass(Duration::seconds(9));

    EXPECT_THAT(names_of(lab_.last.records),
                testing::Contains("BrokerRegistrationChangeRecord").Times(3));
    EXPECT_EQ(names_of(lab_.last.records).front(), "PartitionChangeRecord");
    EXPECT_EQ(lab_.partition("t").leader, no_node);
}

TEST_F(ClusterOfThree, AFailOverBeginsAllSessionsAnew) {
    lab_.pass(Duration::seconds(8));
    lab_.fail_over();

    lab_.pass(Duration::seconds(8));
    EXPECT_FALSE(lab_.image().find_broker(one)->is_fenced);

    lab_.pass(Duration::seconds(1));
    EXPECT_TRUE(lab_.image().find_broker(one)->is_fenced);
}

TEST_F(ClusterOfThree, AFailOverKeepsNoSessionForWhoIsAway) {
    lab_.fence(1);
    lab_.fail_over();

    EXPECT_EQ(lab_.enroll(lab_.registration(1, 99)).error_code, WireError::none);
}

TEST_F(ClusterOfThree, ADeathThatWasSeenFencesAtOnce) {
    lab_.fence(1);
    EXPECT_EQ(lab_.partition("t").leader, two);

    EXPECT_EQ(lab_.ask<FenceBrokerResponse>(FenceBroker{two, BrokerEpoch(1)}).error,
              WireError::stale_broker_epoch);
    EXPECT_TRUE(lab_.last.records.empty());

    EXPECT_FALSE(lab_.beat(1).is_fenced) << "it lives: no harm is done";
}

TEST_F(ClusterOfThree, AFencedIdIsFreeForAnotherIncarnation) {
    EXPECT_EQ(lab_.enroll(lab_.registration(1, 99)).error_code,
              WireError::duplicate_broker_registration);
    lab_.fence(1);

    EXPECT_EQ(lab_.enroll(lab_.registration(1, 99)).error_code, WireError::none);
}

TEST_F(ClusterOfThree, AControlledShutdownMovesLeadersFirst) {
    auto bye = lab_.heartbeat(1);
    bye.want_shut_down = true;

    auto answer = lab_.beat(bye);
    EXPECT_FALSE(answer.should_shut_down);
    EXPECT_EQ(names_of(lab_.last.records).front(), "BrokerRegistrationChangeRecord");
    EXPECT_TRUE(lab_.image().find_broker(one)->is_in_controlled_shutdown);
    EXPECT_EQ(lab_.partition("t").leader, two);

    answer = lab_.beat(bye);
    EXPECT_FALSE(answer.should_shut_down) << "the others have not read who leads now";

    lab_.beat(2);
    lab_.beat(3);
    answer = lab_.beat(bye);
    EXPECT_TRUE(answer.should_shut_down);
    EXPECT_TRUE(answer.is_fenced);
    EXPECT_TRUE(lab_.image().find_broker(one)->is_fenced);
}

TEST_F(ClusterOfThree, WhoLeadsNothingGoesAtOnce) {
    auto bye = lab_.heartbeat(3);
    bye.want_shut_down = true;

    EXPECT_TRUE(lab_.beat(bye).should_shut_down);
    EXPECT_THAT(lab_.partition("t").isr, ElementsAre(one, two));
}

TEST_F(ClusterOfThree, ACleanRestartKeepsAnEligibleReplicaEligible) {
    lab_.create("safe", {{1, 2}}, {{"min.insync.replicas", "2"}});
    lab_.fence(1);
    EXPECT_THAT(lab_.partition("safe").eligible_leader_replicas, ElementsAre(one));

    lab_.enroll(lab_.registration(1, 50));

    EXPECT_THAT(lab_.partition("safe").eligible_leader_replicas, ElementsAre(one));
}

TEST_F(ClusterOfThree, AnUncleanRestartEndsEligibility) {
    lab_.create("safe", {{1, 2}}, {{"min.insync.replicas", "2"}});
    lab_.fence(1);
    auto unclean = lab_.registration(1, 50);
    unclean.previous_broker_epoch = BrokerEpoch(-1);

    lab_.enroll(unclean);

    EXPECT_THAT(lab_.partition("safe").eligible_leader_replicas, IsEmpty());
}

// Kafka keeps the last leader in mind: it may lead when nobody else can, and is recovering then.
TEST_F(ClusterOfThree, TheLastLeaderMayLeadAfterAllLostTheirLogs) {
    lab_.create("safe", {{1}});
    lab_.fence(1);
    EXPECT_THAT(lab_.partition("safe").last_known_elr, ElementsAre(one));
    auto unclean = lab_.registration(1, 50);
    unclean.previous_broker_epoch = BrokerEpoch(-1);
    lab_.enroll(unclean);

    lab_.beat(1);

    EXPECT_EQ(lab_.partition("safe").leader, one);
    EXPECT_EQ(lab_.partition("safe").leader_recovery_state, leader_recovering);
}

TEST_F(ClusterOfThree, AnUnregisteredBrokerLeavesEveryInSyncSet) {
    protocol::UnregisterBrokerRequest request;
    request.broker_id = one;

    EXPECT_EQ(lab_.ask<protocol::UnregisterBrokerResponse>(request).error_code, WireError::none);
    EXPECT_EQ(lab_.image().find_broker(one), nullptr);
    EXPECT_EQ(lab_.partition("t").leader, two);
    EXPECT_EQ(lab_.ask<protocol::UnregisterBrokerResponse>(request).error_code,
              WireError::broker_id_not_registered);
}

TEST_F(ClusterOfThree, AnOfflineDirectoryLosesItsLeaders) {
    auto request = lab_.registration(4, 50);
    request.log_dirs = {Uuid{9, 401}, Uuid{9, 402}};
    lab_.enroll(request);
    lab_.beat(4);
    lab_.create("d", {{4, 1}});
    EXPECT_THAT(lab_.partition("d").directories, ElementsAre(Uuid{0, 1}, Uuid{9, 101}));
    protocol::AssignReplicasToDirsRequest assign;
    assign.broker_id = NodeId(4);
    assign.broker_epoch = lab_.epoch_of(4);
    assign.directories.push_back({Uuid{9, 401}, {{lab_.image().find_topic("d")->id, {{}}}}});
    lab_.ask<protocol::AssignReplicasToDirsResponse>(assign);
    EXPECT_EQ(lab_.partition("d").directories[0], (Uuid{9, 401}));
    EXPECT_EQ(lab_.partition("d").leader, NodeId(4));

    auto broken = lab_.heartbeat(4);
    broken.offline_log_dirs = {Uuid{9, 401}};
    lab_.beat(broken);

    EXPECT_EQ(lab_.partition("d").leader, one);
    EXPECT_THAT(lab_.image().find_broker(NodeId(4))->log_directories, ElementsAre(Uuid{9, 402}));
}

TEST_F(ClusterOfThree, DirectoriesAreAssignedPartitionByPartition) {
    protocol::AssignReplicasToDirsRequest request;
    request.broker_id = one;
    request.broker_epoch = lab_.epoch_of(1);
    lab_.create("other", {{2}});
    const Uuid topic = lab_.image().find_topic("t")->id;
    const Uuid other = lab_.image().find_topic("other")->id;
    request.directories.push_back({Uuid{9, 101},
                                   {{topic, {{PartitionIndex(0)}, {PartitionIndex(7)}}},
                                    {Uuid{5, 5}, {{PartitionIndex(0)}}},
                                    {other, {{PartitionIndex(0)}}}}});

    const auto response = lab_.ask<protocol::AssignReplicasToDirsResponse>(request);

    const auto& topics = response.directories.at(0).topics;
    EXPECT_EQ(topics[0].partitions[0].error_code, WireError::none);
    EXPECT_EQ(topics[0].partitions[1].error_code, WireError::unknown_topic_or_partition);
    EXPECT_EQ(topics[1].partitions[0].error_code, WireError::unknown_topic_id);
    EXPECT_EQ(topics[2].partitions[0].error_code, WireError::not_leader_or_follower);
    request.broker_epoch = BrokerEpoch(12'345);
    EXPECT_EQ(lab_.ask<protocol::AssignReplicasToDirsResponse>(request).error_code,
              WireError::stale_broker_epoch);
}

TEST_F(ClusterOfThree, ACordonedBrokerGetsNoNewReplicas) {
    auto cordoned = lab_.heartbeat(1);
    cordoned.cordoned_log_dirs = {Uuid{9, 101}};
    lab_.beat(cordoned);
    protocol::CreateTopicsRequest body;
    auto& topic = body.topics.emplace_back();
    topic.name = "placed";
    topic.num_partitions = 4;
    topic.replication_factor = 2;

    lab_.ask<protocol::CreateTopicsResponse>(CreateTopics{body, {Uuid{1, 77}}, 5});

    for (const int index : {0, 1, 2, 3})
        EXPECT_THAT(lab_.partition("placed", index).replicas,
                    testing::UnorderedElementsAre(two, three));
}

TEST_F(ClusterOfThree, ControllersAreRegistered) {
    protocol::ControllerRegistrationRequest request;
    request.controller_id = NodeId(100);
    request.incarnation_id = {8, 8};
    request.listeners.push_back({"CONTROLLER", "localhost", 9093, 0});
    request.features = lab_.registration(1, 1).features;

    EXPECT_EQ(lab_.ask<protocol::ControllerRegistrationResponse>(request).error_code,
              WireError::none);
    EXPECT_EQ(lab_.image().controllers.at(NodeId(100)).endpoints[0].port, 9093);
    request.features.clear();
    EXPECT_EQ(lab_.ask<protocol::ControllerRegistrationResponse>(request).error_code,
              WireError::unsupported_version);
}

TEST_F(ClusterOfThree, ProducerIdsAreGivenInBlocksToWhoIsRegistered) {
    protocol::AllocateProducerIdsRequest request;
    request.broker_id = one;
    request.broker_epoch = lab_.epoch_of(1);

    lab_.ask<protocol::AllocateProducerIdsResponse>(request);
    const auto second = lab_.ask<protocol::AllocateProducerIdsResponse>(request);

    EXPECT_EQ(second.producer_id_start, ProducerId(1000));
    EXPECT_EQ(second.producer_id_len, 1000);
    request.broker_epoch = BrokerEpoch(12'345);
    const auto stale = lab_.ask<protocol::AllocateProducerIdsResponse>(request);
    EXPECT_EQ(stale.error_code, WireError::stale_broker_epoch);
    EXPECT_EQ(stale.producer_id_len, 0);
}

TEST(MembershipTest, AnIdleLogMovesWhenItIsAskedTo) {
    ControllerOptions options = ClusterLab::options({});
    options.no_op_interval = Duration::milliseconds(500);
    Controller controller(options, {});
    const Instant now = Instant::from_nanoseconds(0);

    EXPECT_EQ(controller.begin(now).wake_at, now + Duration::milliseconds(500));
    const auto decision = controller.on_timer({now + Duration::milliseconds(500), Offset(0)});

    EXPECT_THAT(names_of(decision.records), ElementsAre("NoOpRecord"));
    EXPECT_EQ(decision.wake_at, now + Duration::seconds(1));
}

}  // namespace
}  // namespace glasslog::metadata::test
