#include "core/trace/why.hpp"

#include <fmt/format.h>

#include <set>

namespace glasslog::trace {

std::vector<Reason> why(const Timeline& timeline, EventId id, std::size_t max) {
    std::vector<Reason> reasons;
    std::set<EventId> seen;
    const auto add = [&](EventId cause, std::size_t depth, bool is_second) {
        if (cause == no_event || reasons.size() >= max || !seen.insert(cause).second) return;
        const auto position = timeline.find(cause);
        if (position) reasons.push_back({*position, depth, is_second});
    };
    add(id, 0, false);
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        const Reason nearer = reasons[i];
        const Event& event = timeline.events()[nearer.position];
        add(event.cause, nearer.depth + 1, false);
        add(event.second_cause, nearer.depth + 1, true);
    }
    return reasons;
}

std::string why_text(const Timeline& timeline, EventId id, std::size_t max) {
    const std::vector<Reason> reasons = why(timeline, id, max);
    if (reasons.empty()) return fmt::format("no event #{} in this trace\n", id);
    const Snapshot names = timeline.after(timeline.events().size());
    std::string out;
    for (const Reason& reason : reasons) {
        const Event& event = timeline.events()[reason.position];
        out += fmt::format("{:>2} {} {}\n",
                           reason.depth,
                           reason.is_second ? "parked " : "because",
                           event_text(event, names));
    }
    return out;
}

}  // namespace glasslog::trace
