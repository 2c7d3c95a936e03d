#include "tests/core/raft/quorum_lab.hpp"

#include "core/protocol/codec.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/raft/raft.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace glasslog::raft::test {

namespace {

constexpr std::uint16_t port = 9093;

// What a read leaves in the log: a NoOpRecord.
const std::string no_op{"\x01\x14\0\0", 4};

std::string name_of(NodeId node) {
    return "c" + std::to_string(node.value());
}

std::vector<std::string> values_of(const Bytes& bytes) {
    std::vector<std::string> values;
    const auto batch = protocol::BatchView::read(bytes.view());
    if (!batch || batch->is_control()) return values;
    const auto section = protocol::RecordSection::open(*batch, 1 << 20);
    for (auto records = section->records(); records.next();) {
        std::string value(as_text(records.record().value.value_or(ByteView())));
        if (value != no_op) values.push_back(std::move(value));
    }
    return values;
}

protocol::ApiVersionsResponse api_versions() {
    protocol::ApiVersionsResponse response;
    for (const protocol::Api& api : protocol::apis())
        response.api_keys.push_back({api.key, api.versions.first, api.versions.last});
    auto& feature = response.supported_features.emplace_back();
    feature.name = "kraft.version";
    feature.max_version = 1;
    return response;
}

}  // namespace

// One life of a node.
class QuorumNode final : public sim::Program, public rpc::Handler {
public:
    QuorumNode(QuorumLab& lab, NodeId id, const runtime::Runtime& runtime)
        : lab_(lab), id_(id), runtime_(runtime), directory_(runtime_, "data") {}

    void start() override {
        const storage::MetaProperties format{"cluster", id_, QuorumLab::directory_of(id_)};
        directory_.open({.owner = {}, .format = format},
                        [this](const Expected<storage::OpenedDirectory, IoError>& opened) {
                            ASSERT_TRUE(opened) << opened.error().text();
                            begin(*opened);
                        });
    }

    void handle(const rpc::ConnectionFacts&, rpc::Request request) override {
        switch (request.header.request_api_key) {
            case protocol::ApiKey::api_versions:
                request.responder.respond(
                    protocol::encode(api_versions(), request.header.request_api_version));
                return;
            case protocol::ApiKey::fetch:
                return serve<protocol::FetchRequest, protocol::FetchResponse>(std::move(request));
            case protocol::ApiKey::vote:
                return serve<protocol::VoteRequest, protocol::VoteResponse>(std::move(request));
            case protocol::ApiKey::begin_quorum_epoch:
                return serve<protocol::BeginQuorumEpochRequest, protocol::BeginQuorumEpochResponse>(
                    std::move(request));
            case protocol::ApiKey::end_quorum_epoch:
                return serve<protocol::EndQuorumEpochRequest, protocol::EndQuorumEpochResponse>(
                    std::move(request));
            case protocol::ApiKey::fetch_snapshot:
                return serve<protocol::FetchSnapshotRequest, protocol::FetchSnapshotResponse>(
                    std::move(request));
            case protocol::ApiKey::update_raft_voter:
                return serve<protocol::UpdateRaftVoterRequest, protocol::UpdateRaftVoterResponse>(
                    std::move(request));
            case protocol::ApiKey::add_raft_voter:
                return serve<protocol::AddRaftVoterRequest, protocol::AddRaftVoterResponse>(
                    std::move(request));
            case protocol::ApiKey::remove_raft_voter:
                return serve<protocol::RemoveRaftVoterRequest, protocol::RemoveRaftVoterResponse>(
                    std::move(request));
            default:
                request.responder.close_connection();
        }
    }

    ReplicatedLog* log() { return log_.get(); }

private:
    template <typename Request, typename Response>
    void serve(rpc::Request request) {
        const protocol::Version version = request.header.request_api_version;
        const auto body = protocol::decode<Request>(request.body, version);
        if (!body) return request.responder.close_connection();
        auto answer =
            [version, responder = std::make_shared<rpc::Responder>(std::move(request.responder))](
                Response response) { responder->respond(protocol::encode(response, version)); };
        log_->handle(*body, std::move(answer));
    }

    void begin(const storage::OpenedDirectory& opened) {
        QuorumOptions options = lab_.options_of(id_);
        options.is_new = opened.partitions.empty();
        log_ = std::make_unique<ReplicatedLog>(runtime_, directory_, std::move(options));
        server_ = std::make_unique<rpc::Server>(runtime_, rpc::ServerLimits{}, *this);
        const auto bound = server_->listen({"CONTROLLER", {.host = name_of(id_), .port = port}});
        ASSERT_TRUE(bound) << bound.error().text();
        Told& told = lab_.told_[id_];
        log_->start(listener(told), [&told](const Expected<void, IoError>& started) {
            ASSERT_TRUE(started) << started.error().text();
            told.is_open = true;
        });
    }

    static LogListener listener(Told& told) {
        return {.on_snapshot =
                    [&told](LoadedSnapshot snapshot) {
                        told.snapshots.push_back(snapshot.id.end);
                        told.values.clear();
                        for (const Bytes& value : snapshot.values)
                            told.values.emplace_back(as_text(value.view()));
                        told.upto = snapshot.id.end;
                        told.epoch = snapshot.id.epoch;
                    },
                .on_batch =
                    [&told](const CommittedBatch& batch) {
                        EXPECT_EQ(batch.base, told.upto) << "what is told has no gaps";
                        for (std::string& value : values_of(batch.bytes))
                            told.values.push_back(std::move(value));
                        told.upto = batch.end;
                        told.epoch = batch.epoch;
                    },
                .on_leadership =
                    [&told](LeaderEpoch epoch) {
                        EXPECT_GE(told.epoch, epoch) << "leads before it was told its own epoch";
                        told.gained.push_back(epoch);
                    },
                .on_leadership_lost = [&told](LeaderEpoch epoch) { told.lost.push_back(epoch); },
                .on_failure = [&told](IoError error) { told.failure = std::move(error); }};
    }

    QuorumLab& lab_;
    NodeId id_;
    runtime::Runtime runtime_;
    storage::LogDirectory directory_;
    std::unique_ptr<ReplicatedLog> log_;
    std::unique_ptr<rpc::Server> server_;
};

QuorumLab::QuorumLab(const LabOptions& options)
    : options_(options), world_({.seed = options.seed}) {
    for (std::int32_t i = 1; i <= options.voters + options.spares; ++i) {
        sim::NodeConfig config;
        config.name = name_of(NodeId(i));
        const NodeId id = world_.add_node(config, [this, i](std::vector<runtime::Runtime> given) {
            told_[NodeId(i)] = {};
            return std::make_unique<QuorumNode>(*this, NodeId(i), given.front());
        });
        nodes_.push_back(id);
    }
}

QuorumLab::~QuorumLab() = default;

Uuid QuorumLab::directory_of(NodeId node) {
    return {9, static_cast<std::uint64_t>(node.value())};
}

QuorumOptions QuorumLab::options_of(NodeId node) const {
    std::vector<Voter> voters;
    for (std::int32_t i = 1; i <= options_.voters; ++i) {
        Voter& voter = voters.emplace_back();
        voter.voter_id = NodeId(i);
        if (!options_.is_static) voter.voter_directory_id = directory_of(NodeId(i));
        voter.endpoints = {{"CONTROLLER", name_of(NodeId(i)), port}};
        voter.kraft_version_feature = {0, 1};
    }
    QuorumOptions options;
    options.machine.self = {node, directory_of(node)};
    options.machine.endpoints = {{"CONTROLLER", name_of(node), port}};
    options.machine.timing.fast_election_delay_max = options_.fast_election_delay_max;
    options.machine.joins_by_itself = options_.spares_join && node.value() > options_.voters;
    options.cluster_id = node == options_.stranger ? "another" : "cluster";
    options.snapshot_bytes_max = 200;  // a snapshot comes in several pieces
    for (const Voter& voter : voters)
        options.bootstrap_servers.push_back({.host = voter.endpoints[0].host, .port = port});
    const std::int16_t level = options_.is_static ? 0 : dynamic_voters;
    options.configured = {no_offset, VoterSet(std::move(voters)), level};
    return options;
}

void QuorumLab::start_all() {
    for (const NodeId node : nodes_)
        world_.start(node);
}

bool QuorumLab::run_until(UniqueFunction<bool()> finished, Duration limit) {
    return world_.run_until(
        [&] {
            for (const NodeId node : nodes_) {
                auto* program = dynamic_cast<QuorumNode*>(world_.program(node));
                if (program == nullptr || program->log() == nullptr) continue;
                if (!told_.at(node).is_open) continue;
                const auto broken = check_invariants(program->log()->state());
                EXPECT_FALSE(broken) << node.value() << ": " << *broken;
            }
            return finished();
        },
        limit);
}

void QuorumLab::run_for(Duration time) {
    const Instant end = world_.now() + time;
    world_.at(end, [] {});
    run_until([&] { return world_.now() >= end; }, time + Duration::milliseconds(1));
}

ReplicatedLog& QuorumLab::log(NodeId node) {
    return *dynamic_cast<QuorumNode&>(*world_.program(node)).log();
}

NodeId QuorumLab::leader() {
    NodeId found = no_node;
    const auto find = [&] {
        LeaderEpoch newest{-1};
        found = no_node;
        for (const NodeId node : nodes_) {
            if (!is_up(node) || !told_.at(node).is_open || !log(node).is_active()) continue;
            if (log(node).state().epoch <= newest) continue;
            newest = log(node).state().epoch;
            found = node;
        }
        return found != no_node;
    };
    EXPECT_TRUE(run_until(find)) << "nobody leads";
    return found;
}

bool QuorumLab::has_leader_other_than(NodeId node) {
    return std::any_of(nodes_.begin(), nodes_.end(), [&](NodeId one) {
        return one != node && is_up(one) && told_.at(one).is_open && log(one).is_active();
    });
}

std::optional<Offset> QuorumLab::propose(NodeId node, const std::vector<std::string>& values) {
    std::vector<Bytes> bytes;
    for (const std::string& value : values)
        bytes.push_back(Bytes::copy_of(as_bytes(value)));
    const auto proposal = log(node).propose(bytes);
    if (!proposal) return std::nullopt;
    return proposal->base + static_cast<std::int64_t>(values.size());
}

bool QuorumLab::knows_everywhere(const std::string& value) {
    return std::all_of(nodes_.begin(), nodes_.end(), [&](NodeId node) {
        if (!is_up(node)) return true;
        const auto& values = told_.at(node).values;
        return std::find(values.begin(), values.end(), value) != values.end();
    });
}

void QuorumLab::write(const std::string& value) {
    ASSERT_TRUE(propose(leader(), {value}));
    ASSERT_TRUE(run_until([&] { return knows_everywhere(value); })) << value;
}

void QuorumLab::snapshot(NodeId node) {
    const Told& told = told_.at(node);
    ReplicatedLog::NewSnapshot snapshot{.id = {told.upto, told.epoch}};
    for (const std::string& value : told.values)
        snapshot.values.push_back(Bytes::copy_of(as_bytes(value)));
    auto done = std::make_shared<bool>(false);
    log(node).take_snapshot(std::move(snapshot), [done](const Expected<void, IoError>& taken) {
        EXPECT_TRUE(taken) << taken.error().text();
        *done = true;
    });
    ASSERT_TRUE(run_until([&] { return *done; }));
}

std::vector<NodeId> QuorumLab::voters_seen_by(NodeId node) {
    std::vector<NodeId> ids;
    for (const Voter& voter : log(node).state().voters().all())
        ids.push_back(voter.voter_id);
    return ids;
}

Bytes QuorumLab::file(NodeId node, const std::string& name) {
    return world_.disk(node).contents("data/__cluster_metadata-0/" + name).value_or(Bytes());
}

}  // namespace glasslog::raft::test
