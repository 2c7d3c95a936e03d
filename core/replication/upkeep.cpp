#include "core/replication/upkeep.hpp"

#include "core/base/check.hpp"

#include <memory>
#include <utility>

namespace glasslog::replication {

using storage::CheckpointKind;

namespace {

// Before the first partition of any topic.
constexpr PartitionId before_all{Uuid{}, PartitionIndex(-1)};

}  // namespace

void Upkeep::start() {
    for (const CheckpointKind kind : storage::checkpoint_kinds)
        arm_checkpoint(kind);
    arm_retention();
}

void Upkeep::stop() {
    for (runtime::Timer& timer : checkpoint_timers_)
        timer.cancel();
    retention_timer_.cancel();
    gate_.close();
}

Duration Upkeep::interval_of(CheckpointKind kind) const {
    switch (kind) {
        case CheckpointKind::recovery_point:
            return options_.recovery_point_checkpoint_interval;
        case CheckpointKind::log_start:
            return options_.log_start_checkpoint_interval;
        case CheckpointKind::high_watermark:
            return options_.high_watermark_checkpoint_interval;
    }
    UNREACHABLE("checkpoint kind {}", static_cast<int>(kind));
}

void Upkeep::arm_checkpoint(CheckpointKind kind) {
    checkpoint_timers_.at(static_cast<std::size_t>(kind)) =
        runtime_.executor.at(runtime_.clock.now() + interval_of(kind), gate_.wrap([this, kind] {
            write(kind, gate_.wrap([this, kind] { arm_checkpoint(kind); }));
        }));
}

storage::OffsetCheckpoint Upkeep::collect(CheckpointKind kind) const {
    storage::OffsetCheckpoint offsets;
    replicas_.for_each([&](const Replica& replica) {
        const State* state = replica.state();
        if (state == nullptr) return;
        switch (kind) {
            case CheckpointKind::recovery_point:
                offsets[replica.name()] = replica.recovery_point();
                break;
            case CheckpointKind::high_watermark:
                offsets[replica.name()] = state->high_watermark;
                break;
            case CheckpointKind::log_start:
                // As Kafka: a log that begins at 0 needs no line.
                if (state->log_start > Offset(0)) offsets[replica.name()] = state->log_start;
                break;
        }
    });
    return offsets;
}

void Upkeep::write(CheckpointKind kind, UniqueFunction<void()> done) {
    storage::OffsetCheckpoint offsets = collect(kind);
    const auto written = std::make_shared<storage::OffsetCheckpoint>(offsets);
    directory_.checkpoint(
        kind,
        std::move(offsets),
        [this, kind, written, done = std::move(done)](Expected<void, IoError> saved) mutable {
            // What cannot be written now is not written later: deleted records would come back.
            if (!saved) return listener_.on_failure(saved.error());
            if (kind == CheckpointKind::recovery_point) {
                replicas_.for_each_mutable([&](Replica& replica) {
                    const auto at = written->find(replica.name());
                    if (at != written->end()) replica.recovery_point_saved(at->second);
                });
            }
            done();
        });
}

void Upkeep::write_all(UniqueFunction<void(bool is_written)> done) {
    struct Progress {
        std::size_t left = storage::checkpoint_kinds.size();
        bool is_written = true;
        UniqueFunction<void(bool is_written)> done;
    };

    const auto progress = std::make_shared<Progress>();
    progress->done = std::move(done);
    for (const CheckpointKind kind : storage::checkpoint_kinds) {
        directory_.checkpoint(kind, collect(kind), [progress](Expected<void, IoError> saved) {
            progress->is_written = progress->is_written && saved;
            if (--progress->left == 0) progress->done(progress->is_written);
        });
    }
}

void Upkeep::arm_retention() {
    retention_timer_ =
        runtime_.executor.at(runtime_.clock.now() + options_.retention_check_interval,
                             gate_.wrap([this] { clean_after(before_all); }));
}

// One replica, then the next in a task of its own.
void Upkeep::clean_after(PartitionId last) {
    Replica* replica = replicas_.find_after(last);
    if (replica == nullptr) return arm_retention();
    const PartitionId id = replica->id();
    replica->expire_producers();
    replica->apply_retention(gate_.wrap(
        [this, id] { runtime_.executor.post(gate_.wrap([this, id] { clean_after(id); })); }));
}

}  // namespace glasslog::replication
