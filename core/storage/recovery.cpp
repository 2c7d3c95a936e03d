#include "core/storage/recovery.hpp"

#include "core/base/check.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/recovery_job.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::storage {

namespace {

constexpr std::string_view epoch_file = "leader-epoch-checkpoint";
constexpr std::size_t small_file_bytes_max = 256U << 20;

bool is_junk(std::string_view name) {
    return name.ends_with(deleted_suffix) || name.ends_with(temporary_suffix) ||
           name.ends_with(".cleaned");
}

}  // namespace

Job recover_log(RecoveryPlan plan, std::shared_ptr<RecoveredLog> result) {
    auto job = std::make_unique<RecoveryJob>(std::move(plan), std::move(result));
    return
        [job = std::move(job)](Completion completion) { return job->step(std::move(completion)); };
}

RecoveryJob::RecoveryJob(RecoveryPlan plan, std::shared_ptr<RecoveredLog> result)
    : plan_(std::move(plan)), result_(std::move(result)) {
    result_->producers = log::ProducerState(plan_.open.producer_count_max);
}

Step RecoveryJob::step(Completion completion) {
    if (reading_) {
        Step next = reading_(std::move(completion));
        if (std::holds_alternative<DiskOp>(next)) return next;
        reading_ = Job();
        const auto& error = std::get<Finished>(next).error;
        is_missing_ = error && error->code == IoCode::not_found;
        if (error && !is_missing_) return Finished{error};
        completion = {};
    }
    if (completion.error) return Finished{completion.error};
    if (!queue_.empty()) {
        DiskOp operation = std::move(queue_.front());
        queue_.pop_front();
        return operation;
    }
    return run_phase(completion);
}

Step RecoveryJob::run_phase(Completion& completion) {
    switch (phase_) {
        case Phase::list:
            return ask(ListDirectory{plan_.directory}, Phase::sort);
        case Phase::sort:
            return sort_entries(completion);
        case Phase::epochs:
            return load_epochs();
        case Phase::snapshot:
            return load_snapshot();
        case Phase::sealed:
        case Phase::sealed_last_entry:
        case Phase::sealed_time:
            return sealed_segment(completion);
        case Phase::tail_offset_index:
        case Phase::tail_time_index:
            return tail_indexes();
        case Phase::tail_open:
        case Phase::tail_first_header:
            return tail_opened(completion);
        case Phase::scan_open:
        case Phase::scanning:
            return scan(completion);
        case Phase::scanned:
            segment_.modified_at = completion.modified_at;
            return pass_finished();
        case Phase::finish:
            return finish_log();
        case Phase::done:
            return Finished{};
    }
    UNREACHABLE();
}

// Continues in `phase` with what is queued first.
Step RecoveryJob::go(Phase phase) {
    phase_ = phase;
    if (queue_.empty()) {
        Completion nothing;
        return run_phase(nothing);
    }
    DiskOp operation = std::move(queue_.front());
    queue_.pop_front();
    return operation;
}

Step RecoveryJob::ask(DiskOp operation, Phase then) {
    CHECK(queue_.empty());
    phase_ = then;
    return operation;
}

// The next phase finds the bytes in content_; is_missing_ when there is no such file.
Step RecoveryJob::read_file(const std::string& name, Phase then) {
    CHECK(queue_.empty());
    phase_ = then;
    content_ = std::make_shared<std::vector<std::uint8_t>>();
    is_missing_ = false;
    reading_ = read_whole({path(name), small_file_bytes_max}, content_);
    return reading_({});
}

Step RecoveryJob::fail(std::string detail) {
    return Finished{IoError{.code = IoCode::failed,
                            .subject = plan_.directory,
                            .errno_value = 0,
                            .detail = std::move(detail)}};
}

std::string RecoveryJob::path(const std::string& name) const {
    return plan_.directory + "/" + name;
}

std::string RecoveryJob::segment_path(Offset base, SegmentFile kind) const {
    return path(segment_file_name(base, kind));
}

Step RecoveryJob::sort_entries(const Completion& completion) {
    // Sorted by name, so a segment's .index comes before its .log.
    std::map<Offset, Found> found;
    std::vector<std::pair<SegmentFileName, std::uint64_t>> files;
    // Beside a log that is open others may be writing theirs: quorum-state, a snapshot.
    const bool is_opening = !plan_.cut_at && !plan_.restart_at;
    for (const runtime::DirectoryEntry& entry : completion.entries) {
        if (entry.is_directory) continue;
        if (entry.name.ends_with(".swap"))
            return fail("a compaction of Kafka was interrupted: start Kafka on it once");
        if (is_opening && is_junk(entry.name))
            queue_.emplace_back(RemovePath{path(entry.name), {}});
        if (entry.name == epoch_file) has_epochs_ = true;
        if (const auto name = parse_segment_file_name(entry.name))
            files.emplace_back(*name, entry.size);
    }
    for (const auto& [name, size] : files) {
        if (name.kind == SegmentFile::log)
            found[name.base] = {.base = name.base, .log_bytes = size};
        if (name.kind == SegmentFile::snapshot) snapshots_.insert(name.base);
    }
    for (const auto& [name, size] : files) {
        const auto owner = found.find(name.base);
        const bool is_index = name.kind != SegmentFile::log && name.kind != SegmentFile::snapshot;
        if (is_index && owner == found.end()) {
            queue_.emplace_back(RemovePath{segment_path(name.base, name.kind), {}});
        } else if (name.kind == SegmentFile::offset_index) {
            owner->second.offset_index_bytes = size;
        } else if (name.kind == SegmentFile::time_index) {
            owner->second.time_index_bytes = size;
        }
    }
    for (const auto& [base, segment] : found)
        found_.push_back(segment);
    // Nothing of what was cut or deleted may come back, so this is durable before the rest.
    if (!queue_.empty()) queue_.emplace_back(SyncDirectory{plan_.directory});
    return go(Phase::epochs);
}

Step RecoveryJob::load_epochs() {
    if (has_epochs_ && !content_) return read_file(std::string(epoch_file), Phase::epochs);
    if (content_ && !is_missing_) {
        auto epochs = log::decode_epoch_checkpoint(*content_);
        if (epochs) {
            result_->epochs = std::move(*epochs);
        } else {
            // Only a scan of everything finds all of them again.
            plan_.open.shutdown = Shutdown::unclean;
            plan_.open.recovery_point = Offset(0);
            must_write_epochs_ = true;
        }
    }
    return next_snapshot();
}

// Tries the newest snapshot that can be of use, then older ones. An unclean log takes none that
// lies in what will be scanned.
Step RecoveryJob::next_snapshot() {
    Offset limit = candidate_ ? *candidate_ - 1 : Offset(INT64_MAX);
    if (plan_.open.shutdown == Shutdown::unclean && !found_.empty()) {
        const auto is_above = [](Offset point, const Found& found) { return point < found.base; };
        const auto above =
            std::upper_bound(found_.begin(), found_.end(), plan_.open.recovery_point, is_above);
        limit = std::min(limit, above == found_.begin() ? above->base : (above - 1)->base);
    }
    const auto above = snapshots_.upper_bound(limit);
    if (above == snapshots_.begin()) {
        candidate_.reset();
        return make_plan();
    }
    candidate_ = *std::prev(above);
    return read_file(segment_file_name(*candidate_, SegmentFile::snapshot), Phase::snapshot);
}

Step RecoveryJob::load_snapshot() {
    const auto entries = log::decode_snapshot(*content_);
    if (is_missing_ || !entries) return next_snapshot();
    result_->producers = log::ProducerState(plan_.open.producer_count_max);
    log::load(result_->producers, *entries);
    producers_end_ = *candidate_;
    return make_plan();
}

// Which segments are read: from the one that the snapshot does not cover, and for an unclean log
// from the one that holds the recovery point; the last one in any case.
Step RecoveryJob::make_plan() {
    if (plan_.restart_at) {
        forget_everything();
        plan_.open.log_start = *plan_.restart_at;
    }
    if (found_.empty()) {
        begin_empty(plan_.open.log_start);
        return go(Phase::finish);
    }
    const auto holding = [&](Offset offset) {
        const auto is_above = [](Offset asked, const Found& found) { return asked < found.base; };
        const auto above = std::upper_bound(found_.begin(), found_.end(), offset, is_above);
        return above == found_.begin() ? std::size_t{0}
                                       : static_cast<std::size_t>(above - found_.begin()) - 1;
    };
    const bool is_clean = plan_.open.shutdown == Shutdown::clean;
    first_recovered_ = is_clean ? found_.size() : holding(plan_.open.recovery_point);
    first_replayed_ = candidate_ ? holding(*candidate_) : 0;
    first_replayed_ = std::min({first_replayed_, first_recovered_, found_.size() - 1});
    if (!candidate_) producers_end_ = Offset(0);
    current_ = 0;
    return next_segment();
}

void RecoveryJob::forget_everything() {
    drop_segments_from(0);
    for (const Offset offset : snapshots_)
        queue_.emplace_back(
            RemovePath{segment_path(offset, SegmentFile::snapshot), IfMissing::go_on});
    snapshots_.clear();
    result_->epochs = {};
    result_->producers = log::ProducerState(plan_.open.producer_count_max);
    must_write_epochs_ = true;
}

// A log without segments begins with an empty one.
void RecoveryJob::begin_empty(Offset base) {
    for (const SegmentFile kind :
         {SegmentFile::log, SegmentFile::offset_index, SegmentFile::time_index}) {
        const FileSlot slot = kind == SegmentFile::log ? active_slot : scratch_slot;
        queue_.emplace_back(OpenFile{slot,
                                     segment_path(base, kind),
                                     runtime::OpenMode::create_or_append,
                                     IfMissing::fail});
    }
    queue_.emplace_back(SyncDirectory{plan_.directory});
    result_->segments.assign(1, Segment{.base = base, .end = base});
    result_->segments.back().largest = {WallTime(), base};
    result_->active = std::make_unique<SegmentIndexes>(base, plan_.limits);
}

Step RecoveryJob::next_segment() {
    if (current_ == found_.size()) return go(Phase::finish);
    const Found& found = found_[current_];
    segment_ = Segment{.base = found.base, .end = found.base, .size_bytes = found.log_bytes};
    segment_.largest = {WallTime(), found.base};
    if (current_ >= first_recovered_) return begin_pass(Pass::recover);
    const bool is_tail = is_last() && plan_.open.shutdown == Shutdown::clean;
    if (is_tail && !is_doubtful(found)) return begin_pass(Pass::tail);
    if (is_tail) return distrust("its index is missing or has a wrong size");
    if (current_ >= first_replayed_ || is_doubtful(found)) return begin_pass(Pass::rebuild);
    return go(Phase::sealed);
}

// A sealed segment is believed; its last time index entry tells its largest timestamp.
Step RecoveryJob::sealed_segment(const Completion& completion) {
    const Found& found = found_[current_];
    constexpr FileSlot slot = scratch_slot;
    if (phase_ == Phase::sealed) {
        segment_.end = found_[current_ + 1].base;
        if (*found.time_index_bytes == 0)
            return ask(ModifiedAt{segment_path(found.base, SegmentFile::log)}, Phase::sealed_time);
        queue_.emplace_back(ReadFile{slot,
                                     *found.time_index_bytes - time_index_entry_bytes,
                                     time_index_entry_bytes});
        phase_ = Phase::sealed_last_entry;
        return OpenFile{slot,
                        segment_path(found.base, SegmentFile::time_index),
                        runtime::OpenMode::read,
                        IfMissing::fail};
    }
    if (phase_ == Phase::sealed_last_entry) {
        const auto entry = decode_time_index(completion.bytes.view(), found.base, Padding::none);
        if (!entry || entry->entries().empty()) return begin_pass(Pass::rebuild);
        segment_.largest = entry->entries().back();
        return ask(CloseFile{slot}, Phase::sealed_time);
    }
    segment_.modified_at = completion.modified_at;
    result_->segments.push_back(std::exchange(segment_, {}));
    ++current_;
    return next_segment();
}

Step RecoveryJob::finish_log() {
    phase_ = Phase::done;
    RecoveredLog& log = *result_;
    log.log_end = log.segments.back().end;
    log.log_start = std::max(plan_.open.log_start, log.segments.front().base);
    if (log.log_start > log.log_end) {
        // What was left of the log lies below what was deleted: it begins anew, empty.
        found_.clear();
        for (const Segment& segment : log.segments)
            found_.push_back({.base = segment.base});
        forget_everything();
        begin_empty(log.log_start);
        log.log_end = log.log_start;
    }
    must_write_epochs_ |= log.epochs.truncate_from_end(log.log_end);
    must_write_epochs_ |= log.epochs.truncate_from_start(log.segments.front().base);
    write_epochs_if_changed();
    remove_snapshots();
    // The name of a segment that a roll had just created may not be durable yet.
    if (log.report.scanned_segment_count > 0) queue_.emplace_back(SyncDirectory{plan_.directory});
    return go(Phase::done);
}

void RecoveryJob::write_epochs_if_changed() {
    if (!must_write_epochs_) return;
    const std::string text = log::encode_epoch_checkpoint(result_->epochs);
    enqueue(write_atomically(path(std::string(epoch_file)),
                             Bytes::copy_of(as_bytes(text)),
                             scratch_slot));
}

void RecoveryJob::enqueue(std::vector<DiskOp> operations) {
    std::move(operations.begin(), operations.end(), std::back_inserter(queue_));
}

// Those beyond the end describe batches that are gone. They must not come back once the log has
// grown again, so this is durable before the log is used. Of the others a log needs the newest, and
// those at the base of a segment, which go with it.
void RecoveryJob::remove_snapshots() {
    const auto beyond = snapshots_.upper_bound(result_->log_end);
    result_->snapshot_end = result_->log_start;
    std::set<Offset> wanted;
    for (const Segment& segment : result_->segments)
        wanted.insert(segment.base);
    if (beyond != snapshots_.begin()) {
        result_->snapshot_end = std::max(result_->log_start, *std::prev(beyond));
        wanted.insert(*std::prev(beyond));
    }
    for (const Offset offset : snapshots_) {
        if (offset <= result_->log_end && wanted.contains(offset)) continue;
        queue_.emplace_back(
            RemovePath{segment_path(offset, SegmentFile::snapshot), IfMissing::go_on});
    }
    if (beyond != snapshots_.end()) queue_.emplace_back(SyncDirectory{plan_.directory});
}

}  // namespace glasslog::storage
