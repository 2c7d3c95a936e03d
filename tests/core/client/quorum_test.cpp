// The door to the quorum, against three controllers of which one leads.

#include "core/client/quorum.hpp"

#include "sim/world.hpp"
#include "tests/core/client/fake_controller.hpp"

#include <gmock/gmock.h>

#include <array>
#include <memory>
#include <optional>

namespace glasslog::client {
namespace {

using protocol::WireError;

class Host final : public sim::Program {
public:
    void start() override {}
};

class QuorumAdminTest : public testing::Test {
protected:
    static constexpr std::size_t controller_count = 3;

    QuorumAdminTest() : world_({.seed = 5}) {
        for (std::size_t i = 0; i < controller_count; ++i) {
            const NodeId id(static_cast<std::int32_t>(i) + 1);
            const runtime::Endpoint endpoint{.host = fmt::format("controller-{}", id),
                                             .port = 9093};
            add_node(endpoint.host, runtimes_[i]);
            quorum_.voters[id] = endpoint;
        }
        add_node("client", client_runtimes_);
        world_.run_for(Duration::milliseconds(1));
        for (std::size_t i = 0; i < controller_count; ++i) {
            const NodeId id(static_cast<std::int32_t>(i) + 1);
            controllers_[i] = std::make_unique<FakeController>(quorum_, id);
            servers_[i] = std::make_unique<rpc::Server>(runtimes_[i].front(),
                                                        rpc::ServerLimits{},
                                                        *controllers_[i]);
            const auto bound =
                servers_[i]->listen({.name = "CONTROLLER", .endpoint = quorum_.voters.at(id)});
            EXPECT_TRUE(bound.has_value());
        }
    }

    // Handles of the world go before it does.
    void TearDown() override {
        admin_.reset();
        for (std::size_t i = 0; i < controller_count; ++i) {
            controllers_[i]->unanswered.clear();
            servers_[i].reset();
        }
    }

    void add_node(const std::string& name, std::vector<runtime::Runtime>& into) {
        sim::NodeConfig config;
        config.name = name;
        const NodeId node = world_.add_node(config, [&into](std::vector<runtime::Runtime> given) {
            into.clear();
            for (const runtime::Runtime& one : given)
                into.push_back(one);
            return std::make_unique<Host>();
        });
        world_.start(node);
    }

    QuorumAdmin& admin(std::initializer_list<std::int32_t> bootstrap) {
        ClusterConfig config;
        config.request_timeout = Duration::seconds(5);
        for (const std::int32_t id : bootstrap)
            config.bootstrap.push_back(quorum_.voters.at(NodeId(id)));
        admin_ = std::make_unique<QuorumAdmin>(client_runtimes_.front(),
                                               config,
                                               BootstrapKind::controllers);
        return *admin_;
    }

    template <typename T, typename Ask>
    Expected<T, ClientError> outcome(Ask ask) {
        std::optional<Expected<T, ClientError>> got;
        ask([&](Expected<T, ClientError> given) { got.emplace(std::move(given)); });
        EXPECT_TRUE(world_.run_until([&] { return got.has_value(); }, Duration::seconds(60)));
        return std::move(*got);
    }

    Expected<QuorumView, ClientError> describe(QuorumAdmin& admin) {
        return outcome<QuorumView>([&](auto done) { admin.describe(std::move(done)); });
    }

    Expected<void, ClientError> add(QuorumAdmin& admin, const NewVoter& voter) {
        return outcome<void>([&](auto done) { admin.add_voter(voter, std::move(done)); });
    }

    static NewVoter new_voter() {
        return {.id = NodeId(4),
                .directory_id = fake_directory(NodeId(4)),
                .listeners = {{.name = "CONTROLLER", .host = "controller-4", .port = 9093}}};
    }

    sim::World world_;
    FakeQuorum quorum_;
    std::array<std::vector<runtime::Runtime>, controller_count> runtimes_;
    std::vector<runtime::Runtime> client_runtimes_;
    std::array<std::unique_ptr<FakeController>, controller_count> controllers_;
    std::array<std::unique_ptr<rpc::Server>, controller_count> servers_;
    std::unique_ptr<QuorumAdmin> admin_;
};

TEST_F(QuorumAdminTest, TheLeaderDescribesTheQuorum) {
    const auto view = describe(admin({1}));

    ASSERT_TRUE(view.has_value()) << view.error().text();
    EXPECT_EQ(view->leader, NodeId(1));
    EXPECT_EQ(view->epoch, LeaderEpoch(5));
    EXPECT_EQ(view->high_watermark, Offset(40));
    ASSERT_EQ(view->voters.size(), 3u);
    EXPECT_EQ(view->find_voter(NodeId(3))->directory_id, fake_directory(NodeId(3)));
    EXPECT_EQ(view->endpoints.at(NodeId(2)).front().host, "controller-2");
    EXPECT_EQ(view->find_observer(NodeId(3)), nullptr);
}

TEST_F(QuorumAdminTest, AFollowerTellsOfTheOthers) {
    quorum_.leader = NodeId(3);

    const auto view = describe(admin({2}));

    ASSERT_TRUE(view.has_value()) << view.error().text();
    EXPECT_EQ(view->leader, NodeId(3));
}

TEST_F(QuorumAdminTest, ANodeThatIsSilentLeavesTimeForTheNext) {
    controllers_[1]->is_silent = true;

    const auto view = describe(admin({2, 1}));

    ASSERT_TRUE(view.has_value()) << view.error().text();
    EXPECT_EQ(controllers_[1]->unanswered.size(), 1u);
}

TEST_F(QuorumAdminTest, WithoutALeaderTheLastRefusalIsTold) {
    quorum_.leader = no_node;

    const auto view = describe(admin({1, 2, 3}));

    ASSERT_FALSE(view.has_value());
    EXPECT_EQ(view.error().code, WireError::not_leader_or_follower);
    EXPECT_GT(controllers_[2]->request_count, 1u);
}

TEST_F(QuorumAdminTest, NobodyThereIsUnreachable) {
    servers_[0].reset();

    const auto view = describe(admin({1}));

    ASSERT_FALSE(view.has_value());
    EXPECT_EQ(view.error().cause, Cause::unreachable);
}

// It waited for a connection until its time was over: it cannot have been made.
TEST_F(QuorumAdminTest, AChangeThatNeverLeftIsUnreachable) {
    servers_[0].reset();

    const auto added = add(admin({1}), new_voter());

    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().cause, Cause::unreachable);
}

TEST_F(QuorumAdminTest, AVoterIsAddedByTheLeader) {
    quorum_.leader = NodeId(2);

    const auto added = add(admin({1}), new_voter());

    ASSERT_TRUE(added.has_value()) << added.error().text();
    ASSERT_EQ(quorum_.added.size(), 1u);
    EXPECT_EQ(quorum_.added.front().voter_id, NodeId(4));
    EXPECT_EQ(quorum_.added.front().voter_directory_id, fake_directory(NodeId(4)));
    EXPECT_EQ(quorum_.added.front().listeners, new_voter().listeners);
    EXPECT_EQ(quorum_.added.front().timeout_ms, 5000);
}

TEST_F(QuorumAdminTest, ARefusedChangeIsToldWithTheLeadersWords) {
    quorum_.change_error = WireError::duplicate_voter;
    quorum_.change_message = "it votes already";

    const auto added = add(admin({1}), new_voter());

    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().code, WireError::duplicate_voter);
    EXPECT_THAT(added.error().text(), testing::HasSubstr("it votes already"));
}

TEST_F(QuorumAdminTest, AChangeWithoutAnAnswerIsNotSentAgain) {
    controllers_[0]->is_silent = true;

    const auto added = add(admin({1, 2, 3}), new_voter());

    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().cause, Cause::timed_out);
    EXPECT_EQ(controllers_[0]->request_count, 1u);
    EXPECT_EQ(controllers_[1]->request_count, 0u);
}

TEST_F(QuorumAdminTest, AChangeThatCannotBeginYetIsAskedForAgain) {
    quorum_.change_error = WireError::request_timed_out;
    quorum_.refusals_left = 3;

    const auto added = add(admin({1}), new_voter());

    ASSERT_TRUE(added.has_value()) << added.error().text();
    EXPECT_EQ(quorum_.added.size(), 1u);
    EXPECT_EQ(controllers_[0]->request_count, 4u);
}

TEST_F(QuorumAdminTest, AChangeThatCannotBeginInTimeIsToldWithItsCodeOnce) {
    quorum_.change_error = WireError::request_timed_out;
    quorum_.change_message = "REQUEST_TIMED_OUT";

    const auto added = add(admin({1}), new_voter());

    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().cause, Cause::refused);
    EXPECT_EQ(added.error().text(), "REQUEST_TIMED_OUT");
    EXPECT_GT(controllers_[0]->request_count, 10u);
}

TEST_F(QuorumAdminTest, ASilentNodeTellsMoreThanOneThatIsNotThere) {
    servers_[0].reset();
    controllers_[1]->is_silent = true;

    const auto view = describe(admin({2, 1}));

    ASSERT_FALSE(view.has_value());
    EXPECT_EQ(view.error().cause, Cause::timed_out);
}

TEST_F(QuorumAdminTest, AVoterIsRemovedByBothIds) {
    auto& door = admin({1});

    const auto removed = outcome<void>([&](auto done) {
        door.remove_voter(NodeId(3), fake_directory(NodeId(3)), std::move(done));
    });

    ASSERT_TRUE(removed.has_value()) << removed.error().text();
    ASSERT_EQ(quorum_.removed.size(), 1u);
    EXPECT_EQ(quorum_.removed.front().voter_id, NodeId(3));
    EXPECT_EQ(quorum_.removed.front().voter_directory_id, fake_directory(NodeId(3)));
}

TEST_F(QuorumAdminTest, TheClusterIsNamed) {
    auto& door = admin({2});

    const auto id = outcome<std::string>([&](auto done) { door.cluster_id(std::move(done)); });

    EXPECT_EQ(id.value(), "fake-cluster");
}

TEST(QuorumViewTest, AnswersWithoutThePartitionAreCorrupt) {
    EXPECT_EQ(quorum_view({}).error().cause, Cause::corrupt);
    EXPECT_EQ(quorum_view({.error_code = WireError::unsupported_version}).error().code,
              WireError::unsupported_version);
}

}  // namespace
}  // namespace glasslog::client
