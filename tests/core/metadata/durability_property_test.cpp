// What the controller's elections are worth: a partition that commits, and brokers that crash, lose
// their tails, shut down and come back. Whoever may lead without an unclean election has every
// committed record (K3); that holds because a record is committed only while |ISR| >= min ISR.

#include "core/metadata/node_sets.hpp"
#include "tests/core/metadata/cluster_lab.hpp"

#include <rapidcheck.h>

namespace glasslog::metadata::test {
namespace {

int any(int begin, int end) {
    return *rc::gen::inRange(begin, end);
}

const std::string topic = "t";

class CommittingCluster {
public:
    explicit CommittingCluster(const Rules& rules = {}) : lab_(rules, false) {
        for (const int id : {1, 2, 3, 4})
            lab_.start(id);
        min_isr_ = static_cast<std::size_t>(any(1, 4));
        lab_.create(topic, {{1, 2, 3}}, {{"min.insync.replicas", std::to_string(min_isr_)}});
    }

    void step() {
        const LeaderEpoch epoch = state().leader_epoch;
        const int id = any(1, 5);
        switch (any(0, 11)) {
            case 0:
            case 1:
                commit();
                break;
            case 2:
            case 3:
                propose();
                break;
            case 4:
                lab_.fence(id);
                break;
            case 5:
                shut_down(id);
                break;
            case 6:
            case 7:
                restart(id);
                break;
            case 8:
                lab_.beat(id);
                break;
            case 9:
                move();
                break;
            default:
                any(0, 2) == 0 ? lab_.fail_over() : lab_.pass(Duration::seconds(any(1, 400)));
                break;
        }
        const PartitionState now = state();
        // Clean promises end where an unclean election begins.
        const bool is_unclean = now.leader_recovery_state == leader_recovering;
        if (now.leader_epoch > epoch && is_unclean) committed_ = log_end_[now.leader];
        if (now.leader != no_node) ++led_;
    }

    // The candidate that lacks a committed record; no_node when all have them.
    NodeId doomed() {
        const PartitionState now = state();
        for (const auto& candidates : {now.isr, now.eligible_leader_replicas}) {
            for (const NodeId node : candidates) {
                if (log_end_[node] < committed_) return node;
            }
        }
        return no_node;
    }

    int led() const { return led_; }

    int committed() const { return committed_; }

private:
    PartitionState state() const { return lab_.partition(topic); }

    void commit() {
        const PartitionState now = state();
        const std::size_t needed = std::min(min_isr_, now.replicas.size());
        if (now.leader == no_node || now.isr.size() < needed) return;
        ++committed_;
        for (const NodeId node : now.isr)
            log_end_[node] = committed_;
    }

    // The leader adds who caught up, or drops who did not.
    void propose() {
        const PartitionState now = state();
        if (now.leader == no_node) return;
        std::vector<int> isr;
        for (const NodeId node : now.replicas) {
            const Broker* broker = lab_.image().find_broker(node);
            const bool may = broker != nullptr && !broker->is_fenced;
            if (node == now.leader || (may && any(0, 3) != 0)) isr.push_back(node.value());
        }
        lab_.alter(lab_.in_sync(topic, isr));
        for (const NodeId node : state().isr) {
            if (!contains(now.isr, node)) log_end_[node] = log_end_[now.leader];
        }
    }

    void shut_down(int id) {
        auto request = lab_.heartbeat(id);
        request.want_shut_down = true;
        lab_.beat(request);
    }

    // The process is gone, cleanly or with a tail that was not on its disk.
    void restart(int id) {
        lab_.fence(id);
        auto request = lab_.registration(id, ++incarnation_);
        const bool is_clean = any(0, 2) == 0;
        if (!is_clean) {
            request.previous_broker_epoch = BrokerEpoch(-1);
            log_end_[NodeId(id)] = any(0, log_end_[NodeId(id)] + 1);
        }
        lab_.enroll(request);
        if (any(0, 2) == 0) lab_.beat(id);
    }

    void move() {
        protocol::AlterPartitionReassignmentsRequest request;
        std::optional<std::vector<NodeId>> target;
        if (any(0, 3) != 0) {
            target.emplace();
            for (int id = 1; id < 5; ++id) {
                if (any(0, 2) == 0) target->emplace_back(id);
            }
        }
        request.topics.push_back({topic, {{PartitionIndex(0), std::move(target)}}});
        lab_.ask<protocol::AlterPartitionReassignmentsResponse>(request);
        // A replica that was taken away has no log any more.
        for (int id = 1; id < 5; ++id) {
            if (!contains(state().replicas, NodeId(id))) log_end_[NodeId(id)] = 0;
        }
    }

    ClusterLab lab_;
    std::map<NodeId, int> log_end_;
    std::size_t min_isr_ = 1;
    int committed_ = 0;
    int led_ = 0;
    std::uint64_t incarnation_ = 1'000;
};

TEST(DurabilityPropertyTest, WhoMayLeadHasEveryCommittedRecord) {
    int led = 0;
    int committed = 0;
    const bool holds = rc::check("K3", [&] {
        CommittingCluster cluster;
        for (int step = 0; step < 120; ++step) {
            cluster.step();
            RC_ASSERT(cluster.doomed() == no_node);
        }
        led += cluster.led();
        committed += cluster.committed();
    });
    EXPECT_TRUE(holds);
    EXPECT_GT(led, 1'000) << "a partition that nobody leads loses nothing";
    EXPECT_GT(committed, 100);
}

TEST(DurabilityPropertyTest, EachMistakeOfElectionsDoomsARecord) {
    const std::vector<std::pair<const char*, Rules>> mistakes{
        {"stays in sync", {.last_member = LastMemberRule::stays_in_sync}},
        {"keeps eligibility", {.unclean_restart = UncleanRestartRule::keeps_eligibility}},
    };
    for (const auto& [what, rules] : mistakes) {
        int found = 0;
        const bool ran = rc::check(what, [&, &rules = rules] {
            CommittingCluster cluster(rules);
            for (int step = 0; step < 120; ++step) {
                cluster.step();
                if (cluster.doomed() != no_node) ++found;
            }
        });
        EXPECT_TRUE(ran);
        EXPECT_GT(found, 0) << what;
    }
}

}  // namespace
}  // namespace glasslog::metadata::test
