#pragma once

// "acked-records-kept": every record that a producer was told is stored stands in the log, where it
// was said to stand, once (idempotent producers) and in the order of producing.

#include "sim/history.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// After the audit.
inline std::optional<std::string> acked_records_kept(const History& history) {
    for (const auto& [name, producer] : history.producers()) {
        const ProducerAudit audit = audit_producer(history, name);
        if (audit.lost > 0) {
            return fmt::format("{} of {} acked records of {} are lost; the first: {}",
                               audit.lost,
                               producer.acked,
                               name,
                               audit.first_loss);
        }
        if (producer.is_idempotent && audit.duplicated > 0) {
            return fmt::format("{} records of {} are stored twice", audit.duplicated, name);
        }
        if (audit.out_of_order > 0) {
            return fmt::format("records of {} changed places: {}", name, audit.first_disorder);
        }
    }
    return std::nullopt;
}

}  // namespace glasslog::sim
