// Eligible leader replicas against the thing that they are for: every replica that may lead has
// every committed record in its log.

#include "core/metadata/elr.hpp"

#include "core/metadata/node_sets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>

namespace glasslog::metadata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<NodeId> nodes(std::initializer_list<int> ids) {
    std::vector<NodeId> all;
    for (const int id : ids)
        all.emplace_back(id);
    return all;
}

TEST(ElrTest, WhoLeavesBelowTheMinimumStaysEligible) {
    struct Row {
        const char* why;
        ElrStep step;
        std::vector<NodeId> after;
    };

    const std::vector<Row> rows{
        {"enough are in sync", {{}, nodes({1, 2, 3}), nodes({1, 2}), {}, 2}, {}},
        {"the first below", {{}, nodes({1, 2}), nodes({1}), {}, 2}, nodes({2})},
        {"the last one, too", {nodes({2}), nodes({1}), {}, {}, 2}, nodes({1, 2})},
        {"not who lost its log", {nodes({2}), nodes({1}), nodes({1}), nodes({2}), 2}, {}},
        {"not who is in sync", {nodes({1, 2}), {}, nodes({2}), {}, 2}, nodes({1})},
        {"enough again", {nodes({1}), nodes({2}), nodes({2, 3}), {}, 2}, {}},
        {"a minimum of one", {{}, nodes({1}), {}, {}, 1}, nodes({1})},
    };
    for (const Row& row : rows)
        EXPECT_EQ(next_elr(row.step), row.after) << row.why;
}

TEST(ElrTest, TheLastLeaderIsRememberedUntilSomebodyLeads) {
    EXPECT_THAT(next_last_known({{}, NodeId(2), no_node, true}), ElementsAre(NodeId(2)));
    EXPECT_THAT(next_last_known({nodes({2}), no_node, no_node, true}), ElementsAre(NodeId(2)));
    EXPECT_THAT(next_last_known({nodes({2}), no_node, NodeId(1), false}), IsEmpty());
}

// A partition of three replicas that commits, shrinks, grows and crashes at random.
struct Cluster {
    std::map<NodeId, int> log_end;
    std::vector<NodeId> isr = nodes({1, 2, 3});
    std::vector<NodeId> elr;
    int committed = 0;
    std::size_t min_isr = 2;

    void change(std::vector<NodeId> isr_after, std::vector<NodeId> unclean) {
        elr = next_elr({elr, isr, isr_after, unclean, static_cast<std::int64_t>(min_isr)});
        if (isr_after.empty()) {
            // An election; whoever of the eligible ones answers first.
            if (!elr.empty())
                isr_after = {elr[static_cast<std::size_t>(
                    *rc::gen::inRange<int>(0, static_cast<int>(elr.size())))]};
            elr = without(elr, isr_after);
        }
        isr = std::move(isr_after);
    }

    void commit() {
        if (isr.size() < min_isr) return;
        ++committed;
        for (const NodeId node : isr)
            log_end[node] = committed;
    }

    void leave(NodeId node) { change(without(isr, {node}), {}); }

    void join(NodeId node) {
        if (isr.empty() || contains(isr, node)) return;
        log_end[node] = committed;
        auto grown = isr;
        grown.push_back(node);
        change(grown, {});
    }

    void lose_log(NodeId node) {
        log_end[node] = 0;
        change(without(isr, {node}), {node});
    }
};

TEST(ElrTest, WhoeverMayLeadHasEverythingThatWasCommitted) {
    const bool holds = rc::check("K3", [] {
        Cluster cluster;
        cluster.min_isr = static_cast<std::size_t>(*rc::gen::inRange(1, 4));
        for (int step = 0; step < 30; ++step) {
            const NodeId node(*rc::gen::inRange(1, 4));
            switch (*rc::gen::inRange(0, 4)) {
                case 0:
                    cluster.commit();
                    break;
                case 1:
                    cluster.leave(node);
                    break;
                case 2:
                    cluster.join(node);
                    break;
                default:
                    cluster.lose_log(node);
                    break;
            }
            for (const NodeId candidate : cluster.isr)
                RC_ASSERT(cluster.log_end[candidate] >= cluster.committed);
            for (const NodeId candidate : cluster.elr)
                RC_ASSERT(cluster.log_end[candidate] >= cluster.committed);
        }
    });
    EXPECT_TRUE(holds);
}

// The definition, word by word: walks the whole history each time.
std::set<NodeId> by_definition(const std::vector<ElrStep>& history) {
    std::set<NodeId> eligible;
    for (const ElrStep& step : history) {
        const bool is_enough = step.isr_after.size() >= static_cast<std::size_t>(step.min_isr);
        std::set<NodeId> next;
        for (int id = 1; id <= 5; ++id) {
            const NodeId node(id);
            const bool had_all = eligible.contains(node) || contains(step.isr_before, node);
            const bool is_out = contains(step.isr_after, node) || contains(step.unclean, node);
            if (had_all && !is_out && !is_enough) next.insert(node);
        }
        eligible = next;
    }
    return eligible;
}

TEST(ElrTest, FollowsItsDefinition) {
    const bool holds = rc::check("definition", [] {
        std::vector<ElrStep> history;
        std::vector<NodeId> isr = nodes({1, 2, 3, 4, 5});
        std::vector<NodeId> elr;
        const std::int64_t min_isr = *rc::gen::inRange(1, 6);
        for (int at = 0; at < 12; ++at) {
            ElrStep step{elr, isr, {}, {}, min_isr};
            for (int id = 1; id <= 5; ++id) {
                const int where = *rc::gen::inRange(0, 3);
                if (where == 0) step.isr_after.emplace_back(id);
                if (where == 1 && *rc::gen::arbitrary<bool>()) step.unclean.emplace_back(id);
            }
            history.push_back(step);
            elr = next_elr(step);
            isr = step.isr_after;
            RC_ASSERT(std::set<NodeId>(elr.begin(), elr.end()) == by_definition(history));
        }
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace glasslog::metadata
