#pragma once

// R10 "config-overlap": any two sets of voters that could decide something now share a voter in
// every pair of majorities; a leader has at most one uncommitted change of the voters.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace glasslog::sim {

// Bit i stands for the i-th node. size: also of voters that are no node any more.
struct VoterMask {
    std::uint32_t members = 0;
    std::uint32_t size = 0;

    std::uint32_t majority() const { return size / 2 + 1; }
};

// What one node could do with the voters that its log names last.
struct ConfigHolder {
    NodeId node;
    LeaderEpoch epoch;       // that it is in
    LeaderEpoch last_epoch;  // of its log's last record
    Offset log_end;
    VoterMask voters;
};

// True when a majority of `left` within `left_able` and one of `right` within `right_able` can be
// chosen without a common node.
inline bool has_disjoint_majorities(const VoterMask& left,
                                    std::uint32_t left_able,
                                    const VoterMask& right,
                                    std::uint32_t right_able) {
    const std::uint32_t l = left.members & left_able;
    const std::uint32_t r = right.members & right_able;
    const auto count = [](std::uint32_t set) { return static_cast<int>(std::popcount(set)); };
    const int l_missing = static_cast<int>(left.majority()) - count(l & ~r);
    const int r_missing = static_cast<int>(right.majority()) - count(r & ~l);
    return std::max(l_missing, 0) + std::max(r_missing, 0) <= count(l & r);
}

// holders[leader] has just appended new voters. Each other node that could still be elected by the
// voters that it knows must need somebody whom the leader needs to commit. holders: by bit.
inline std::optional<std::string> config_overlap(std::span<const ConfigHolder> holders,
                                                 std::size_t leader) {
    const ConfigHolder& own = holders[leader];
    std::uint32_t committing = 0;  // may still acknowledge to this leader
    for (std::size_t i = 0; i < holders.size(); ++i) {
        if (holders[i].epoch <= own.epoch) committing |= 1U << i;
    }
    for (std::size_t i = 0; i < holders.size(); ++i) {
        const ConfigHolder& other = holders[i];
        if (i == leader || (other.voters.members & 1U << i) == 0) continue;
        std::uint32_t granting = 0;  // their logs are not ahead
        for (std::size_t v = 0; v < holders.size(); ++v) {
            const ConfigHolder& voter = holders[v];
            const bool is_behind = voter.last_epoch != other.last_epoch
                                       ? voter.last_epoch < other.last_epoch
                                       : voter.log_end <= other.log_end;
            if (is_behind) granting |= 1U << v;
        }
        if (!has_disjoint_majorities(own.voters, committing, other.voters, granting)) continue;
        return fmt::format(
            "the voters that leader {} of epoch {} appends and those that node {} knows "
            "can decide apart from each other",
            own.node,
            own.epoch,
            other.node);
    }
    return std::nullopt;
}

inline std::optional<std::string> one_uncommitted_config(NodeId leader,
                                                         Offset last_config,
                                                         Offset high_watermark) {
    if (last_config < high_watermark || last_config == no_offset) return std::nullopt;
    return fmt::format("leader {} changes the voters while those at {} are not committed",
                       leader,
                       last_config);
}

}  // namespace glasslog::sim
