#include "tests/core/broker/broker_lab.hpp"

#include "core/protocol/batch_builder.hpp"

namespace glasslog::broker::test {
namespace {

// A node that does nothing but lend its runtimes.
class Host final : public sim::Program {
public:
    void start() override {}
};

}  // namespace

BrokerLab::BrokerLab(std::int32_t reactors, Properties properties)
    : world_({.seed = 7}), reactor_count_(static_cast<std::size_t>(reactors)) {
    const NodeId node = add_node("broker", reactors, brokers_);
    const NodeId client = add_node("client", 1, clients_);
    properties["listeners"] = "PLAINTEXT://broker:9092";
    properties["log.dirs"] = "data";
    properties["glasslog.reactors"] = std::to_string(reactors);
    auto config = config_from(std::move(properties), "lab");
    CHECK(config.has_value());
    world_.start(node);
    world_.start(client);
    world_.run_for(Duration::milliseconds(1));
    broker_ = std::make_unique<Broker>(brokers_, std::move(*config));
    bool is_started = false;
    broker_->start([&](const auto& started) { is_started = started.has_value(); });
    EXPECT_TRUE(run_until([&] { return is_started; }));
}

BrokerLab::~BrokerLab() {
    connections_.clear();
    broker_.reset();
}

NodeId BrokerLab::add_node(const std::string& name,
                           std::int32_t reactors,
                           std::vector<runtime::Runtime>& into) {
    sim::NodeConfig config;
    config.name = name;
    config.reactors = reactors;
    return world_.add_node(config, [&into](std::vector<runtime::Runtime> given) {
        for (const runtime::Runtime& one : given)
            into.push_back(one);
        return std::make_unique<Host>();
    });
}

rpc::Client& BrokerLab::connect() {
    const runtime::Endpoint peer{.host = "broker", .port = 9092};
    connections_.push_back(
        std::make_unique<rpc::Client>(clients_.front(), peer, rpc::ClientConfig{}));
    return *connections_.back();
}

bool BrokerLab::closes_after(Payload frame) {
    std::unique_ptr<runtime::Connection> connection;
    const runtime::Endpoint peer{.host = "broker", .port = 9092};
    clients_.front().transport.connect(peer, [&](auto connected) {
        if (connected) connection = std::move(*connected);
    });
    if (!run_until([&] { return connection != nullptr; })) return false;
    bool is_over = false;
    bool is_closed = false;
    connection->write(std::move(frame), {}, [](const auto&) {});
    connection->read(1, [&](const auto& read) {
        is_over = true;
        is_closed = !read || read->empty();
    });
    run_until([&] { return is_over; });
    return is_closed;
}

void BrokerLab::create(rpc::Client& client, const std::string& topic, std::int32_t partitions) {
    protocol::CreateTopicsRequest request;
    request.timeout_ms = 1000;
    request.topics.push_back(
        {.name = topic, .num_partitions = partitions, .replication_factor = 1});
    const auto answer = ask<protocol::CreateTopicsResponse>(client, std::move(request));
    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer->topics.at(0).error_code, protocol::WireError::none);
    run_for(Duration::seconds(1));
}

protocol::WireError BrokerLab::produce(rpc::Client& client,
                                       const std::string& topic,
                                       std::int32_t partition,
                                       std::size_t value_bytes) {
    protocol::BatchBuilder builder({.base_offset = Offset(0)});
    const std::string value(value_bytes, '.');
    builder.append({.timestamp = 1000, .value = as_bytes(value)});
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 1000;
    request.topic_data.push_back({.name = topic});
    request.topic_data.back().partition_data.push_back(
        {.index = PartitionIndex(partition), .records = builder.build()});
    const auto answer = ask<protocol::ProduceResponse>(client, std::move(request));
    if (!answer) return protocol::WireError::network_exception;
    return answer->responses.at(0).partition_responses.at(0).error_code;
}

std::int32_t BrokerLab::partition_on(const std::string& topic, std::size_t reactor) {
    const Uuid id = broker_->reactor(0).image().find_topic(topic)->id;
    const ReactorId wanted(static_cast<std::int32_t>(reactor));
    for (std::int32_t index = 0;; ++index) {
        const replication::PartitionId partition{id, PartitionIndex(index)};
        const auto count = static_cast<std::int32_t>(reactor_count_);
        if (replication::reactor_of(partition, count) == wanted) return index;
    }
}

std::size_t BrokerLab::waiting_fetches() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < reactor_count_; ++i)
        count += reactor(i).replicas().parked_fetch_count();
    return count;
}

std::size_t BrokerLab::connections() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < reactor_count_; ++i)
        count += reactor(i).server().connection_count();
    return count;
}

std::size_t BrokerLab::fetch_bytes_reserved() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < reactor_count_; ++i)
        count += reactor(i).fetch_bytes_reserved();
    return count;
}

bool BrokerLab::stop(Duration limit) {
    bool is_stopped = false;
    broker_->stop([&] { is_stopped = true; });
    return run_until([&] { return is_stopped; }, limit);
}

protocol::FetchRequest fetch_request(const FetchSpec& spec) {
    protocol::FetchRequest request;
    request.session_epoch = -1;
    request.max_wait_ms = spec.max_wait_ms;
    request.min_bytes = spec.min_bytes;
    request.max_bytes = spec.max_bytes;
    request.topics.push_back({.topic = spec.topic});
    for (const std::int32_t partition : spec.partitions) {
        request.topics.back().partitions.push_back({.partition = PartitionIndex(partition),
                                                    .fetch_offset = Offset(spec.offset),
                                                    .partition_max_bytes = spec.partition_bytes});
    }
    return request;
}

std::size_t record_bytes(const protocol::FetchResponse& response) {
    std::size_t bytes = 0;
    for (const auto& topic : response.responses) {
        for (const auto& partition : topic.partitions) {
            if (partition.records) bytes += partition.records->size();
        }
    }
    return bytes;
}

}  // namespace glasslog::broker::test
