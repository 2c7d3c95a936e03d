#pragma once

// "log-contiguous": each batch of a partition begins where the one before it ended, on every
// replica, until the log is truncated or opened again (Kafka's log is a sequence without holes).

#include "core/trace/kinds.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace glasslog::sim {

class LogContiguous {
public:
    std::optional<std::string> see(NodeId node, const trace::AnyKind& kind) {
        namespace kinds = trace::kinds;
        if (const auto* e = std::get_if<kinds::LogOpened>(&kind)) {
            ends_[{node, e->topic, e->partition}] = e->log_end;
        } else if (const auto* truncated = std::get_if<kinds::LogTruncated>(&kind)) {
            ends_[{node, truncated->topic, truncated->partition}] = truncated->to;
        } else if (const auto* batch = std::get_if<kinds::BatchAppended>(&kind)) {
            return append(node, *batch);
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

    std::optional<std::string> append(NodeId node, const trace::kinds::BatchAppended& batch) {
        const Replica replica{node, batch.topic, batch.partition};
        const auto [end, is_new] = ends_.try_emplace(replica, batch.base);
        const Offset expected = std::exchange(end->second, batch.last + 1);
        if (batch.base == expected) return std::nullopt;
        return fmt::format("{}-{} on node {}: a batch at {} where the log ends at {}",
                           batch.topic,
                           batch.partition,
                           node,
                           batch.base,
                           expected);
    }

    std::map<Replica, Offset> ends_;
};

}  // namespace glasslog::sim
