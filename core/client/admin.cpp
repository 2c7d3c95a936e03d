#include "core/client/admin.hpp"

#include "core/protocol/messages/create_partitions.hpp"
#include "core/protocol/messages/create_topics.hpp"
#include "core/protocol/messages/delete_records.hpp"
#include "core/protocol/messages/delete_topics.hpp"
#include "core/protocol/messages/describe_configs.hpp"
#include "core/protocol/messages/incremental_alter_configs.hpp"
#include "core/protocol/messages/list_offsets.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace glasslog::client {
namespace {

using protocol::WireError;

// A topic that is not there will not appear by asking again.
bool is_worth_repeating(const ClientError& error) {
    return is_retriable(error) && error.code != WireError::unknown_topic_or_partition &&
           error.code != WireError::unknown_topic_id;
}

// The one result of a request about one thing.
template <typename Result>
Expected<const Result*, ClientError> only(const std::vector<Result>& results,
                                          const std::string& subject) {
    if (results.size() != 1) {
        return Unexpected{
            ClientError{.cause = Cause::corrupt,
                        .detail = fmt::format("{} results for {}", results.size(), subject)}};
    }
    const Result& result = results.front();
    if (result.error_code == WireError::none) return &result;
    std::string detail = subject;
    if constexpr (requires { result.error_message; }) {
        if (result.error_message.has_value()) detail = *result.error_message;
    }
    return Unexpected{refused(result.error_code, std::move(detail))};
}

template <typename Result>
Expected<void, ClientError> only_success(const std::vector<Result>& results,
                                         const std::string& subject) {
    const auto result = only(results, subject);
    if (!result) return Unexpected{result.error()};
    return {};
}

}  // namespace

// Timers of calls that wait to be tried again, by number; what a call needs lives in its callback.
class Admin::Attempts {
public:
    std::uint64_t next_number() { return ++last_number_; }

    void wait(std::uint64_t number, runtime::Timer timer) {
        timers_.insert_or_assign(number, std::move(timer));
    }

    void forget(std::uint64_t number) { timers_.erase(number); }

private:
    std::map<std::uint64_t, runtime::Timer> timers_;
    std::uint64_t last_number_ = 0;
};

Admin::Admin(const runtime::Runtime& runtime, const ClusterConfig& cluster)
    : cluster_(runtime, cluster), attempts_(std::make_unique<Attempts>()) {}

Admin::~Admin() = default;

namespace {

// One call on its way through its tries.
template <typename Out>
struct Try {
    UniqueFunction<void(ClientDone<Out>)> attempt;
    ClientDone<Out> done;
    Instant deadline;
    std::uint64_t number = 0;
};

}  // namespace

template <typename Out>
void Admin::run(UniqueFunction<void(ClientDone<Out>)> attempt, ClientDone<Out> done) {
    // A step owns the try, and hands it to the callback of its attempt.
    struct Step {
        static void take(Admin& admin, std::unique_ptr<Try<Out>> owned) {
            Try<Out>& current = *owned;
            current.attempt(admin.gate_.wrap(
                [&admin, own = std::move(owned)](Expected<Out, ClientError> result) mutable {
                    finish(admin, std::move(own), std::move(result));
                }));
        }

        static void finish(Admin& admin,
                           std::unique_ptr<Try<Out>> owned,
                           Expected<Out, ClientError> result) {
            const runtime::Runtime& runtime = admin.cluster_.runtime();
            const Instant next = runtime.clock.now() + admin.cluster_.config().retry_backoff;
            const std::uint64_t number = owned->number;
            if (result || !is_worth_repeating(result.error()) || next >= owned->deadline) {
                admin.attempts_->forget(number);
                return owned->done(std::move(result));
            }
            admin.attempts_->wait(
                number,
                runtime.executor.at(next,
                                    admin.gate_.wrap([&admin, own = std::move(owned)]() mutable {
                                        take(admin, std::move(own));
                                    })));
        }
    };

    auto owned = std::make_unique<Try<Out>>();
    owned->attempt = std::move(attempt);
    owned->done = std::move(done);
    owned->deadline = cluster_.runtime().clock.now() + cluster_.config().request_timeout;
    owned->number = attempts_->next_number();
    Step::take(*this, std::move(owned));
}

// `read` gives the outcome of one answer.
template <typename Response, typename Out, typename Request>
void Admin::ask(const Request& request,
                UniqueFunction<Expected<Out, ClientError>(const Response&)> read,
                ClientDone<Out> done) {
    run<Out>(
        [this, request, read = std::move(read)](ClientDone<Out> answered) mutable {
            using Answer = Expected<rpc::Answered<Response>, rpc::RpcError>;
            cluster_.send_any<Response>(
                request,
                rpc::SendOptions{.timeout = cluster_.config().request_timeout},
                gate_.wrap([&read, answered = std::move(answered)](const Answer& answer) mutable {
                    if (answer) return answered(read(answer->response));
                    answered(Unexpected{from_rpc(answer.error())});
                }));
        },
        std::move(done));
}

// --- topics -------------------------------------------------------------------------------------

void Admin::create_topic(NewTopic topic, ClientDone<CreatedTopic> done) {
    protocol::CreateTopicsRequest request;
    protocol::CreateTopicsRequest::Topic wanted;
    wanted.name = topic.name;
    wanted.num_partitions = topic.partition_count;
    wanted.replication_factor = topic.replication_factor;
    for (const auto& [name, value] : topic.configs)
        wanted.configs.push_back({.name = name, .value = value});
    request.topics.push_back(std::move(wanted));
    request.timeout_ms =
        static_cast<std::int32_t>(cluster_.config().request_timeout.milliseconds());
    ask<protocol::CreateTopicsResponse, CreatedTopic>(
        request,
        [name = topic.name](
            const protocol::CreateTopicsResponse& response) -> Expected<CreatedTopic, ClientError> {
            const auto* const created = TRY(only(response.topics, name));
            return CreatedTopic{.name = created->name,
                                .id = created->topic_id,
                                .partition_count = created->num_partitions,
                                .replication_factor = created->replication_factor};
        },
        std::move(done));
}

void Admin::delete_topic(const std::string& name, ClientDone<void> done) {
    protocol::DeleteTopicsRequest request;
    request.topics.push_back({.name = name, .topic_id = {}});
    request.topic_names.push_back(name);
    request.timeout_ms =
        static_cast<std::int32_t>(cluster_.config().request_timeout.milliseconds());
    ask<protocol::DeleteTopicsResponse, void>(
        request,
        [name](const protocol::DeleteTopicsResponse& response) {
            return only_success(response.responses, name);
        },
        std::move(done));
}

void Admin::create_partitions(const std::string& topic, std::int32_t total, ClientDone<void> done) {
    protocol::CreatePartitionsRequest request;
    request.topics.push_back({.name = topic, .count = total, .assignments = std::nullopt});
    request.timeout_ms =
        static_cast<std::int32_t>(cluster_.config().request_timeout.milliseconds());
    ask<protocol::CreatePartitionsResponse, void>(
        request,
        [topic](const protocol::CreatePartitionsResponse& response) {
            return only_success(response.results, topic);
        },
        std::move(done));
}

void Admin::list_topics(ClientDone<std::vector<TopicView>> done) {
    using Topics = std::vector<TopicView>;
    run<Topics>(
        [this](ClientDone<Topics> answered) {
            cluster_.refresh_all(gate_.wrap([this, answered = std::move(answered)](
                                                const Expected<void, ClientError>& result) mutable {
                if (!result) return answered(Unexpected{result.error()});
                Topics topics;
                for (const auto& [name, topic] : cluster_.view().topics())
                    topics.push_back(topic);
                answered(std::move(topics));
            }));
        },
        std::move(done));
}

void Admin::describe_topic(const std::string& name, ClientDone<TopicView> done) {
    cluster_.watch(name);
    run<TopicView>(
        [this, name](ClientDone<TopicView> answered) {
            cluster_.refresh(gate_.wrap([this, name, answered = std::move(answered)](
                                            const Expected<void, ClientError>& result) mutable {
                if (!result) return answered(Unexpected{result.error()});
                const TopicView* const topic = cluster_.view().find_topic(name);
                const WireError error =
                    topic == nullptr ? WireError::unknown_topic_or_partition : topic->error;
                if (error != WireError::none) return answered(Unexpected{refused(error, name)});
                answered(*topic);
            }));
        },
        std::move(done));
}

// --- offsets ------------------------------------------------------------------------------------

Expected<NodeId, ClientError> Admin::leader_of(const TopicPartition& partition) const {
    const std::optional<NodeId> leader = cluster_.view().leader_of(partition);
    if (leader.has_value()) return *leader;
    const bool is_known = cluster_.view().find_partition(partition) != nullptr;
    return Unexpected{
        refused(is_known ? WireError::leader_not_available : WireError::unknown_topic_or_partition,
                partition.text())};
}

void Admin::list_offsets(const std::vector<TopicPartition>& partitions,
                         std::int64_t timestamp,
                         ClientDone<std::vector<ListedOffset>> done) {
    for (const TopicPartition& partition : partitions)
        cluster_.watch(partition.topic);
    using Listed = std::vector<ListedOffset>;
    run<Listed>(
        [this, partitions, timestamp](ClientDone<Listed> answered) {
            cluster_.refresh(
                gate_.wrap([this, partitions, timestamp, answered = std::move(answered)](
                               const Expected<void, ClientError>& result) mutable {
                    if (!result) return answered(Unexpected{result.error()});
                    ask_offsets(partitions, timestamp, std::move(answered));
                }));
        },
        std::move(done));
}

// Results of several leaders on their way to one answer.
struct Admin::Offsets {
    std::vector<ListedOffset> listed;
    std::size_t missing_count = 0;
    std::optional<ClientError> error;
    ClientDone<std::vector<ListedOffset>> done;

    void take(const protocol::ListOffsetsResponse& response) {
        for (const auto& topic : response.topics) {
            for (const auto& partition : topic.partitions)
                take(TopicPartition{topic.name, partition.partition_index}, partition);
        }
    }

    void take(const TopicPartition& partition,
              const protocol::ListOffsetsResponse::Partition& answer) {
        if (answer.error_code != WireError::none) {
            error = refused(answer.error_code, partition.text());
            return;
        }
        for (ListedOffset& one : listed) {
            if (one.partition != partition) continue;
            one.offset = answer.offset;
            one.timestamp = WallTime::from_milliseconds(answer.timestamp);
            one.leader_epoch = answer.leader_epoch;
        }
    }

    void finish() {
        if (error.has_value()) return done(Unexpected{*error});
        done(std::move(listed));
    }
};

void Admin::ask_offsets(const std::vector<TopicPartition>& partitions,
                        std::int64_t timestamp,
                        ClientDone<std::vector<ListedOffset>> done) {
    std::map<NodeId, protocol::ListOffsetsRequest> requests;
    const std::set<TopicPartition> distinct(partitions.begin(), partitions.end());
    for (const TopicPartition& partition : distinct) {
        const auto leader = leader_of(partition);
        if (!leader) return done(Unexpected{leader.error()});
        protocol::ListOffsetsRequest& request = requests[*leader];
        request.replica_id = no_node;
        if (request.topics.empty() || request.topics.back().name != partition.topic) {
            request.topics.push_back({.name = partition.topic, .partitions = {}});
        }
        protocol::ListOffsetsRequest::Partition wanted;
        wanted.partition_index = partition.partition;
        wanted.timestamp = timestamp;
        request.topics.back().partitions.push_back(wanted);
    }
    if (requests.empty()) return done(std::vector<ListedOffset>{});
    const std::uint64_t number = ++last_offsets_;
    Offsets& join = offsets_[number];
    join.done = std::move(done);
    join.missing_count = requests.size();
    for (const TopicPartition& partition : partitions)
        join.listed.push_back({.partition = partition});
    for (auto& [leader, request] : requests) {
        request.timeout_ms =
            static_cast<std::int32_t>(cluster_.config().request_timeout.milliseconds());
        using Answer = Expected<rpc::Answered<protocol::ListOffsetsResponse>, rpc::RpcError>;
        cluster_.send<protocol::ListOffsetsResponse>(
            leader,
            std::move(request),
            rpc::SendOptions{.timeout = cluster_.config().request_timeout},
            gate_.wrap([this, number](const Answer& answer) {
                Offsets& waiting = offsets_.at(number);
                if (answer) {
                    waiting.take(answer->response);
                } else {
                    waiting.error = from_rpc(answer.error());
                }
                if (--waiting.missing_count > 0) return;
                Offsets whole = std::move(waiting);
                offsets_.erase(number);
                whole.finish();
            }));
    }
}

void Admin::delete_records(const TopicPartition& partition,
                           Offset before,
                           ClientDone<Offset> done) {
    cluster_.watch(partition.topic);
    run<Offset>(
        [this, partition, before](ClientDone<Offset> answered) {
            cluster_.refresh(gate_.wrap([this, partition, before, answered = std::move(answered)](
                                            const Expected<void, ClientError>& result) mutable {
                if (!result) return answered(Unexpected{result.error()});
                delete_at_leader(partition, before, std::move(answered));
            }));
        },
        std::move(done));
}

void Admin::delete_at_leader(const TopicPartition& partition,
                             Offset before,
                             ClientDone<Offset> done) {
    const auto leader = leader_of(partition);
    if (!leader) return done(Unexpected{leader.error()});
    protocol::DeleteRecordsRequest request;
    request.timeout_ms =
        static_cast<std::int32_t>(cluster_.config().request_timeout.milliseconds());
    protocol::DeleteRecordsRequest::Partition wanted;
    wanted.partition_index = partition.partition;
    wanted.offset = before;
    request.topics.push_back({.name = partition.topic, .partitions = {wanted}});
    using Answer = Expected<rpc::Answered<protocol::DeleteRecordsResponse>, rpc::RpcError>;
    cluster_.send<protocol::DeleteRecordsResponse>(
        *leader,
        std::move(request),
        rpc::SendOptions{.timeout = cluster_.config().request_timeout},
        gate_.wrap([partition, done = std::move(done)](const Answer& answer) mutable {
            if (!answer) return done(Unexpected{from_rpc(answer.error())});
            if (answer->response.topics.size() != 1) {
                return done(
                    Unexpected{ClientError{.cause = Cause::corrupt, .detail = partition.text()}});
            }
            const auto result = only(answer->response.topics.front().partitions, partition.text());
            if (!result) return done(Unexpected{result.error()});
            done((*result)->low_watermark);
        }));
}

// --- configurations -----------------------------------------------------------------------------

void Admin::describe_topic_configs(const std::string& topic,
                                   ClientDone<std::vector<ConfigEntry>> done) {
    protocol::DescribeConfigsRequest request;
    request.resources.push_back({.resource_type = protocol::ConfigResourceType::topic,
                                 .resource_name = topic,
                                 .configuration_keys = std::nullopt});
    ask<protocol::DescribeConfigsResponse, std::vector<ConfigEntry>>(
        request,
        [topic](const protocol::DescribeConfigsResponse& response)
            -> Expected<std::vector<ConfigEntry>, ClientError> {
            const auto* const result = TRY(only(response.results, topic));
            std::vector<ConfigEntry> entries;
            for (const auto& config : result->configs) {
                entries.push_back({.name = config.name,
                                   .value = config.value,
                                   .source = config.config_source,
                                   .is_read_only = config.read_only,
                                   .is_sensitive = config.is_sensitive});
            }
            return entries;
        },
        std::move(done));
}

void Admin::alter_topic_configs(const std::string& topic,
                                const std::map<std::string, std::optional<std::string>>& changes,
                                ClientDone<void> done) {
    protocol::IncrementalAlterConfigsRequest request;
    protocol::IncrementalAlterConfigsRequest::Resource resource;
    resource.resource_type = protocol::ConfigResourceType::topic;
    resource.resource_name = topic;
    for (const auto& [name, value] : changes) {
        resource.configs.push_back({.name = name,
                                    .config_operation = value.has_value()
                                                            ? protocol::ConfigOperation::set
                                                            : protocol::ConfigOperation::remove,
                                    .value = value});
    }
    request.resources.push_back(std::move(resource));
    ask<protocol::IncrementalAlterConfigsResponse, void>(
        request,
        [topic](const protocol::IncrementalAlterConfigsResponse& response) {
            return only_success(response.responses, topic);
        },
        std::move(done));
}

}  // namespace glasslog::client
