#pragma once

// What `glasslog quorum describe` prints, in the words of kafka-metadata-quorum. Values only.

#include "core/cli/json.hpp"
#include "core/client/quorum.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace glasslog::cli {

// How far the slowest voter is behind the leader. time_ms: -1 when it is not known.
struct FollowerLag {
    std::int64_t records = 0;
    std::int64_t time_ms = 0;

    friend bool operator==(const FollowerLag&, const FollowerLag&) = default;
};

FollowerLag follower_lag(const client::QuorumView& view);

// Lines of "ClusterId:", "LeaderId:", … without their ends.
std::vector<std::string> status_text(const client::QuorumView& view, std::string_view cluster_id);

// readable: "12 ms ago" in place of timestamps.
enum class TimeForm : std::uint8_t { timestamps, readable };

// A table with its head: the leader, the other voters, the observers.
std::vector<std::string> replication_text(const client::QuorumView& view, TimeForm form);

Json json_of(const client::QuorumView& view, std::string_view cluster_id);

}  // namespace glasslog::cli
