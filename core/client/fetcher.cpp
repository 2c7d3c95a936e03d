#include "core/client/fetcher.hpp"

#include "core/base/overloaded.hpp"
#include "core/trace/event.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::client {
namespace {

constexpr std::int64_t latest = -1;
constexpr std::int64_t earliest = -2;

// Of one partition: one being taken, one on its way.
constexpr std::size_t chunks_max = 2;

std::int64_t timestamp_of(const StartAt& start) {
    return std::visit(overloaded{[](Offset) { return latest; },
                                 [](Earliest) { return earliest; },
                                 [](Latest) { return latest; },
                                 [](WallTime time) { return time.milliseconds(); }},
                      start);
}

}  // namespace

Consumer::Fetcher::Fetcher(const runtime::Runtime& runtime,
                           const ClusterConfig& cluster,
                           const ConsumerConfig& config)
    : runtime_(runtime), config_(config), cluster_(runtime, cluster) {}

// --- positions ----------------------------------------------------------------------------------

void Consumer::Fetcher::assign(std::vector<Assignment> assignments) {
    positions_.clear();
    for (Assignment& assignment : assignments) {
        cluster_.watch(assignment.partition.topic);
        start_at(positions_[assignment.partition], assignment.start);
    }
    pump_soon();
}

void Consumer::Fetcher::seek(const TopicPartition& partition, StartAt start) {
    const auto found = positions_.find(partition);
    if (found == positions_.end()) return;
    start_at(found->second, start);
    pump_soon();
}

void Consumer::Fetcher::start_at(Position& position, const StartAt& start) {
    position = Position{};
    position.generation = ++last_generation_;
    if (const Offset* const offset = std::get_if<Offset>(&start)) {
        position.consumed = position.decoded = position.fetched = *offset;
    } else {
        position.looking_for = start;
    }
}

std::optional<Offset> Consumer::Fetcher::position(const TopicPartition& partition) const {
    const auto found = positions_.find(partition);
    if (found == positions_.end() || found->second.looking_for.has_value()) return std::nullopt;
    return found->second.consumed;
}

std::optional<Offset> Consumer::Fetcher::high_watermark(const TopicPartition& partition) const {
    const auto found = positions_.find(partition);
    return found == positions_.end() ? std::nullopt : found->second.high_watermark;
}

Consumer::Fetcher::Position* Consumer::Fetcher::find(const Asked& asked) {
    const auto found = positions_.find(asked.partition);
    if (found == positions_.end() || found->second.generation != asked.generation) return nullptr;
    return &found->second;
}

// --- asking -------------------------------------------------------------------------------------

void Consumer::Fetcher::pump_soon() {
    if (is_pump_posted_) return;
    is_pump_posted_ = true;
    runtime_.executor.post(gate_.wrap([this] {
        is_pump_posted_ = false;
        pump();
    }));
}

bool Consumer::Fetcher::may_fetch(const Position& position) const {
    return !position.is_asked && position.chunks.size() < chunks_max;
}

void Consumer::Fetcher::pump() {
    const Instant now = runtime_.clock.now();
    std::map<NodeId, std::vector<Positions::iterator>> wanted;
    for (auto entry = positions_.begin(); entry != positions_.end(); ++entry) {
        Position& position = entry->second;
        if (!may_fetch(position)) continue;
        if (position.not_before > now) {
            wake_at(position.not_before);
            continue;
        }
        const std::optional<NodeId> leader = cluster_.view().leader_of(entry->first);
        if (!leader.has_value()) {
            again_later(position);
            want_metadata();
        } else if (position.looking_for.has_value()) {
            look_up(*leader, entry->first, position);
        } else if (!fetching_.contains(*leader)) {
            wanted[*leader].push_back(entry);
        }
    }
    for (const auto& [leader, partitions] : wanted)
        fetch(leader, partitions);
    serve_poll();
}

void Consumer::Fetcher::again_later(Position& position) {
    position.not_before = runtime_.clock.now() + cluster_.config().retry_backoff;
    wake_at(position.not_before);
}

void Consumer::Fetcher::wake_at(Instant when) {
    if (when >= wake_at_) return;
    wake_at_ = when;
    wake_timer_ = runtime_.executor.at(when, gate_.wrap([this] {
        wake_at_ = Instant::never();
        pump();
    }));
}

void Consumer::Fetcher::want_metadata() {
    if (is_metadata_asked_) return;
    is_metadata_asked_ = true;
    cluster_.refresh(gate_.wrap([this](const Expected<void, ClientError>& result) {
        is_metadata_asked_ = false;
        // Without an answer the backoff of the partitions asks again.
        if (!result) return;
        for (auto& [partition, position] : positions_) {
            if (cluster_.view().leader_of(partition).has_value() && !position.is_asked)
                position.not_before = std::min(position.not_before, runtime_.clock.now());
        }
        pump_soon();
    }));
}

// --- where to begin -----------------------------------------------------------------------------

void Consumer::Fetcher::look_up(NodeId leader,
                                const TopicPartition& partition,
                                Position& position) {
    protocol::ListOffsetsRequest request;
    request.replica_id = no_node;
    request.timeout_ms =
        static_cast<std::int32_t>(cluster_.config().request_timeout.milliseconds());
    protocol::ListOffsetsRequest::Partition asked_for;
    asked_for.partition_index = partition.partition;
    asked_for.timestamp = timestamp_of(*position.looking_for);
    request.topics.push_back({.name = partition.topic, .partitions = {asked_for}});
    position.is_asked = true;
    cluster_.send<protocol::ListOffsetsResponse>(
        leader,
        std::move(request),
        rpc::SendOptions{.timeout = cluster_.config().request_timeout},
        gate_.wrap([this, asked = Asked{partition, position.generation}](
                       const OffsetsAnswer& answer) { looked_up(asked, answer); }));
}

void Consumer::Fetcher::looked_up(const Asked& asked, const OffsetsAnswer& answer) {
    Position* const position = find(asked);
    if (position == nullptr) return;
    position->is_asked = false;
    const bool is_whole = answer && answer->response.topics.size() == 1 &&
                          answer->response.topics.front().partitions.size() == 1;
    if (!is_whole || answer->response.topics.front().partitions.front().error_code !=
                         protocol::WireError::none) {
        again_later(*position);
        return want_metadata();
    }
    const Offset offset = answer->response.topics.front().partitions.front().offset;
    if (offset < Offset{0}) {  // no record is that late: begin behind the last
        position->looking_for = Latest{};
    } else {
        position->looking_for.reset();
        position->consumed = position->decoded = position->fetched = offset;
    }
    pump_soon();
}

// --- fetching -----------------------------------------------------------------------------------

void Consumer::Fetcher::fetch(NodeId leader, const std::vector<Positions::iterator>& partitions) {
    protocol::FetchRequest request;
    request.max_wait_ms = static_cast<std::int32_t>(config_.fetch_wait_max.milliseconds());
    request.min_bytes = config_.fetch_bytes_min;
    request.max_bytes = config_.fetch_bytes_max;
    rpc::SendOptions options{.timeout = cluster_.config().request_timeout + config_.fetch_wait_max};
    std::vector<Asked> asked;
    for (const Positions::iterator& entry : partitions) {
        const auto& [partition, position] = *entry;
        const TopicView* const topic = cluster_.view().find_topic(partition.topic);
        const Uuid id = topic == nullptr ? Uuid{} : topic->id;
        if (id.is_zero()) options.version_max = protocol::Version{12};
        if (request.topics.empty() || request.topics.back().topic != partition.topic) {
            request.topics.push_back({.topic = partition.topic, .topic_id = id, .partitions = {}});
        }
        protocol::FetchRequest::Partition wanted;
        wanted.partition = partition.partition;
        wanted.fetch_offset = position.fetched;
        wanted.partition_max_bytes = config_.partition_fetch_bytes_max;
        request.topics.back().partitions.push_back(wanted);
        asked.push_back({partition, position.generation});
        entry->second.is_asked = true;
    }
    fetching_.insert(leader);
    ++counters_.fetch_count;
    cluster_.send<protocol::FetchResponse>(
        leader,
        std::move(request),
        options,
        gate_.wrap([this, leader, asked = std::move(asked)](const FetchAnswer& answer) {
            fetched(leader, asked, answer);
        }));
}

void Consumer::Fetcher::fetched(NodeId leader,
                                const std::vector<Asked>& asked,
                                const FetchAnswer& answer) {
    fetching_.erase(leader);
    std::map<TopicPartition, Asked> open;
    for (const Asked& one : asked) {
        if (Position* const position = find(one)) position->is_asked = false;
        open.emplace(one.partition, one);
    }
    if (answer) {
        for (const auto& topic : answer->response.responses)
            take_topic(topic, open);
    }
    // What the answer does not mention is asked again.
    for (const auto& [partition, one] : open) {
        if (Position* const position = find(one)) again_later(*position);
    }
    if (!open.empty()) want_metadata();
    pump_soon();
}

void Consumer::Fetcher::take_topic(const protocol::FetchResponse::Topic& topic,
                                   std::map<TopicPartition, Asked>& open) {
    const TopicView* const known =
        topic.topic_id.is_zero() ? nullptr : cluster_.view().find_topic(topic.topic_id);
    const std::string& name = known == nullptr ? topic.topic : known->name;
    for (const auto& partition : topic.partitions) {
        const auto one = open.find(TopicPartition{name, partition.partition_index});
        if (one == open.end()) continue;
        take(one->second, partition);
        open.erase(one);
    }
}

void Consumer::Fetcher::take(const Asked& asked, const protocol::FetchResponse::Partition& answer) {
    using protocol::WireError;
    Position* const position = find(asked);
    if (position == nullptr) return;
    if (answer.error_code == WireError::offset_out_of_range) {
        return out_of_range(asked.partition, *position);
    }
    if (answer.error_code != WireError::none) {
        again_later(*position);
        const ClientError error = refused(answer.error_code, asked.partition.text());
        last_refusal_ = error;
        if (is_retriable(error)) return want_metadata();
        error_ = error;
        return;
    }
    position->high_watermark = answer.high_watermark;
    if (!answer.records.has_value() || answer.records->empty()) return;
    FetchedBatches chunk(answer.records->flatten());
    counters_.received_bytes += answer.records->size();
    const std::optional<Offset> next = chunk.next_offset();
    if (!next.has_value() || *next <= position->fetched) {
        // Not even one whole batch: the broker sends at least that, so something is broken.
        error_ = ClientError{.cause = Cause::corrupt,
                             .detail = fmt::format("{} at offset {}: no whole batch in {} bytes",
                                                   asked.partition.text(),
                                                   position->fetched,
                                                   answer.records->size())};
        return again_later(*position);
    }
    position->fetched = *next;
    position->chunks.push_back(std::move(chunk));
}

void Consumer::Fetcher::out_of_range(const TopicPartition& partition, Position& position) {
    // Records that are here already are given first; the fetch behind them asks again.
    if (!position.chunks.empty() || !position.records.empty()) return again_later(position);
    if (config_.out_of_range == OutOfRange::fail) {
        again_later(position);
        error_ = ClientError{
            .cause = Cause::out_of_range,
            .code = protocol::WireError::offset_out_of_range,
            .detail = fmt::format("{} at offset {}", partition.text(), position.fetched)};
        return;
    }
    ++counters_.reset_count;
    if (config_.out_of_range == OutOfRange::latest) {
        position.looking_for = Latest{};
    } else {
        position.looking_for = Earliest{};
    }
}

// --- polling ------------------------------------------------------------------------------------

void Consumer::Fetcher::poll(std::size_t records_max,
                             Duration timeout,
                             ClientDone<std::vector<ConsumedRecord>> done) {
    CHECK(!poll_.has_value());
    CHECK(records_max > 0);
    poll_.emplace(Poll{records_max, std::move(done)});
    poll_timer_ = runtime_.executor.at(runtime_.clock.now() + timeout, gate_.wrap([this] {
        serve_poll();
        if (poll_.has_value()) finish_poll(std::vector<ConsumedRecord>{});
    }));
    pump_soon();
}

void Consumer::Fetcher::serve_poll() {
    if (!poll_.has_value()) return;
    std::vector<ConsumedRecord> records;
    const bool has_records = gather(records, poll_->records_max);
    if (has_records) {
        finish_poll(std::move(records));
        return pump_soon();
    }
    if (error_.has_value()) finish_poll(Unexpected{*std::exchange(error_, std::nullopt)});
}

void Consumer::Fetcher::finish_poll(Expected<std::vector<ConsumedRecord>, ClientError> result) {
    poll_timer_.cancel();
    Poll poll = std::move(*poll_);
    poll_.reset();
    poll.done(std::move(result));
}

// Takes records partition by partition, beginning behind the one served last.
bool Consumer::Fetcher::gather(std::vector<ConsumedRecord>& records, std::size_t records_max) {
    const TopicPartition begin = last_served_;
    const auto drain_range = [&](Positions::iterator first, Positions::iterator last) {
        for (; first != last && records.size() < records_max; ++first) {
            const std::size_t before = records.size();
            drain(first->first, first->second, records, records_max);
            if (records.size() > before) last_served_ = first->first;
        }
    };
    const auto middle = positions_.upper_bound(begin);
    drain_range(middle, positions_.end());
    drain_range(positions_.begin(), middle);
    return !records.empty();
}

void Consumer::Fetcher::drain(const TopicPartition& partition,
                              Position& position,
                              std::vector<ConsumedRecord>& records,
                              std::size_t records_max) {
    const std::size_t before = records.size();
    while (records.size() < records_max) {
        if (!position.records.empty()) {
            position.consumed = position.records.front().offset + 1;
            records.push_back(std::move(position.records.front()));
            position.records.pop_front();
            continue;
        }
        position.consumed = std::max(position.consumed, position.decoded);
        if (position.chunks.empty()) break;
        const auto decoded = position.chunks.front().decode_next(partition,
                                                                 config_.batch_bytes_max,
                                                                 position.decoded,
                                                                 position.records);
        if (!decoded) {
            // What was fetched is thrown away, so that the next fetch sees whether it stays so.
            error_ = decoded.error();
            position.records.clear();
            position.chunks.clear();
            position.fetched = position.decoded = position.consumed;
            position.generation = ++last_generation_;
            position.is_asked = false;
            again_later(position);
            break;
        }
        if (!*decoded) position.chunks.pop_front();
    }
    const std::size_t taken = records.size() - before;
    if (taken == 0) return;
    counters_.record_count += taken;
    trace::emit(runtime_.trace,
                trace::kinds::RecordConsumed{.topic = partition.topic,
                                             .partition = partition.partition,
                                             .from = records[before].offset,
                                             .count = static_cast<std::int64_t>(taken),
                                             .next = position.consumed});
}

}  // namespace glasslog::client
