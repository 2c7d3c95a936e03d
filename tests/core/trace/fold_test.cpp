#include "core/trace/fold.hpp"

#include "core/trace/index.hpp"
#include "tests/core/trace/sample.hpp"

#include <gtest/gtest.h>

namespace glasslog::trace {
namespace {

const ReplicaKey orders{{"orders", PartitionIndex(0)}, broker};
const ReplicaKey orders_of_producer{{"orders", PartitionIndex(0)}, producer};

Snapshot at_ms(const Timeline& timeline, std::int64_t ms) {
    return timeline.after(timeline.count_at(Instant::from_nanoseconds(ms * 1'000'000)));
}

TEST(FoldTest, SeesAPowerLossTearTheUnsyncedTail) {
    const Timeline timeline = timeline_of(power_loss_story(10, 7));

    const Snapshot before = at_ms(timeline, 599);
    EXPECT_EQ(before.replicas->at(orders)->log_end, Offset(30));
    EXPECT_EQ(before.replicas->at(orders)->synced, Offset(21));
    EXPECT_EQ(before.replicas->at(orders)->high_watermark, Offset(30));
    EXPECT_EQ(before.clients->at(orders_of_producer)->acked_upto, Offset(30));
    EXPECT_EQ(before.in_flight->size(), 1U);

    const Snapshot dark = at_ms(timeline, 600);
    EXPECT_EQ(dark.nodes->at(broker)->state, NodeState::lost_power);
    EXPECT_EQ(dark.replicas->at(orders)->state, LogState::uncertain);
    EXPECT_TRUE(dark.replicas->at(orders)->is_unsure);
    EXPECT_TRUE(dark.in_flight->empty());
    EXPECT_EQ(dark.dropped->size(), 1U);
    EXPECT_EQ(dark.story->fault, "power-loss b1");

    EXPECT_EQ(at_ms(timeline, 1001).replicas->at(orders)->state, LogState::recovering);

    const Snapshot after = at_ms(timeline, 1300);
    const ReplicaPicture& log = *after.replicas->at(orders);
    EXPECT_EQ(log.state, LogState::open);
    EXPECT_FALSE(log.is_unsure);
    EXPECT_EQ(log.log_end, Offset(21));
    EXPECT_EQ(log.synced, Offset(21));
    EXPECT_EQ(log.high_watermark, Offset(21));
    EXPECT_EQ(log.cut_at, Offset(21));
    ASSERT_EQ(log.lost.size(), 3U);
    EXPECT_EQ(log.lost[0].fate, BatchFate::torn);
    EXPECT_EQ(log.lost[1].fate, BatchFate::lost);
    EXPECT_EQ(log.lost[2].last, Offset(29));
    EXPECT_EQ(after.story->is_held, true);
    EXPECT_EQ(after.nodes->at(broker)->starts, 2);
}

TEST(FoldTest, TheLeaderSaysWhoVotes) {
    Story story;
    const NodeId other(2);
    EXPECT_TRUE(timeline_of(story.events()).after(0).voters().empty());
    story.add(1, broker, kinds::QuorumVotersChanged{Offset(-1), "1,2,13"});
    story.add(2, broker, kinds::QuorumRoleChanged{"leader", LeaderEpoch(3), broker, broker});
    story.add(3, other, kinds::QuorumVotersChanged{Offset(7), "2"});
    story.add(4, broker, kinds::NodeStopped{});
    const Timeline timeline = timeline_of(story.events());

    const std::vector<NodeId> all = {NodeId(1), NodeId(2), NodeId(13)};
    EXPECT_EQ(at_ms(timeline, 3).voters(), all);
    EXPECT_EQ(at_ms(timeline, 4).voters(), std::vector{other}) << "nobody leads: the newest";
}

TEST(FoldTest, KnowsWhatAMemberOfTheQuorumIsAndHowFarItsLogIsCommitted) {
    Story story;
    const PartitionIndex p{0};
    story.add(0, broker, kinds::NodeStarted{"c1", "controller", 1});
    story.add(1, broker, kinds::LogOpened{"__cluster_metadata", p, Offset(0), Offset(5)});
    story.add(2, broker, kinds::QuorumRoleChanged{"candidate", LeaderEpoch(3), no_node, broker});
    story.add(3, broker, kinds::QuorumRoleChanged{"leader", LeaderEpoch(3), broker, broker});
    story.add(4, broker, kinds::QuorumCommitted{Offset(4)});
    story.add(5, broker, kinds::NodeCrashed{"process"});
    const Timeline timeline = timeline_of(story.events());
    const ReplicaKey log{{"__cluster_metadata", p}, broker};

    EXPECT_EQ(at_ms(timeline, 2).nodes->at(broker)->quorum.role, "candidate");
    EXPECT_EQ(at_ms(timeline, 2).nodes->at(broker)->quorum.voted, broker);
    const Snapshot leads = at_ms(timeline, 4);
    EXPECT_EQ(leads.nodes->at(broker)->quorum.role, "leader");
    EXPECT_EQ(leads.nodes->at(broker)->quorum.epoch, LeaderEpoch(3));
    EXPECT_EQ(leads.nodes->at(broker)->quorum.committed, Offset(4));
    EXPECT_EQ(leads.replicas->at(log)->high_watermark, Offset(4));
    EXPECT_EQ(leads.replicas->at(log)->leader, broker);
    EXPECT_FALSE(at_ms(timeline, 3).replicas->at(log)->is_committed_told);
    EXPECT_TRUE(leads.replicas->at(log)->is_committed_told);
    EXPECT_EQ(at_ms(timeline, 5).nodes->at(broker)->quorum.role, "");
}

TEST(FoldTest, AProcessCrashKeepsThePageCacheAndTheRecoverySyncsIt) {
    Story story;
    const PartitionIndex p{0};
    story.add(0, broker, kinds::LogOpened{"orders", p, Offset(0), Offset(0)});
    story.produce(10, 0, false);
    story.add(50, broker, kinds::NodeCrashed{"process"});
    story.add(60, broker, kinds::NodeStarted{"b1", "broker", 1});
    story.add(70, broker, kinds::LogOpened{"orders", p, Offset(0), Offset(3)});

    const Snapshot crashed = at_ms(timeline_of(story.events()), 60);
    EXPECT_EQ(crashed.replicas->at(orders)->synced, Offset(0));
    const Snapshot after = at_ms(timeline_of(story.events()), 100);

    EXPECT_EQ(after.replicas->at(orders)->log_end, Offset(3));
    EXPECT_EQ(after.replicas->at(orders)->synced, Offset(3));
    EXPECT_TRUE(after.replicas->at(orders)->lost.empty());
}

// On a real network clients tell no events: the broker's side of their connections is all there is.
TEST(FoldTest, AStrangerIsKnownByTheNameItGives) {
    Story story;
    story.add(0, broker, kinds::ConnectionOpened{1, no_node, broker});
    story.add(1, broker, kinds::ClientNamed{1, "kcat"});
    story.add(2, broker, kinds::ConnectionOpened{2, no_node, broker});
    story.add(3, broker, kinds::ClientNamed{2, "kcat"});
    story.add(3, broker, kinds::RequestReceived{2, 1, 1, 17, 80});
    story.add(4, broker, kinds::ConnectionClosed{1, "closed"});
    story.add(5, broker, kinds::ConnectionClosed{2, "reset"});
    story.add(6, broker, kinds::ConnectionClosed{2, "reset"});
    const Timeline timeline = timeline_of(story.events());
    const NodeId stranger = no_node - 1;

    EXPECT_FALSE(at_ms(timeline, 0).nodes->contains(stranger));
    const Snapshot both = at_ms(timeline, 3);
    EXPECT_EQ(both.node_name(stranger), "kcat");
    EXPECT_EQ(both.nodes->at(stranger)->role, "consumer") << "it fetches";
    EXPECT_EQ(both.connections->at(1).from, stranger);
    EXPECT_EQ(both.connections->at(2).from, stranger) << "one client, two connections";
    EXPECT_EQ(at_ms(timeline, 4).nodes->at(stranger)->state, NodeState::up);
    EXPECT_EQ(at_ms(timeline, 6).nodes->at(stranger)->state, NodeState::stopped);
}

TEST(FoldTest, ManyStrangersAreDrawnAsOne) {
    Story story;
    for (int i = 0; i < 100; ++i) {
        story.add(i, broker, kinds::ConnectionOpened{i, no_node, broker});
        story.add(i, broker, kinds::ClientNamed{i, "client " + std::to_string(i)});
    }
    const Timeline timeline = timeline_of(story.events());

    const Snapshot last = at_ms(timeline, 100);

    EXPECT_EQ(last.nodes->size(), strangers_max);
    EXPECT_EQ(last.node_name(last.connections->at(99).from), "other clients");
    EXPECT_EQ(last.connections->at(23).from, last.connections->at(99).from);
    EXPECT_EQ(last.node_name(last.connections->at(22).from), "client 22");
}

TEST(FoldTest, RequestsAreAtWorkUntilAnAnswerAtOrAfterThem) {
    Story story;
    story.add(0, broker, kinds::ConnectionOpened{7, producer, broker});
    story.add(1, broker, kinds::RequestReceived{7, 1, 0, 11, 100});
    story.add(2, broker, kinds::RequestReceived{7, 2, 0, 11, 100});
    story.add(3, broker, kinds::RequestReceived{7, 3, 1, 17, 80});
    story.add(4, broker, kinds::RequestAnswered{7, 2, 0, 0});
    story.add(6, broker, kinds::ConnectionClosed{7, "closed"});
    story.add(7, broker, kinds::RequestReceived{7, 4, 1, 17, 80});
    const Timeline timeline = timeline_of(story.events());

    EXPECT_EQ(at_ms(timeline, 3).requests->at(7).size(), 3U);
    const Snapshot answered = at_ms(timeline, 4);
    ASSERT_EQ(answered.requests->at(7).size(), 1U) << "the first wanted no answer (acks 0)";
    EXPECT_EQ(answered.requests->at(7).front().correlation, 3);
    EXPECT_TRUE(at_ms(timeline, 6).requests->empty());
    EXPECT_TRUE(at_ms(timeline, 7).requests->empty()) << "nobody would end it";
}

TEST(FoldTest, KeepsLinksMessagesAndConnections) {
    Story story;
    story.add(0, producer, kinds::ConnectionOpened{7, producer, broker});
    story.add(1, no_node, kinds::LinkChanged{producer, broker, "cut"});
    story.add(2, no_node, kinds::LinkChanged{producer, broker, "clogged"});
    const EventId sent = story.send(3, producer, broker, 0, no_event);
    story.add(4, producer, kinds::MessageDueMoved{producer.value(), true, 100, -1}, sent);
    const Snapshot clogged = at_ms(timeline_of(story.events()), 4);
    story.add(5, no_node, kinds::LinkChanged{producer, broker, "up"});
    story.add(5, producer, kinds::MessageDueMoved{producer.value(), true, 100, 9'000'000}, sent);
    story.add(6, producer, kinds::ConnectionClosed{7, "closed"});
    const Snapshot healed = at_ms(timeline_of(story.events()), 6);

    ASSERT_EQ(clogged.links->size(), 1U);
    EXPECT_EQ((*clogged.links)[0].state, "clogged");
    EXPECT_FALSE(clogged.in_flight->begin()->second.due);
    EXPECT_TRUE(clogged.in_flight->begin()->second.is_held);
    EXPECT_FALSE(healed.in_flight->begin()->second.is_held);
    EXPECT_EQ(clogged.connections->size(), 1U);
    EXPECT_TRUE(healed.links->empty());
    EXPECT_EQ(healed.in_flight->begin()->second.due, Instant::from_nanoseconds(9'000'000));
    EXPECT_TRUE(healed.connections->empty());
}

TEST(FoldTest, DropsBatchesBelowTheLogStartAndDeletedPartitions) {
    Story story;
    const PartitionIndex p{0};
    for (int i = 0; i < 5; ++i)
        story.produce(i * 30, i * 3, true);
    story.add(200, broker, kinds::LogStartMoved{"orders", p, Offset(7)});
    const Snapshot moved = at_ms(timeline_of(story.events()), 200);
    story.add(210, broker, kinds::PartitionDeleted{"orders", p});
    const Snapshot gone = at_ms(timeline_of(story.events()), 210);

    EXPECT_EQ(moved.replicas->at(orders)->recent.front().base, Offset(6));
    EXPECT_FALSE(gone.replicas->contains(orders));
}

TEST(FoldTest, ForgetsTheOldestBatchesAndDrops) {
    Story story;
    for (int i = 0; i < 300; ++i)
        story.produce(i * 30, i * 3, true);

    const Snapshot snapshot = at_ms(timeline_of(story.events()), 100'000);

    EXPECT_EQ(snapshot.replicas->at(orders)->recent.size(), recent_batches_max);
    EXPECT_EQ(snapshot.replicas->at(orders)->log_end, Offset(900));
}

TEST(TimelineTest, SeekingEqualsFoldingFromTheStart) {
    const Timeline timeline = timeline_of(power_loss_story(500, 300));
    ASSERT_GT(timeline.events().size(), 3 * Timeline::keyframe_events);
    Snapshot naive;

    for (std::size_t count = 0; count <= timeline.events().size(); ++count) {
        if (count > 0) apply(naive, timeline.events()[count - 1]);
        const bool is_near_keyframe = count % Timeline::keyframe_events < 2;
        if (count % 97 != 0 && !is_near_keyframe) continue;
        EXPECT_EQ(timeline.after(count), naive) << count;
    }
    EXPECT_EQ(timeline.after(timeline.events().size()), naive);
}

TEST(TimelineTest, AnEarlierEventIsFiledWhereItBelongs) {
    const auto events = power_loss_story(500, 300);
    const Timeline ordered = timeline_of(events);
    auto shuffled = events;
    std::swap(shuffled[2'000], shuffled[3'000]);
    std::swap(shuffled[10], shuffled[100]);

    const Timeline timeline = timeline_of(shuffled);

    ASSERT_EQ(timeline.events().size(), events.size());
    EXPECT_TRUE(std::is_sorted(timeline.events().begin(),
                               timeline.events().end(),
                               [](const Event& a, const Event& b) { return a.time < b.time; }));
    Snapshot naive;
    for (const Event& event : timeline.events())
        apply(naive, event);
    EXPECT_EQ(timeline.after(timeline.events().size()), naive);
    EXPECT_EQ(timeline.after(1'500).event_count, 1'500U);
    for (const Event& event : events) {
        const auto position = timeline.find(event.id);
        ASSERT_TRUE(position);
        EXPECT_EQ(timeline.events()[*position].id, event.id);
    }
    EXPECT_FALSE(timeline.find(EventId(1'000'000)));
}

TEST(TimelineTest, ABatchOfEarlierEventsIsMergedAtOnce) {
    const auto events = power_loss_story(500, 300);
    std::vector<Event> even;
    std::vector<Event> odd;
    for (std::size_t i = 0; i < events.size(); ++i)
        (i % 2 == 0 ? even : odd).push_back(events[i]);
    Timeline timeline;

    ASSERT_TRUE(timeline.append(even));
    ASSERT_TRUE(timeline.append(odd));

    ASSERT_EQ(timeline.events().size(), events.size());
    Snapshot naive;
    for (const Event& event : timeline.events())
        apply(naive, event);
    EXPECT_EQ(timeline.after(events.size()), naive);
    EXPECT_EQ(timeline.after(1'500).event_count, 1'500U);
}

TEST(TimelineTest, FindsEventsByTimeAndId) {
    const Timeline timeline = timeline_of(power_loss_story());

    EXPECT_EQ(timeline.count_at(Instant::from_nanoseconds(-1)), 0U);
    EXPECT_EQ(timeline.count_at(Instant::from_nanoseconds(0)), 4U);
    EXPECT_EQ(timeline.find(EventId(1)), 0U);
    EXPECT_FALSE(timeline.find(EventId(0)));
    EXPECT_FALSE(timeline.find(EventId(1'000'000)));
}

TEST(TimelineTest, TakesHostileEventsAtTheirWord) {
    Timeline timeline;
    Event event;
    for (std::uint16_t kind = 0; kind < 200; ++kind) {
        event.kind = EventKind(kind);
        event.payload = Bytes::from(std::vector<std::uint8_t>(kind % 40, 0x7F));
        ASSERT_TRUE(timeline.append(event));
    }

    EXPECT_EQ(timeline.after(200).event_count, 200U);
}

TEST(EventIndexTest, FindsEventsByWhatTheyConcern) {
    const Timeline timeline = timeline_of(power_loss_story(2, 1));
    EventIndex index;
    index.update(timeline);

    const auto kind_of = [&](std::size_t at) {
        return kind_name(timeline.events()[at].kind.value());
    };
    EXPECT_EQ(index.of_kind(1).size(), 4U);
    EXPECT_EQ(index.of_node(consumer).size(), 3U);
    ASSERT_FALSE(index.of_partition(orders.name).empty());
    EXPECT_EQ(kind_of(index.of_partition(orders.name).front()), "log_opened");
    const auto crash = timeline.events()[index.of_kind(2).front()].id;
    ASSERT_EQ(index.effects_of(crash).size(), 2U);
    EXPECT_EQ(kind_of(index.effects_of(crash)[1]), "node_started");
    EXPECT_TRUE(index.of_node(NodeId(55)).empty());
}

}  // namespace
}  // namespace glasslog::trace
