#pragma once

// "high-watermark-sound": of a replica, within one life of its process, the high watermark never
// moves back and never passes the log end (K3 and K4 of the invariants that Kafka keeps).

#include "core/trace/kinds.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

namespace glasslog::sim {

class HighWatermarkSound {
public:
    std::optional<std::string> see(NodeId node, const trace::AnyKind& kind) {
        namespace kinds = trace::kinds;
        if (std::holds_alternative<kinds::NodeCrashed>(kind) ||
            std::holds_alternative<kinds::NodeStopped>(kind)) {
            std::erase_if(replicas_, [&](const auto& entry) { return entry.first.node == node; });
        } else if (const auto* opened = std::get_if<kinds::LogOpened>(&kind)) {
            replicas_[{node, opened->topic, opened->partition}] = {opened->log_end, Offset(0)};
        } else if (const auto* batch = std::get_if<kinds::BatchAppended>(&kind)) {
            replicas_[{node, batch->topic, batch->partition}].log_end = batch->last + 1;
        } else if (const auto* truncated = std::get_if<kinds::LogTruncated>(&kind)) {
            replicas_[{node, truncated->topic, truncated->partition}].log_end = truncated->to;
        } else if (const auto* moved = std::get_if<kinds::HighWatermarkMoved>(&kind)) {
            return move(node, *moved);
        }
        return std::nullopt;
    }

private:
    struct Replica {
        NodeId node;
        std::string topic;
        PartitionIndex partition;

        friend auto operator<=>(const Replica&, const Replica&) = default;
    };

    struct Marks {
        Offset log_end;
        Offset high_watermark;
    };

    std::optional<std::string> move(NodeId node, const trace::kinds::HighWatermarkMoved& moved) {
        Marks& marks = replicas_[{node, moved.topic, moved.partition}];
        const Offset before = std::exchange(marks.high_watermark, moved.to);
        const std::string where =
            fmt::format("{}-{} on node {}", moved.topic, moved.partition, node);
        if (moved.to < before)
            return fmt::format("{}: from {} back to {}", where, before, moved.to);
        if (moved.to <= marks.log_end) return std::nullopt;
        return fmt::format("{}: at {}, beyond the log end {}", where, moved.to, marks.log_end);
    }

    std::map<Replica, Marks> replicas_;
};

}  // namespace glasslog::sim
