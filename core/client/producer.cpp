#include "core/client/producer.hpp"

#include "core/client/sender.hpp"

#include <utility>

namespace glasslog::client {

Producer::Producer(const runtime::Runtime& runtime,
                   const ClusterConfig& cluster,
                   const ProducerConfig& config)
    : sender_(std::make_unique<Sender>(runtime, cluster, config)) {}

Producer::~Producer() = default;

Expected<void, ClientError> Producer::produce(NewRecord record, ClientDone<RecordPlace> done) {
    return sender_->produce(std::move(record), std::move(done));
}

void Producer::flush(UniqueFunction<void()> done) {
    sender_->flush(std::move(done));
}

std::size_t Producer::buffered_bytes() const {
    return sender_->buffered_bytes();
}

const ProducerCounters& Producer::counters() const {
    return sender_->counters();
}

Cluster& Producer::cluster() {
    return sender_->cluster();
}

}  // namespace glasslog::client
