#include "core/base/check.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/recovery_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::storage {

namespace {

constexpr std::size_t max_timestamp_at = 35;  // in the header of a batch

}  // namespace

// Indexes have no checksum; a size that cannot be is all that is seen without reading them.
bool RecoveryJob::is_doubtful(const Found& found) const {
    return !found.offset_index_bytes || !found.time_index_bytes ||
           *found.offset_index_bytes % offset_index_entry_bytes != 0 ||
           *found.time_index_bytes % time_index_entry_bytes != 0;
}

Step RecoveryJob::begin_pass(Pass pass) {
    const Found& found = found_[current_];
    pass_ = pass;
    if (pass == Pass::tail)
        return read_file(segment_file_name(found.base, SegmentFile::offset_index),
                         Phase::tail_offset_index);
    indexes_ = std::make_unique<SegmentIndexes>(found.base, plan_.limits);
    const bool may_cut = pass == Pass::recover;
    return ask(OpenFile{active_slot,
                        segment_path(found.base, SegmentFile::log),
                        may_cut ? runtime::OpenMode::append : runtime::OpenMode::read,
                        IfMissing::fail},
               Phase::scan_open);
}

Step RecoveryJob::tail_indexes() {
    const Found& found = found_[current_];
    if (is_missing_) return distrust("an index is missing");
    if (phase_ == Phase::tail_offset_index) {
        auto offsets = decode_offset_index(*content_, {found.base, found.log_bytes}, Padding::none);
        if (!offsets) return distrust(offsets.error().what);
        indexes_ = std::make_unique<SegmentIndexes>(std::move(*offsets),
                                                    TimeIndex(found.base),
                                                    plan_.limits);
        return read_file(segment_file_name(found.base, SegmentFile::time_index),
                         Phase::tail_time_index);
    }
    auto times = decode_time_index(*content_, found.base, Padding::none);
    if (!times) return distrust(times.error().what);
    indexes_ =
        std::make_unique<SegmentIndexes>(indexes_->offsets(), std::move(*times), plan_.limits);
    return ask(OpenFile{active_slot,
                        segment_path(found.base, SegmentFile::log),
                        runtime::OpenMode::append,
                        IfMissing::fail},
               Phase::tail_open);
}

Step RecoveryJob::tail_opened(const Completion& completion) {
    if (phase_ == Phase::tail_open)
        return ask(ReadFile{active_slot, 0, protocol::batch_header_size}, Phase::tail_first_header);
    const ByteView header = completion.bytes.view();
    if (header.size() == protocol::batch_header_size) {
        segment_.first_timestamp =
            WallTime::from_milliseconds(load_be<std::int64_t>(header.data() + max_timestamp_at));
    }
    const std::uint64_t begin = indexes_->offsets().lookup(producers_end_);
    scanner_.emplace(begin, segment_.size_bytes, CheckCrc::no);
    phase_ = Phase::scanning;
    return scan_on();
}

// One chunk at a time: until the scanner wants the next one.
Step RecoveryJob::scan(const Completion& completion) {
    if (phase_ == Phase::scan_open) {
        segment_.size_bytes = completion.size;
        const CheckCrc check = pass_ == Pass::recover ? CheckCrc::yes : CheckCrc::no;
        scanner_.emplace(0, completion.size, check);
        phase_ = Phase::scanning;
    } else {
        scanner_->feed(completion.bytes.view());
    }
    return scan_on();
}

Step RecoveryJob::scan_on() {
    while (true) {
        const ScanResult result = scanner_->next();
        if (const auto* wants = std::get_if<WantsBytes>(&result))
            return ReadFile{active_slot, wants->position, wants->max_bytes};
        if (const auto* broken = std::get_if<BrokenBatch>(&result)) return scan_broke(*broken);
        if (std::holds_alternative<EndOfScan>(result)) return scan_ended();
        const auto& batch = std::get<ScannedBatch>(result);
        if (const auto refusal = accept(batch)) return scan_broke({batch.position, *refusal});
    }
}

// Why a whole batch does not belong where it is; empty when it does, and then it counts.
std::optional<std::string> RecoveryJob::accept(const ScannedBatch& batch) {
    const log::BatchFacts& facts = batch.facts;
    if (facts.base_offset < segment_.end)
        return fmt::format("offset {} after {}", facts.base_offset, segment_.end - 1);
    const bool fits = facts.base_offset >= segment_.base &&
                      facts.last_offset - segment_.base <= INT32_MAX && batch.position <= INT32_MAX;
    if (!fits) return fmt::format("offset {} is not of this segment", facts.base_offset);
    if (plan_.cut_at && facts.last_offset >= *plan_.cut_at)
        return fmt::format("cut to {}", *plan_.cut_at);

    if (pass_ == Pass::tail) {
        if (facts.max_timestamp > indexes_->largest().timestamp)
            indexes_->set_largest({facts.max_timestamp, facts.last_offset});
    } else {
        indexes_->add(facts, batch.position);
    }
    segment_.end = facts.last_offset + 1;
    if (!segment_.first_timestamp) segment_.first_timestamp = facts.max_timestamp;
    if (facts.base_offset >= producers_end_ && current_ >= first_replayed_)
        result_->producers.apply(facts);
    const auto latest = result_->epochs.latest();
    const bool is_new_epoch =
        facts.leader_epoch >= LeaderEpoch(0) && (!latest || *latest < facts.leader_epoch);
    if (is_new_epoch)
        must_write_epochs_ |= result_->epochs.assign(facts.leader_epoch, facts.base_offset);
    return std::nullopt;
}

Step RecoveryJob::scan_broke(const BrokenBatch& broken) {
    if (pass_ == Pass::tail) return distrust(broken.reason);
    if (pass_ == Pass::rebuild)
        return fail(fmt::format("{}: {} at {}, in what was synced: restore it from another replica",
                                segment_file_name(segment_.base, SegmentFile::log),
                                broken.reason,
                                broken.position));
    // Later segments go first: without them this one is the last, and its tail may be torn.
    RecoveryReport& report = result_->report;
    report.reason = fmt::format("{}: {} at {}",
                                segment_file_name(segment_.base, SegmentFile::log),
                                broken.reason,
                                broken.position);
    drop_segments_from(current_ + 1);
    if (plan_.rule == RecoveryRule::cut_torn_tail || plan_.cut_at) {
        report.cut_bytes = segment_.size_bytes - broken.position;
        segment_.size_bytes = broken.position;
        queue_.emplace_back(TruncateFile{active_slot, broken.position});
    }
    return scan_ended();
}

Step RecoveryJob::scan_ended() {
    if (pass_ == Pass::tail && segment_.end < producers_end_)
        return distrust("it ends before the producer snapshot does");
    if (pass_ == Pass::tail && indexes_->reaches_beyond(segment_.end))
        return distrust("an index names offsets beyond its end");
    if (pass_ == Pass::recover) {
        RecoveryReport& report = result_->report;
        report.scanned_bytes += scanner_->position();
        ++report.scanned_segment_count;
        const bool has_hole = !is_last() && found_[current_ + 1].base != segment_.end;
        if (has_hole) {
            report.reason = fmt::format("{} begins where {} was to come",
                                        segment_file_name(found_[current_ + 1].base, {}),
                                        segment_.end);
            drop_segments_from(current_ + 1);
        }
        // After a crash of the process alone the bytes are whole, but not yet durable.
        queue_.emplace_back(SyncFile{active_slot});
    }
    if (pass_ == Pass::rebuild) segment_.end = found_[current_ + 1].base;
    if (pass_ != Pass::tail) write_indexes();
    segment_.largest = indexes_->largest();
    if (!is_last()) queue_.emplace_back(CloseFile{active_slot});
    queue_.emplace_back(ModifiedAt{segment_path(segment_.base, SegmentFile::log)});
    return go(Phase::scanned);
}

Step RecoveryJob::pass_finished() {
    if (is_last()) result_->active = std::move(indexes_);
    result_->segments.push_back(std::exchange(segment_, {}));
    scanner_.reset();
    ++current_;
    return next_segment();
}

// From the last one down, each durably: a crash in between leaves a log without a hole.
void RecoveryJob::drop_segments_from(std::size_t index) {
    for (std::size_t i = found_.size(); i > index; --i) {
        const Offset base = found_[i - 1].base;
        queue_.emplace_back(RemovePath{segment_path(base, SegmentFile::log), IfMissing::fail});
        queue_.emplace_back(SyncDirectory{plan_.directory});
        for (const SegmentFile kind :
             {SegmentFile::offset_index, SegmentFile::time_index, SegmentFile::txn_index}) {
            queue_.emplace_back(RemovePath{segment_path(base, kind), IfMissing::go_on});
        }
        ++result_->report.dropped_segment_count;
    }
    found_.resize(index);
}

// Of a sealed segment: whole and durable. The active one keeps its indexes in memory, and its files
// begin anew.
void RecoveryJob::write_indexes() {
    const std::string offsets = segment_path(segment_.base, SegmentFile::offset_index);
    const std::string times = segment_path(segment_.base, SegmentFile::time_index);
    ++result_->report.rebuilt_index_count;
    if (!is_last()) {
        indexes_->seal();
        auto unwritten = indexes_->take_unwritten();
        enqueue(write_atomically(offsets, std::move(unwritten.offset_entries), scratch_slot));
        enqueue(write_atomically(times, std::move(unwritten.time_entries), scratch_slot));
        return;
    }
    for (const std::string& file : {offsets, times}) {
        queue_.emplace_back(
            OpenFile{scratch_slot, file, runtime::OpenMode::create_or_append, IfMissing::fail});
        queue_.emplace_back(TruncateFile{scratch_slot, 0});
        queue_.emplace_back(CloseFile{scratch_slot});
    }
}

// What was said to be clean is not: the last segment is recovered after all.
Step RecoveryJob::distrust(const std::string& why) {
    plan_.open.shutdown = Shutdown::unclean;
    plan_.open.recovery_point = found_.back().base;
    result_->report.reason = why;
    result_->segments.clear();
    result_->producers = log::ProducerState(plan_.open.producer_count_max);
    candidate_.reset();
    scanner_.reset();
    indexes_.reset();
    return next_snapshot();
}

}  // namespace glasslog::storage
