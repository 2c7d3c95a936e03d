#include "core/trace/export.hpp"

#include "core/trace/index.hpp"
#include "core/trace/json.hpp"

#include <fmt/format.h>

namespace glasslog::trace {
namespace {

bool is_selected(const Event& event, const Selection& selection) {
    if (selection.from && event.time < *selection.from) return false;
    if (selection.to && event.time > *selection.to) return false;
    if (selection.node && event.node != *selection.node) return false;
    if (selection.kind && event.kind.value() != *selection.kind) return false;
    if (!selection.partition) return true;
    const auto kind = decode(event);
    const auto partition = kind ? partition_of(*kind) : std::nullopt;
    return partition && partition->text() == *selection.partition;
}

}  // namespace

std::string json_line(const Event& event) {
    return fmt::format(
        R"({{"id":{},"time_ns":{},"cause":{},"second_cause":{},"node":{},"kind":{},"fields":{}}})",
        event.id,
        event.time.nanoseconds(),
        event.cause,
        event.second_cause,
        event.node,
        json_string(kind_name(event.kind.value())),
        fields_json(event.kind.value(), event.payload));
}

std::string to_jsonl(std::span<const Event> events) {
    std::string out;
    for (const Event& event : events)
        out += json_line(event) + "\n";
    return out;
}

std::string show_text(const TraceFile& file, const Selection& selection) {
    std::string out = fmt::format("trace of {}, seed {}\n", file.header.build, file.header.seed);
    Snapshot names;
    TraceHash hash;
    std::size_t shown = 0;
    for (const Event& event : file.events) {
        apply(names, event);
        hash.add(event);
        if (!is_selected(event, selection)) continue;
        ++shown;
        out += event_text(event, names) + "\n";
    }
    const std::string part = shown < file.events.size() ? fmt::format("{} of ", shown) : "";
    out += fmt::format("{}{} events, hash {:016x}\n", part, file.events.size(), hash.value());
    if (file.torn_bytes > 0)
        out += fmt::format("torn tail of {} bytes left out\n", file.torn_bytes);
    if (file.error) out += fmt::format("reading stopped: {}\n", file.error->text());
    return out;
}

}  // namespace glasslog::trace
