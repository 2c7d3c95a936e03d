// What clients learn of the cluster: Metadata, DescribeCluster, DescribeTopicPartitions. All from
// the image of this reactor; only auto-creation asks the controller.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/reach.hpp"
#include "core/broker/reactor.hpp"
#include "core/metadata/topic_name.hpp"

#include <algorithm>
#include <set>

namespace glasslog::broker {
namespace {

using protocol::MetadataRequest;
using protocol::MetadataResponse;
using protocol::Version;
using protocol::WireError;

// Bit sets of AclOperation codes: what may be done where no authorizer forbids anything.
constexpr std::int32_t topic_operations =
    1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
constexpr std::int32_t cluster_operations =
    1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;
constexpr std::int32_t not_asked = INT32_MIN;

// For clients that speak this version.
struct Shown {
    const Reach& reach;
    Version version;
};

MetadataResponse::Partition describe(const metadata::PartitionState& state,
                                     PartitionIndex index,
                                     const Shown& shown) {
    MetadataResponse::Partition partition;
    const ShownLeader leader = shown.reach.leader(state, shown.version >= Version(6));
    partition.partition_index = index;
    partition.error_code = leader.error;
    partition.leader_id = leader.id;
    partition.offline_replicas = shown.reach.offline_replicas(state);
    partition.leader_epoch = state.leader_epoch;
    partition.replica_nodes = state.replicas;
    partition.isr_nodes = state.isr;
    return partition;
}

MetadataResponse::Topic describe(const metadata::Topic& topic,
                                 std::int32_t operations,
                                 const Shown& shown) {
    MetadataResponse::Topic out;
    out.name = topic.name;
    out.topic_id = topic.id;
    out.is_internal = metadata::is_internal_topic(topic.name);
    out.topic_authorized_operations = operations;
    out.partitions.reserve(topic.partitions.size());
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        out.partitions.push_back(
            describe(topic.partitions[i], PartitionIndex(static_cast<std::int32_t>(i)), shown));
    }
    return out;
}

// Brokers that clients of this listener can reach, or, fenced, could once.
template <typename Visit>
void for_each_registered(const metadata::Image& image, const std::string& listener, Visit visit) {
    image.brokers.for_each([&](NodeId id, const metadata::BrokerPtr& broker) {
        const metadata::ListenerEndpoint* endpoint = broker->find_endpoint(listener);
        if (endpoint != nullptr) visit(id, *broker, *endpoint);
    });
}

template <typename Visit>
void for_each_reachable(const metadata::Image& image, const std::string& listener, Visit visit) {
    for_each_registered(
        image,
        listener,
        [&](NodeId id, const metadata::Broker& broker, const metadata::ListenerEndpoint& endpoint) {
            if (!broker.is_fenced) visit(id, broker, endpoint);
        });
}

class MetadataAnswer {
public:
    MetadataAnswer(Reactor& reactor, const Call<MetadataRequest>& call)
        : reactor_(reactor), image_(reactor.image()), call_(call), reach_(image_, call.listener) {}

    MetadataResponse make() {
        const auto& topics = call_.body.topics;
        // Version 0 has no null: an empty list asks for all.
        const bool asks_all = !topics || (call_.version == Version(0) && topics->empty());
        if (asks_all) {
            image_.topics.for_each([&](const std::string&, const metadata::TopicPtr& topic) {
                response_.topics.push_back(describe(*topic, operations(), shown()));
            });
        } else {
            for (const MetadataRequest::Topic& topic : *topics)
                add(topic);
        }
        add_cluster();
        return std::move(response_);
    }

private:
    Shown shown() const { return {reach_, call_.version}; }

    std::int32_t operations() const {
        return call_.body.include_topic_authorized_operations ? topic_operations : not_asked;
    }

    void add(const MetadataRequest::Topic& asked) {
        const bool by_id = call_.version >= Version(12) && !asked.topic_id.is_zero();
        if (by_id) return add_by_id(asked.topic_id);
        if (!asked.name && call_.version >= Version(10)) {
            is_malformed_ = true;
            return add_error(WireError::unknown_server_error, "");
        }
        const std::string name = asked.name.value_or("");
        if (!names_.insert(name).second) return;
        if (const metadata::Topic* topic = image_.find_topic(name)) {
            response_.topics.push_back(describe(*topic, operations(), shown()));
        } else if (metadata::topic_name_complaint(name)) {
            add_error(WireError::invalid_topic_exception, name);
        } else {
            if (call_.body.allow_auto_topic_creation && reactor_.config().auto_create_topics)
                create(name);
            add_error(WireError::unknown_topic_or_partition, name);
        }
    }

    void add_by_id(const Uuid& id) {
        if (!ids_.insert(id).second) return;
        if (const metadata::Topic* topic = image_.find_topic(id)) {
            names_.insert(topic->name);
            return response_.topics.push_back(describe(*topic, operations(), shown()));
        }
        MetadataResponse::Topic unknown;
        unknown.error_code = WireError::unknown_topic_id;
        unknown.topic_id = id;
        response_.topics.push_back(std::move(unknown));
    }

    void add_error(WireError error, const std::string& name) {
        MetadataResponse::Topic topic;
        topic.error_code = error;
        topic.name = name;
        topic.is_internal = metadata::is_internal_topic(name);
        response_.topics.push_back(std::move(topic));
    }

    // In the background: the client asks again.
    void create(const std::string& name) {
        protocol::CreateTopicsRequest request;
        request.topics.push_back({.name = name, .num_partitions = -1, .replication_factor = -1});
        const bool is_asked = reactor_.ask<bool>(
            ReactorId(0),
            [request = std::move(request)](Reactor& there, AnswerDone<bool> reply) mutable {
                there.control().forward<protocol::CreateTopicsResponse>(
                    std::move(request),
                    protocol::Version(protocol::CreateTopicsRequest::versions.last),
                    [reply = std::move(reply)](const protocol::CreateTopicsResponse&) mutable {
                        reply(true);
                    });
            },
            [](bool) {});
        ignore(is_asked, "the client asks for the topic again");
    }

    void add_cluster() {
        if (is_malformed_) {
            response_.error_code = WireError::unknown_server_error;
            return;
        }
        response_.cluster_id = reactor_.cluster_id();
        response_.controller_id = reactor_.config().node_id;
        const bool asks_operations = call_.body.include_cluster_authorized_operations;
        response_.cluster_authorized_operations = asks_operations ? cluster_operations : not_asked;
        for_each_reachable(
            image_,
            call_.listener,
            [&](NodeId id,
                const metadata::Broker& broker,
                const metadata::ListenerEndpoint& endpoint) {
                response_.brokers.push_back({id, endpoint.host, endpoint.port, broker.rack});
            });
    }

    Reactor& reactor_;
    const metadata::Image& image_;
    const Call<MetadataRequest>& call_;
    Reach reach_;
    MetadataResponse response_;
    std::set<std::string> names_;  // each topic is answered once
    std::set<Uuid> ids_;
    bool is_malformed_ = false;
};

constexpr std::int8_t endpoint_type_brokers = 1;

using DescribePartitions = protocol::DescribeTopicPartitionsResponse;

DescribePartitions::Partition describe_page_entry(const metadata::PartitionState& state,
                                                  PartitionIndex index,
                                                  const Reach& reach) {
    DescribePartitions::Partition out;
    const ShownLeader leader = reach.leader(state, true);
    out.error_code = leader.error;
    out.partition_index = index;
    out.leader_id = leader.id;
    out.offline_replicas = reach.offline_replicas(state);
    out.leader_epoch = state.leader_epoch;
    out.replica_nodes = state.replicas;
    out.isr_nodes = state.isr;
    out.eligible_leader_replicas = state.eligible_leader_replicas;
    out.last_known_elr = state.last_known_elr;
    return out;
}

// Names from the cursor on, in the order of names; all topics when none was asked for.
std::set<std::string> page_names(const metadata::Image& image,
                                 const protocol::DescribeTopicPartitionsRequest& request) {
    std::set<std::string> names;
    for (const auto& topic : request.topics)
        names.insert(topic.name);
    if (request.topics.empty()) {
        image.topics.for_each(
            [&](const std::string& name, const metadata::TopicPtr&) { names.insert(name); });
    }
    if (request.cursor) names.erase(names.begin(), names.lower_bound(request.cursor->topic_name));
    return names;
}

// The partitions of a topic that a page takes: at most `limit` from `first` on.
struct PageSlice {
    std::int32_t first = 0;
    std::int32_t limit = 0;
};

// Adds what fits of one topic; true when the page is full.
bool add_page_topic(const metadata::Topic& topic,
                    PageSlice slice,
                    const Reach& reach,
                    DescribePartitions& out) {
    const auto [first, limit] = slice;
    DescribePartitions::Topic described;
    described.name = topic.name;
    described.topic_id = topic.id;
    described.is_internal = metadata::is_internal_topic(topic.name);
    described.topic_authorized_operations = topic_operations;
    const auto count = static_cast<std::int32_t>(topic.partitions.size());
    const std::int32_t end = std::min(count, first > count - limit ? count : first + limit);
    for (std::int32_t i = first; i < end; ++i) {
        described.partitions.push_back(
            describe_page_entry(topic.partitions[static_cast<std::size_t>(i)],
                                PartitionIndex(i),
                                reach));
    }
    out.topics.push_back(std::move(described));
    if (end >= count) return false;
    out.next_cursor = DescribePartitions::Cursor{topic.name, PartitionIndex(end)};
    return true;
}

void add_page_error(WireError error, const std::string& name, DescribePartitions& out) {
    DescribePartitions::Topic topic;
    topic.error_code = error;
    topic.name = name;
    topic.is_internal = metadata::is_internal_topic(name);
    out.topics.push_back(std::move(topic));
}

}  // namespace

void handle_metadata(Reactor& reactor, Call<protocol::MetadataRequest> call) {
    call.answer(MetadataAnswer(reactor, call).make());
}

void handle_describe_cluster(Reactor& reactor, Call<protocol::DescribeClusterRequest> call) {
    protocol::DescribeClusterResponse response;
    response.endpoint_type = call.body.endpoint_type;
    if (call.body.endpoint_type != endpoint_type_brokers) {
        const bool is_known = call.body.endpoint_type == 2;  // controllers
        response.error_code =
            is_known ? WireError::mismatched_endpoint_type : WireError::unsupported_endpoint_type;
        response.error_message =
            fmt::format("this listener describes brokers (endpoint type 1), not type {}",
                        call.body.endpoint_type);
        return call.answer(response);
    }
    response.cluster_id = reactor.cluster_id();
    response.controller_id = reactor.config().node_id;
    if (call.body.include_cluster_authorized_operations) {
        response.cluster_authorized_operations = cluster_operations;
    }
    for_each_registered(
        reactor.image(),
        call.listener,
        [&](NodeId id, const metadata::Broker& broker, const metadata::ListenerEndpoint& endpoint) {
            if (broker.is_fenced && !call.body.include_fenced_brokers) return;
            response.brokers.push_back(
                {id, endpoint.host, endpoint.port, broker.rack, broker.is_fenced});
        });
    call.answer(response);
}

void handle_describe_topic_partitions(Reactor& reactor,
                                      Call<protocol::DescribeTopicPartitionsRequest> call) {
    const metadata::Image& image = reactor.image();
    const auto& cursor = call.body.cursor;
    DescribePartitions response;
    if (cursor && cursor->partition_index < PartitionIndex(0)) {
        for (const auto& topic : call.body.topics)
            add_page_error(WireError::invalid_request, topic.name, response);
        return call.answer(response);
    }
    const auto page_max = static_cast<std::int32_t>(reactor.config().describe_partitions_max);
    const Reach reach(image, call.listener);
    // A limit below 1 would never come to an end.
    std::int32_t left = std::clamp(call.body.response_partition_limit, 1, page_max);
    for (const std::string& name : page_names(image, call.body)) {
        const metadata::Topic* topic = image.find_topic(name);
        if (topic == nullptr) {
            const bool is_valid = !metadata::topic_name_complaint(name);
            add_page_error(is_valid ? WireError::unknown_topic_or_partition
                                    : WireError::invalid_topic_exception,
                           name,
                           response);
            continue;
        }
        if (left == 0) {
            response.next_cursor = DescribePartitions::Cursor{name, PartitionIndex(0)};
            break;
        }
        const bool is_first = cursor && cursor->topic_name == name;
        const std::int32_t first = is_first ? cursor->partition_index.value() : 0;
        if (add_page_topic(*topic, {first, left}, reach, response)) break;
        left -= static_cast<std::int32_t>(response.topics.back().partitions.size());
    }
    call.answer(response);
}

}  // namespace glasslog::broker
