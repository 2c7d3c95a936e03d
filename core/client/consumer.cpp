#include "core/client/consumer.hpp"

#include "core/client/fetcher.hpp"

#include <utility>

namespace glasslog::client {

Consumer::Consumer(const runtime::Runtime& runtime,
                   const ClusterConfig& cluster,
                   const ConsumerConfig& config)
    : fetcher_(std::make_unique<Fetcher>(runtime, cluster, config)) {}

Consumer::~Consumer() = default;

void Consumer::assign(std::vector<Assignment> assignments) {
    fetcher_->assign(std::move(assignments));
}

void Consumer::poll(std::size_t records_max,
                    Duration timeout,
                    ClientDone<std::vector<ConsumedRecord>> done) {
    fetcher_->poll(records_max, timeout, std::move(done));
}

std::optional<Offset> Consumer::position(const TopicPartition& partition) const {
    return fetcher_->position(partition);
}

std::optional<Offset> Consumer::high_watermark(const TopicPartition& partition) const {
    return fetcher_->high_watermark(partition);
}

void Consumer::seek(const TopicPartition& partition, StartAt start) {
    fetcher_->seek(partition, start);
}

const std::optional<ClientError>& Consumer::last_refusal() const {
    return fetcher_->last_refusal();
}

const ConsumerCounters& Consumer::counters() const {
    return fetcher_->counters();
}

Cluster& Consumer::cluster() {
    return fetcher_->cluster();
}

}  // namespace glasslog::client
