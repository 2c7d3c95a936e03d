// The controller of a small cluster under random requests, good, stale and foolish ones: after
// every decision the invariants hold.

#include "core/metadata/node_sets.hpp"
#include "tests/core/metadata/cluster_lab.hpp"

#include <rapidcheck.h>

namespace glasslog::metadata::test {
namespace {

int any(int begin, int end) {
    return *rc::gen::inRange(begin, end);
}

bool one_in(int count) {
    return any(0, count) == 0;
}

class RandomCluster {
public:
    explicit RandomCluster(const Rules& rules = {}) : lab_(rules, false) {
        for (const int id : {1, 2, 3})
            lab_.start(id);
        lab_.create("t0", {{1, 2, 3}, {2, 3, 1}}, {{"min.insync.replicas", "2"}});
    }

    void step() {
        switch (any(0, 15)) {
            case 0:
                return enroll();
            case 1:
            case 2:
                return beat();
            case 3:
                return lab_.pass(Duration::milliseconds(any(1, 6'000)));
            case 4:
                return create();
            case 5:
            case 6:
            case 7:
                return alter_partition();
            case 8:
                return elect();
            case 9:
                return reassign();
            case 10:
                return lab_.fence(any(1, 6));
            case 11:
                return one_in(4) ? unregister() : allocate();
            case 12:
                return configure();
            case 13:
                return one_in(3) ? lab_.fail_over() : lab_.pass(Duration::seconds(300));
            default:
                return one_in(4) ? remove() : everybody_beats();
        }
    }

    const ClusterLab& lab() const { return lab_; }

    // In-sync sets that were replaced, and leaders that a change elected.
    int accepted() const { return accepted_; }

    int elected() const { return elected_; }

private:
    static std::string topic() { return "t" + std::to_string(any(0, 3)); }

    BrokerEpoch epoch(int id) const {
        return one_in(6) ? BrokerEpoch(any(0, 40)) : lab_.epoch_of(id);
    }

    std::vector<NodeId> some_brokers(int begin, int end) const {
        std::vector<NodeId> nodes;
        for (int count = any(begin, end); count > 0; --count) {
            const NodeId id(any(1, 6));
            if (one_in(20) || !contains(nodes, id)) nodes.push_back(id);
        }
        return nodes;
    }

    void enroll() {
        const int id = any(1, 6);
        auto request = lab_.registration(id, static_cast<std::uint64_t>(any(1, 100)));
        if (one_in(3)) request.previous_broker_epoch = BrokerEpoch(-1);
        lab_.enroll(request);
    }

    void beat() {
        const int id = any(1, 6);
        auto request = lab_.heartbeat(id);
        request.broker_epoch = epoch(id);
        request.want_fence = one_in(6);
        request.want_shut_down = one_in(6);
        if (one_in(4)) request.current_metadata_offset = Offset(any(0, 50));
        if (one_in(10)) request.offline_log_dirs = {{9, static_cast<std::uint64_t>(100 + id)}};
        lab_.beat(request);
    }

    void everybody_beats() {
        for (int id = 1; id < 6; ++id)
            lab_.beat(id);
    }

    void create() {
        ClusterLab::Assignments assignments;
        const auto factor = static_cast<std::size_t>(any(1, 4));
        for (int count = any(1, 3); count > 0; --count) {
            auto& replicas = assignments.emplace_back();
            for (const NodeId id : some_brokers(5, 12)) {
                if (replicas.size() < factor) replicas.push_back(id.value());
            }
        }
        lab_.create(topic(), assignments, {{"min.insync.replicas", std::to_string(any(1, 4))}});
    }

    void remove() { lab_.remove(topic()); }

    // Mostly what a leader would send; sometimes what it would have sent a while ago.
    void alter_partition() {
        const std::string name = topic();
        if (lab_.image().find_topic(name) == nullptr) return;
        const PartitionState state = lab_.partition(name);
        std::vector<int> isr;
        for (const NodeId id : state.replicas) {
            if (id == state.leader || !one_in(3)) isr.push_back(id.value());
        }
        auto request = lab_.in_sync(name, isr);
        request.broker_epoch = epoch(state.leader.value());
        auto& wanted = request.topics[0].partitions[0];
        if (one_in(6)) wanted.partition_epoch -= any(0, 3);
        if (one_in(8)) wanted.leader_epoch = LeaderEpoch(wanted.leader_epoch.value() - 1);
        if (one_in(8)) request.broker_id = NodeId(any(1, 6));
        if (one_in(8)) wanted.leader_recovery_state = 1;
        if (one_in(8) && !wanted.new_isr_with_epochs.empty()) {
            wanted.new_isr_with_epochs.back().broker_epoch = BrokerEpoch(any(-1, 40));
        }
        if (one_in(5) && delayed_) std::swap(request, *delayed_);
        if (one_in(5)) delayed_ = request;
        if (lab_.alter_error(request) == protocol::WireError::none) ++accepted_;
    }

    void elect() {
        protocol::ElectLeadersRequest request;
        request.election_type =
            one_in(3) ? protocol::ElectionType::unclean : protocol::ElectionType::preferred;
        lab_.ask<protocol::ElectLeadersResponse>(request);
        elected_ += static_cast<int>(lab_.last.records.size());
    }

    void reassign() {
        protocol::AlterPartitionReassignmentsRequest request;
        std::optional<std::vector<NodeId>> target;
        if (!one_in(4)) target = some_brokers(1, 4);
        request.topics.push_back({topic(), {{PartitionIndex(0), std::move(target)}}});
        lab_.ask<protocol::AlterPartitionReassignmentsResponse>(request);
    }

    void unregister() {
        protocol::UnregisterBrokerRequest request;
        request.broker_id = NodeId(any(1, 6));
        lab_.ask<protocol::UnregisterBrokerResponse>(request);
    }

    void allocate() {
        protocol::AllocateProducerIdsRequest request;
        const int id = any(1, 6);
        request.broker_id = NodeId(id);
        request.broker_epoch = epoch(id);
        lab_.ask<protocol::AllocateProducerIdsResponse>(request);
    }

    void configure() {
        if (one_in(5)) {
            UpdateFeatures request{{}, protocol::Version(2)};
            auto& update = request.body.feature_updates.emplace_back();
            update.feature = "eligible.leader.replicas.version";
            update.max_version_level = static_cast<std::int16_t>(any(0, 2));
            update.upgrade_type = update.max_version_level == 0
                                      ? protocol::FeatureUpgradeType::safe_downgrade
                                      : protocol::FeatureUpgradeType::upgrade;
            lab_.ask<protocol::UpdateFeaturesResponse>(request);
            return;
        }
        protocol::IncrementalAlterConfigsRequest request;
        auto& resource = request.resources.emplace_back();
        resource.resource_type = ConfigResourceType::topic;
        resource.resource_name = topic();
        auto& change = resource.configs.emplace_back();
        change.config_operation = protocol::ConfigOperation::set;
        const bool is_minimum = one_in(2);
        change.name = is_minimum ? "min.insync.replicas" : "unclean.leader.election.enable";
        change.value = is_minimum ? std::to_string(any(1, 4)) : one_in(2) ? "true" : "false";
        lab_.ask<protocol::IncrementalAlterConfigsResponse>(AlterConfigs{request});
    }

    ClusterLab lab_;
    std::optional<protocol::AlterPartitionRequest> delayed_;
    int accepted_ = 0;
    int elected_ = 0;
};

TEST(ControllerPropertyTest, InvariantsHoldAfterEveryDecision) {
    int accepted = 0;
    int elected = 0;
    const bool holds = rc::check("invariants", [&] {
        RandomCluster cluster;
        for (int step = 0; step < 150; ++step) {
            cluster.step();
            RC_ASSERT(cluster.lab().finding().value_or("") == "");
        }
        accepted += cluster.accepted();
        elected += cluster.elected();
    });
    EXPECT_TRUE(holds);
    EXPECT_GT(accepted, 100) << "a run that changes nothing shows nothing";
    EXPECT_GT(elected, 10);
}

// The same requests find each mistake, so the test above could have failed.
TEST(ControllerPropertyTest, RandomRequestsFindEveryMistake) {
    const std::vector<std::pair<std::string, Rules>> mistakes{
        {"M8", {.broker_epoch = BrokerEpochRule::ignored}},
        {"M10", {.partition_epoch = PartitionEpochRule::ignored}},
        {"M11", {.reassignment_epoch = ReassignmentEpochRule::by_leader_only}},
        {"M14", {.producer_ids = ProducerIdRule::answered_only}},
        {"K16", {.isr = IsrRule::any_replica}},
    };
    for (const auto& [invariant, rules] : mistakes) {
        int found = 0;
        const bool ran = rc::check(invariant, [&, &rules = rules, &invariant = invariant] {
            RandomCluster cluster(rules);
            for (int step = 0; step < 150 && !cluster.lab().finding(); ++step)
                cluster.step();
            if (cluster.lab().finding().value_or("").starts_with(invariant)) ++found;
        });
        EXPECT_TRUE(ran);
        EXPECT_GT(found, 0) << invariant;
    }
}

}  // namespace
}  // namespace glasslog::metadata::test
