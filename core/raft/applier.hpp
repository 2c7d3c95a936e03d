#pragma once

// Applier: tells the listener of a ReplicatedLog what is committed, in order, from the newest
// snapshot on, and when this node becomes and ceases to be the active leader: not before it was
// told all that came before its epoch (ReadyAtEpochStart).

#include "core/raft/metadata_log.hpp"
#include "core/raft/replicated.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <optional>

namespace glasslog::raft {

class Applier {
public:
    struct Leadership {
        LeaderEpoch epoch;
        Offset epoch_start;  // of its LeaderChange record

        friend bool operator==(const Leadership&, const Leadership&) = default;
    };

    Applier(const runtime::Runtime& runtime, MetadataLog& log) : runtime_(runtime), log_(log) {}

    void start(LogListener listener);

    // Told once, when the log cannot be read.
    void on_failure(UniqueFunction<void(IoError)> report) { failed_ = std::move(report); }

    // Told when applied() has moved.
    void on_progress(UniqueFunction<void()> report) { progressed_ = std::move(report); }

    // Everything below `upto` is committed.
    void commit(Offset upto);

    // The log begins with a snapshot that the listener may not have seen.
    void snapshot_came();

    // Whether this node leads; empty: no.
    void lead(std::optional<Leadership> leadership);

    void stop();

    void fail(const IoError& error);

    // The listener was told all below.
    Offset applied() const { return applied_; }

    // The epoch whose beginning the listener was told, while it lasts.
    bool is_active() const { return told_ && leadership_ && told_ == leadership_->epoch; }

private:
    void wake();
    void pump();
    void tell_loss();
    void tell_gain();
    void load_snapshot();
    void read_on();
    void tell(const storage::ReadResult& result);

    const runtime::Runtime& runtime_;
    MetadataLog& log_;
    LogListener listener_;
    UniqueFunction<void(IoError)> failed_;
    UniqueFunction<void()> progressed_;
    Offset committed_{0};
    Offset applied_{0};
    std::optional<Leadership> leadership_;
    std::optional<LeaderEpoch> told_;
    bool is_awake_ = false;    // pump() is posted
    bool is_reading_ = false;  // … or will be when a read ends
    bool is_stopped_ = false;
    runtime::Gate gate_;
};

}  // namespace glasslog::raft
