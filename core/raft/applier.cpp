#include "core/raft/applier.hpp"

#include "core/protocol/record_batch.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

constexpr std::size_t read_bytes_max = 1 << 20;

}  // namespace

void Applier::start(LogListener listener) {
    listener_ = std::move(listener);
    wake();
}

void Applier::commit(Offset upto) {
    committed_ = std::max(committed_, upto);
    wake();
}

void Applier::snapshot_came() {
    wake();
}

void Applier::lead(std::optional<Leadership> leadership) {
    if (leadership == leadership_) return;
    leadership_ = leadership;
    wake();
}

void Applier::stop() {
    is_stopped_ = true;
    gate_.close();
}

void Applier::fail(const IoError& error) {
    if (is_stopped_) return;
    stop();
    runtime_.executor.post(gate_.wrap([this, error] {
        if (listener_.on_failure) listener_.on_failure(error);
    }));
}

// Never inside the call that brought the news.
void Applier::wake() {
    if (is_awake_ || is_reading_ || is_stopped_) return;
    is_awake_ = true;
    runtime_.executor.post(gate_.wrap([this] {
        is_awake_ = false;
        pump();
    }));
}

void Applier::pump() {
    tell_loss();
    if (applied_ < log_.log_start()) return load_snapshot();
    if (applied_ < committed_) return read_on();
    tell_gain();
}

void Applier::tell_loss() {
    if (!told_ || is_active()) return;
    const LeaderEpoch lost = *std::exchange(told_, std::nullopt);
    if (listener_.on_leadership_lost) listener_.on_leadership_lost(lost);
}

void Applier::tell_gain() {
    if (told_ || !leadership_ || applied_ <= leadership_->epoch_start) return;
    told_ = leadership_->epoch;
    if (listener_.on_leadership) listener_.on_leadership(*told_);
}

void Applier::load_snapshot() {
    // The log begins where its snapshot ends; a newer one may be there that the log does not have.
    const auto& all = log_.snapshots().all();
    const auto at = std::find_if(all.begin(), all.end(), [&](const SnapshotId& id) {
        return id.end == log_.log_start();
    });
    CHECK(at != all.end(), "the log begins at {} with no snapshot", log_.log_start());
    const SnapshotId id = *at;
    is_reading_ = true;
    auto loaded = [this, id](Expected<Snapshot, IoError> snapshot) {
        is_reading_ = false;
        // The log begins elsewhere meanwhile, and this snapshot may be gone.
        if (log_.log_start() != id.end) return wake();
        if (!snapshot) return failed_(std::move(snapshot).error());
        applied_ = id.end;
        committed_ = std::max(committed_, id.end);
        if (listener_.on_snapshot) {
            listener_.on_snapshot({id, snapshot->kraft_version, std::move(snapshot->records)});
        }
        progressed_();
        wake();
    };
    log_.snapshots().load(id, gate_.wrap(std::move(loaded)));
}

void Applier::read_on() {
    const MetadataLog::Wanted wanted{applied_, committed_, read_bytes_max};
    if (const auto cached = log_.read_cached(wanted)) return tell(*cached);
    is_reading_ = true;
    log_.read(wanted, gate_.wrap([this](Expected<storage::ReadResult, IoError> result) {
        is_reading_ = false;
        // A snapshot may have taken the place of what was asked for.
        if (applied_ < log_.log_start()) return wake();
        if (!result) return failed_(std::move(result).error());
        tell(*result);
    }));
}

void Applier::tell(const storage::ReadResult& result) {
    const Bytes bytes = result.batches.flatten();
    if (bytes.empty()) {
        return failed_({.subject = log_.path(),
                        .detail = fmt::format("what is committed at {} is not there", applied_)});
    }
    for (std::size_t at = 0; at < bytes.size();) {
        const auto batch = protocol::BatchView::read(bytes.view().subspan(at));
        if (!batch) return failed_({.subject = log_.path(), .detail = "no batch in the log"});
        const std::size_t size = batch->size();
        if (batch->next_offset() > applied_) {
            applied_ = batch->next_offset();
            if (listener_.on_batch) {
                listener_.on_batch({batch->base_offset(),
                                    batch->next_offset(),
                                    batch->leader_epoch(),
                                    bytes.slice(at, size)});
            }
        }
        at += size;
    }
    progressed_();
    // In a task of its own: a long log must not hold the reactor.
    wake();
}

}  // namespace glasslog::raft
