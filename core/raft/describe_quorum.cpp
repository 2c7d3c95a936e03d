#include "core/raft/describe_quorum.hpp"

#include "core/raft/metadata_log.hpp"
#include "core/raft/options.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

using protocol::DescribeQuorumRequest;
using protocol::DescribeQuorumResponse;

bool is_about_the_quorum(const DescribeQuorumRequest& request) {
    return request.topics.size() == 1 && request.topics[0].partitions.size() == 1 &&
           request.topics[0].topic_name == log_topic &&
           request.topics[0].partitions[0].partition_index == log_partition;
}

DescribeQuorumResponse::Partition refused_partition(PartitionIndex index,
                                                    WireError error,
                                                    std::string message) {
    DescribeQuorumResponse::Partition partition;
    partition.partition_index = index;
    partition.error_code = error;
    partition.error_message = std::move(message);
    return partition;
}

std::int64_t wall_time_of(Instant when, const ClockReading& clock) {
    if (when == Instant()) return -1;
    return (clock.wall - (clock.now - when)).milliseconds();
}

DescribeQuorumResponse::Replica describe(const Progress& progress, const ClockReading& clock) {
    return {.replica_id = progress.key.id,
            .replica_directory_id = progress.key.directory,
            .log_end_offset = progress.end,
            .last_fetch_timestamp = wall_time_of(progress.last_fetch, clock),
            .last_caught_up_timestamp = wall_time_of(progress.last_caught_up, clock)};
}

DescribeQuorumResponse::Partition describe(const State& state, const ClockReading& clock) {
    DescribeQuorumResponse::Partition partition;
    partition.partition_index = log_partition;
    partition.error_message = "";
    partition.leader_id = state.leader;
    partition.leader_epoch = state.epoch;
    partition.high_watermark = state.leading.has_committed ? state.high_watermark : no_offset;
    const DescribeQuorumResponse::Replica self{
        .replica_id = state.self.id,
        .replica_directory_id = state.self.directory,
        .log_end_offset = state.log_end,
        .last_fetch_timestamp = clock.wall.milliseconds(),
        .last_caught_up_timestamp = clock.wall.milliseconds()};
    for (const Progress& voter : state.leading.voters)
        partition.current_voters.push_back(describe(voter, clock));
    for (const Progress& observer : state.leading.observers) {
        if (clock.now - observer.last_fetch < observer_session)
            partition.observers.push_back(describe(observer, clock));
    }
    (state.is_voter() ? partition.current_voters : partition.observers).push_back(self);
    const auto by_id = [](const auto& a, const auto& b) {
        return std::pair(a.replica_id, a.replica_directory_id) <
               std::pair(b.replica_id, b.replica_directory_id);
    };
    std::sort(partition.current_voters.begin(), partition.current_voters.end(), by_id);
    std::sort(partition.observers.begin(), partition.observers.end(), by_id);
    return partition;
}

}  // namespace

DescribeQuorumResponse describe_quorum(const DescribeQuorumRequest& request,
                                       const State& state,
                                       const ClockReading& clock) {
    DescribeQuorumResponse response;
    response.error_message = "";
    if (!is_about_the_quorum(request)) {
        for (const auto& topic : request.topics) {
            auto& answered = response.topics.emplace_back();
            answered.topic_name = topic.topic_name;
            for (const auto& partition : topic.partitions) {
                answered.partitions.push_back(
                    refused_partition(partition.partition_index,
                                      WireError::unknown_topic_or_partition,
                                      "This server does not host this topic-partition."));
            }
        }
        return response;
    }
    auto& topic = response.topics.emplace_back();
    topic.topic_name = log_topic;
    if (state.role != Role::leader) {
        topic.partitions.push_back(
            refused_partition(log_partition,
                              WireError::not_leader_or_follower,
                              "Only the leader of the quorum knows how far its replicas are."));
        return response;
    }
    topic.partitions.push_back(describe(state, clock));
    for (const Voter& voter : state.voters().all())
        response.nodes.push_back({voter.voter_id, voter.endpoints});
    return response;
}

}  // namespace glasslog::raft
