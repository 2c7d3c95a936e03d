#include "core/cli/quorum_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

namespace glasslog::cli {
namespace {

using client::QuorumReplica;
using client::QuorumView;

std::vector<std::string> endpoint_texts(const QuorumView& view, NodeId id) {
    std::vector<std::string> texts;
    const auto found = view.endpoints.find(id);
    if (found == view.endpoints.end()) return texts;
    for (const auto& endpoint : found->second)
        texts.push_back(fmt::format("{}://{}:{}", endpoint.name, endpoint.host, endpoint.port));
    return texts;
}

Json member_json(const QuorumView& view, const QuorumReplica& replica) {
    Json json;
    json["id"] = replica.id.value();
    if (!replica.directory_id.is_zero()) json["directoryId"] = replica.directory_id.text();
    const auto endpoints = endpoint_texts(view, replica.id);
    if (!endpoints.empty()) json["endpoints"] = endpoints;
    return json;
}

std::string members_text(const QuorumView& view, const std::vector<QuorumReplica>& replicas) {
    Json json = Json::array();
    for (const QuorumReplica& replica : replicas)
        json.push_back(member_json(view, replica));
    return to_line(json);
}

std::int64_t number(const std::optional<WallTime>& time) {
    return time ? time->milliseconds() : -1;
}

// When the answer was given: the leader has fetched from itself just then.
std::optional<WallTime> time_of_answer(const QuorumView& view) {
    const QuorumReplica* leader = view.find_voter(view.leader);
    return leader == nullptr ? std::nullopt : leader->last_fetch;
}

std::string time_text(const QuorumView& view, const std::optional<WallTime>& time, TimeForm form) {
    if (form == TimeForm::timestamps) return fmt::format("{}", number(time));
    const auto now = time_of_answer(view);
    if (!time || !now) return "unknown";
    return fmt::format("{} ms ago", now->milliseconds() - time->milliseconds());
}

Offset leader_end(const QuorumView& view) {
    const QuorumReplica* leader = view.find_voter(view.leader);
    return leader == nullptr ? no_offset : leader->log_end;
}

// With its status: Leader, Follower or Observer.
struct Member {
    const QuorumReplica* replica = nullptr;
    std::string_view status;
};

std::vector<Member> members_of(const QuorumView& view) {
    std::vector<Member> members;
    const QuorumReplica* leader = view.find_voter(view.leader);
    if (leader != nullptr) members.push_back({leader, "Leader"});
    for (const QuorumReplica& replica : view.voters) {
        if (replica.id != view.leader) members.push_back({&replica, "Follower"});
    }
    for (const QuorumReplica& replica : view.observers)
        members.push_back({&replica, "Observer"});
    return members;
}

using Row = std::array<std::string, 7>;

}  // namespace

FollowerLag follower_lag(const QuorumView& view) {
    const auto slowest = std::ranges::min_element(view.voters, {}, &QuorumReplica::log_end);
    const QuorumReplica* leader = view.find_voter(view.leader);
    if (slowest == view.voters.end() || leader == nullptr) return {.records = -1, .time_ms = -1};
    const std::int64_t records = leader->log_end - slowest->log_end;
    if (&*slowest == leader) return {.records = 0, .time_ms = 0};
    if (!leader->last_caught_up || !slowest->last_caught_up)
        return {.records = records, .time_ms = -1};
    return {.records = records,
            .time_ms =
                leader->last_caught_up->milliseconds() - slowest->last_caught_up->milliseconds()};
}

std::vector<std::string> status_text(const QuorumView& view, std::string_view cluster_id) {
    const FollowerLag lag = follower_lag(view);
    return {fmt::format("{:<24}{}", "ClusterId:", cluster_id),
            fmt::format("{:<24}{}", "LeaderId:", view.leader),
            fmt::format("{:<24}{}", "LeaderEpoch:", view.epoch),
            fmt::format("{:<24}{}", "HighWatermark:", view.high_watermark),
            fmt::format("{:<24}{}", "MaxFollowerLag:", lag.records),
            fmt::format("{:<24}{}", "MaxFollowerLagTimeMs:", lag.time_ms),
            fmt::format("{:<24}{}", "CurrentVoters:", members_text(view, view.voters)),
            fmt::format("{:<24}{}", "CurrentObservers:", members_text(view, view.observers))};
}

std::vector<std::string> replication_text(const QuorumView& view, TimeForm form) {
    std::vector<Row> rows{{"NodeId",
                           "DirectoryId",
                           "LogEndOffset",
                           "Lag",
                           "LastFetchTimestamp",
                           "LastCaughtUpTimestamp",
                           "Status"}};
    for (const Member& member : members_of(view)) {
        const QuorumReplica& replica = *member.replica;
        rows.push_back({fmt::format("{}", replica.id),
                        replica.directory_id.text(),
                        fmt::format("{}", replica.log_end),
                        fmt::format("{}", leader_end(view) - replica.log_end),
                        time_text(view, replica.last_fetch, form),
                        time_text(view, replica.last_caught_up, form),
                        std::string(member.status)});
    }
    std::array<std::size_t, 7> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }
    std::vector<std::string> lines;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        lines.push_back(line + row.back());
    }
    return lines;
}

Json json_of(const QuorumView& view, std::string_view cluster_id) {
    const FollowerLag lag = follower_lag(view);
    Json json;
    json["cluster_id"] = cluster_id;
    json["leader"] = view.leader.value();
    json["epoch"] = view.epoch.value();
    json["high_watermark"] = view.high_watermark.value();
    json["max_follower_lag"] = lag.records;
    json["max_follower_lag_ms"] = lag.time_ms;
    json["replicas"] = Json::array();
    for (const Member& member : members_of(view)) {
        Json one;
        one["node"] = member.replica->id.value();
        one["status"] = member.status;
        one["directory_id"] = member.replica->directory_id.text();
        one["log_end"] = member.replica->log_end.value();
        one["lag"] = leader_end(view) - member.replica->log_end;
        one["last_fetch"] = number(member.replica->last_fetch);
        one["last_caught_up"] = number(member.replica->last_caught_up);
        one["endpoints"] = endpoint_texts(view, member.replica->id);
        json["replicas"].push_back(std::move(one));
    }
    return json;
}

}  // namespace glasslog::cli
