#pragma once

// The trace as pictures: state' = apply(state, event), with a keyframe every 1024 events.

#include "core/trace/snapshot.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::trace {

// Events that contradict what was seen before (a trace may begin in the middle) are taken at their
// word. Unknown kinds move only time and count.
void apply(Snapshot& snapshot, const Event& event);

// All events of a run in order of (time, arrival), and the picture after each of them.
class Timeline {
public:
    // Events earlier than the last one (another reactor's block) are filed where they belong, which
    // folds all that follows them again: many at once cost as much as one. False, and no effect,
    // beyond events_max.
    [[nodiscard]] bool append(std::vector<Event> batch);
    [[nodiscard]] bool append(Event event);

    const std::vector<Event>& events() const { return events_; }

    // After the first `count` events, 0 <= count <= events().size(). Costs at most 1024 steps.
    Snapshot after(std::size_t count) const;

    // Events with time <= `when`.
    std::size_t count_at(Instant when) const;

    // Index of an event; empty when it is not here.
    std::optional<std::size_t> find(EventId id) const;

    static constexpr std::size_t keyframe_events = 1024;
    static constexpr std::size_t events_max = 4'000'000;

private:
    void fold_from(std::size_t position);

    std::vector<Event> events_;
    std::vector<Snapshot> keyframes_;                 // [i]: after i * keyframe_events events
    Snapshot tip_;                                    // after all of them
    std::vector<std::pair<EventId, Instant>> times_;  // of each event, by id
};

// Times since the start ("1.250000"), node names and kinds in columns, for `trace show`.
std::string event_text(const Event& event, const Snapshot& names);

}  // namespace glasslog::trace
