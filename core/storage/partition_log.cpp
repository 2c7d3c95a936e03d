#include "core/storage/partition_log.hpp"

#include "core/base/check.hpp"
#include "core/log/elapsed.hpp"
#include "core/storage/partition_log_state.hpp"
#include "core/trace/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::storage {

namespace kinds = trace::kinds;

namespace {

// "data/orders-0" is of orders-0; what has another name is traced by that name.
PartitionName name_of(const std::string& directory) {
    const std::string last = directory.substr(directory.rfind('/') + 1);
    auto parsed = parse_partition_directory_name(last);
    return parsed ? std::move(parsed->name) : PartitionName{last, PartitionIndex(0)};
}

}  // namespace

PartitionLog::State::State(const runtime::Runtime& runtime,
                           std::string directory,
                           LogConfig config,
                           StorageRules rules)
    : runtime_(runtime),
      directory_(std::move(directory)),
      config_(std::move(config)),
      rules_(rules),
      name_(name_of(directory_)),
      runner_(runtime.executor, runtime.disk),
      flusher_(runtime.executor, runtime.disk),
      epoch_file_(runtime.executor, runtime.disk, directory_ + "/leader-epoch-checkpoint"),
      remover_(runtime.executor, runtime.disk) {}

std::string PartitionLog::State::path_of(Offset base, SegmentFile kind) const {
    return directory_ + "/" + segment_file_name(base, kind);
}

void PartitionLog::State::open(OpenLog how, runtime::IoDone<Loaded> done) {
    CHECK(!is_open_);
    is_open_ = true;
    how.producer_count_max = config_.producer_count_max;
    saved_recovery_point_ = how.recovery_point;
    if (how.shutdown == Shutdown::unclean) {
        trace::emit(runtime_.trace,
                    kinds::RecoveryStarted{.topic = name_.topic,
                                           .partition = name_.index,
                                           .from = how.recovery_point});
    }
    const auto recovered = std::make_shared<RecoveredLog>();
    RecoveryPlan plan{.directory = directory_,
                      .open = how,
                      .limits = config_.indexes,
                      .rule = rules_.recovery,
                      .cut_at = std::nullopt,
                      .restart_at = std::nullopt};
    run_exclusive(
        recover_log(std::move(plan), recovered),
        [this, how, recovered, done = std::move(done)](Expected<void, IoError> outcome) mutable {
            if (!outcome) return answer<Loaded>(std::move(done), Unexpected{outcome.error()});
            adopt(*recovered);
            trace_recovery(how, recovered->report);
            answer<Loaded>(std::move(done),
                           Loaded{.log_start = log_start_,
                                  .log_end = log_end_,
                                  .recovery = recovered->report});
        });
}

// The log is what the job found, and all of it is durable.
void PartitionLog::State::adopt(RecoveredLog& recovered) {
    segments_.assign(std::make_move_iterator(recovered.segments.begin()),
                     std::make_move_iterator(recovered.segments.end()));
    active_ = std::move(recovered.active);
    active_file_ = runner_.keep(active_slot);
    CHECK(active_file_ != nullptr);
    active().file = active_file_;
    if (active().size_bytes == 0) active().modified_at = runtime_.clock.wall();
    stored_epochs_ = std::move(recovered.epochs);
    epochs_ = stored_epochs_;
    epochs_.truncate_from_start(recovered.log_start);
    producers_ = log::ProducerState(config_.producer_count_max, rules_.duplicates);
    for (const auto& [id, producer] : recovered.producers.producers())
        producers_.insert(id, producer);
    log_start_ = recovered.log_start;
    log_end_ = recovered.log_end;
    synced_end_ = log_end_;
    recovery_point_ = log_end_;
    snapshot_end_ = recovered.snapshot_end;
    jitter_ = draw_jitter();
}

void PartitionLog::State::trace_recovery(const OpenLog& how, const RecoveryReport& report) {
    runtime::Trace& trace = runtime_.trace;
    const bool was_cut = report.cut_bytes > 0 || report.dropped_segment_count > 0;
    if (was_cut) {
        trace::emit(trace,
                    kinds::RecoveryCut{.topic = name_.topic,
                                       .partition = name_.index,
                                       .offset = log_end_,
                                       .bytes = static_cast<std::int64_t>(report.cut_bytes)});
        trace::log(trace,
                   trace::LogLevel::warning,
                   "storage",
                   fmt::format("{}: cut at offset {}, {} bytes and {} later segments dropped: {}",
                               directory_,
                               log_end_,
                               report.cut_bytes,
                               report.dropped_segment_count,
                               report.reason));
    }
    if (how.shutdown == Shutdown::unclean) {
        trace::emit(trace,
                    kinds::RecoveryFinished{.topic = name_.topic,
                                            .partition = name_.index,
                                            .log_end = log_end_});
    }
    trace::emit(trace,
                kinds::LogOpened{.topic = name_.topic,
                                 .partition = name_.index,
                                 .log_start = log_start_,
                                 .log_end = log_end_});
}

void PartitionLog::State::append(const AppendRequest& request, runtime::IoDone<void> done) {
    CHECK(is_open_ && !is_closed_);
    CHECK(!request.facts.empty());
    const Offset first = request.facts.front().base_offset;
    CHECK(first >= log_end_, "append at {}, log end {}", first, log_end_);
    if (refuse_failed(done)) return;
    const bool must_wait = is_exclusive_ || is_rebuilding_ || !pipeline_.empty();
    const std::size_t size = request.batches.size();
    if (must_wait && waiting_bytes_ + size > config_.waiting_bytes_max) {
        return answer<void>(std::move(done),
                            Unexpected{IoError{.code = IoCode::full,
                                               .subject = directory_,
                                               .errno_value = 0,
                                               .detail = "too many appends wait for the disk"}});
    }
    if (is_rebuilding_) {
        waiting_bytes_ += size;
        log_end_ = request.facts.back().last_offset + 1;
        deferred_.emplace_back([this,
                                batches = request.batches,
                                facts = std::vector(request.facts.begin(), request.facts.end()),
                                kept_bytes = request.kept_bytes,
                                done = std::move(done)]() mutable {
            waiting_bytes_ -= batches.size();
            append({batches, facts, kept_bytes}, std::move(done));
        });
        return;
    }
    if (must_roll(request)) {
        const bool is_far = request.facts.back().last_offset - log_end_ > INT32_MAX;
        begin_segment(is_far ? first : log_end_);
    }
    record(request);
    const log::BatchFacts& last = request.facts.back();
    write(request.batches,
          {.base = first,
           .last = last.last_offset,
           .leader_epoch = last.leader_epoch,
           .is_control = last.is_control},
          std::move(done));
}

bool PartitionLog::State::must_roll(const AppendRequest& request) const {
    const Segment& segment = segments_.back();
    if (request.facts.back().last_offset - segment.base > INT32_MAX) return true;
    if (segment.size_bytes == 0) return false;
    if (segment.size_bytes + request.batches.size() > config_.segment_bytes) return true;
    if (active_->is_full()) return true;

    WallTime newest;
    for (const log::BatchFacts& facts : request.facts)
        newest = std::max(newest, facts.max_timestamp);
    const auto zero = WallTime::from_milliseconds(0);
    const bool has_times = segment.first_timestamp.value_or(WallTime()) >= zero;
    const std::int64_t waited = has_times
                                    ? log::elapsed_ms(*segment.first_timestamp, newest)
                                    : log::elapsed_ms(segment.modified_at, runtime_.clock.wall());
    return waited > (config_.segment_time - jitter_).milliseconds();
}

// What the batches change in memory.
void PartitionLog::State::record(const AppendRequest& request) {
    Segment& segment = active();
    std::size_t total = 0;
    for (const log::BatchFacts& facts : request.facts) {
        CHECK(facts.base_offset >= log_end_);
        active_->add(facts, segment.size_bytes);
        if (!segment.first_timestamp) segment.first_timestamp = facts.max_timestamp;
        segment.size_bytes += facts.size_bytes;
        segment.end = facts.last_offset + 1;
        log_end_ = segment.end;
        total += facts.size_bytes;
        producers_.apply(facts);
        const LeaderEpoch latest = epochs_.latest().value_or(no_leader_epoch);
        if (facts.leader_epoch > latest) begin_epoch(facts.leader_epoch, facts.base_offset);
    }
    CHECK(total == request.batches.size(),
          "facts of {} bytes, batches of {}",
          total,
          request.batches.size());
    segment.largest = active_->largest();
    keep_tail(request);
}

void PartitionLog::State::keep_tail(const AppendRequest& request) {
    std::size_t at = 0;
    for (const log::BatchFacts& facts : request.facts) {
        const std::size_t kept =
            std::max<std::size_t>(facts.size_bytes, request.kept_bytes / request.facts.size());
        tail_.push_back({.base = facts.base_offset,
                         .last = facts.last_offset,
                         .bytes = request.batches.slice(at, facts.size_bytes),
                         .kept_bytes = kept});
        tail_bytes_ += kept;
        at += facts.size_bytes;
    }
    while (tail_.size() > config_.tail_batch_count_max ||
           (!tail_.empty() && tail_bytes_ > config_.tail_bytes_max)) {
        tail_bytes_ -= tail_.front().kept_bytes;
        tail_.pop_front();
    }
}

void PartitionLog::State::drop_tail_from(Offset end) {
    while (!tail_.empty() && tail_.back().last >= end) {
        tail_bytes_ -= tail_.back().kept_bytes;
        tail_.pop_back();
    }
}

void PartitionLog::State::write(Bytes batches, Written what, runtime::IoDone<void> done) {
    if (is_exclusive_ || !pipeline_.empty()) {
        waiting_bytes_ += batches.size();
        pipeline_.emplace_back([this, batches, what, done = std::move(done)]() mutable {
            waiting_bytes_ -= batches.size();
            if (refuse_failed(done)) return;
            write(std::move(batches), what, std::move(done));
        });
        return;
    }
    what.bytes = batches.size();
    active_file_->append(
        Payload(std::move(batches)),
        gate_.wrap([this, what, done = std::move(done)](Expected<void, IoError> outcome) mutable {
            if (!outcome) fail(outcome.error());
            if (outcome) trace_written(what);
            done(std::move(outcome));
        }));
}

void PartitionLog::State::trace_written(const Written& what) {
    if (!runtime_.trace.wants(runtime::TraceLevel::state)) return;
    trace::emit(
        runtime_.trace,
        kinds::BatchAppended{.topic = name_.topic,
                             .partition = name_.index,
                             .base = what.base,
                             .last = what.last,
                             .leader_epoch = what.leader_epoch,
                             .bytes = static_cast<std::int64_t>(what.bytes),
                             .records = static_cast<std::int32_t>(what.last - what.base) + 1,
                             .is_control = what.is_control});
}

void PartitionLog::State::in_order(Action action) {
    if (is_exclusive_ || !pipeline_.empty()) {
        pipeline_.push_back(std::move(action));
    } else {
        action();
    }
}

// `then` answers users by answer() only: they may destroy the log.
void PartitionLog::State::run_exclusive(Job job,
                                        UniqueFunction<void(Expected<void, IoError>)> then) {
    is_exclusive_ = true;
    runner_.run(std::move(job),
                [this, then = std::move(then)](Expected<void, IoError> outcome) mutable {
                    if (!outcome) fail(outcome.error());
                    then(std::move(outcome));
                    exclusive_over();
                });
}

void PartitionLog::State::exclusive_over() {
    is_exclusive_ = false;
    std::deque<Action> actions = std::exchange(pipeline_, {});
    while (!actions.empty() && !is_exclusive_) {
        Action next = std::move(actions.front());
        actions.pop_front();
        next();
        // What it could not do at once comes before what was asked for later.
        while (!pipeline_.empty()) {
            actions.push_front(std::move(pipeline_.back()));
            pipeline_.pop_back();
        }
    }
    pipeline_ = std::move(actions);
}

void PartitionLog::State::sync(runtime::IoDone<Offset> done) {
    CHECK(is_open_ && !is_closed_);
    if (refuse_failed(done)) return;
    if (is_rebuilding_) {
        deferred_.emplace_back([this, done = std::move(done)]() mutable { sync(std::move(done)); });
        return;
    }
    const Offset upto = log_end_;
    if (rules_.sync == StorageRules::Sync::answer_unwritten)
        return answer<Offset>(std::move(done), upto);
    in_order([this, upto, done = std::move(done)]() mutable { begin_sync(upto, std::move(done)); });
}

// One sync is on its way; those asked for meanwhile share the next one.
void PartitionLog::State::begin_sync(Offset upto, runtime::IoDone<Offset> done) {
    if (refuse_failed(done)) return;
    if (!next_sync_) next_sync_ = SyncRequest{};
    next_sync_->upto = upto;
    next_sync_->done.push_back(std::move(done));
    if (!syncing_) start_sync();
}

void PartitionLog::State::start_sync() {
    syncing_ = std::exchange(next_sync_, std::nullopt);
    syncing_->flush_number = flushes_issued_;
    active_file_->sync(gate_.wrap([this](Expected<void, IoError> outcome) {
        if (!outcome) return fail(outcome.error());
        if (!syncing_) return;
        syncing_->is_file_synced = true;
        sync_step();
    }));
}

void PartitionLog::State::sync_step() {
    if (!syncing_ || !syncing_->is_file_synced) return;
    if (flushes_done_ < syncing_->flush_number) return;
    SyncRequest finished = *std::exchange(syncing_, std::nullopt);
    durable_to(finished.upto);
    // Also while a roll runs: what was asked for then lies in the file that still is the active
    // one, or in one whose flush is counted.
    if (next_sync_) start_sync();
    check_settled();
    for (runtime::IoDone<Offset>& done : finished.done)
        answer<Offset>(std::move(done), finished.upto);
}

void PartitionLog::State::durable_to(Offset end) {
    if (end <= synced_end_) return;
    synced_end_ = end;
    trace::emit(runtime_.trace,
                kinds::LogSynced{.topic = name_.topic, .partition = name_.index, .upto = end});
}

void PartitionLog::State::assign_epoch(LeaderEpoch epoch, Offset start) {
    if (is_rebuilding_) {
        deferred_.emplace_back([this, epoch, start] { assign_epoch(epoch, start); });
        return;
    }
    begin_epoch(epoch, start);
}

void PartitionLog::State::begin_epoch(LeaderEpoch epoch, Offset start) {
    const bool is_new = epochs_.assign(epoch, start);
    if (stored_epochs_.assign(epoch, start) || is_new) write_epochs();
}

void PartitionLog::State::advance_log_start(Offset start) {
    CHECK(start <= log_end_, "log start {} log end {}", start, log_end_);
    if (start <= log_start_) return;
    log_start_ = start;
    epochs_.truncate_from_start(start);
    trace::emit(runtime_.trace,
                kinds::LogStartMoved{.topic = name_.topic, .partition = name_.index, .to = start});
}

void PartitionLog::State::write_epochs() {
    if (failure_) return;
    const std::string text = log::encode_epoch_checkpoint(stored_epochs_);
    ++epoch_writes_;
    epoch_file_.write(Bytes::copy_of(as_bytes(text)),
                      gate_.wrap([this](Expected<void, IoError> outcome) {
                          --epoch_writes_;
                          if (!outcome) fail(outcome.error());
                          check_settled();
                      }));
}

// From here on every call answers `error`; what waits is answered with it now.
void PartitionLog::State::fail(const IoError& error) {
    if (failure_) return;
    failure_ = error;
    trace::log(runtime_.trace,
               trace::LogLevel::error,
               "storage",
               fmt::format("{} failed and takes no more: {}", directory_, error.text()));
    for (auto* request : {&syncing_, &next_sync_}) {
        if (!*request) continue;
        for (runtime::IoDone<Offset>& done : (*request)->done)
            answer<Offset>(std::move(done), Unexpected{error});
        request->reset();
    }
    check_settled();
}

std::vector<SegmentSummary> PartitionLog::State::summaries() const {
    std::vector<SegmentSummary> all;
    all.reserve(segments_.size());
    for (const Segment& segment : segments_)
        all.push_back(segment.summary());
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        all[i].end = all[i + 1].base;
    return all;
}

PartitionLog::PartitionLog(const runtime::Runtime& runtime,
                           std::string directory,
                           LogConfig config,
                           StorageRules rules)
    : state_(std::make_unique<State>(runtime, std::move(directory), std::move(config), rules)) {}

PartitionLog::~PartitionLog() = default;

void PartitionLog::open(OpenLog how, runtime::IoDone<Loaded> done) {
    state_->open(how, std::move(done));
}

void PartitionLog::append(const AppendRequest& request, runtime::IoDone<void> done) {
    state_->append(request, std::move(done));
}

std::optional<ReadResult> PartitionLog::read_cached(const ReadRequest& request) const {
    return state_->read_cached(request);
}

void PartitionLog::read(const ReadRequest& request, runtime::IoDone<ReadResult> done) {
    state_->read(request, std::move(done));
}

void PartitionLog::sync(runtime::IoDone<Offset> done) {
    state_->sync(std::move(done));
}

void PartitionLog::offset_for_timestamp(WallTime timestamp,
                                        runtime::IoDone<std::optional<RecordPosition>> done) {
    state_->offset_for_timestamp(timestamp, std::move(done));
}

void PartitionLog::offset_of_max_timestamp(runtime::IoDone<std::optional<RecordPosition>> done) {
    state_->offset_of_max_timestamp(std::move(done));
}

void PartitionLog::truncate_to(Offset end, runtime::IoDone<void> done) {
    state_->truncate_to(end, std::move(done));
}

void PartitionLog::restart_at(Offset start, runtime::IoDone<void> done) {
    state_->restart_at(start, std::move(done));
}

void PartitionLog::advance_log_start(Offset start) {
    state_->advance_log_start(start);
}

void PartitionLog::assign_epoch(LeaderEpoch epoch, Offset start) {
    state_->assign_epoch(epoch, start);
}

void PartitionLog::roll(runtime::IoDone<void> done) {
    state_->roll(std::move(done));
}

void PartitionLog::apply_retention(WallTime now,
                                   Offset high_watermark,
                                   runtime::IoDone<RetentionResult> done) {
    state_->apply_retention(now, high_watermark, std::move(done));
}

std::size_t PartitionLog::expire_producers(WallTime now) {
    return state_->producers_.expire(now, state_->config_.producer_expiration);
}

void PartitionLog::recovery_point_saved(Offset point) {
    state_->saved_recovery_point_ = point;
}

void PartitionLog::set_config(const LogConfig& config) {
    state_->config_ = config;
}

void PartitionLog::close(runtime::IoDone<void> done) {
    state_->close(std::move(done));
}

Offset PartitionLog::log_start() const {
    return state_->log_start_;
}

Offset PartitionLog::log_end() const {
    return state_->log_end_;
}

Offset PartitionLog::synced_end() const {
    return state_->synced_end_;
}

Offset PartitionLog::recovery_point() const {
    return state_->recovery_point_;
}

const log::EpochCache& PartitionLog::epochs() const {
    return state_->epochs_;
}

const log::ProducerState& PartitionLog::producers() const {
    return state_->producers_;
}

std::uint64_t PartitionLog::size_bytes() const {
    std::uint64_t total = 0;
    for (const SegmentSummary& segment : state_->summaries())
        total += segment.size_bytes;
    return total;
}

std::vector<SegmentSummary> PartitionLog::segments() const {
    return state_->summaries();
}

const std::optional<IoError>& PartitionLog::failure() const {
    return state_->failure_;
}

const std::string& PartitionLog::directory() const {
    return state_->directory_;
}

const LogConfig& PartitionLog::config() const {
    return state_->config_;
}

}  // namespace glasslog::storage
