#pragma once

// DiskDrive: the disk of one machine: a DiskImage with time, faults and boundaries. It outlives
// the processes, each of which sees it through a runtime::Disk made by attach().
//
// An operation takes effect when its time has come, just before its callback. Writes and
// truncations of one file take effect in the order of issue; a sync covers those issued before it
// and lets later ones pass; reads and names go by themselves.

#include "core/runtime/disk.hpp"
#include "sim/active_fault.hpp"
#include "sim/disk_image.hpp"
#include "sim/engine.hpp"
#include "sim/node_clock.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace glasslog::sim {

class DiskDrive {
public:
    DiskDrive(Engine& engine, NodeId node, const DiskConfig& config, const NodeClock& clock);
    ~DiskDrive();

    // For one incarnation.
    std::unique_ptr<runtime::Disk> attach(Owner owner);

    // The process is about to end in order: what it wrote reaches the page cache.
    void finish_writes();

    // The process is gone: locks and handles with it; of each file the write that was on its way
    // may have got as far as any byte.
    void process_died();

    // After process_died().
    bool power_loss(const CrashModel& model);  // true: something was not synced

    DiskImage& image() { return image_; }

    std::uint64_t boundaries() const { return boundaries_; }

    // `crash` is called instead of the change with this number.
    void crash_at(std::uint64_t boundary, runtime::Task crash);

    void inject(ActiveFault& fault);
    void heal(ActiveFault& fault);

private:
    class Attached;
    class OpenFile;
    class Lock;

    // An open file of one incarnation.
    struct Handle {
        Owner owner;
        InodeId inode;
        std::uint64_t number = 0;
    };

    // A write or truncation that has not taken effect yet.
    struct Pending {
        Handle handle;
        Payload payload;
        std::optional<std::uint64_t> truncate_to;
        runtime::IoDone<void> done;
    };

    // What the drive knows of a file beyond its bytes. The keys are those of the draws.
    struct FileState {
        std::string path;  // as it was opened last
        std::uint64_t append_key = 0;
        std::uint64_t read_key = 0;
        std::uint64_t sync_key = 0;
        Lane lane;
        Instant writes_done_at;
        Instant syncs_done_at;
        std::uint64_t issued_bytes = 0;  // size() after all that was issued
        std::deque<Pending> pending;
        std::uint32_t poisoned_incarnation = 0;  // 0: none
    };

    struct Held {
        Owner owner;
        trace::EventId cause;
        runtime::Task effect;
    };

    FileState& open_state(InodeId inode, const std::string& path);
    Duration service_time(const Latency& latency, std::uint64_t key);

    // Runs `effect` at `when`, or when a stall ends, unless the owner has died by then.
    template <typename F>
    void plan(Instant when, Lane& lane, Owner owner, F effect);
    void hold(Owner owner, runtime::Task effect);
    void run_held();

    // An operation on names. `effect` gives its result, or nothing when the world ends there.
    template <typename T, typename F>
    void plan_name(Owner owner, const std::string& path, runtime::IoDone<T> done, F effect);

    // Calls back unless the handle was closed; drops the operation's pin.
    template <typename T>
    void finish(const Handle& handle, runtime::IoDone<T>& done, Expected<T, IoError> result);

    // False when the world ends here instead.
    bool pass_boundary();

    template <typename F>
    ActiveFault* find_fault();
    Unexpected<IoError> failed(IoCode code, const std::string& path, const char* operation);

    Expected<InodeId, IoError> open(const std::string& path, runtime::OpenMode mode);
    void write_next(InodeId inode);
    Expected<void, IoError> write(FileState& state, const Pending& pending);
    std::uint64_t room_for(std::uint64_t bytes);
    Bytes read(const Handle& handle, std::uint64_t position, std::size_t max);
    Expected<void, IoError> sync(const Handle& handle, std::uint64_t upto);

    Engine& engine_;
    NodeId node_;
    DiskConfig config_;
    const NodeClock& clock_;
    DiskImage image_;
    std::map<InodeId, FileState> states_;
    std::set<std::uint64_t> handles_;  // open now
    std::uint64_t last_handle_ = 0;
    std::set<std::string> locks_;

    Lane lane_;
    std::uint64_t name_operations_ = 0;
    std::deque<Held> held_;  // by a stall, in order

    std::uint64_t boundaries_ = 0;
    std::optional<std::uint64_t> crash_boundary_;
    runtime::Task crash_;

    std::vector<ActiveFault*> faults_;
    std::map<FaultId, std::uint64_t> full_at_;  // used bytes at which a FullDisk is full
};

}  // namespace glasslog::sim
