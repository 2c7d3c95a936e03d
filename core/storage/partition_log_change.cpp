#include "core/base/check.hpp"
#include "core/storage/partition_log_state.hpp"
#include "core/trace/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::storage {

namespace kinds = trace::kinds;

namespace {

constexpr FileSlot index_slot{1};
constexpr FileSlot sealed_slot{2};

// Appends `entries` to an index file and makes them durable.
void append_entries(std::vector<DiskOp>& operations, const std::string& path, Bytes entries) {
    operations.emplace_back(
        OpenFile{index_slot, path, runtime::OpenMode::create_or_append, IfMissing::fail});
    if (!entries.empty())
        operations.emplace_back(AppendFile{index_slot, Payload(std::move(entries))});
    operations.emplace_back(SyncFile{index_slot});
    operations.emplace_back(CloseFile{index_slot});
}

void append_all(std::vector<DiskOp>& operations, std::vector<DiskOp> more) {
    std::move(more.begin(), more.end(), std::back_inserter(operations));
}

}  // namespace

Duration PartitionLog::State::draw_jitter() {
    const auto span = static_cast<std::uint64_t>(config_.segment_jitter.milliseconds());
    if (config_.segment_jitter <= Duration()) return {};
    const std::uint64_t draw = runtime_.random.draw("segment.jitter", directory_);
    return Duration::milliseconds(static_cast<std::int64_t>(draw % span));
}

void PartitionLog::State::roll(runtime::IoDone<void> done) {
    CHECK(is_open_ && !is_closed_);
    if (refuse_failed(done)) return;
    if (is_rebuilding_) {
        deferred_.emplace_back([this, done = std::move(done)]() mutable { roll(std::move(done)); });
        return;
    }
    if (active().size_bytes > 0) begin_segment(log_end_);
    in_order([this, done = std::move(done)]() mutable {
        if (!refuse_failed(done)) answer<void>(std::move(done), {});
    });
}

// The active segment is sealed and a new one begins at `base`: in memory now, on disk in order.
void PartitionLog::State::begin_segment(Offset base) {
    Segment& old = active();
    active_->seal();
    old.largest = active_->largest();
    auto sealed = std::make_shared<Flush>();
    sealed->base = old.base;
    sealed->end = base;
    sealed->indexes = active_->take_unwritten();
    if (base > snapshot_end_) {
        sealed->snapshot = log::encode_snapshot(producers_);
        snapshot_end_ = base;
    }
    // Held until its files are written; then it is one of the cached ones.
    old.index = std::make_shared<const SegmentIndexSnapshot>(
        SegmentIndexSnapshot{active_->offsets(), active_->times()});

    active_ = std::make_unique<SegmentIndexes>(base, config_.indexes);
    segments_.push_back(Segment{.base = base, .end = base});
    segments_.back().largest = {WallTime(), base};
    segments_.back().modified_at = runtime_.clock.wall();
    jitter_ = draw_jitter();
    trace::emit(runtime_.trace,
                kinds::SegmentRolled{.topic = name_.topic, .partition = name_.index, .base = base});
    in_order([this, base, sealed] { create_segment(base, sealed); });
}

// Recovery scans from the saved recovery point on and finds a hole there. When that point lies
// above what is durable (the log was truncated since), it would not look, so the old segment is
// made durable before the new one can exist.
void PartitionLog::State::create_segment(Offset base, std::shared_ptr<Flush> sealed) {
    if (failure_) return;
    sealed->file = active_file_;
    const bool is_cautious = saved_recovery_point_ > recovery_point_;
    std::vector<DiskOp> operations;
    if (is_cautious) {
        runner_.lend(sealed_slot, sealed->file);
        operations = flush_operations(*sealed);
    }
    for (const SegmentFile kind :
         {SegmentFile::offset_index, SegmentFile::time_index, SegmentFile::log}) {
        operations.emplace_back(OpenFile{kind == SegmentFile::log ? active_slot : index_slot,
                                         path_of(base, kind),
                                         runtime::OpenMode::create_or_append,
                                         IfMissing::fail});
    }
    if (is_cautious) operations.emplace_back(SyncDirectory{directory_});
    run_exclusive(run_in_order(std::move(operations)),
                  [this, base, sealed, is_cautious](const Expected<void, IoError>& outcome) {
                      if (!outcome) return;
                      active_file_ = runner_.keep(active_slot);
                      if (Segment* segment = find_segment(base)) segment->file = active_file_;
                      ++flushes_issued_;
                      if (!is_cautious) return queue_flush(std::move(*sealed));
                      flushed(sealed->base, sealed->end);
                  });
}

void PartitionLog::State::queue_flush(Flush flush) {
    flushes_.push_back(std::move(flush));
    if (!flusher_.is_running()) flush_next();
}

std::vector<DiskOp> PartitionLog::State::flush_operations(Flush& flush) {
    std::vector<DiskOp> operations;
    operations.emplace_back(SyncFile{sealed_slot});
    append_entries(operations,
                   path_of(flush.base, SegmentFile::offset_index),
                   std::move(flush.indexes.offset_entries));
    append_entries(operations,
                   path_of(flush.base, SegmentFile::time_index),
                   std::move(flush.indexes.time_entries));
    if (!flush.snapshot.empty()) {
        append_all(operations,
                   write_atomically(path_of(flush.end, SegmentFile::snapshot),
                                    std::move(flush.snapshot),
                                    index_slot));
    }
    operations.emplace_back(SyncDirectory{directory_});
    return operations;
}

void PartitionLog::State::flush_next() {
    if (flushes_.empty() || failure_) return check_settled();
    Flush flush = std::move(flushes_.front());
    flushes_.pop_front();
    flusher_.lend(sealed_slot, flush.file);
    std::vector<DiskOp> operations = flush_operations(flush);
    flusher_.run(run_in_order(std::move(operations)),
                 [this, base = flush.base, end = flush.end](Expected<void, IoError> outcome) {
                     if (!outcome) return fail(outcome.error());
                     flushed(base, end);
                     flush_next();
                 });
}

// Segments are flushed in their order, so everything below `end` is durable.
void PartitionLog::State::flushed(Offset base, Offset end) {
    ++flushes_done_;
    recovery_point_ = std::max(recovery_point_, end);
    durable_to(std::min(end, log_end_));
    if (const Segment* segment = find_segment(base)) keep_index(base, segment->index);
    sync_step();
}

void PartitionLog::State::when_settled(Action action) {
    on_settled_.push_back(std::move(action));
    check_settled();
}

void PartitionLog::State::check_settled() {
    const bool is_busy =
        !flushes_.empty() || flusher_.is_running() || syncing_ || next_sync_ || epoch_writes_ > 0;
    if (on_settled_.empty() || (is_busy && !failure_)) return;
    // In a task of its own: the job that ended may not be over yet.
    runtime_.executor.post(gate_.wrap([actions = std::exchange(on_settled_, {})]() mutable {
        for (Action& action : actions)
            action();
    }));
}

void PartitionLog::State::truncate_to(Offset end, runtime::IoDone<void> done) {
    CHECK(is_open_ && !is_closed_);
    CHECK(end >= Offset(0));
    if (refuse_failed(done)) return;
    if (end >= log_end_) return answer<void>(std::move(done), {});
    if (end < segments_.front().base) return restart_at(end, std::move(done));
    RecoveryPlan plan;
    plan.cut_at = end;
    rebuild(std::move(plan), std::move(done));
    log_end_ = end;
    log_start_ = std::min(log_start_, end);
    drop_tail_from(end);
}

void PartitionLog::State::restart_at(Offset start, runtime::IoDone<void> done) {
    CHECK(is_open_ && !is_closed_);
    CHECK(start >= Offset(0));
    if (refuse_failed(done)) return;
    RecoveryPlan plan;
    plan.restart_at = start;
    rebuild(std::move(plan), std::move(done));
    log_start_ = start;
    log_end_ = start;
    drop_tail_from(Offset(0));
}

// The log is opened anew with a cut: what recovery can do to a torn tail it can do to a whole one.
void PartitionLog::State::rebuild(RecoveryPlan plan, runtime::IoDone<void> done) {
    if (is_rebuilding_) {
        deferred_.emplace_back([this, plan = std::move(plan), done = std::move(done)]() mutable {
            rebuild(std::move(plan), std::move(done));
        });
        return;
    }
    is_rebuilding_ = true;
    in_order([this, plan = std::move(plan), done = std::move(done)]() mutable {
        is_exclusive_ = true;
        when_settled([this, plan = std::move(plan), done = std::move(done)]() mutable {
            run_rebuild(std::move(plan), std::move(done));
        });
    });
}

void PartitionLog::State::run_rebuild(RecoveryPlan plan, runtime::IoDone<void> done) {
    if (failure_) {
        is_rebuilding_ = false;
        exclusive_over();
        refuse_failed(done);
        for (Action& call : std::exchange(deferred_, {}))
            call();
        return;
    }
    active_file_.reset();
    for (Segment& segment : segments_)
        segment.file.reset();
    cached_indexes_.clear();
    hints_ = {};
    plan.directory = directory_;
    plan.limits = config_.indexes;
    plan.rule = rules_.recovery;
    plan.open = {.shutdown = Shutdown::unclean,
                 .recovery_point = std::min(recovery_point_, plan.cut_at.value_or(Offset(0))),
                 .log_start = log_start_,
                 .producer_count_max = config_.producer_count_max};
    const auto recovered = std::make_shared<RecoveredLog>();
    run_exclusive(
        recover_log(std::move(plan), recovered),
        [this, recovered, done = std::move(done)](Expected<void, IoError> outcome) mutable {
            is_rebuilding_ = false;
            if (outcome) rebuilt(*recovered);
            answer<void>(std::move(done), std::move(outcome));
            for (Action& call : std::exchange(deferred_, {}))
                pipeline_.push_back(std::move(call));
        });
}

void PartitionLog::State::rebuilt(RecoveredLog& recovered) {
    adopt(recovered);
    trace::emit(
        runtime_.trace,
        kinds::LogTruncated{.topic = name_.topic, .partition = name_.index, .to = log_end_});
}

void PartitionLog::State::apply_retention(WallTime now,
                                          Offset high_watermark,
                                          runtime::IoDone<RetentionResult> done) {
    CHECK(is_open_ && !is_closed_);
    if (refuse_failed(done)) return;
    if (is_rebuilding_) {
        deferred_.emplace_back([this, now, high_watermark, done = std::move(done)]() mutable {
            apply_retention(now, high_watermark, std::move(done));
        });
        return;
    }
    const std::vector<SegmentSummary> all = summaries();
    const RetentionVerdict verdict =
        judge_retention(config_.retention,
                        all,
                        {.now = now, .log_start = log_start_, .high_watermark = high_watermark});
    if (verdict.count() == all.size()) begin_segment(log_end_);
    if (verdict.count() > 0) delete_oldest(verdict.count());
    const RetentionResult result{verdict, log_start_};
    in_order([this, result, done = std::move(done)]() mutable {
        if (!refuse_failed(done)) answer<RetentionResult>(std::move(done), result);
    });
}

void PartitionLog::State::delete_oldest(std::size_t count) {
    CHECK(count < segments_.size());
    std::vector<Offset> bases;
    for (std::size_t i = 0; i < count; ++i) {
        bases.push_back(segments_.front().base);
        std::erase(cached_indexes_, segments_.front().base);
        segments_.pop_front();
        trace::emit(runtime_.trace,
                    kinds::SegmentDeleted{.topic = name_.topic,
                                          .partition = name_.index,
                                          .base = bases.back()});
    }
    advance_log_start(segments_.front().base);
    in_order([this, bases = std::move(bases)]() mutable {
        is_exclusive_ = true;
        // A flush that is under way still opens files by their names.
        when_settled([this, bases = std::move(bases)]() mutable {
            if (failure_) return exclusive_over();
            rename_deleted(std::move(bases));
        });
    });
}

// Oldest first, each durably: whatever a crash leaves is a log without a hole.
void PartitionLog::State::rename_deleted(std::vector<Offset> bases) {
    std::vector<DiskOp> operations;
    const auto rename = [&](Offset base, SegmentFile kind) {
        const std::string path = path_of(base, kind);
        operations.emplace_back(
            RenamePath{path, path + std::string(deleted_suffix), IfMissing::go_on});
    };
    for (const Offset base : bases) {
        rename(base, SegmentFile::log);
        operations.emplace_back(SyncDirectory{directory_});
        for (const SegmentFile kind : {SegmentFile::offset_index,
                                       SegmentFile::time_index,
                                       SegmentFile::txn_index,
                                       SegmentFile::snapshot})
            rename(base, kind);
    }
    run_exclusive(run_in_order(std::move(operations)),
                  [this, bases = std::move(bases)](const Expected<void, IoError>& outcome) {
                      if (!outcome) return;
                      if (stored_epochs_.truncate_from_start(segments_.front().base))
                          write_epochs();
                      const Instant at = runtime_.clock.now() + config_.file_delete_delay;
                      for (const Offset base : bases)
                          doomed_.push_back({at, base});
                      arm_remover();
                  });
}

void PartitionLog::State::arm_remover() {
    if (doomed_.empty() || remover_.is_running()) return;
    remove_timer_ = runtime_.executor.at(doomed_.front().at, gate_.wrap([this] { remove_due(); }));
}

void PartitionLog::State::remove_due() {
    std::vector<DiskOp> operations;
    const Instant now = runtime_.clock.now();
    while (!doomed_.empty() && doomed_.front().at <= now) {
        for (const SegmentFile kind : {SegmentFile::log,
                                       SegmentFile::offset_index,
                                       SegmentFile::time_index,
                                       SegmentFile::txn_index,
                                       SegmentFile::snapshot}) {
            operations.emplace_back(
                RemovePath{path_of(doomed_.front().base, kind) + std::string(deleted_suffix),
                           IfMissing::go_on});
        }
        doomed_.pop_front();
    }
    remover_.run(run_in_order(std::move(operations)),
                 [this](const Expected<void, IoError>& outcome) {
                     // They are tried again when the log is opened next.
                     if (!outcome)
                         trace::log(runtime_.trace,
                                    trace::LogLevel::warning,
                                    "storage",
                                    fmt::format("{}: cannot remove deleted files: {}",
                                                directory_,
                                                outcome.error().text()));
                     runtime_.executor.post(gate_.wrap([this] { arm_remover(); }));
                 });
}

void PartitionLog::State::close(runtime::IoDone<void> done) {
    CHECK(is_open_ && !is_closed_);
    if (is_rebuilding_) {
        deferred_.emplace_back(
            [this, done = std::move(done)]() mutable { close(std::move(done)); });
        return;
    }
    is_closed_ = true;
    remove_timer_.cancel();
    in_order([this, done = std::move(done)]() mutable {
        is_exclusive_ = true;
        when_settled([this, done = std::move(done)]() mutable { close_now(std::move(done)); });
    });
}

void PartitionLog::State::close_now(runtime::IoDone<void> done) {
    if (refuse_failed(done)) return exclusive_over();
    active_->seal();
    auto unwritten = active_->take_unwritten();
    const Offset base = active().base;
    runner_.lend(sealed_slot, active_file_);
    std::vector<DiskOp> operations;
    operations.emplace_back(SyncFile{sealed_slot});
    append_entries(operations,
                   path_of(base, SegmentFile::offset_index),
                   std::move(unwritten.offset_entries));
    append_entries(operations,
                   path_of(base, SegmentFile::time_index),
                   std::move(unwritten.time_entries));
    if (log_end_ > snapshot_end_) {
        append_all(operations,
                   write_atomically(path_of(log_end_, SegmentFile::snapshot),
                                    log::encode_snapshot(producers_),
                                    index_slot));
    }
    operations.emplace_back(SyncDirectory{directory_});
    run_exclusive(run_in_order(std::move(operations)),
                  [this, done = std::move(done)](Expected<void, IoError> outcome) mutable {
                      if (outcome) {
                          recovery_point_ = log_end_;
                          snapshot_end_ = log_end_;
                          durable_to(log_end_);
                      }
                      answer<void>(std::move(done), std::move(outcome));
                  });
}

}  // namespace glasslog::storage
