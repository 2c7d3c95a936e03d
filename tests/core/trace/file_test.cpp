#include "core/trace/reader.hpp"
#include "core/trace/trace_log.hpp"
#include "tests/core/trace/sample.hpp"

#include <gtest/gtest.h>

namespace glasslog::trace {
namespace {

std::vector<Event> drain(TraceReader& reader) {
    std::vector<Event> events;
    while (true) {
        auto event = reader.next();
        if (!event || !*event) return events;
        events.push_back(std::move(**event));
    }
}

// Enough for several blocks.
std::vector<Event> many_events(int count) {
    Story story;
    for (unsigned i = 0; i < static_cast<unsigned>(count); ++i)
        story.add(i,
                  NodeId(static_cast<int>(i % 5) - 1),
                  kinds::DiskState{fmt::format("state {}", i)},
                  EventId(i / 2));
    return story.events();
}

TEST(TraceFileTest, ReadsWhatWasWritten) {
    const auto events = many_events(20'000);
    const auto file = trace_file(events);

    const auto read = read_trace(file);

    ASSERT_TRUE(read);
    EXPECT_EQ(read->header, (TraceHeader{7, "test", "scenario \"x\""}));
    EXPECT_EQ(read->events, events);
    EXPECT_EQ(read->torn_bytes, 0U);
    EXPECT_FALSE(read->error);
}

TEST(TraceFileTest, HasTheLayoutOfItsPage) {
    Story story;
    story.add(1, NodeId(2), kinds::NodeStopped{}, EventId(9));
    const auto file = trace_file(story.events());

    EXPECT_EQ(to_hex(ByteView(file).first(8 + 9)),
              "474c54524143450a"  // magic
              "01"                // header
              "0000002e"
              "09da82eb");
    EXPECT_EQ(to_hex(ByteView(file).subspan(8 + 9 + 46, 1 + 4)), "020000002b");
    EXPECT_EQ(as_text(ByteView(file).last(8)), "GLINDEX\n");
}

TEST(TraceFileTest, GrowsUnderItsReader) {
    const auto events = power_loss_story();
    const auto file = trace_file(events);
    TraceReader reader;
    std::vector<Event> got;

    for (const std::uint8_t byte : file) {
        reader.feed(ByteView(&byte, 1));
        for (Event& event : drain(reader))
            got.push_back(std::move(event));
    }

    EXPECT_EQ(got, events);
    EXPECT_TRUE(reader.is_finished());
    EXPECT_EQ(reader.pending_bytes(), 0U);
}

TEST(TraceFileTest, EveryTruncationIsATornTail) {
    const auto events = many_events(3'000);
    const auto file = trace_file(events);

    for (std::size_t size = 72; size < file.size(); size += 7) {
        const auto read = read_trace(ByteView(file).first(size));
        ASSERT_TRUE(read) << size;
        EXPECT_FALSE(read->error) << size;
        EXPECT_LE(read->events.size(), events.size());
        EXPECT_TRUE(std::equal(read->events.begin(), read->events.end(), events.begin())) << size;
    }
}

TEST(TraceFileTest, EveryFlippedBitIsRefusedOrHarmless) {
    const auto events = power_loss_story();
    const auto file = trace_file(events);

    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
        auto hostile = file;
        hostile[bit / 8] = static_cast<std::uint8_t>(hostile[bit / 8] ^ (1U << bit % 8));
        const auto read = read_trace(hostile);
        if (!read) continue;
        EXPECT_TRUE(read->error || read->torn_bytes > 0 || read->events == events) << bit;
        EXPECT_TRUE(std::equal(read->events.begin(), read->events.end(), events.begin())) << bit;
    }
}

TEST(TraceFileTest, AnErrorIsFinalAndComesAfterTheGoodEvents) {
    const auto events = many_events(9'000);
    auto file = trace_file(events);
    const auto places = read_index(file).value();
    ASSERT_GE(places.size(), 3U);
    file[places[1].position + 40] ^= 1;
    TraceReader reader;
    reader.feed(file);

    const auto got = drain(reader);

    EXPECT_EQ(got.size(), places[0].count);
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.next());
}

TEST(TraceFileTest, RefusesALengthWithoutAllocatingIt) {
    auto file = trace_file({}, false);
    const std::vector<std::uint8_t> huge = {2, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0};
    file.insert(file.end(), huge.begin(), huge.end());

    const auto read = read_trace(file);

    ASSERT_TRUE(read);
    ASSERT_TRUE(read->error);
    EXPECT_EQ(read->error->what, "a frame of 2147483647 bytes");
}

TEST(TraceFileTest, RefusesWhatIsNoTrace) {
    EXPECT_FALSE(read_trace(as_bytes("PK\x03\x04")));
    EXPECT_FALSE(read_trace(as_bytes("")));
    EXPECT_FALSE(read_index(as_bytes("GLTR")));
}

TEST(TraceFileTest, FindsBlocksByTheIndexAndWithoutIt) {
    const auto events = many_events(9'000);
    const auto file = trace_file(events);
    const auto unfinished = trace_file(events, false);

    const auto places = read_index(file);
    const auto walked = read_index(unfinished);

    ASSERT_TRUE(places);
    ASSERT_TRUE(walked);
    EXPECT_EQ(*places, *walked);
    ASSERT_GE(places->size(), 3U);
    const auto second = read_block(file, (*places)[1]);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->front(), events[(*places)[0].count]);
    EXPECT_EQ(second->size(), (*places)[1].count);
    EXPECT_EQ(second->back().time, (*places)[1].last);
}

TEST(TraceFileTest, LeavesOutAnEventThatIsTooLarge) {
    MemorySink sink;
    TraceWriter writer(sink, {});
    Event event;
    event.kind = EventKind(140);
    event.payload = Bytes::from(std::vector<std::uint8_t>(payload_bytes_max + 1));

    writer.add(event);
    writer.finish();

    EXPECT_EQ(writer.left_out_count(), 1U);
    EXPECT_TRUE(read_trace(sink.bytes())->events.empty());
}

class FullSink final : public Sink {
public:
    Expected<void, IoError> write(ByteView) override {
        ++writes;
        return Unexpected{IoError{IoCode::full, "trace", 0, {}}};
    }

    int writes = 0;
};

TEST(TraceFileTest, AFailingSinkStopsTheTraceOnly) {
    FullSink sink;
    TraceWriter writer(sink, {});

    for (const Event& event : many_events(9'000))
        writer.add(event);
    writer.finish();

    ASSERT_TRUE(writer.error());
    EXPECT_EQ(writer.error()->code, IoCode::full);
    EXPECT_EQ(sink.writes, 1);
}

TEST(TraceFileTest, ARingKeepsTheHeaderAndTheNewestBlocks) {
    const auto events = many_events(40'000);
    RingSink ring(30'000);
    TraceWriter writer(ring, {.seed = 9, .build = {}, .configuration = {}});
    for (const Event& event : events)
        writer.add(event);
    writer.flush();
    MemorySink out;

    ASSERT_TRUE(ring.dump(out));

    const auto read = read_trace(out.bytes());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->header.seed, 9U);
    EXPECT_LE(ring.bytes(), 30'000U);
    ASSERT_GT(read->events.size(), 1'000U);
    ASSERT_LT(read->events.size(), events.size());
    EXPECT_TRUE(std::equal(read->events.rbegin(), read->events.rend(), events.rbegin()));
}

// A file that two reactors share.
class SharedSink final : public Sink {
public:
    Expected<void, IoError> write(ByteView frame) override {
        index.add(frame);
        return file.write(frame);
    }

    MemorySink file;
    FrameIndex index;
};

TEST(TraceFileTest, WhoGuardsAFileOfJointWritersWritesItsIndex) {
    SharedSink sink;
    ASSERT_TRUE(write_header(sink, {.seed = 1, .build = "test", .configuration = {}}));
    TraceWriter one(sink);
    TraceWriter other(sink);
    for (const Event& event : many_events(9'000))
        (event.id.value() % 2 == 0 ? one : other).add(event);
    one.finish();
    other.finish();
    const auto walked = read_index(sink.file.bytes());

    ASSERT_TRUE(sink.file.write(sink.index.frame()));

    const auto places = read_index(sink.file.bytes());
    ASSERT_TRUE(places && walked);
    EXPECT_GE(places->size(), 4U);
    EXPECT_EQ(*places, *walked);
    EXPECT_EQ(as_text(ByteView(sink.file.bytes()).last(8)), "GLINDEX\n");
    EXPECT_EQ(read_trace(sink.file.bytes())->events.size(), 9'000U);
}

class FixedClock final : public runtime::Clock {
public:
    Instant now() const override { return time; }

    WallTime wall() const override { return {}; }

    Instant time;
};

TEST(TraceLogTest, AnOldBlockIsWrittenByTheNextEvent) {
    FixedClock clock;
    MemorySink sink;
    ASSERT_TRUE(write_header(sink, {}));
    TraceLog log(clock, sink, TraceLog::Options{broker, ReactorId(0), 1});
    emit(log, kinds::DiskState{"healthy"});
    EXPECT_TRUE(read_trace(sink.bytes())->events.empty());

    clock.time = Instant() + TraceLog::block_age_max;
    emit(log, kinds::DiskState{"slow"});

    EXPECT_EQ(read_trace(sink.bytes())->events.size(), 1U);
}

TEST(TraceLogTest, ReactorsShareAFileWithoutSharingIds) {
    FixedClock clock;
    MemorySink sink;
    ASSERT_TRUE(write_header(sink, {}));
    using Options = TraceLog::Options;
    TraceLog first(clock, sink, Options{broker, ReactorId(0), 2});
    TraceLog second(clock, sink, Options{broker, ReactorId(1), 2});

    emit(first, kinds::DiskState{"healthy"});
    clock.time = Instant::from_nanoseconds(5);
    second.set_current_cause(EventId(1));
    emit(second, kinds::DiskState{"slow"});
    emit(first, kinds::DiskState{"full"});
    second.flush();
    first.flush();

    const auto read = read_trace(sink.bytes());
    ASSERT_TRUE(read);
    ASSERT_EQ(read->events.size(), 3U);
    EXPECT_EQ(read->events[0].id, EventId(1)) << "the earliest, although its block came last";
    EXPECT_EQ(read->events[1].id, EventId(2));
    EXPECT_EQ(read->events[1].cause, EventId(1));
    EXPECT_EQ(read->events[2].id, EventId(3));
    const Timeline timeline = timeline_of(read->events);
    EXPECT_EQ(timeline.events()[0].id, EventId(1));
    EXPECT_EQ(timeline.find(EventId(2)), 1U);
}

}  // namespace
}  // namespace glasslog::trace
