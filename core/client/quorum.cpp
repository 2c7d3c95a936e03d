#include "core/client/quorum.hpp"

#include "core/protocol/messages/add_raft_voter.hpp"
#include "core/protocol/messages/describe_cluster.hpp"
#include "core/protocol/messages/remove_raft_voter.hpp"
#include "core/protocol/messages/update_features.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::client {
namespace {

using protocol::WireError;

constexpr std::string_view metadata_topic = "__cluster_metadata";
constexpr std::int8_t of_brokers = 1;
constexpr std::int8_t of_controllers = 2;

std::optional<WallTime> time_of(std::int64_t timestamp) {
    if (timestamp < 0) return std::nullopt;
    return WallTime::from_milliseconds(timestamp);
}

std::vector<QuorumReplica> replicas_of(
    const std::vector<protocol::DescribeQuorumResponse::Replica>& given) {
    std::vector<QuorumReplica> replicas;
    for (const auto& one : given) {
        replicas.push_back({.id = one.replica_id,
                            .directory_id = one.replica_directory_id,
                            .log_end = one.log_end_offset,
                            .last_fetch = time_of(one.last_fetch_timestamp),
                            .last_caught_up = time_of(one.last_caught_up_timestamp)});
    }
    std::ranges::sort(replicas, {}, &QuorumReplica::id);
    return replicas;
}

const QuorumReplica* find(const std::vector<QuorumReplica>& replicas, NodeId id) {
    const auto found = std::ranges::find(replicas, id, &QuorumReplica::id);
    return found == replicas.end() ? nullptr : &*found;
}

Expected<void, ClientError> check(WireError code, const std::optional<std::string>& message) {
    if (code == WireError::none) return {};
    return Unexpected{refused(code, message.value_or("the metadata quorum"))};
}

}  // namespace

const QuorumReplica* QuorumView::find_voter(NodeId id) const {
    return find(voters, id);
}

const QuorumReplica* QuorumView::find_observer(NodeId id) const {
    return find(observers, id);
}

Expected<QuorumView, ClientError> quorum_view(const protocol::DescribeQuorumResponse& response) {
    TRY(check(response.error_code, response.error_message));
    if (response.topics.size() != 1 || response.topics.front().partitions.size() != 1) {
        return Unexpected{
            ClientError{.cause = Cause::corrupt, .detail = "an answer without the one partition"}};
    }
    const auto& partition = response.topics.front().partitions.front();
    TRY(check(partition.error_code, partition.error_message));
    QuorumView view{.leader = partition.leader_id,
                    .epoch = partition.leader_epoch,
                    .high_watermark = partition.high_watermark,
                    .voters = replicas_of(partition.current_voters),
                    .observers = replicas_of(partition.observers),
                    .endpoints = {}};
    for (const auto& node : response.nodes)
        view.endpoints[node.node_id] = node.listeners;
    return view;
}

protocol::DescribeQuorumRequest describe_quorum_request() {
    protocol::DescribeQuorumRequest request;
    request.topics.push_back({.topic_name = std::string(metadata_topic),
                              .partitions = {{.partition_index = PartitionIndex(0)}}});
    return request;
}

// --- one call on its way ------------------------------------------------------------------------

class QuorumAdmin::Calls {
public:
    // What one of the questions is about.
    struct Answer {
        QuorumView view;
        std::string cluster_id;
    };

    using Answered = ClientDone<Answer>;

    // change: what was sent may have been done when no answer came, so it is not sent again.
    enum class Nature : std::uint8_t { question, change };

    Calls(const runtime::Runtime& runtime, const ClusterConfig& cluster, BootstrapKind kind)
        : runtime_(runtime), config_(cluster), kind_(kind), candidates_(cluster.bootstrap) {
        CHECK(!candidates_.empty());
    }

    template <typename Response, typename Request, typename Read>
    void run(Request request, Nature nature, Read read, Answered done) {
        const std::uint64_t number = ++last_number_;
        Call& call = calls_[number];
        call.nature = nature;
        call.deadline = runtime_.clock.now() + config_.request_timeout;
        call.left_in_round = candidates_.size();
        call.done = std::move(done);
        call.send = [this, request = std::move(request), read](rpc::Client& to,
                                                               const rpc::SendOptions& options,
                                                               Answered answered) {
            using Got = Expected<rpc::Answered<Response>, rpc::RpcError>;
            to.send<Response>(
                request,
                options,
                gate_.wrap([read, answered = std::move(answered)](const Got& got) mutable {
                    if (!got) return answered(Unexpected{error_of(got.error())});
                    answered(read(got->response));
                }));
        };
        attempt(number);
    }

    // What waited for a connection until its time was over was not asked.
    static ClientError error_of(const rpc::RpcError& error) {
        ClientError found = from_rpc(error);
        if (error.is_unsent) found.cause = Cause::unreachable;
        return found;
    }

    std::int8_t endpoint_type() const {
        return kind_ == BootstrapKind::brokers ? of_brokers : of_controllers;
    }

    std::int32_t timeout_ms() const {
        return static_cast<std::int32_t>(config_.request_timeout.milliseconds());
    }

private:
    struct Call {
        UniqueFunction<void(rpc::Client&, const rpc::SendOptions&, Answered)> send;
        Answered done;
        Nature nature = Nature::question;
        Instant deadline;
        std::size_t left_in_round = 0;
        bool has_full_share = false;         // of the time, the try under way
        std::optional<ClientError> earlier;  // the weightiest of the tries before
        int earlier_weight = 0;
        runtime::Timer pause;
    };

    rpc::Client& connection_at(const runtime::Endpoint& endpoint) {
        auto& client = connections_[endpoint];
        if (client == nullptr) {
            client =
                std::make_unique<rpc::Client>(runtime_,
                                              endpoint,
                                              rpc::ClientConfig{.client_id = config_.client_id});
        }
        return *client;
    }

    const runtime::Endpoint& candidate() const {
        return candidates_[preferred_ % candidates_.size()];
    }

    // A question that one node does not answer leaves time for the others.
    Duration share() const {
        return config_.request_timeout / static_cast<std::int64_t>(candidates_.size());
    }

    Duration patience(const Call& call) const {
        const Duration left = call.deadline - runtime_.clock.now();
        return call.nature == Nature::change ? left : std::min(left, share());
    }

    void attempt(std::uint64_t number) {
        Call& call = calls_.at(number);
        call.has_full_share = patience(call) >= share();
        call.send(connection_at(candidate()),
                  rpc::SendOptions{.timeout = std::max(patience(call), Duration::milliseconds(1))},
                  gate_.wrap([this, number](Expected<Answer, ClientError> answer) {
                      take(number, std::move(answer));
                  }));
    }

    // What the leader says when it can begin no change by now, or could not end one in time.
    static bool is_too_early(const Call& call, const ClientError& error) {
        return call.nature == Nature::change && error.cause == Cause::refused &&
               error.code == WireError::request_timed_out;
    }

    bool is_worth_another(const Call& call, const ClientError& error) const {
        const bool is_elsewhere = error.code == WireError::not_leader_or_follower ||
                                  error.code == WireError::not_controller ||
                                  error.cause == Cause::unreachable;
        return is_elsewhere || is_too_early(call, error) ||
               (call.nature == Nature::question && is_retriable(error));
    }

    // The one that tells more: a refusal more than silence, silence more than nobody there. Silence
    // of the short time that was left at the end tells nothing.
    static int weight(const Call& call, const ClientError& error) {
        if (error.cause == Cause::unreachable) return 1;
        if (error.cause != Cause::timed_out) return 3;
        return call.has_full_share ? 2 : 0;
    }

    // Than what an earlier try found. A change that may have been made is never told as another.
    static bool says_less(const Call& call, const ClientError& error) {
        if (!call.earlier) return false;
        if (error.cause == Cause::unreachable) return call.earlier_weight >= weight(call, error);
        return call.nature == Nature::question && weight(call, error) < call.earlier_weight;
    }

    void take(std::uint64_t number, Expected<Answer, ClientError> answer) {
        Call& call = calls_.at(number);
        const bool is_final = answer || !is_worth_another(call, answer.error()) ||
                              runtime_.clock.now() + config_.retry_backoff >= call.deadline;
        if (is_final) {
            if (!answer && says_less(call, answer.error())) answer = Unexpected{*call.earlier};
            Answered done = std::move(call.done);
            calls_.erase(number);
            return done(std::move(answer));
        }
        if (const int now = weight(call, answer.error()); now >= call.earlier_weight) {
            call.earlier = answer.error();
            call.earlier_weight = now;
        }
        if (is_too_early(call, answer.error())) return again_later(number);
        const bool may_learn = kind_ == BootstrapKind::controllers && !has_learned_ &&
                               answer.error().cause == Cause::refused;
        if (may_learn) return learn(number);
        next(number);
    }

    void next(std::uint64_t number) {
        Call& call = calls_.at(number);
        ++preferred_;
        if (--call.left_in_round > 0) return attempt(number);
        again_later(number);
    }

    void again_later(std::uint64_t number) {
        Call& call = calls_.at(number);
        call.left_in_round = candidates_.size();
        call.pause = runtime_.executor.at(runtime_.clock.now() + config_.retry_backoff,
                                          gate_.wrap([this, number] { attempt(number); }));
    }

    // A controller that does not lead knows the others, and mostly who does.
    void learn(std::uint64_t number) {
        has_learned_ = true;
        protocol::DescribeClusterRequest request;
        request.endpoint_type = of_controllers;
        using Got = Expected<rpc::Answered<protocol::DescribeClusterResponse>, rpc::RpcError>;
        connection_at(candidate())
            .send<protocol::DescribeClusterResponse>(
                request,
                rpc::SendOptions{.timeout = patience(calls_.at(number))},
                gate_.wrap([this, number](const Got& got) {
                    if (got) add_candidates(got->response);
                    calls_.at(number).left_in_round = candidates_.size();
                    next(number);
                }));
    }

    // next() goes on behind the one that is preferred now.
    void add_candidates(const protocol::DescribeClusterResponse& response) {
        for (const auto& node : response.brokers) {
            const runtime::Endpoint endpoint{.host = node.host,
                                             .port = static_cast<std::uint16_t>(node.port)};
            if (std::ranges::find(candidates_, endpoint) == candidates_.end())
                candidates_.push_back(endpoint);
        }
    }

    runtime::Runtime runtime_;
    ClusterConfig config_;
    BootstrapKind kind_;
    std::vector<runtime::Endpoint> candidates_;
    std::size_t preferred_ = 0;  // the one that answered last; counts on, modulo candidates_
    bool has_learned_ = false;
    std::map<runtime::Endpoint, std::unique_ptr<rpc::Client>> connections_;
    std::map<std::uint64_t, Call> calls_;
    std::uint64_t last_number_ = 0;
    runtime::Gate gate_;
};

// --- calls --------------------------------------------------------------------------------------

QuorumAdmin::QuorumAdmin(const runtime::Runtime& runtime,
                         const ClusterConfig& cluster,
                         BootstrapKind kind)
    : calls_(std::make_unique<Calls>(runtime, cluster, kind)) {}

QuorumAdmin::~QuorumAdmin() = default;

void QuorumAdmin::describe(ClientDone<QuorumView> done) {
    calls_->run<protocol::DescribeQuorumResponse>(
        describe_quorum_request(),
        Calls::Nature::question,
        [](const protocol::DescribeQuorumResponse& response)
            -> Expected<Calls::Answer, ClientError> {
            return Calls::Answer{.view = TRY(quorum_view(response)), .cluster_id = {}};
        },
        [done = std::move(done)](Expected<Calls::Answer, ClientError> answer) mutable {
            if (!answer) return done(Unexpected{answer.error()});
            done(std::move(answer->view));
        });
}

void QuorumAdmin::cluster_id(ClientDone<std::string> done) {
    protocol::DescribeClusterRequest request;
    request.endpoint_type = calls_->endpoint_type();
    calls_->run<protocol::DescribeClusterResponse>(
        request,
        Calls::Nature::question,
        [](const protocol::DescribeClusterResponse& response)
            -> Expected<Calls::Answer, ClientError> {
            TRY(check(response.error_code, response.error_message));
            return Calls::Answer{.view = {}, .cluster_id = response.cluster_id};
        },
        [done = std::move(done)](Expected<Calls::Answer, ClientError> answer) mutable {
            if (!answer) return done(Unexpected{answer.error()});
            done(std::move(answer->cluster_id));
        });
}

namespace {

// The outcome of a change is that there was no error.
template <typename Answer>
UniqueFunction<void(Expected<Answer, ClientError>)> only_outcome(ClientDone<void> done) {
    return [done = std::move(done)](const Expected<Answer, ClientError>& answer) mutable {
        if (!answer) return done(Unexpected{answer.error()});
        done({});
    };
}

}  // namespace

void QuorumAdmin::add_voter(const NewVoter& voter, ClientDone<void> done) {
    protocol::AddRaftVoterRequest request;
    request.timeout_ms = calls_->timeout_ms();
    request.voter_id = voter.id;
    request.voter_directory_id = voter.directory_id;
    request.listeners = voter.listeners;
    calls_->run<protocol::AddRaftVoterResponse>(
        std::move(request),
        Calls::Nature::change,
        [](const protocol::AddRaftVoterResponse& response) -> Expected<Calls::Answer, ClientError> {
            TRY(check(response.error_code, response.error_message));
            return Calls::Answer{};
        },
        only_outcome<Calls::Answer>(std::move(done)));
}

void QuorumAdmin::remove_voter(NodeId id, const Uuid& directory_id, ClientDone<void> done) {
    protocol::RemoveRaftVoterRequest request;
    request.voter_id = id;
    request.voter_directory_id = directory_id;
    calls_->run<protocol::RemoveRaftVoterResponse>(
        std::move(request),
        Calls::Nature::change,
        [](const protocol::RemoveRaftVoterResponse& response)
            -> Expected<Calls::Answer, ClientError> {
            TRY(check(response.error_code, response.error_message));
            return Calls::Answer{};
        },
        only_outcome<Calls::Answer>(std::move(done)));
}

void QuorumAdmin::upgrade(bool is_only_checked, ClientDone<void> done) {
    protocol::UpdateFeaturesRequest request;
    request.timeout_ms = calls_->timeout_ms();
    request.feature_updates.push_back({.feature = "kraft.version", .max_version_level = 1});
    request.validate_only = is_only_checked;
    calls_->run<protocol::UpdateFeaturesResponse>(
        std::move(request),
        is_only_checked ? Calls::Nature::question : Calls::Nature::change,
        [](const protocol::UpdateFeaturesResponse& response)
            -> Expected<Calls::Answer, ClientError> {
            TRY(check(response.error_code, response.error_message));
            return Calls::Answer{};
        },
        only_outcome<Calls::Answer>(std::move(done)));
}

}  // namespace glasslog::client
