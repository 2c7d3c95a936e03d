// What Kafka's quorums said to each other and to their administrators, through the machine's values
// and back: byte for byte.

#include "core/raft/wire.hpp"

#include "core/base/overloaded.hpp"
#include "core/protocol/api.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/compression.hpp"
#include "core/protocol/frame.hpp"
#include "core/raft/describe_quorum.hpp"
#include "tests/support/facts.hpp"
#include "tests/support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

namespace glasslog::raft {
namespace {

using protocol::ApiKey;
using protocol::Version;

struct Exchange {
    ApiKey key{};
    Version version;
    Bytes request;   // body
    Bytes response;  // body

    std::string text() const { return fmt::format("{} v{}", protocol::api_name(key), version); }
};

Bytes from_hex(std::string_view hex) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(
            static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    return Bytes::from(std::move(bytes));
}

std::optional<Exchange> exchange_of(ApiKey key,
                                    Version version,
                                    const std::string& request,
                                    const std::string& response) {
    auto asked = protocol::decode_request_frame(from_hex(request));
    auto told = protocol::decode_response_frame(key, version, from_hex(response));
    if (!asked || !told) return std::nullopt;
    return Exchange{key, version, std::move(asked->body), std::move(told->body)};
}

// Those that stand in the repository, and all captures where they are at hand.
std::vector<Exchange> exchanges(ApiKey wanted) {
    std::vector<Exchange> all;
    std::istringstream in{std::string(as_text(support::golden("wire/exchanges.txt").view()))};
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::int16_t key = -1;
        std::int16_t version = 0;
        std::string client;
        std::string trailing;
        std::string request;
        std::string response;
        words >> key >> version >> client >> trailing >> request >> response;
        if (ApiKey{key} != wanted || response == "-") continue;
        if (auto one = exchange_of(wanted, Version{version}, request, response)) {
            all.push_back(std::move(*one));
        }
    }
    const auto facts = support::facts_folder();
    if (!facts) return all;
    for (const char* name :
         {"inter-broker-raft", "java-kafka-metadata-quorum-voters", "raw-sweep"}) {
        std::ifstream file(*facts + "/golden/wire/" + name + ".jsonl.gz", std::ios::binary);
        const std::vector<std::uint8_t> packed(std::istreambuf_iterator<char>(file), {});
        const auto text =
            protocol::decompress(protocol::Compression::gzip, packed, std::size_t{1} << 28);
        std::istringstream lines{std::string(as_text(text.value().view()))};
        for (std::string line; std::getline(lines, line);) {
            const auto json = nlohmann::json::parse(line);
            const ApiKey key{json["api_key"].get<std::int16_t>()};
            if (key != wanted || !json["response_hex"].is_string()) continue;
            if (auto one = exchange_of(key,
                                       Version{json["version"].get<std::int16_t>()},
                                       json["request_hex"],
                                       json["response_hex"])) {
                all.push_back(std::move(*one));
            }
        }
    }
    return all;
}

template <typename Message>
Message decoded(const Bytes& body, Version version) {
    auto message = protocol::decode<Message>(body, version);
    EXPECT_TRUE(message) << message.error().text();
    return std::move(*message);
}

template <typename Message>
std::string hex_of(const Message& message, Version version) {
    return to_hex(protocol::encode(message, version).flatten().view());
}

template <typename Message>
WireContext context_of(const Message& request) {
    WireContext context;
    context.cluster_id = "another";
    if constexpr (requires { request.cluster_id; }) {
        if (request.cluster_id) context.cluster_id = *request.cluster_id;
    }
    return context;
}

// Every captured request becomes a typed one, and that the same bytes again.
template <typename WireRequest>
void expect_requests_kept(std::size_t at_least) {
    std::size_t count = 0;
    for (const Exchange& one : exchanges(WireRequest::key)) {
        const auto request = decoded<WireRequest>(one.request, one.version);
        const WireContext context = context_of(request);
        const auto understood = from_wire(request, context);
        const auto* typed = std::get_if<0>(&understood);
        if (typed == nullptr) continue;
        WireRequest again = to_wire(*typed, context);
        if constexpr (requires { again.cluster_id; }) again.cluster_id = request.cluster_id;
        EXPECT_EQ(hex_of(again, one.version), to_hex(one.request.view())) << one.text();
        ++count;
    }
    EXPECT_GE(count, at_least) << protocol::api_name(WireRequest::key);
}

// The same of responses; `answer` makes a wire message of what was heard.
template <typename WireResponse, typename Answer>
void expect_responses_kept(std::size_t at_least, Answer answer) {
    std::size_t count = 0;
    const WireContext context;
    for (const Exchange& one : exchanges(WireResponse::key)) {
        const auto response = decoded<WireResponse>(one.response, one.version);
        auto heard = hear(response, context);
        if (!heard || response.error_code != WireError::none) continue;
        Payload bytes;
        for (Bytes& part : heard->bytes)
            bytes.append(std::move(part));
        const WireResponse again = answer(heard->response, Answering{context, std::move(bytes)});
        EXPECT_EQ(hex_of(again, one.version), to_hex(one.response.view())) << one.text();
        ++count;
    }
    EXPECT_GE(count, at_least) << protocol::api_name(WireResponse::key);
}

TEST(WireTest, KeepsEveryRequestOfAKafkaQuorum) {
    expect_requests_kept<protocol::VoteRequest>(3);
    expect_requests_kept<protocol::BeginQuorumEpochRequest>(2);
    expect_requests_kept<protocol::EndQuorumEpochRequest>(2);
    expect_requests_kept<protocol::FetchSnapshotRequest>(2);
    expect_requests_kept<protocol::AddRaftVoterRequest>(2);
    expect_requests_kept<protocol::RemoveRaftVoterRequest>(1);
    expect_requests_kept<protocol::UpdateRaftVoterRequest>(1);
}

TEST(WireTest, KeepsEveryResponseOfAKafkaQuorum) {
    expect_responses_kept<protocol::VoteResponse>(3, [](const Response& told, Answering how) {
        return answer_vote(std::get<VoteResponse>(told), how);
    });
    expect_responses_kept<protocol::BeginQuorumEpochResponse>(
        2,
        [](const Response& told, Answering how) {
            return answer_begin(std::get<BeginQuorumEpochResponse>(told), how);
        });
    expect_responses_kept<protocol::EndQuorumEpochResponse>(
        2,
        [](const Response& told, Answering how) {
            return answer_end(std::get<EndQuorumEpochResponse>(told), how);
        });
    expect_responses_kept<protocol::FetchSnapshotResponse>(
        1,
        [](const Response& told, Answering how) {
            return answer_fetch_snapshot(std::get<FetchSnapshotResponse>(told), std::move(how));
        });
    expect_responses_kept<protocol::UpdateRaftVoterResponse>(
        1,
        [](const Response& told, Answering how) {
            return answer_update(std::get<VoterChangeResponse>(told), how);
        });
}

bool is_of_the_quorum(const protocol::FetchRequest& request) {
    return request.topics.size() == 1 && request.cluster_id.has_value() &&
           request.topics[0].topic_id == metadata_topic_id;
}

TEST(WireTest, KeepsEveryFetchOfTheMetadataLog) {
    if (!support::facts_folder()) GTEST_SKIP() << "GLASSLOG_FACTS names no captures";
    std::size_t count = 0;
    for (const Exchange& one : exchanges(ApiKey::fetch)) {
        const auto request = decoded<protocol::FetchRequest>(one.request, one.version);
        if (!is_of_the_quorum(request)) continue;
        const WireContext context = context_of(request);
        const auto understood = from_wire(request, context);
        ASSERT_EQ(understood.index(), 0U);
        const auto again = to_wire(std::get<0>(understood), context);
        EXPECT_EQ(hex_of(again, one.version), to_hex(one.request.view()));

        const auto response = decoded<protocol::FetchResponse>(one.response, one.version);
        auto heard = hear(response, context);
        ASSERT_TRUE(heard);
        Payload bytes;
        for (Bytes& part : heard->bytes)
            bytes.append(std::move(part));
        const auto told =
            answer_fetch(std::get<FetchResponse>(heard->response), {context, std::move(bytes)});
        EXPECT_EQ(hex_of(told, one.version), to_hex(one.response.view()));
        ++count;
    }
    EXPECT_GE(count, 3U);
}

// A leader's state that is as the answer says, read at the time of the answer.
State state_of(const protocol::DescribeQuorumResponse& response, const ClockReading& clock) {
    const auto& told = response.topics.at(0).partitions.at(0);
    const auto instant_of = [&](std::int64_t wall) {
        return clock.now - (clock.wall - WallTime::from_milliseconds(wall));
    };
    const auto progress_of = [&](const protocol::DescribeQuorumResponse::Replica& replica) {
        Progress progress;
        progress.key = {replica.replica_id, replica.replica_directory_id};
        progress.end = replica.log_end_offset;
        progress.last_fetch = instant_of(replica.last_fetch_timestamp);
        progress.last_caught_up = instant_of(replica.last_caught_up_timestamp);
        return progress;
    };
    State state;
    state.role = Role::leader;
    state.leader = told.leader_id;
    state.epoch = told.leader_epoch;
    state.high_watermark = told.high_watermark;
    state.leading.has_committed = true;
    std::vector<Voter> voters;
    for (const auto& replica : told.current_voters) {
        Voter& voter = voters.emplace_back();
        voter.voter_id = replica.replica_id;
        voter.voter_directory_id = replica.replica_directory_id;
        for (const auto& node : response.nodes)
            if (node.node_id == voter.voter_id) voter.endpoints = node.listeners;
        if (replica.replica_id == told.leader_id) {
            state.self = key_of(voter);
            state.log_end = replica.log_end_offset;
        } else {
            state.leading.voters.push_back(progress_of(replica));
        }
    }
    for (const auto& replica : told.observers)
        state.leading.observers.push_back(progress_of(replica));
    state.voter_history = {{Offset(2), VoterSet(std::move(voters)), 1}};
    return state;
}

TEST(WireTest, DescribesAQuorumAsItsKafkaLeaderDid) {
    std::size_t count = 0;
    for (const Exchange& one : exchanges(ApiKey::describe_quorum)) {
        const auto request = decoded<protocol::DescribeQuorumRequest>(one.request, one.version);
        const auto response = decoded<protocol::DescribeQuorumResponse>(one.response, one.version);
        ClockReading clock{Instant::from_nanoseconds(INT64_C(1'000'000'000'000'000)), {}};
        for (const auto& replica : response.topics.at(0).partitions.at(0).current_voters) {
            const auto time = WallTime::from_milliseconds(replica.last_fetch_timestamp);
            clock.wall = std::max(clock.wall, time);
        }

        const auto told = describe_quorum(request, state_of(response, clock), clock);

        EXPECT_EQ(hex_of(told, one.version), to_hex(one.response.view())) << one.text();
        ++count;
    }
    EXPECT_GE(count, 3U);
}

TEST(WireTest, RefusesWhatIsForAnotherClusterOrTopic) {
    WireContext context;
    context.cluster_id = "ours";
    protocol::BeginQuorumEpochRequest begin;
    begin.cluster_id = "theirs";
    protocol::FetchSnapshotRequest snapshot;
    snapshot.topics = {{"orders", {{}}}};
    protocol::FetchRequest fetch;
    protocol::AddRaftVoterRequest add;
    add.cluster_id = "nosuch";

    const auto begun = from_wire(begin, context);
    const auto fetched_snapshot = from_wire(snapshot, context);
    const auto fetched = from_wire(fetch, context);
    const auto added = from_wire(add, context);

    EXPECT_EQ(std::get<1>(begun).error_code, WireError::inconsistent_cluster_id);
    EXPECT_EQ(std::get<1>(fetched_snapshot).topics[0].partitions[0].error_code,
              WireError::unknown_topic_or_partition);
    EXPECT_EQ(std::get<1>(fetched).error_code, WireError::invalid_request);
    EXPECT_EQ(std::get<1>(added).error_message,
              R"(The given id "nosuch" doesn't match the cluster id "ours")");
}

TEST(WireTest, ABrokenBatchIsNoAnswer) {
    protocol::FetchResponse response;
    response.responses = {{"__cluster_metadata", metadata_topic_id, {{}}}};
    response.responses[0].partitions[0].records =
        Payload(Bytes::from(std::vector<std::uint8_t>(100, 7)));

    EXPECT_FALSE(hear(response, {}));
}

}  // namespace
}  // namespace glasslog::raft
