#pragma once

// A small run for the tests of the trace and of the window: one broker, a producer and a consumer,
// a power loss that tears the unsynced tail, and recovery.

#include "core/base/check.hpp"
#include "core/trace/event.hpp"
#include "core/trace/fold.hpp"
#include "core/trace/writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace glasslog::trace {

inline constexpr NodeId broker{1};
inline constexpr NodeId producer{1001};
inline constexpr NodeId consumer{1002};

// Makes events one by one, as a world would: ids count up, the cause is the event before unless
// another one is named.
class Story {
public:
    template <typename Kind>
    EventId add(std::int64_t ms, NodeId node, const Kind& fields, EventId cause = no_event) {
        const EventId id(events_.size() + 1);
        events_.push_back({.time = Instant::from_nanoseconds(ms * 1'000'000),
                           .id = id,
                           .cause = cause,
                           .second_cause = no_event,
                           .node = node,
                           .kind = EventKind(Kind::kind.number),
                           .payload = Bytes::from(encode(fields))});
        return id;
    }

    // A message from the producer (or consumer) to the broker and its answer.
    EventId send(std::int64_t ms, NodeId from, NodeId to, std::int16_t api_key, EventId cause) {
        const bool is_response = from == broker;
        const std::int64_t connection = (is_response ? to : from).value();
        position_ += 100;
        return add(ms,
                   from,
                   kinds::MessageSent{.connection = connection,
                                      .is_from_opener = !is_response,
                                      .position = position_,
                                      .to = to,
                                      .api_key = api_key,
                                      .api_version = 9,
                                      .correlation = correlation_,
                                      .is_response = is_response,
                                      .bytes = 100,
                                      .due_ns = (ms + 8) * 1'000'000},
                   cause);
    }

    EventId deliver(std::int64_t ms, NodeId from, NodeId to, EventId cause) {
        const bool is_response = from == broker;
        const std::int64_t connection = (is_response ? to : from).value();
        return add(ms,
                   to,
                   kinds::MessageDelivered{.connection = connection,
                                           .is_from_opener = !is_response,
                                           .position = position_},
                   cause);
    }

    // A batch of three records at `base`, sent at `ms`, acknowledged 20 ms later.
    void produce(std::int64_t ms, std::int64_t base, bool is_synced) {
        const PartitionIndex p{0};
        ++correlation_;
        const EventId asked =
            add(ms, producer, kinds::RecordProduced{"orders", p, 3, 90, static_cast<int>(base)});
        const EventId sent = send(ms, producer, broker, 0, asked);
        const EventId arrived = deliver(ms + 8, producer, broker, sent);
        const EventId appended = add(ms + 8,
                                     broker,
                                     kinds::BatchAppended{.topic = "orders",
                                                          .partition = p,
                                                          .base = Offset(base),
                                                          .last = Offset(base + 2),
                                                          .leader_epoch = LeaderEpoch(0),
                                                          .bytes = 130,
                                                          .records = 3,
                                                          .is_control = false},
                                     arrived);
        const Offset end(base + 3);
        if (is_synced) add(ms + 9, broker, kinds::LogSynced{"orders", p, end}, appended);
        add(ms + 9, broker, kinds::HighWatermarkMoved{"orders", p, end}, appended);
        const EventId answer = send(ms + 10, broker, producer, 0, appended);
        const EventId got = deliver(ms + 18, broker, producer, answer);
        add(ms + 18, producer, kinds::ProduceAcked{"orders", p, Offset(base), 3}, got);
    }

    const std::vector<Event>& events() const { return events_; }

private:
    std::vector<Event> events_;
    std::int64_t position_ = 0;
    std::int32_t correlation_ = 0;
};

// 0 ms start, batches at 100, 130, …; `synced` of `batches` are synced; at 600 ms the power goes,
// at 1000 ms the broker is back, cuts, and ends its recovery at 1200 ms.
inline std::vector<Event> power_loss_story(int batches = 10, int synced = 7) {
    Story s;
    const PartitionIndex p{0};
    s.add(0, no_node, kinds::Said{"One broker, one producer.", "Um broker, um produtor."});
    s.add(0, broker, kinds::NodeStarted{"b1", "broker", 2});
    s.add(0, producer, kinds::NodeStarted{"p1", "producer", 1});
    s.add(0, consumer, kinds::NodeStarted{"c1", "consumer", 1});
    s.add(1, broker, kinds::LogOpened{"orders", p, Offset(0), Offset(0)});
    s.add(2, producer, kinds::ConnectionOpened{producer.value(), producer, broker});
    s.add(2, consumer, kinds::ConnectionOpened{consumer.value(), consumer, broker});
    for (int i = 0; i < batches; ++i)
        s.produce(100 + i * 30, i * 3, i < synced);
    s.add(500, consumer, kinds::RecordConsumed{"orders", p, Offset(0), 12, Offset(12)});
    s.send(595, producer, broker, 0, no_event);
    const EventId fault = s.add(600, no_node, kinds::FaultInjected{"power-loss b1"});
    const EventId crash = s.add(600, broker, kinds::NodeCrashed{"power"}, fault);
    s.add(600,
          producer,
          kinds::MessageDropped{.connection = producer.value(),
                                .is_from_opener = true,
                                .position = (batches * 2 + 1) * 100,
                                .reason = "crash"},
          crash);
    const EventId again = s.add(1000, broker, kinds::NodeStarted{"b1", "broker", 2}, crash);
    const EventId look = s.add(1001, broker, kinds::RecoveryStarted{"orders", p, Offset(0)}, again);
    const Offset end(synced * 3);
    s.add(1100, broker, kinds::RecoveryCut{"orders", p, end, 70}, look);
    s.add(1200, broker, kinds::RecoveryFinished{"orders", p, end}, look);
    s.add(1200, broker, kinds::LogOpened{"orders", p, Offset(0), end}, look);
    s.add(1300, no_node, kinds::Expectation{"the synced records survive", true});
    s.add(1300, no_node, kinds::Verdict{true, "exactly the unsynced tail was lost"});
    return s.events();
}

inline Timeline timeline_of(const std::vector<Event>& events) {
    Timeline timeline;
    for (const Event& event : events)
        CHECK(timeline.append(event));
    return timeline;
}

inline std::vector<std::uint8_t> trace_file(const std::vector<Event>& events,
                                            bool is_finished = true,
                                            std::uint64_t seed = 7) {
    MemorySink sink;
    TraceWriter writer(sink, {.seed = seed, .build = "test", .configuration = "scenario \"x\""});
    for (const Event& event : events)
        writer.add(event);
    if (is_finished) {
        writer.finish();
    } else {
        writer.flush();
    }
    return sink.bytes();
}

}  // namespace glasslog::trace
