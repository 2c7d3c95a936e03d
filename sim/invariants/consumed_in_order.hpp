#pragma once

// "consumed-in-order": each consumer is given the offsets of a partition one after the other,
// without gap or repeat; and, after the audit, what it was given is what the log holds.

#include "sim/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

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

// After the audit.
inline std::optional<std::string> consumed_is_in_log(const History& history) {
    for (const auto& [name, consumer] : history.consumers()) {
        for (const auto& [partition, seen] : consumer.seen) {
            const auto log = history.log().find(partition);
            for (const SeenRecord& record : seen) {
                const auto found = log == history.log().end()
                                       ? std::vector<AuditedRecord>::const_iterator()
                                       : std::ranges::lower_bound(log->second,
                                                                  record.offset,
                                                                  {},
                                                                  &AuditedRecord::offset);
                const bool is_there = log != history.log().end() && found != log->second.end() &&
                                      found->offset == record.offset &&
                                      found->value_hash == record.value_hash;
                if (is_there) continue;
                return fmt::format("{} was given {} offset {}, which the log does not hold",
                                   name,
                                   partition.text(),
                                   record.offset);
            }
        }
    }
    return std::nullopt;
}

}  // namespace glasslog::sim
