#include "core/raft/wire.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace glasslog::raft {
namespace {

using protocol::WireError;

const WireContext context{.cluster_id = "QlvABHZOQn-hBh9nQJ2Yvg"};

protocol::FetchRequest a_fetch() {
    protocol::FetchRequest request;
    request.topics.emplace_back();
    request.topics[0].topic_id = metadata_topic_id;
    request.topics[0].partitions.emplace_back();
    request.topics[0].partitions[0].partition = PartitionIndex(0);
    return request;
}

TEST(RaftWireFetchTest, TakesAFetchOfTheLogByItsId) {
    EXPECT_TRUE(std::holds_alternative<FetchRequest>(from_wire(a_fetch(), context)));
}

// Case controller 720: versions before 13 name the topic and have no id.
TEST(RaftWireFetchTest, RefusesAFetchByNameAsAWhole) {
    protocol::FetchRequest request = a_fetch();
    request.topics[0].topic_id = Uuid();
    request.topics[0].topic = "__cluster_metadata";

    const auto understood = from_wire(request, context);

    const auto* refusal = std::get_if<protocol::FetchResponse>(&understood);
    ASSERT_NE(refusal, nullptr);
    EXPECT_EQ(refusal->error_code, WireError::invalid_request);
    EXPECT_TRUE(refusal->responses.empty());
}

// Case controller 718; whoever leads may say it so.
TEST(RaftWireFetchTest, ASnapshotThatIsNotThereIsToldAsKafkaTellsIt) {
    FetchSnapshotResponse response;
    response.error = WireError::snapshot_not_found;

    const protocol::FetchSnapshotResponse told = answer_fetch_snapshot(response, {context});
    const auto heard = hear(told, context);

    EXPECT_EQ(told.error_code, WireError::unknown_server_error);
    EXPECT_TRUE(told.topics.empty());
    ASSERT_TRUE(heard);
    EXPECT_EQ(std::get<FetchSnapshotResponse>(heard->response).error,
              WireError::snapshot_not_found);
}

}  // namespace
}  // namespace glasslog::raft
