#include "core/client/sender.hpp"

#include "core/base/random.hpp"
#include "core/client/partitioner.hpp"
#include "core/trace/event.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::client {
namespace {

constexpr std::size_t in_flight_of_partition_max = 5;  // the broker remembers five batches
constexpr std::size_t record_overhead_bytes = 64;      // of bookkeeping, in the buffer's count
constexpr std::size_t request_overhead_bytes = 256;

AccumulatorConfig batching_of(const ProducerConfig& config, bool is_idempotent) {
    return {.batch_bytes = config.batch_bytes,
            .linger = config.linger,
            .delivery_timeout = config.delivery_timeout,
            .compression = config.compression,
            .in_flight_count_max = is_idempotent ? in_flight_of_partition_max : 1};
}

std::size_t bytes_of(const NewRecord& record) {
    std::size_t bytes = record_overhead_bytes;
    if (record.key.has_value()) bytes += record.key->size();
    if (record.value.has_value()) bytes += record.value->size();
    for (const Header& header : record.headers)
        bytes += header.key.size() + (header.value.has_value() ? header.value->size() : 0);
    return bytes;
}

}  // namespace

Producer::Sender::Sender(const runtime::Runtime& runtime,
                         const ClusterConfig& cluster,
                         const ProducerConfig& config)
    : runtime_(runtime), config_(config), cluster_(runtime, cluster) {
    batching_ = batching_of(config, is_idempotent());
}

bool Producer::Sender::is_idempotent() const {
    return config_.idempotence == Idempotence::on && config_.acks == Acks::all;
}

Expected<void, ClientError> Producer::Sender::produce(NewRecord record,
                                                      ClientDone<RecordPlace> done) {
    const std::size_t bytes = bytes_of(record);
    if (bytes + request_overhead_bytes > config_.request_bytes_max) {
        return Unexpected{
            ClientError{.cause = Cause::too_large,
                        .detail = fmt::format("a record of {} bytes, requests have at most {}",
                                              bytes,
                                              config_.request_bytes_max)}};
    }
    if (buffered_bytes_ + bytes > config_.buffer_bytes_max) {
        return Unexpected{ClientError{.cause = Cause::full,
                                      .detail = fmt::format("{} of {} bytes wait to be sent",
                                                            buffered_bytes_,
                                                            config_.buffer_bytes_max)}};
    }
    buffered_bytes_ += bytes;
    ++counters_.record_count;
    cluster_.watch(record.topic);
    Held held;
    held.pending.done = std::move(done);
    held.pending.timestamp = record.timestamp.value_or(runtime_.clock.wall());
    held.pending.number = next_number_++;
    held.record = std::move(record);
    held.bytes = bytes;
    held.deadline = runtime_.clock.now() + config_.delivery_timeout;
    // What came before goes first, also when it only waits for metadata.
    if (!held_.empty() || !place(held)) held_.push_back(std::move(held));
    pump_soon();
    return {};
}

void Producer::Sender::pump_soon() {
    if (is_pump_posted_) return;
    is_pump_posted_ = true;
    runtime_.executor.post(gate_.wrap([this] {
        is_pump_posted_ = false;
        pump();
    }));
}

void Producer::Sender::pump() {
    expire(runtime_.clock.now());
    bump_epoch_when_quiet();
    if (needs_metadata_) want_metadata();
    place_held();
    send_ready();
    finish_flushes();
    wake_at(next_wake());
}

// --- finding the place of records ---------------------------------------------------------------

void Producer::Sender::place_held() {
    if (held_.empty()) return;
    if (is_idempotent() && !identity_.is_known()) want_identity();
    std::deque<Held> still_held;
    for (Held& held : held_) {
        if (!place(held)) still_held.push_back(std::move(held));
    }
    held_ = std::move(still_held);
}

// False while it cannot be known where the record goes.
bool Producer::Sender::place(Held& held) {
    if (is_idempotent() && !identity_.is_known()) return false;
    const TopicView* const topic = cluster_.view().find_topic(held.record.topic);
    const std::optional<PartitionIndex> wanted = held.record.partition;
    const bool is_known = topic != nullptr && !topic->partitions.empty() &&
                          (!wanted.has_value() || topic->partitions.contains(*wanted));
    if (!is_known) {
        want_metadata();
        return false;
    }
    const PartitionIndex partition = choose_partition(held, *topic);
    const TopicPartition place{held.record.topic, partition};
    const auto queue = queues_.try_emplace(place, batching_).first;
    queue->second.append(held.record,
                         std::move(held.pending),
                         held.bytes,
                         identity_,
                         runtime_.clock.now());
    return true;
}

PartitionIndex Producer::Sender::choose_partition(const Held& held, const TopicView& topic) {
    const NewRecord& record = held.record;
    if (record.partition.has_value()) return *record.partition;
    const auto count = static_cast<std::int32_t>(topic.partitions.size());
    if (record.key.has_value()) return partition_of_key(record.key->view(), count);
    Sticky& sticky = sticky_[record.topic];
    if (sticky.bytes_left < held.bytes || sticky.partition.value() >= count) {
        const std::uint64_t draw = runtime_.random.draw("sticky_partition", record.topic);
        const auto step = static_cast<std::int32_t>(
            below(draw, static_cast<std::uint64_t>(std::max(count - 1, 1))));
        const std::int32_t next = sticky.partition.value() + 1 + step;
        sticky.partition = PartitionIndex{next % count};
        sticky.bytes_left = std::max(config_.batch_bytes, held.bytes);
    }
    sticky.bytes_left -= held.bytes;
    return sticky.partition;
}

void Producer::Sender::want_metadata() {
    needs_metadata_ = true;
    if (is_metadata_asked_ || runtime_.clock.now() < metadata_not_before_) return;
    is_metadata_asked_ = true;
    needs_metadata_ = false;
    cluster_.refresh(gate_.wrap([this](const Expected<void, ClientError>& result) {
        is_metadata_asked_ = false;
        metadata_not_before_ = runtime_.clock.now() + cluster_.config().retry_backoff;
        ignore(result, "records wait until their deadline, and so is it asked again");
        pump_soon();
    }));
}

void Producer::Sender::want_identity() {
    if (is_identity_asked_) return;
    is_identity_asked_ = true;
    cluster_.send_any<protocol::InitProducerIdResponse>(
        protocol::InitProducerIdRequest{},
        rpc::SendOptions{.timeout = cluster_.config().request_timeout},
        gate_.wrap([this](const Expected<rpc::Answered<protocol::InitProducerIdResponse>,
                                         rpc::RpcError>& answer) { identified(answer); }));
}

void Producer::Sender::identified(
    const Expected<rpc::Answered<protocol::InitProducerIdResponse>, rpc::RpcError>& answer) {
    if (answer && answer->response.error_code == protocol::WireError::none) {
        is_identity_asked_ = false;
        identity_ = {answer->response.producer_id, answer->response.producer_epoch};
        return pump_soon();
    }
    // Asked again after the backoff, until the records' deadline.
    wake_at(runtime_.clock.now() + cluster_.config().retry_backoff);
    is_identity_asked_ = false;
}

// --- sending ------------------------------------------------------------------------------------

void Producer::Sender::send_ready() {
    if (needs_epoch_bump_) return;
    const Instant now = runtime_.clock.now();
    std::map<NodeId, std::vector<Queues::iterator>> ready;
    for (auto queue = queues_.begin(); queue != queues_.end(); ++queue) {
        if (queue->second.ready_at() > now) continue;
        const std::optional<NodeId> leader = cluster_.view().leader_of(queue->first);
        if (leader.has_value()) {
            ready[*leader].push_back(queue);
        } else {
            want_metadata();
        }
    }
    for (const auto& [leader, queues] : ready) {
        for (std::vector<Sent> sent = collect(queues); !sent.empty(); sent = collect(queues)) {
            send_request(leader, std::move(sent));
        }
    }
}

// The next batch of each partition, as many as one request may have.
std::vector<Producer::Sender::Sent> Producer::Sender::collect(
    const std::vector<Queues::iterator>& ready) {
    const Instant now = runtime_.clock.now();
    std::vector<Sent> sent;
    std::size_t bytes = 0;
    for (const Queues::iterator& queue : ready) {
        if (queue->second.ready_at() > now) continue;
        const std::size_t more = queue->second.first_bytes();
        if (!sent.empty() && bytes + more > config_.request_bytes_max) continue;
        const Batch& batch = queue->second.take();
        bytes += batch.bytes.size();
        sent.push_back({queue->first, &batch});
    }
    return sent;
}

void Producer::Sender::send_request(NodeId leader, std::vector<Sent> sent) {
    protocol::ProduceRequest request;
    request.acks = static_cast<std::int16_t>(config_.acks);
    request.timeout_ms =
        static_cast<std::int32_t>(cluster_.config().request_timeout.milliseconds());
    rpc::SendOptions options{.timeout = cluster_.config().request_timeout};
    for (const Sent& one : sent) {
        const TopicView* const topic = cluster_.view().find_topic(one.partition.topic);
        const Uuid id = topic == nullptr ? Uuid{} : topic->id;
        if (id.is_zero()) options.version_max = protocol::Version{12};
        if (request.topic_data.empty() || request.topic_data.back().name != one.partition.topic) {
            request.topic_data.push_back(
                {.name = one.partition.topic, .topic_id = id, .partition_data = {}});
        }
        request.topic_data.back().partition_data.push_back(
            {.index = one.partition.partition, .records = Payload(one.batch->bytes)});
        trace::emit(runtime_.trace,
                    trace::kinds::RecordProduced{
                        .topic = one.partition.topic,
                        .partition = one.partition.partition,
                        .records = static_cast<std::int32_t>(one.batch->records.size()),
                        .bytes = static_cast<std::int64_t>(one.batch->bytes.size()),
                        .sequence = one.batch->base_sequence.value()});
        const bool is_first_time = one.batch->attempt_count == 1;
        ++(is_first_time ? counters_.batch_count : counters_.retry_count);
        if (is_first_time) counters_.batch_bytes += one.batch->bytes.size();
    }
    in_flight_count_ += sent.size();
    ++counters_.request_count;
    if (config_.acks == Acks::none) options.answer = rpc::AnswerKind::none;
    cluster_.send<protocol::ProduceResponse>(
        leader,
        std::move(request),
        options,
        gate_.wrap([this, sent = std::move(sent)](const Answer& answer) mutable {
            answered(std::move(sent), answer);
        }));
}

// --- judging answers ----------------------------------------------------------------------------

void Producer::Sender::answered(std::vector<Sent> sent, const Answer& answer) {
    in_flight_count_ -= sent.size();
    for (const Sent& one : sent) {
        if (!answer) {
            const ClientError error = from_rpc(answer.error());
            is_retriable(error) ? retry(one, error) : fail(one, error);
        } else if (config_.acks == Acks::none) {
            complete(one, no_offset, -1);
        } else {
            judge(one, find_answer(answer->response, one.partition));
        }
    }
    pump_soon();
}

const Producer::Sender::PartitionAnswer* Producer::Sender::find_answer(
    const protocol::ProduceResponse& response, const TopicPartition& partition) const {
    const TopicView* const topic = cluster_.view().find_topic(partition.topic);
    for (const auto& answered_topic : response.responses) {
        const bool is_same = answered_topic.topic_id.is_zero()
                                 ? answered_topic.name == partition.topic
                                 : topic != nullptr && topic->id == answered_topic.topic_id;
        if (!is_same) continue;
        for (const PartitionAnswer& answer : answered_topic.partition_responses) {
            if (answer.index == partition.partition) return &answer;
        }
    }
    return nullptr;
}

void Producer::Sender::judge(const Sent& sent, const PartitionAnswer* answer) {
    using protocol::WireError;
    if (answer == nullptr) {
        return retry(sent, ClientError{.cause = Cause::corrupt, .detail = "no word in the answer"});
    }
    const WireError code = answer->error_code;
    if (code == WireError::none) {
        return complete(sent, answer->base_offset, answer->log_append_time_ms);
    }
    if (code == WireError::duplicate_sequence_number) return complete(sent, no_offset, -1);
    const ClientError error =
        refused(code,
                answer->error_message.has_value()
                    ? fmt::format("{}: {}", sent.partition.text(), *answer->error_message)
                    : sent.partition.text());
    const bool is_sequence_trouble = code == WireError::out_of_order_sequence_number ||
                                     code == WireError::unknown_producer_id ||
                                     code == WireError::invalid_producer_epoch;
    if (is_sequence_trouble && is_idempotent()) {
        // Behind a batch that comes again, or after one that has failed, it is only a consequence.
        const PartitionQueue& queue = queues_.at(sent.partition);
        const bool is_first = queue.oldest_number() == sent.batch->number;
        if (needs_epoch_bump_ || !is_first) return retry(sent, error);
        return fail(sent, error);
    }
    is_retriable(error) ? retry(sent, error) : fail(sent, error);
}

void Producer::Sender::retry(const Sent& sent, const ClientError& error) {
    const Instant now = runtime_.clock.now();
    if (sent.batch->deadline <= now) return fail(sent, error);
    PartitionQueue& queue = queues_.at(sent.partition);
    queue.give_back(queue.remove_in_flight(*sent.batch), now + cluster_.config().retry_backoff);
    want_metadata();
}

void Producer::Sender::complete(const Sent& sent, Offset base, std::int64_t append_time) {
    const std::unique_ptr<Batch> batch = queues_.at(sent.partition).remove_in_flight(*sent.batch);
    buffered_bytes_ -= batch->counted_bytes;
    counters_.acked_count += batch->records.size();
    trace::emit(
        runtime_.trace,
        trace::kinds::ProduceAcked{.topic = sent.partition.topic,
                                   .partition = sent.partition.partition,
                                   .base = base,
                                   .count = static_cast<std::int64_t>(batch->records.size())});
    std::int64_t delta = 0;
    for (PendingRecord& record : batch->records) {
        RecordPlace place{.partition = sent.partition, .timestamp = record.timestamp};
        if (base != no_offset) place.offset = base + delta;
        if (append_time >= 0) place.timestamp = WallTime::from_milliseconds(append_time);
        if (record.done) record.done(std::move(place));
        ++delta;
    }
}

void Producer::Sender::fail(const Sent& sent, const ClientError& error) {
    const std::unique_ptr<Batch> batch = queues_.at(sent.partition).remove_in_flight(*sent.batch);
    fail_records(sent.partition, *batch, error);
}

// The broker may or may not know the numbers of a failed batch: what follows starts a new epoch.
void Producer::Sender::fail_records(const TopicPartition& partition,
                                    Batch& batch,
                                    const ClientError& error) {
    if (is_idempotent()) needs_epoch_bump_ = true;
    buffered_bytes_ -= batch.counted_bytes;
    counters_.failed_count += batch.records.size();
    trace::emit(
        runtime_.trace,
        trace::kinds::ProduceFailed{
            .topic = partition.topic,
            .partition = partition.partition,
            .count = static_cast<std::int64_t>(batch.records.size()),
            .error = static_cast<std::int16_t>(error.cause == Cause::refused
                                                   ? error.code
                                                   : protocol::WireError::unknown_server_error)});
    for (PendingRecord& record : batch.records) {
        if (record.done) record.done(Unexpected{error});
    }
}

void Producer::Sender::expire(Instant now) {
    const ClientError error{
        .cause = Cause::timed_out,
        .detail = fmt::format("not delivered within {}", config_.delivery_timeout)};
    for (auto& [partition, queue] : queues_) {
        for (const auto& batch : queue.take_expired(now))
            fail_records(partition, *batch, error);
    }
    while (!held_.empty() && held_.front().deadline <= now) {
        Held held = std::move(held_.front());
        held_.pop_front();
        buffered_bytes_ -= held.bytes;
        ++counters_.failed_count;
        if (held.pending.done) held.pending.done(Unexpected{why_held(held)});
    }
}

ClientError Producer::Sender::why_held(const Held& held) const {
    const TopicView* const topic = cluster_.view().find_topic(held.record.topic);
    if (topic == nullptr || (is_idempotent() && !identity_.is_known())) {
        return {.cause = Cause::timed_out,
                .detail = fmt::format("not delivered within {}", config_.delivery_timeout)};
    }
    if (topic->error != protocol::WireError::none) return refused(topic->error, topic->name);
    return refused(protocol::WireError::unknown_topic_or_partition,
                   fmt::format("{} has {} partitions", topic->name, topic->partitions.size()));
}

void Producer::Sender::bump_epoch_when_quiet() {
    if (!needs_epoch_bump_ || in_flight_count_ > 0) return;
    needs_epoch_bump_ = false;
    if (identity_.epoch.value() == INT16_MAX) {
        identity_ = {};
        needs_epoch_bump_ = true;
        return want_identity();
    }
    ++identity_.epoch;
    for (auto& [partition, queue] : queues_)
        queue.restart_sequences(identity_);
}

// --- flushing and waking ------------------------------------------------------------------------

void Producer::Sender::flush(UniqueFunction<void()> done) {
    flushes_.push_back({next_number_, std::move(done)});
    pump_soon();
}

std::uint64_t Producer::Sender::oldest_unanswered() const {
    std::uint64_t oldest = next_number_;
    for (const Held& held : held_)
        oldest = std::min(oldest, held.pending.number);
    for (const auto& [partition, queue] : queues_)
        oldest = std::min(oldest, queue.oldest_number().value_or(next_number_));
    return oldest;
}

void Producer::Sender::finish_flushes() {
    if (flushes_.empty()) return;
    const std::uint64_t oldest = oldest_unanswered();
    std::vector<Flush> finished;
    std::vector<Flush> open;
    for (Flush& flush : flushes_)
        flush.upto <= oldest ? finished.push_back(std::move(flush))
                             : open.push_back(std::move(flush));
    flushes_ = std::move(open);
    if (!flushes_.empty()) {
        for (auto& [partition, queue] : queues_)
            queue.flush();
        send_ready();
    }
    for (Flush& flush : finished)
        flush.done();
}

Instant Producer::Sender::next_wake() const {
    const Instant now = runtime_.clock.now();
    Instant next = Instant::never();
    for (const auto& [partition, queue] : queues_) {
        next = std::min(next, queue.first_deadline());
        // What is ready already waits for a leader or an epoch, and both wake us.
        const Instant ready = queue.ready_at();
        if (ready > now) next = std::min(next, ready);
    }
    if (!held_.empty()) next = std::min(next, held_.front().deadline);
    if (needs_metadata_ && !is_metadata_asked_) next = std::min(next, metadata_not_before_);
    return next;
}

void Producer::Sender::wake_at(Instant when) {
    if (when == Instant::never() || when >= wake_at_) return;
    wake_at_ = when;
    wake_timer_ = runtime_.executor.at(when, gate_.wrap([this] {
        wake_at_ = Instant::never();
        pump();
    }));
}

}  // namespace glasslog::client
