#include "core/client/accumulator.hpp"

#include "core/base/crc32c.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::client {
namespace {

// 0 follows INT32_MAX.
Sequence sequence_after(Sequence first, std::size_t count) {
    const std::int64_t next = first.value() + static_cast<std::int64_t>(count);
    return Sequence{static_cast<std::int32_t>(next & INT32_MAX)};
}

// Where the producer's numbers stand in a batch; see protocol/record_batch.hpp.
constexpr std::size_t crc_at = 17;
constexpr std::size_t producer_id_at = 43;
constexpr std::size_t producer_epoch_at = 51;
constexpr std::size_t base_sequence_at = 53;

}  // namespace

void Batch::close() {
    if (!is_closed()) bytes = builder.build();
}

void Batch::stamp(const ProducerIdentity& identity, Sequence sequence) {
    CHECK(is_closed());
    std::vector<std::uint8_t> copy(bytes.view().begin(), bytes.view().end());
    store_be(copy.data() + producer_id_at, identity.id.value());
    store_be(copy.data() + producer_epoch_at, identity.epoch.value());
    store_be(copy.data() + base_sequence_at, sequence.value());
    store_be(copy.data() + crc_at, crc32c(ByteView(copy).subspan(protocol::batch_crc_begin)));
    bytes = Bytes::from(std::move(copy));
    base_sequence = sequence;
}

Batch& PartitionQueue::open_batch(const ProducerIdentity& identity, Instant now) {
    protocol::BatchOptions options;
    options.compression = config_->compression;
    options.producer_id = identity.id;
    options.producer_epoch = identity.epoch;
    if (identity.is_known()) options.base_sequence = next_sequence_;
    waiting_.push_back(std::make_unique<Batch>(options));
    waiting_.back()->opened_at = now;
    waiting_.back()->deadline = now + config_->delivery_timeout;
    return *waiting_.back();
}

void PartitionQueue::append(const NewRecord& record,
                            PendingRecord pending,
                            std::size_t counted_bytes,
                            const ProducerIdentity& identity,
                            Instant now) {
    std::vector<protocol::HeaderView> headers;
    headers.reserve(record.headers.size());
    for (const Header& header : record.headers) {
        headers.push_back({.key = header.key});
        if (header.value.has_value()) headers.back().value = header.value->view();
    }
    protocol::NewRecord added;
    added.timestamp = pending.timestamp.milliseconds();
    if (record.key.has_value()) added.key = record.key->view();
    if (record.value.has_value()) added.value = record.value->view();
    added.headers = headers;

    const std::size_t size = protocol::BatchBuilder::size_bound(added);
    if (!waiting_.empty() && !waiting_.back()->is_closed() &&
        waiting_.back()->builder.size() + size > config_->batch_bytes) {
        waiting_.back()->close();
    }
    const bool is_open = !waiting_.empty() && !waiting_.back()->is_closed();
    Batch& batch = is_open ? *waiting_.back() : open_batch(identity, now);
    if (batch.records.empty()) batch.number = pending.number;
    batch.builder.append(added);
    batch.records.push_back(std::move(pending));
    batch.counted_bytes += counted_bytes;
    next_sequence_ = sequence_after(next_sequence_, 1);
}

Instant PartitionQueue::ready_at() const {
    if (waiting_.empty() || in_flight_.size() >= config_->in_flight_count_max) {
        return Instant::never();
    }
    if (is_recovering_) return Instant::never();
    const Batch& first = *waiting_.front();
    const bool is_due = first.is_closed() || waiting_.size() > 1 || is_flushing_;
    return is_due ? not_before_ : std::max(not_before_, first.opened_at + config_->linger);
}

Batch& PartitionQueue::take() {
    CHECK(!waiting_.empty());
    std::unique_ptr<Batch> batch = std::move(waiting_.front());
    waiting_.pop_front();
    batch->close();
    ++batch->attempt_count;
    in_flight_.push_back(std::move(batch));
    if (waiting_.empty()) is_flushing_ = false;
    return *in_flight_.back();
}

std::unique_ptr<Batch> PartitionQueue::remove_in_flight(const Batch& batch) {
    const auto found = std::ranges::find_if(in_flight_, [&batch](const auto& candidate) {
        return candidate.get() == &batch;
    });
    CHECK(found != in_flight_.end());
    std::unique_ptr<Batch> removed = std::move(*found);
    in_flight_.erase(found);
    settle();
    return removed;
}

// Once everything is back, sending begins again from the front.
void PartitionQueue::settle() {
    if (in_flight_.empty()) is_recovering_ = false;
}

void PartitionQueue::give_back(std::unique_ptr<Batch> batch, Instant not_before) {
    const auto place = std::ranges::find_if(waiting_, [&batch](const auto& waiting) {
        return waiting->number > batch->number;
    });
    waiting_.insert(place, std::move(batch));
    not_before_ = std::max(not_before_, not_before);
    is_recovering_ = true;
    settle();
}

std::vector<std::unique_ptr<Batch>> PartitionQueue::take_expired(Instant now) {
    std::vector<std::unique_ptr<Batch>> expired;
    while (!waiting_.empty() && waiting_.front()->deadline <= now) {
        expired.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return expired;
}

void PartitionQueue::restart_sequences(const ProducerIdentity& identity) {
    CHECK(in_flight_.empty());
    next_sequence_ = Sequence{0};
    for (const auto& batch : waiting_) {
        batch->close();
        batch->stamp(identity, next_sequence_);
        next_sequence_ = sequence_after(next_sequence_, batch->records.size());
    }
}

std::optional<std::uint64_t> PartitionQueue::oldest_number() const {
    std::optional<std::uint64_t> oldest;
    if (!waiting_.empty()) oldest = waiting_.front()->number;
    for (const auto& batch : in_flight_)
        oldest = std::min(oldest.value_or(batch->number), batch->number);
    return oldest;
}

Instant PartitionQueue::first_deadline() const {
    return waiting_.empty() ? Instant::never() : waiting_.front()->deadline;
}

std::size_t PartitionQueue::first_bytes() const {
    if (waiting_.empty()) return 0;
    const Batch& first = *waiting_.front();
    return first.is_closed() ? first.bytes.size() : first.builder.size();
}

}  // namespace glasslog::client
