#pragma once

// What conditions can ask: numbers about partitions, folded from typed events, and about clients,
// from the History.

#include "core/trace/event.hpp"
#include "sim/history.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace glasslog::sim {

// Of one partition, as its broker last said. Offsets -1: nobody has said.
struct PartitionFacts {
    std::int64_t log_start = -1;
    std::int64_t log_end = -1;
    std::int64_t high_watermark = -1;
    std::int64_t synced = 0;
    std::int64_t leader = -1;
    std::int64_t recoveries = 0;
    std::int64_t cuts = 0;       // by a recovery
    std::int64_t cut_bytes = 0;  // in all of them
};

// Of one member of the quorum of the metadata log, as it last said.
struct MemberFacts {
    std::int64_t epoch = 0;
    std::int64_t committed = 0;
    std::int64_t elections = 0;  // that it began: it asked for votes, in earnest or before
};

class Facts {
public:
    explicit Facts(const History& history) : history_(history) {}

    // True when it changed what conditions can ask.
    bool see(NodeId node, const trace::AnyKind& kind);

    // `bound`: values of lets and nodes. Empty when a name is not bound yet.
    std::optional<std::int64_t> value(const Term& term,
                                      const std::map<std::string, std::int64_t>& bound) const;
    bool holds(const Condition& condition, const std::map<std::string, std::int64_t>& bound) const;

    // "log-end(orders-0) is 52, expected == 60": the first comparison that does not hold.
    std::string why_not(const Condition& condition,
                        const std::map<std::string, std::int64_t>& bound) const;

    const PartitionFacts& partition(const std::string& name) const;

    // Records between the position of a consumer and the log end, over the partitions it reads.
    std::int64_t behind(const std::string& consumer) const;

    // Which partitions each consumer reads, for behind().
    void reads(const std::string& consumer, TopicPartition partition);

private:
    std::int64_t call(const Call& call, const std::map<std::string, std::int64_t>& bound) const;
    std::int64_t of_member(const Call& call,
                           const std::map<std::string, std::int64_t>& bound) const;
    std::int64_t of_topics(const std::string& function, const std::string& creator) const;
    std::int64_t of_partition(const std::string& function, const PartitionFacts& facts) const;

    const History& history_;
    std::map<std::string, PartitionFacts> partitions_;
    std::map<NodeId, MemberFacts> members_;
    std::map<std::string, std::vector<TopicPartition>> reading_;
};

// The event's fields when its kind is one that Facts or an invariant reads, monostate otherwise:
// most events need not be decoded.
trace::AnyKind decode_if_told(const trace::Event& event);

}  // namespace glasslog::sim
