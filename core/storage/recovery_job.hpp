#pragma once

// RecoveryJob: the machine behind recover_log(). Private to storage; recovery.cpp holds the phases
// in the order in which they run, recovery_scan.cpp the scan of one segment.

#include "core/storage/batch_scan.hpp"
#include "core/storage/names.hpp"
#include "core/storage/recovery.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace glasslog::storage {

// A file that is open for a moment only.
inline constexpr FileSlot scratch_slot{1};

class RecoveryJob {
public:
    RecoveryJob(RecoveryPlan plan, std::shared_ptr<RecoveredLog> result);

    Step step(Completion completion);

private:
    // Each is entered with the completion of what the phase before asked for.
    enum class Phase : std::uint8_t {
        list,
        sort,
        epochs,
        snapshot,
        sealed,
        sealed_last_entry,
        sealed_time,
        tail_offset_index,
        tail_time_index,
        tail_open,
        tail_first_header,
        scan_open,
        scanning,
        scanned,
        finish,
        done,
    };

    // How a segment is gone through.
    enum class Pass : std::uint8_t {
        recover,  // whole, with checksums; cut where it breaks
        rebuild,  // whole, for its index or for producer state; below the recovery point
        tail,     // behind the last index entry of a clean log
    };

    // What the directory listing said of one segment.
    struct Found {
        Offset base;
        std::uint64_t log_bytes = 0;
        std::optional<std::uint64_t> offset_index_bytes{};
        std::optional<std::uint64_t> time_index_bytes{};
    };

    // --- recovery.cpp
    Step run_phase(Completion& completion);
    Step go(Phase phase);
    Step ask(DiskOp operation, Phase then);
    Step read_file(const std::string& name, Phase then);
    Step fail(std::string detail);
    Step sort_entries(const Completion& completion);
    Step load_epochs();
    Step next_snapshot();
    Step load_snapshot();
    Step make_plan();
    void forget_everything();
    void begin_empty(Offset base);
    Step next_segment();
    Step sealed_segment(const Completion& completion);
    Step finish_log();
    void write_epochs_if_changed();
    void remove_snapshots();
    void enqueue(std::vector<DiskOp> operations);

    // --- recovery_scan.cpp
    bool is_doubtful(const Found& found) const;
    Step begin_pass(Pass pass);
    Step tail_indexes();
    Step tail_opened(const Completion& completion);
    Step scan(const Completion& completion);
    Step scan_on();
    std::optional<std::string> accept(const ScannedBatch& batch);
    Step scan_broke(const BrokenBatch& broken);
    Step scan_ended();
    void drop_segments_from(std::size_t index);
    void write_indexes();
    Step pass_finished();
    Step distrust(const std::string& why);

    std::string path(const std::string& name) const;
    std::string segment_path(Offset base, SegmentFile kind) const;

    bool is_last() const { return current_ + 1 == found_.size(); }

    RecoveryPlan plan_;
    std::shared_ptr<RecoveredLog> result_;
    Phase phase_ = Phase::list;
    std::deque<DiskOp> queue_;  // runs before the next phase
    Job reading_;               // a whole small file
    std::shared_ptr<std::vector<std::uint8_t>> content_;
    bool is_missing_ = false;

    std::vector<Found> found_;  // by base offset
    std::set<Offset> snapshots_;
    bool has_epochs_ = false;
    bool must_write_epochs_ = false;
    std::optional<Offset> candidate_;  // snapshot being read
    Offset producers_end_{0};          // of the snapshot in use: later batches are replayed
    std::size_t first_recovered_ = 0;  // index into found_: from here on nothing is believed
    std::size_t first_replayed_ = 0;   // … from here on batches are read
    std::size_t current_ = 0;          // segment in work

    Pass pass_ = Pass::recover;
    std::optional<BatchScanner> scanner_;
    std::unique_ptr<SegmentIndexes> indexes_;
    Segment segment_;
};

}  // namespace glasslog::storage
