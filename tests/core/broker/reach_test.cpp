// Which leaders and replicas a client is shown.

#include "core/broker/reach.hpp"

#include "core/metadata/image_delta.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glasslog::broker {
namespace {

using protocol::WireError;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Uuid own_directory{9, 1};

protocol::RegisterBrokerRecord record_of(int id, bool is_fenced, const std::string& listener) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = NodeId(id);
    record.broker_epoch = BrokerEpoch(id);
    record.endpoints.push_back({listener, "host", 9092, 0});
    record.fenced = is_fenced;
    record.log_dirs = {own_directory};
    return record;
}

// 1 serves PLAINTEXT, 2 is fenced, 3 serves another listener, 4 is unknown.
metadata::Image image() {
    metadata::ImageDelta delta({});
    delta.apply(record_of(1, false, "PLAINTEXT"));
    delta.apply(record_of(2, true, "PLAINTEXT"));
    delta.apply(record_of(3, false, "INSIDE"));
    return delta.finish();
}

metadata::PartitionState led_by(int leader) {
    metadata::PartitionState state;
    state.leader = NodeId(leader);
    state.replicas = {NodeId(1), NodeId(2), NodeId(3), NodeId(4)};
    state.directories = {own_directory, own_directory, own_directory, own_directory};
    return state;
}

TEST(ReachTest, ALeaderIsShownToWhomItCanServe) {
    const metadata::Image cluster = image();
    const Reach reach(cluster, "PLAINTEXT");

    EXPECT_EQ(reach.leader(led_by(1), true).id, NodeId(1));
    EXPECT_EQ(reach.leader(led_by(1), true).error, WireError::none);
    for (const int leader : {2, 3, 4, -1})
        EXPECT_EQ(reach.leader(led_by(leader), true).id, no_node) << leader;
    EXPECT_EQ(reach.leader(led_by(3), true).error, WireError::listener_not_found);
    EXPECT_EQ(reach.leader(led_by(3), false).error, WireError::leader_not_available);
    EXPECT_EQ(reach.leader(led_by(4), true).error, WireError::leader_not_available);
    EXPECT_EQ(reach.leader(led_by(-1), true).error, WireError::leader_not_available);
}

TEST(ReachTest, ReplicasOutOfReachAreOffline) {
    const metadata::Image cluster = image();
    const Reach reach(cluster, "PLAINTEXT");
    metadata::PartitionState lost = led_by(1);
    lost.directories[0] = Uuid{9, 2};

    EXPECT_THAT(reach.offline_replicas(led_by(1)), ElementsAre(NodeId(2), NodeId(3), NodeId(4)));
    EXPECT_THAT(reach.offline_replicas(lost),
                ElementsAre(NodeId(1), NodeId(2), NodeId(3), NodeId(4)));
    lost.replicas = {NodeId(1)};
    lost.directories = {Uuid{0, 1}};
    EXPECT_THAT(reach.offline_replicas(lost), IsEmpty()) << "not assigned yet";
}

}  // namespace
}  // namespace glasslog::broker
