// Questions about offsets, partition by partition: ListOffsets, OffsetForLeaderEpoch,
// DeleteRecords.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/handlers/repeats.hpp"
#include "core/broker/scatter.hpp"

#include <algorithm>
#include <array>

namespace glasslog::broker {
namespace {

using protocol::Version;
using protocol::WireError;
using replication::DeleteRecordsReply;
using replication::EndOfEpochReply;
using replication::EpochRequest;
using replication::ListOffsetReply;
using replication::OffsetRequest;
using replication::PartitionId;

struct Place {
    std::size_t topic = 0;
    std::size_t partition = 0;
};

// The metadata's view of (topic, partition): where its questions go, or why there is no answer.
struct Target {
    WireError error = WireError::none;
    PartitionId id;
    ReactorId owner;
};

Target find_target(Reactor& reactor, const std::string& topic_name, PartitionIndex index) {
    const metadata::Topic* topic = reactor.image().find_topic(topic_name);
    if (topic == nullptr || topic->find(index) == nullptr) {
        return {.error = WireError::unknown_topic_or_partition};
    }
    const PartitionId id{topic->id, index};
    return {.id = id, .owner = replication::reactor_of(id, reactor.runtime().reactor_count)};
}

// Scatters the parts of a request of two levels (topics, partitions), then fills the response at
// the parts' places and answers.
template <typename Body, typename Response, typename Part, typename Result>
struct Round {
    Call<Body> call;
    Response response;
    std::vector<Owned<Part>> parts;
    std::vector<Place> places;

    using Fill = void (*)(Response& response, Place place, Result result);

    void run(Reactor& reactor, PartWork<Part, Result> work, Fill fill) && {
        scatter<Part, Result>(reactor,
                              std::move(parts),
                              work,
                              [call = std::move(call),
                               response = std::move(response),
                               places = std::move(places),
                               fill](std::vector<Result> results) mutable {
                                  for (std::size_t i = 0; i < results.size(); ++i)
                                      fill(response, places[i], std::move(results[i]));
                                  call.answer(response);
                              });
    }
};

// The first version of ListOffsets that knows each special timestamp; KIP-734, 405, 1005, 1023.
struct SpecialTimestamp {
    std::int64_t timestamp;
    Version since;
};

constexpr std::array special_timestamps{SpecialTimestamp{-1, Version(1)},
                                        SpecialTimestamp{-2, Version(1)},
                                        SpecialTimestamp{-3, Version(7)},
                                        SpecialTimestamp{-4, Version(8)},
                                        SpecialTimestamp{-5, Version(9)},
                                        SpecialTimestamp{-6, Version(11)}};

bool is_timestamp(std::int64_t timestamp, Version version) {
    if (timestamp >= 0) return true;
    return std::ranges::any_of(special_timestamps, [&](const SpecialTimestamp& special) {
        return special.timestamp == timestamp && version >= special.since;
    });
}

bool is_isolation(protocol::IsolationLevel level) {
    return level == protocol::IsolationLevel::read_uncommitted ||
           level == protocol::IsolationLevel::read_committed;
}

WireError list_offset_refusal(const Call<protocol::ListOffsetsRequest>& call,
                              const protocol::ListOffsetsRequest::Partition& partition,
                              bool is_repeated) {
    if (!is_isolation(call.body.isolation_level)) return WireError::unknown_server_error;
    if (is_repeated) return WireError::invalid_request;
    return is_timestamp(partition.timestamp, call.version) ? WireError::none
                                                           : WireError::unsupported_version;
}

Repeats repeats_of(const protocol::ListOffsetsRequest& request) {
    Repeats repeats;
    for (const auto& topic : request.topics) {
        repeats.add_topic({}, topic.name);
        for (const auto& partition : topic.partitions)
            repeats.add(partition.partition_index);
    }
    repeats.find();
    return repeats;
}

}  // namespace

void handle_list_offsets(Reactor& reactor, Call<protocol::ListOffsetsRequest> call) {
    using Response = protocol::ListOffsetsResponse;
    Round<protocol::ListOffsetsRequest, Response, OffsetRequest, ListOffsetReply> round;
    const Repeats repeats = repeats_of(call.body);
    std::size_t next = 0;
    for (const auto& topic : call.body.topics) {
        Response::Topic& out = round.response.topics.emplace_back();
        out.name = topic.name;
        for (const auto& asked : topic.partitions) {
            const std::size_t number = next++;
            if (repeats.first(number) != number) continue;  // one answer for all
            const bool is_repeated = repeats.last(number) != number;
            Response::Partition& answer = out.partitions.emplace_back();
            answer.partition_index = asked.partition_index;
            answer.error_code = list_offset_refusal(call, asked, is_repeated);
            if (answer.error_code != WireError::none) continue;
            const Target target = find_target(reactor, topic.name, asked.partition_index);
            answer.error_code = target.error;
            if (target.error != WireError::none) continue;
            round.parts.push_back({target.owner,
                                   {.partition = target.id,
                                    .timestamp = asked.timestamp,
                                    .current_leader_epoch = asked.current_leader_epoch,
                                    .replica = call.body.replica_id,
                                    .isolation = call.body.isolation_level}});
            round.places.push_back({round.response.topics.size() - 1, out.partitions.size() - 1});
        }
        const bool is_all_repeated = out.partitions.empty() && !topic.partitions.empty();
        if (is_all_repeated) round.response.topics.pop_back();
    }
    round.call = std::move(call);
    std::move(round).run(
        reactor,
        [](Reactor& there, OffsetRequest part, AnswerDone<ListOffsetReply> done) {
            there.replicas().list_offset(part, std::move(done));
        },
        [](Response& response, Place place, ListOffsetReply result) {
            Response::Partition& out = response.topics[place.topic].partitions[place.partition];
            out.error_code = result.error;
            out.timestamp = result.timestamp;
            out.offset = result.offset;
            out.leader_epoch = result.leader_epoch;
        });
}

void handle_offset_for_leader_epoch(Reactor& reactor,
                                    Call<protocol::OffsetForLeaderEpochRequest> call) {
    using Response = protocol::OffsetForLeaderEpochResponse;
    Round<protocol::OffsetForLeaderEpochRequest, Response, EpochRequest, EndOfEpochReply> round;
    for (const auto& topic : call.body.topics) {
        Response::Topic& out = round.response.topics.emplace_back();
        out.topic = topic.topic;
        for (const auto& asked : topic.partitions) {
            Response::Partition& answer = out.partitions.emplace_back();
            answer.partition = asked.partition;
            const Target target = find_target(reactor, topic.topic, asked.partition);
            answer.error_code = target.error;
            if (target.error != WireError::none) continue;
            round.parts.push_back(
                {target.owner, {target.id, asked.current_leader_epoch, asked.leader_epoch}});
            round.places.push_back({round.response.topics.size() - 1, out.partitions.size() - 1});
        }
    }
    round.call = std::move(call);
    std::move(round).run(
        reactor,
        [](Reactor& there, EpochRequest part, AnswerDone<EndOfEpochReply> done) {
            there.replicas().end_of_epoch(part, std::move(done));
        },
        [](Response& response, Place place, EndOfEpochReply result) {
            Response::Partition& out = response.topics[place.topic].partitions[place.partition];
            out.error_code = result.error;
            out.leader_epoch = result.end.epoch;
            out.end_offset = result.end.end;
        });
}

namespace {

struct Deletion {
    PartitionId partition;
    Offset offset;
};

}  // namespace

void handle_delete_records(Reactor& reactor, Call<protocol::DeleteRecordsRequest> call) {
    using Response = protocol::DeleteRecordsResponse;
    Round<protocol::DeleteRecordsRequest, Response, Deletion, DeleteRecordsReply> round;
    for (const auto& topic : call.body.topics) {
        Response::Topic& out = round.response.topics.emplace_back();
        out.name = topic.name;
        for (const auto& asked : topic.partitions) {
            Response::Partition& answer = out.partitions.emplace_back();
            answer.partition_index = asked.partition_index;
            answer.low_watermark = no_offset;
            Target target = find_target(reactor, topic.name, asked.partition_index);
            if (target.error == WireError::none && metadata::is_internal_topic(topic.name)) {
                target.error = WireError::invalid_topic_exception;
            }
            answer.error_code = target.error;
            if (target.error != WireError::none) continue;
            round.parts.push_back({target.owner, {target.id, asked.offset}});
            round.places.push_back({round.response.topics.size() - 1, out.partitions.size() - 1});
        }
    }
    round.call = std::move(call);
    std::move(round).run(
        reactor,
        [](Reactor& there, Deletion part, AnswerDone<DeleteRecordsReply> done) {
            there.replicas().delete_records(part.partition, part.offset, std::move(done));
        },
        [](Response& response, Place place, DeleteRecordsReply result) {
            Response::Partition& out = response.topics[place.topic].partitions[place.partition];
            out.error_code = result.error;
            out.low_watermark = result.low_watermark;
        });
}

}  // namespace glasslog::broker
