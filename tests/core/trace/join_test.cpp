#include "core/trace/join.hpp"

#include "tests/core/trace/sample.hpp"

#include <gtest/gtest.h>

namespace glasslog::trace {
namespace {

constexpr NodeId one{1};
constexpr NodeId two{2};

TraceFile file_of(const Story& story, std::int64_t origin_ms, const std::string& machine = "m") {
    return {.header = {.seed = 0,
                       .build = "test",
                       .configuration = {},
                       .origin = {machine, origin_ms * 1'000'000}},
            .events = story.events(),
            .torn_bytes = 0,
            .error = {}};
}

std::vector<NamedTrace> named(std::vector<TraceFile> files) {
    std::vector<NamedTrace> traces;
    for (TraceFile& file : files) {
        const std::string name = "node-" + std::to_string(traces.size() + 1);
        traces.push_back({name, std::move(file)});
    }
    return traces;
}

Snapshot after_all(const TraceFile& file) {
    Snapshot snapshot;
    for (const Event& event : file.events)
        apply(snapshot, event);
    return snapshot;
}

// Each counts its connections on its own: 7 here is 3 there.
kinds::ConnectionOpened opener_side(std::uint16_t port = 50'000) {
    return {7, one, no_node, "127.0.0.1:" + std::to_string(port), "127.0.0.1:10093"};
}

kinds::ConnectionOpened acceptor_side(std::uint16_t port = 50'000) {
    return {3, no_node, two, "127.0.0.1:10093", "127.0.0.1:" + std::to_string(port)};
}

class JoinTest : public ::testing::Test {
protected:
    JoinTest() {
        one_.add(0, one, kinds::NodeStarted{"node 1", "broker", 1});
        two_.add(0, two, kinds::NodeStarted{"node 2", "broker", 1});
    }

    // Node 2 began 100 ms after node 1.
    Expected<TraceFile, InputError> joined() const {
        return join(named({file_of(one_, 5'000), file_of(two_, 5'100)}));
    }

    Story one_;
    Story two_;
};

TEST_F(JoinTest, LaysTimesOnOneClock) {
    one_.add(150, one, kinds::DiskState{"slow"});
    two_.add(20, two, kinds::DiskState{"full"});

    const auto all = joined();

    ASSERT_TRUE(all);
    ASSERT_EQ(all->events.size(), 4U);
    EXPECT_EQ(all->events[2].node, two);
    EXPECT_EQ(all->events[2].time, Instant::from_nanoseconds(120'000'000));
    EXPECT_EQ(all->events[3].time, Instant::from_nanoseconds(150'000'000));
}

// A header and fields that no process wrote.
TEST_F(JoinTest, TakesAnyNumberThatAFileHolds) {
    Story strange;
    strange.add(0, two, kinds::ConnectionOpened{INT64_MAX, no_node, two, "a:1", "b:2"});
    strange.add(1, two, kinds::ConnectionClosed{INT64_MIN, "reset"});
    NamedTrace first{"node-1", file_of(one_, 0)};
    NamedTrace second{"node-2", file_of(strange, 0)};
    first.file.header.origin.steady_ns = INT64_MIN;
    second.file.header.origin.steady_ns = INT64_MAX;

    const auto both = join({first, second});

    ASSERT_TRUE(both.has_value()) << both.error().text();
    EXPECT_EQ(both->events.size(), 3U);
    for (const Event& event : both->events)
        EXPECT_GE(event.time, Instant());
}

TEST_F(JoinTest, KeepsIdsApartAndCausesWithin) {
    const EventId cause = two_.add(1, two, kinds::DiskState{"slow"});
    two_.add(2, two, kinds::DiskState{"full"}, cause);

    const auto all = joined();

    ASSERT_TRUE(all);
    EXPECT_EQ(all->events[0].id, EventId(101));
    EXPECT_EQ(all->events[1].id, EventId(102));
    EXPECT_EQ(all->events[2].id, EventId(202));
    EXPECT_EQ(all->events[3].cause, EventId(202));
    EXPECT_EQ(all->events[3].second_cause, no_event) << "nothing stays nothing";
}

TEST_F(JoinTest, TheTwoEndsOfAConnectionAreOne) {
    one_.add(201, one, opener_side());
    two_.add(102, two, acceptor_side());
    two_.add(103, two, kinds::ClientNamed{3, "raft"});
    two_.add(104, two, kinds::RequestReceived{3, 1, 52, 2, 80});

    const auto all = joined();
    const Snapshot now = after_all(*all);

    ASSERT_EQ(now.connections->size(), 1U);
    const ConnectionPicture& connection = now.connections->begin()->second;
    EXPECT_EQ(connection.id, 701);
    EXPECT_EQ(connection.from, one);
    EXPECT_EQ(connection.to, two);
    EXPECT_EQ(now.requests->at(701).front().at, two);
    EXPECT_EQ(now.nodes->size(), 2U) << "nobody is a stranger";
}

TEST_F(JoinTest, WhoAcceptedMayBeReadFirst) {
    one_.add(201, one, opener_side());
    two_.add(102, two, acceptor_side());
    Joiner joiner;
    ASSERT_TRUE(joiner.add("2", file_of(two_, 5'100).header));
    ASSERT_TRUE(joiner.add("1", file_of(one_, 5'000).header));
    Timeline timeline;

    for (const Event& event : two_.events())
        ASSERT_TRUE(timeline.append(joiner.take(1, event)));
    for (const Event& event : one_.events())
        ASSERT_TRUE(timeline.append(joiner.take(2, event)));

    const Snapshot now = timeline.after(4);
    ASSERT_EQ(now.connections->size(), 1U);
    EXPECT_EQ(now.connections->at(301).from, one);
    EXPECT_EQ(now.connections->at(301).to, two);
}

TEST_F(JoinTest, AnEndClosesTheConnectionOfBoth) {
    one_.add(201, one, opener_side());
    two_.add(102, two, acceptor_side());
    two_.add(103, two, kinds::ConnectionClosed{3, "closed"});
    two_.add(104, two, acceptor_side(50'001));

    const Snapshot now = after_all(*joined());

    ASSERT_EQ(now.connections->size(), 1U) << "another port is another connection";
    EXPECT_EQ(now.connections->begin()->second.from, no_node);
}

TEST_F(JoinTest, APortThatIsUsedAgainIsAnotherConnection) {
    for (const std::int64_t ms : {200, 9'000}) {
        kinds::ConnectionOpened opened = opener_side();
        opened.connection = ms;
        one_.add(ms, one, opened);
    }
    two_.add(8'901, two, acceptor_side());

    const auto all = joined();

    const Snapshot now = after_all(*all);
    EXPECT_EQ(now.connections->at(20'001).to, no_node);
    EXPECT_EQ(now.connections->at(900'001).to, two) << "the one that is near in time";
}

TEST_F(JoinTest, TheLivesOfANodeFollowEachOther) {
    Story again;
    again.add(0, one, kinds::NodeStarted{"node 1", "broker", 1});

    const auto all = join(named({file_of(one_, 5'000), file_of(again, 9'000)}));

    ASSERT_TRUE(all);
    EXPECT_EQ(after_all(*all).nodes->at(one)->starts, 2);
}

TEST_F(JoinTest, RefusesTwoThatAreOneNodeAtOneTime) {
    one_.add(900, one, kinds::DiskState{"slow"});
    Story other;
    other.add(500, one, kinds::NodeStarted{"node 1", "broker", 1});

    const auto all = join(named({file_of(one_, 5'000), file_of(other, 5'000)}));

    ASSERT_FALSE(all);
    EXPECT_NE(all.error().text().find("tells of node 1 while node-1 does"), std::string::npos)
        << all.error().text();
}

TEST_F(JoinTest, RefusesClocksThatCannotBeCompared) {
    const auto simulated = join(named({file_of(one_, 0, ""), file_of(two_, 0)}));
    const auto elsewhere = join(named({file_of(one_, 0, "a"), file_of(two_, 0, "b")}));

    ASSERT_FALSE(simulated);
    EXPECT_NE(simulated.error().text().find("not of a simulation"), std::string::npos);
    ASSERT_FALSE(elsewhere);
    EXPECT_NE(elsewhere.error().text().find("another machine than node-1"), std::string::npos);
}

TEST_F(JoinTest, OneAloneIsAsItIs) {
    const auto all = join(named({file_of(one_, 0, "")}));

    ASSERT_TRUE(all);
    EXPECT_EQ(all->events, one_.events());
}

// What up tells of a node does not make it two.
TEST_F(JoinTest, AnotherProcessMayTellOfANodesEnd) {
    Story up;
    up.add(300, one, kinds::NodeCrashed{"process"});
    one_.add(301, one, kinds::DiskState{"slow"});

    const auto all = join(named({file_of(up, 5'000), file_of(one_, 5'000)}));

    ASSERT_TRUE(all);
    EXPECT_EQ(after_all(*all).nodes->at(one)->state, NodeState::crashed);
}

TEST(OriginTest, StandsInTheHeader) {
    MemorySink sink;
    const TraceHeader header{.seed = 1,
                             .build = "b",
                             .configuration = "c",
                             .origin = {"machine", 123'456'789}};
    TraceWriter(sink, header).finish();

    const auto file = read_trace(sink.bytes());

    ASSERT_TRUE(file);
    EXPECT_EQ(file->header, header);
}

}  // namespace
}  // namespace glasslog::trace
