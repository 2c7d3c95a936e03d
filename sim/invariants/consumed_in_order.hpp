#pragma once

// "consumed-in-order": each consumer is given the offsets of a partition one after the other, from
// the first one on, without gap or repeat; and, after the audit, what it was given is what the log
// holds.

#include "sim/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim {

// While the run goes on: cheap.
inline std::optional<std::string> consumed_in_order(const History& history) {
    for (const auto& [name, consumer] : history.consumers()) {
        if (consumer.gaps + consumer.repeats == 0) continue;
        return fmt::format("{}: {} gaps and {} repeats; the first: {}",
                           name,
                           consumer.gaps,
                           consumer.repeats,
                           consumer.first_fault);
    }
    return std::nullopt;
}

// The first record of `seen` that `log`, sorted by offset, does not hold.
inline const SeenRecord* first_unknown(const std::vector<SeenRecord>& seen,
                                       const std::vector<AuditedRecord>& log) {
    for (const SeenRecord& record : seen) {
        const auto found = std::ranges::lower_bound(log, record.offset, {}, &AuditedRecord::offset);
        const bool is_there = found != log.end() && found->offset == record.offset &&
                              found->value_hash == record.value_hash;
        if (!is_there) return &record;
    }
    return nullptr;
}

// After the audit.
inline std::optional<std::string> consumed_is_in_log(const History& history) {
    static const std::vector<AuditedRecord> empty;
    for (const auto& [name, consumer] : history.consumers()) {
        for (const auto& [partition, seen] : consumer.seen) {
            const auto log = history.log().find(partition);
            const auto& records = log == history.log().end() ? empty : log->second;
            // Every consumer begins at the earliest record, and a log start never goes back.
            if (!records.empty() && records.front().offset < seen.front().offset) {
                return fmt::format("{} began at {} offset {}, and the log holds {}",
                                   name,
                                   partition.text(),
                                   seen.front().offset,
                                   records.front().offset);
            }
            const SeenRecord* const unknown = first_unknown(seen, records);
            if (unknown == nullptr) continue;
            return fmt::format("{} was given {} offset {}, which the log does not hold",
                               name,
                               partition.text(),
                               unknown->offset);
        }
    }
    return std::nullopt;
}

}  // namespace glasslog::sim
