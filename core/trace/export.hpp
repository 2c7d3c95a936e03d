#pragma once

// A trace in formats that other programs and people read.

#include "core/trace/fold.hpp"
#include "core/trace/reader.hpp"

#include <optional>
#include <span>
#include <string>

namespace glasslog::trace {

// One line, no newline: {"id":7,"time_ns":1250000000,"cause":5,"second_cause":0,"node":1,
// "kind":"log_synced","fields":{…}}.
std::string json_line(const Event& event);

// Every event, one line each. For `glasslog sim trace export --jsonl`.
std::string to_jsonl(std::span<const Event> events);

// Which events `trace show` prints; empty fields select everything. Times are inclusive.
struct Selection {
    std::optional<Instant> from;
    std::optional<Instant> to;
    std::optional<NodeId> node;
    std::optional<std::uint16_t> kind;
    std::optional<std::string> partition;  // "orders-0"
};

// Header, one line an event, and how many with the hash of all at the end. For `glasslog sim trace
// show`.
std::string show_text(const TraceFile& file, const Selection& selection);

}  // namespace glasslog::trace
