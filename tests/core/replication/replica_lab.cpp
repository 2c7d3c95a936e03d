#include "tests/core/replication/replica_lab.hpp"

#include "tests/core/metadata/registration.hpp"

namespace glasslog::replication::test {

Payload make_batch(const Batch& batch) {
    protocol::BatchOptions options;
    options.base_offset = Offset(0);
    if (batch.producer >= 0) {
        options.producer_id = ProducerId(batch.producer);
        options.producer_epoch = ProducerEpoch(0);
        options.base_sequence = Sequence(batch.sequence);
    }
    protocol::BatchBuilder builder(options);
    for (int i = 0; i < batch.count; ++i) {
        std::string value = "value " + std::to_string(batch.sequence + i);
        value.resize(std::max(batch.value_bytes, value.size()), '.');
        const ByteView key = as_bytes("key");
        builder.append({.timestamp = batch.time + i, .key = key, .value = as_bytes(value)});
    }
    return builder.build();
}

ReplicaLab::ReplicaLab(std::uint64_t seed, std::int32_t reactors)
    : lab_(sim::DiskLab::Options{.seed = seed, .disk = {}, .reactors = reactors}),
      reactor_count_(reactors),
      controller_({.node = NodeId(1), .cluster_id = "cluster", .file = {}}, {}) {
    decide(metadata::test::registration_of(NodeId(1), 1, {Uuid{3, 3}}));
    const BrokerEpoch epoch = controller_.state().find_broker(NodeId(1))->epoch;
    decide(metadata::test::heartbeat_of(NodeId(1), epoch, controller_.state().offset));
}

void ReplicaLab::decide(const metadata::Request& request) {
    const auto decision =
        controller_.handle(request, metadata::RequestToken(1), {Instant(), next_record_});
    if (decision.records.empty()) return;
    controller_.replay(decision.records, next_record_, LeaderEpoch(1));
    next_record_ = next_record_ + static_cast<std::int64_t>(decision.records.size());
    image_ = std::make_shared<const metadata::Image>(controller_.state());
    auto left = std::make_shared<int>(static_cast<int>(managers_.size()));
    for (std::size_t at = 0; at < managers_.size(); ++at) {
        runtimes_[at]->executor.post([this, at, left, image = image_] {
            managers_[at]->apply(image);
            --*left;
        });
    }
    if (!managers_.empty()) wait_for(left);
}

bool ReplicaLab::wait_for(std::shared_ptr<int> left) {
    lab_.run_until([&] { return *left == 0 || lab_.has_crashed(); });
    return *left == 0;
}

bool ReplicaLab::start() {
    for (std::int32_t at = 0; at < reactor_count_; ++at)
        runtimes_.push_back(std::make_unique<runtime::Runtime>(lab_.runtime(at)));
    directory_ = std::make_unique<storage::LogDirectory>(*runtimes_[0], "data");
    using Opened = Expected<storage::OpenedDirectory, IoError>;
    auto opened = await<Opened>([&](auto done) {
        directory_->open(
            {.owner = {}, .format = storage::MetaProperties{"cluster", NodeId(1), {3, 3}}},
            std::move(done));
    });
    if (!opened) return false;
    EXPECT_TRUE(opened->has_value());
    host_ = std::make_unique<DirectoryHost>(*runtimes_[0], *directory_, **opened);
    options.opened = std::make_shared<const storage::OpenedDirectory>(**opened);
    auto left = std::make_shared<int>(reactor_count_);
    for (const auto& runtime : runtimes_) {
        managers_.push_back(std::make_unique<ReplicaManager>(*runtime, *host_, options));
        runtime->executor.post([manager = managers_.back().get(), image = image_, left] {
            manager->start(image, [left] { --*left; });
        });
    }
    return wait_for(left);
}

std::optional<bool> ReplicaLab::close_logs() {
    auto left = std::make_shared<int>(reactor_count_);
    auto is_clean = std::make_shared<bool>(true);
    for (std::size_t at = 0; at < managers_.size(); ++at) {
        runtimes_[at]->executor.post([this, at, left, is_clean] {
            managers_[at]->stop([left, is_clean](bool is_clean_here) {
                *is_clean = *is_clean && is_clean_here;
                --*left;
            });
        });
    }
    if (!wait_for(left)) return std::nullopt;
    managers_.clear();
    return *is_clean;
}

bool ReplicaLab::stop() {
    if (close_logs() != true) return false;
    const auto closed = await<Expected<void, IoError>>(
        [&](auto done) { directory_->close_clean(BrokerEpoch(7), std::move(done)); });
    if (!closed || !*closed) return false;
    crash(std::nullopt);
    return true;
}

void ReplicaLab::crash(std::optional<sim::CrashModel> model) {
    if (!lab_.has_crashed()) lab_.crash(model);
    managers_.clear();
    host_.reset();
    directory_.reset();
    runtimes_.clear();
    lab_.reopen();
}

void ReplicaLab::create(const std::string& topic, std::int32_t partitions, Configs configs) {
    protocol::CreateTopicsRequest body;
    body.topics.emplace_back();
    body.topics[0].name = topic;
    body.topics[0].num_partitions = partitions;
    body.topics[0].replication_factor = 1;
    for (auto& [key, value] : configs)
        body.topics[0].configs.push_back({key, value});
    decide(metadata::CreateTopics{std::move(body), {Uuid{1, ++topic_ids_}}, 1});
    ASSERT_NE(image_->find_topic(topic), nullptr);
}

void ReplicaLab::remove(const std::string& topic) {
    protocol::DeleteTopicsRequest body{.topic_names = {topic}, .timeout_ms = 1000};
    decide(metadata::DeleteTopics{std::move(body), protocol::Version(5)});
}

void ReplicaLab::configure(const std::string& topic, Configs configs) {
    protocol::IncrementalAlterConfigsRequest body;
    body.resources.push_back({metadata::ConfigResourceType::topic, topic, {}});
    for (auto& [key, value] : configs)
        body.resources[0].configs.push_back({key, protocol::ConfigOperation::set, value});
    decide(metadata::AlterConfigs{std::move(body)});
}

PartitionId ReplicaLab::id(const std::string& topic, std::int32_t index) const {
    return {image_->find_topic(topic)->id, PartitionIndex(index)};
}

std::optional<AppendResult> ReplicaLab::append_bytes(const PartitionId& partition,
                                                     Payload records) {
    AppendRequest request{.partition = partition,
                          .records = std::move(records),
                          .acks = -1,
                          .timeout = Duration::seconds(1),
                          .version = protocol::Version(12)};
    return await<AppendResult>(
        [&](auto done) { manager(partition).append(std::move(request), std::move(done)); });
}

std::optional<AppendResult> ReplicaLab::append(const PartitionId& partition,
                                               const Batch& batch,
                                               std::int16_t acks) {
    AppendRequest request{.partition = partition,
                          .records = make_batch(batch),
                          .acks = acks,
                          .timeout = Duration::seconds(1),
                          .version = protocol::Version(12)};
    return await<AppendResult>(
        [&](auto done) { manager(partition).append(std::move(request), std::move(done)); });
}

std::optional<std::vector<ReadResult>> ReplicaLab::fetch(FetchRequest request) {
    ReplicaManager& where = manager(request.partitions.at(0).partition);
    return await<std::vector<ReadResult>>(
        [&](auto done) { where.fetch(std::move(request), std::move(done)); });
}

ReadResult ReplicaLab::read(const PartitionId& partition, std::int64_t from, std::int32_t max) {
    FetchRequest request;
    request.partitions.push_back(
        {.partition = partition, .offset = Offset(from), .max_bytes = max});
    const auto results = fetch(std::move(request));
    return results ? results->at(0) : ReadResult{};
}

std::optional<ListOffsetReply> ReplicaLab::list_offset(const PartitionId& partition,
                                                       std::int64_t time) {
    return await<ListOffsetReply>([&](auto done) {
        manager(partition).list_offset({.partition = partition, .timestamp = time},
                                       std::move(done));
    });
}

std::optional<DeleteRecordsReply> ReplicaLab::delete_records(const PartitionId& partition,
                                                             std::int64_t offset) {
    return await<DeleteRecordsReply>([&](auto done) {
        manager(partition).delete_records(partition, Offset(offset), std::move(done));
    });
}

}  // namespace glasslog::replication::test
