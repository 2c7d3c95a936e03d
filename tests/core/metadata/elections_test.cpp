#include "core/metadata/elections.hpp"

#include "core/metadata/node_sets.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace glasslog::metadata {
namespace {

std::vector<NodeId> nodes(std::initializer_list<int> ids) {
    std::vector<NodeId> all;
    for (const int id : ids)
        all.emplace_back(id);
    return all;
}

struct Row {
    const char* why;
    Ballot ballot;
    ElectionKind kind;
    Election elected;
};

std::vector<Row> rows() {
    const auto all = nodes({1, 2, 3});
    const auto online = ElectionKind::online;
    const auto preferred = ElectionKind::preferred;
    const auto unclean = ElectionKind::unclean;
    const auto isr = ElectedFrom::isr;
    const auto eligible = ElectedFrom::eligible;
    const auto nobody = ElectedFrom::nobody;
    return {
        {"a valid leader stays", {all, all, {}, {}, all, NodeId(2)}, online, {NodeId(2), isr}},
        {"the next in replica order",
         {all, nodes({3, 2}), {}, {}, all, NodeId(1)},
         online,
         {NodeId(2), isr}},
        {"only the living", {all, all, {}, {}, nodes({3}), NodeId(1)}, online, {NodeId(3), isr}},
        {"nobody", {all, nodes({1}), {}, {}, nodes({2, 3}), NodeId(1)}, online, {no_node, nobody}},
        {"the preferred one", {all, all, {}, {}, all, NodeId(2)}, preferred, {NodeId(1), isr}},
        {"the preferred one is out of sync: nobody is disturbed",
         {all, nodes({3, 2}), {}, {}, all, NodeId(3)},
         preferred,
         {NodeId(3), isr}},
        {"the preferred one is away and nobody leads",
         {all, all, {}, {}, nodes({3}), no_node},
         preferred,
         {NodeId(3), isr}},
        {"unclean is for want of a better one",
         {all, nodes({3}), {}, {}, all, no_node},
         unclean,
         {NodeId(3), isr}},
        {"unclean: the first that lives",
         {all, nodes({1}), {}, {}, nodes({3, 2}), no_node},
         unclean,
         {NodeId(2), ElectedFrom::any_replica}},
        {"preferred is never unclean",
         {all, nodes({1}), {}, {}, nodes({2}), no_node},
         preferred,
         {no_node, nobody}},
        {"an eligible one, when nobody is in sync",
         {all, {}, nodes({2, 3}), {}, nodes({3}), no_node},
         online,
         {NodeId(3), eligible}},
        {"no eligible one while somebody is in sync",
         {all, nodes({1}), nodes({2}), {}, nodes({2}), NodeId(1)},
         online,
         {no_node, nobody}},
        {"the last leader, when nobody is eligible",
         {all, {}, {}, nodes({2}), all, no_node},
         online,
         {NodeId(2), ElectedFrom::last_known}},
        {"not the last leader while somebody is eligible",
         {all, {}, nodes({1}), nodes({2}), nodes({2}), no_node},
         online,
         {no_node, nobody}},
        {"the last leader before any other",
         {all, {}, {}, nodes({3}), all, no_node},
         unclean,
         {NodeId(3), ElectedFrom::last_known}},
        {"a leader that is no replica any more goes",
         {nodes({1, 2}), nodes({1, 2}), {}, {}, all, NodeId(3)},
         online,
         {NodeId(1), isr}},
    };
}

TEST(ElectionsTest, ElectsByTheTable) {
    for (const Row& row : rows())
        EXPECT_EQ(elect(row.ballot, row.kind), row.elected) << row.why;
}

std::vector<NodeId> some_of(const std::vector<NodeId>& all) {
    std::vector<NodeId> some;
    for (const NodeId node : all) {
        if (*rc::gen::arbitrary<bool>()) some.push_back(node);
    }
    return some;
}

Ballot any_ballot() {
    const auto all = nodes({1, 2, 3, 4});
    Ballot ballot{.replicas = all, .acceptable = some_of(all)};
    ballot.isr = some_of(all);
    ballot.eligible = without(some_of(all), ballot.isr);
    if (*rc::gen::arbitrary<bool>()) ballot.last_known = {NodeId(*rc::gen::inRange(1, 5))};
    if (!ballot.isr.empty() && *rc::gen::arbitrary<bool>()) ballot.leader = ballot.isr.front();
    return ballot;
}

TEST(ElectionsTest, AnElectedLeaderIsAliveAndCleanOnesAreInSyncOrEligible) {
    const bool holds = rc::check("valid leaders", [] {
        const Ballot ballot = any_ballot();
        const auto kind =
            *rc::gen::element(ElectionKind::online, ElectionKind::preferred, ElectionKind::unclean);
        const Election election = elect(ballot, kind);
        if (election.leader == no_node) {
            // Nobody who could have led cleanly was passed over.
            const auto& may = ballot.isr.empty() ? ballot.eligible : ballot.isr;
            for (const NodeId node : may)
                RC_ASSERT(!contains(ballot.acceptable, node));
            return;
        }
        RC_ASSERT(contains(ballot.acceptable, election.leader));
        if (election.from == ElectedFrom::isr) RC_ASSERT(contains(ballot.isr, election.leader));
        if (election.from == ElectedFrom::eligible) {
            RC_ASSERT(ballot.isr.empty());
            RC_ASSERT(contains(ballot.eligible, election.leader));
        }
        if (election.from == ElectedFrom::any_replica) RC_ASSERT(kind == ElectionKind::unclean);
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace glasslog::metadata
