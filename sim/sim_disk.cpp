#include "sim/sim_disk.hpp"

#include "core/base/check.hpp"
#include "core/trace/kinds.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {

// --- the process's side -------------------------------------------------------------------------

class DiskDrive::OpenFile final : public runtime::File {
public:
    OpenFile(DiskDrive& drive, Handle handle, std::string path, runtime::OpenMode mode)
        : drive_(drive), handle_(handle), path_(std::move(path)), mode_(mode) {
        drive_.handles_.insert(handle_.number);
        drive_.image_.pin(handle_.inode);
    }

    ~OpenFile() override {
        if (!drive_.engine_.is_alive(handle_.owner)) return;
        drive_.handles_.erase(handle_.number);
        drive_.image_.unpin(handle_.inode);
    }

    void append(Payload payload, runtime::IoDone<void> done) override {
        if (!is_alive()) return;
        if (mode_ == runtime::OpenMode::read) {
            refuse(std::move(done));
            return;
        }
        state().issued_bytes += payload.size();
        submit({handle_, std::move(payload), std::nullopt, std::move(done)});
    }

    void truncate(std::uint64_t size, runtime::IoDone<void> done) override {
        if (!is_alive()) return;
        if (mode_ == runtime::OpenMode::read) {
            refuse(std::move(done));
            return;
        }
        CHECK(size <= state().issued_bytes, "to {} of {}", size, state().issued_bytes);
        state().issued_bytes = size;
        submit({handle_, {}, size, std::move(done)});
    }

    void read_at(std::uint64_t position, std::size_t max, runtime::IoDone<Bytes> done) override {
        if (!is_alive()) return;
        FileState& file = state();
        const Duration time = drive_.service_time(drive_.config_.read, file.read_key);
        drive_.image_.pin(handle_.inode);
        drive_.plan(
            drive_.engine_.now() + time,
            file.lane,
            handle_.owner,
            [&drive = drive_, handle = handle_, position, max, done = std::move(done)]() mutable {
                const std::string& path = drive.states_.at(handle.inode).path;
                if (drive.find_fault<DeadDisk>() != nullptr) {
                    drive.finish<Bytes>(handle, done, drive.failed(IoCode::failed, path, "read"));
                } else {
                    drive.finish<Bytes>(handle, done, drive.read(handle, position, max));
                }
            });
    }

    void sync(runtime::IoDone<void> done) override {
        if (!is_alive()) return;
        FileState& file = state();
        const std::uint64_t upto = drive_.image_.changes(handle_.inode) + file.pending.size();
        const Instant begin =
            std::max({drive_.engine_.now(), file.writes_done_at, file.syncs_done_at});
        file.syncs_done_at = begin + drive_.service_time(drive_.config_.sync, file.sync_key);
        drive_.image_.pin(handle_.inode);
        drive_.plan(file.syncs_done_at,
                    file.lane,
                    handle_.owner,
                    [&drive = drive_, handle = handle_, upto, done = std::move(done)]() mutable {
                        Expected<void, IoError> result = drive.sync(handle, upto);
                        drive.finish<void>(handle, done, std::move(result));
                    });
    }

    std::uint64_t size() const override {
        return is_alive() ? drive_.states_.at(handle_.inode).issued_bytes : 0;
    }

    const std::string& path() const override { return path_; }

private:
    bool is_alive() const { return drive_.engine_.is_alive(handle_.owner); }

    FileState& state() { return drive_.states_.at(handle_.inode); }

    // What was opened to read is not changed.
    void refuse(runtime::IoDone<void> done) {
        drive_.image_.pin(handle_.inode);
        drive_.plan(
            drive_.engine_.now(),
            state().lane,
            handle_.owner,
            [&drive = drive_, handle = handle_, path = path_, done = std::move(done)]() mutable {
                const IoError error{IoCode::failed, path, 9, "opened to read"};
                drive.finish<void>(handle, done, Unexpected{error});
            });
    }

    void submit(Pending pending) {
        FileState& file = state();
        const Instant begin = std::max(drive_.engine_.now(), file.writes_done_at);
        file.writes_done_at = begin + drive_.service_time(drive_.config_.append, file.append_key);
        file.pending.push_back(std::move(pending));
        drive_.image_.pin(handle_.inode);
        drive_.plan(file.writes_done_at,
                    file.lane,
                    handle_.owner,
                    [&drive = drive_, inode = handle_.inode] { drive.write_next(inode); });
    }

    DiskDrive& drive_;
    Handle handle_;
    std::string path_;
    runtime::OpenMode mode_;
};

class DiskDrive::Lock final : public runtime::DirectoryLock {
public:
    Lock(DiskDrive& drive, Owner owner, std::string path)
        : drive_(drive), owner_(owner), path_(std::move(path)) {}

    ~Lock() override {
        if (drive_.engine_.is_alive(owner_)) drive_.locks_.erase(path_);
    }

private:
    DiskDrive& drive_;
    Owner owner_;
    std::string path_;
};

class DiskDrive::Attached final : public runtime::Disk {
public:
    Attached(DiskDrive& drive, Owner owner) : drive_(drive), owner_(owner) {}

    void open(const std::string& path,
              runtime::OpenMode mode,
              runtime::IoDone<std::unique_ptr<runtime::File>> done) override {
        using Result = Expected<std::unique_ptr<runtime::File>, IoError>;
        plan<std::unique_ptr<runtime::File>>(
            path,
            std::move(done),
            [this, path, mode]() -> std::optional<Result> {
                const bool creates = mode == runtime::OpenMode::create ||
                                     (mode == runtime::OpenMode::create_or_append &&
                                      !drive_.image_.find(path).has_value());
                if (creates && !drive_.pass_boundary()) return std::nullopt;
                const auto inode = drive_.image_.open(path, mode);
                if (!inode) return Unexpected{inode.error()};
                drive_.open_state(*inode, path);
                const Handle handle{owner_, *inode, ++drive_.last_handle_};
                return Result(std::make_unique<OpenFile>(drive_, handle, path, mode));
            });
    }

    void rename(const std::string& from,
                const std::string& to,
                runtime::IoDone<void> done) override {
        change(from, std::move(done), [from, to](DiskImage& image) {
            return image.rename(from, to);
        });
    }

    void remove(const std::string& path, runtime::IoDone<void> done) override {
        change(path, std::move(done), [path](DiskImage& image) { return image.remove(path); });
    }

    void make_directory(const std::string& path, runtime::IoDone<void> done) override {
        change(path, std::move(done), [path](DiskImage& image) {
            return image.make_directory(path);
        });
    }

    void sync_directory(const std::string& path, runtime::IoDone<void> done) override {
        change(path, std::move(done), [path](DiskImage& image) {
            return image.sync_directory(path);
        });
    }

    void list(const std::string& path,
              runtime::IoDone<std::vector<runtime::DirectoryEntry>> done) override {
        using Result = Expected<std::vector<runtime::DirectoryEntry>, IoError>;
        plan<std::vector<runtime::DirectoryEntry>>(
            path,
            std::move(done),
            [this, path]() -> std::optional<Result> { return drive_.image_.list(path); });
    }

    void modified_at(const std::string& path, runtime::IoDone<WallTime> done) override {
        using Result = Expected<WallTime, IoError>;
        plan<WallTime>(path, std::move(done), [this, path]() -> std::optional<Result> {
            const auto inode = drive_.image_.find(path);
            if (!inode) return Unexpected{IoError{IoCode::not_found, path, 0, {}}};
            return drive_.image_.modified_at(*inode);
        });
    }

    void lock(const std::string& path,
              runtime::IoDone<std::unique_ptr<runtime::DirectoryLock>> done) override {
        using Result = Expected<std::unique_ptr<runtime::DirectoryLock>, IoError>;
        plan<std::unique_ptr<runtime::DirectoryLock>>(
            path,
            std::move(done),
            [this, path]() -> std::optional<Result> {
                if (drive_.locks_.contains(path)) {
                    return Unexpected{IoError{IoCode::exists, path, 0, "held by another process"}};
                }
                if (!drive_.image_.find(path) && !drive_.pass_boundary()) return std::nullopt;
                const auto inode = drive_.image_.open(path, runtime::OpenMode::create_or_append);
                if (!inode) return Unexpected{inode.error()};
                drive_.locks_.insert(path);
                return Result(std::make_unique<Lock>(drive_, owner_, path));
            });
    }

    void space(const std::string& path, runtime::IoDone<Space> done) override {
        plan<Space>(path, std::move(done), [this]() -> std::optional<Expected<Space, IoError>> {
            const std::uint64_t total = drive_.config_.capacity_bytes;
            return Space{total, drive_.room_for(total)};
        });
    }

private:
    template <typename T, typename F>
    void plan(const std::string& path, runtime::IoDone<T> done, F effect) {
        if (!drive_.engine_.is_alive(owner_)) return;
        drive_.plan_name<T>(owner_, path, std::move(done), std::move(effect));
    }

    template <typename F>
    void change(const std::string& path, runtime::IoDone<void> done, F effect) {
        using Result = Expected<void, IoError>;
        plan<void>(path,
                   std::move(done),
                   [this, effect = std::move(effect)]() -> std::optional<Result> {
                       if (!drive_.pass_boundary()) return std::nullopt;
                       return effect(drive_.image_);
                   });
    }

    DiskDrive& drive_;
    Owner owner_;
};

// --- the drive ----------------------------------------------------------------------------------

DiskDrive::DiskDrive(Engine& engine, NodeId node, const DiskConfig& config, const NodeClock& clock)
    : engine_(engine), node_(node), config_(config), clock_(clock) {
    lane_.key = Draws::key_of("disk", node, "");
}

DiskDrive::~DiskDrive() = default;

std::unique_ptr<runtime::Disk> DiskDrive::attach(Owner owner) {
    return std::make_unique<Attached>(*this, owner);
}

DiskDrive::FileState& DiskDrive::open_state(InodeId inode, const std::string& path) {
    FileState& state = states_[inode];
    if (state.append_key == 0) {
        state.append_key = Draws::key_of("disk-append", node_, path);
        state.read_key = Draws::key_of("disk-read", node_, path);
        state.sync_key = Draws::key_of("disk-sync", node_, path);
        state.lane.key = Draws::key_of("disk-order", node_, path);
    }
    state.path = path;
    if (state.pending.empty()) state.issued_bytes = image_.size(inode);
    return state;
}

Duration DiskDrive::service_time(const Latency& latency, std::uint64_t key) {
    constexpr Duration slowest = Duration::seconds(24 * 3600);
    Duration time = latency.sample(engine_.draws().next(key));
    for (ActiveFault* fault : faults_) {
        const auto* slow = std::get_if<SlowDisk>(&fault->fault);
        if (slow == nullptr) continue;
        const Duration slowed = std::min(time * slow->factor, slowest);
        fault->bites += slowed == time ? 0 : 1;
        time = slowed;
    }
    return time;
}

template <typename F>
void DiskDrive::plan(Instant when, Lane& lane, Owner owner, F effect) {
    engine_.plan(when, lane, Owner{}, [this, owner, effect = std::move(effect)]() mutable {
        if (!engine_.is_alive(owner)) return;
        ActiveFault* const stall = find_fault<StallDisk>();
        if (stall != nullptr) ++stall->bites;
        if (stall != nullptr || !held_.empty()) {
            hold(owner, std::move(effect));
        } else {
            effect();
        }
    });
}

void DiskDrive::hold(Owner owner, runtime::Task effect) {
    held_.push_back({owner, engine_.cause(), std::move(effect)});
}

void DiskDrive::run_held() {
    const trace::EventId cause = engine_.cause();
    while (!held_.empty() && find_fault<StallDisk>() == nullptr) {
        Held next = std::move(held_.front());
        held_.pop_front();
        engine_.set_cause(next.cause);
        if (engine_.is_alive(next.owner)) next.effect();
    }
    engine_.set_cause(cause);
}

template <typename T, typename F>
void DiskDrive::plan_name(Owner owner, const std::string& path, runtime::IoDone<T> done, F effect) {
    const Duration time = service_time(config_.name, Draws::key_of("disk-name", node_, path));
    Lane lane{lane_.key + ++name_operations_, {}, 0, 0};  // nothing orders names
    plan(engine_.now() + time,
         lane,
         owner,
         [this, owner, path, done = std::move(done), effect = std::move(effect)]() mutable {
             std::optional<Expected<T, IoError>> result;
             if (find_fault<DeadDisk>() != nullptr) {
                 result = failed(IoCode::failed, path, "name");
             } else {
                 result = effect();
             }
             if (!result) return;
             engine_.enter(owner,
                           engine_.cause(),
                           [done = std::move(done), result = *std::move(result)]() mutable {
                               done(std::move(result));
                           });
         });
}

template <typename T>
void DiskDrive::finish(const Handle& handle,
                       runtime::IoDone<T>& done,
                       Expected<T, IoError> result) {
    if (!engine_.is_alive(handle.owner)) return;  // died at this very boundary
    image_.unpin(handle.inode);
    if (!handles_.contains(handle.number)) return;
    engine_.enter(handle.owner,
                  engine_.cause(),
                  [this,
                   number = handle.number,
                   done = std::move(done),
                   result = std::move(result)]() mutable {
                      if (handles_.contains(number)) done(std::move(result));
                  });
}

bool DiskDrive::pass_boundary() {
    if (crash_boundary_ == boundaries_) {
        crash_boundary_.reset();
        crash_();
        return false;
    }
    ++boundaries_;
    return true;
}

void DiskDrive::crash_at(std::uint64_t boundary, runtime::Task crash) {
    crash_boundary_ = boundary;
    crash_ = std::move(crash);
}

template <typename F>
ActiveFault* DiskDrive::find_fault() {
    for (ActiveFault* fault : faults_) {
        if (std::holds_alternative<F>(fault->fault)) return fault;
    }
    return nullptr;
}

Unexpected<IoError> DiskDrive::failed(IoCode code, const std::string& path, const char* operation) {
    if (code == IoCode::failed) {
        if (ActiveFault* const dead = find_fault<DeadDisk>()) ++dead->bites;
    }
    engine_.emit(node_, trace::kinds::DiskFailed{path, operation, name(code)});
    return Unexpected{IoError{code, path, code == IoCode::failed ? 5 : 0, "the simulated disk"}};
}

// --- files --------------------------------------------------------------------------------------

void DiskDrive::write_next(InodeId inode) {
    FileState& state = states_.at(inode);
    CHECK(!state.pending.empty());
    const bool fails = find_fault<DeadDisk>() != nullptr ||
                       state.poisoned_incarnation == state.pending.front().handle.owner.incarnation;
    if (!fails && !pass_boundary()) return;  // what is pending is resolved by process_died()
    Pending pending = std::move(state.pending.front());
    state.pending.pop_front();
    Expected<void, IoError> result = write(state, pending);
    if (!result && !pending.truncate_to) {
        const std::uint64_t end = image_.size(inode);
        if (state.pending.empty()) state.issued_bytes = end;
    }
    finish<void>(pending.handle, pending.done, std::move(result));
}

Expected<void, IoError> DiskDrive::write(FileState& state, const Pending& pending) {
    const InodeId inode = pending.handle.inode;
    IoCode code = IoCode::exists;  // exists: goes well
    if (find_fault<DeadDisk>() != nullptr) code = IoCode::failed;
    if (state.poisoned_incarnation == pending.handle.owner.incarnation) code = IoCode::poisoned;
    if (code != IoCode::exists) {
        image_.append_part(inode, pending.payload, 0);  // counts as a change of no bytes
        return failed(code, state.path, pending.truncate_to ? "truncate" : "append");
    }
    if (pending.truncate_to) {
        const std::uint64_t size = std::min(*pending.truncate_to, image_.size(inode));
        image_.truncate(inode, size, clock_.wall());
        return {};
    }
    const std::uint64_t bytes = pending.payload.size();
    const std::uint64_t room = room_for(bytes);
    if (room < bytes) {
        image_.append_part(inode, pending.payload, room);
        if (ActiveFault* const full = find_fault<FullDisk>()) ++full->bites;
        return failed(IoCode::full, state.path, "append");
    }
    image_.append(inode, pending.payload, clock_.wall());
    return {};
}

std::uint64_t DiskDrive::room_for(std::uint64_t bytes) {
    std::uint64_t limit = config_.capacity_bytes;
    for (const auto& [id, used] : full_at_)
        limit = std::min(limit, used);
    const std::uint64_t room = limit - std::min(limit, image_.used_bytes());
    return std::min(room, bytes);
}

Bytes DiskDrive::read(const Handle& handle, std::uint64_t position, std::size_t max) {
    Bytes bytes = image_.read(handle.inode, position, max);
    const std::string& path = states_.at(handle.inode).path;
    for (ActiveFault* fault : faults_) {
        const auto* rot = std::get_if<BitRot>(&fault->fault);
        if (rot == nullptr || rot->path != path) continue;
        if (rot->position >= position && rot->position - position < bytes.size()) ++fault->bites;
    }
    return bytes;
}

Expected<void, IoError> DiskDrive::sync(const Handle& handle, std::uint64_t upto) {
    FileState& state = states_.at(handle.inode);
    if (find_fault<DeadDisk>() != nullptr) return failed(IoCode::failed, state.path, "sync");
    if (state.poisoned_incarnation == handle.owner.incarnation) {
        return failed(IoCode::poisoned, state.path, "sync");
    }
    for (ActiveFault* fault : faults_) {
        const auto* fail = std::get_if<FailSync>(&fault->fault);
        if (fail == nullptr || fault->bites > 0 || !state.path.starts_with(fail->path)) continue;
        ++fault->bites;
        state.poisoned_incarnation = handle.owner.incarnation;
        return failed(IoCode::failed, state.path, "sync");
    }
    if (!pass_boundary()) return {};  // finish() sees that the owner has died
    image_.sync_upto(handle.inode, upto);
    const auto bytes = static_cast<std::int64_t>(image_.size(handle.inode));
    engine_.emit(node_, trace::kinds::DiskSynced{state.path, bytes});
    return {};
}

// --- damage -------------------------------------------------------------------------------------

void DiskDrive::finish_writes() {
    for (auto& [inode, state] : states_) {
        for (const Pending& pending : state.pending)
            ignore(write(state, pending), "nobody is left to be told");
        for (Pending& pending : state.pending)
            engine_.after_event([done = std::move(pending.done)] {});
        state.pending.clear();
    }
}

void DiskDrive::process_died() {
    std::vector<Pending> gone;
    for (auto& [inode, state] : states_) {
        if (!state.pending.empty()) {
            const Pending& first = state.pending.front();
            if (!first.truncate_to) {
                const std::uint64_t draw = engine_.draws().next("crash-partial", node_, state.path);
                image_.append_part(inode, first.payload, below(draw, first.payload.size() + 1));
            }
            std::ranges::move(state.pending, std::back_inserter(gone));
            state.pending.clear();
        }
        state.writes_done_at = state.syncs_done_at = engine_.now();
    }
    for (Held& held : held_)
        engine_.after_event([effect = std::move(held.effect)] {});
    held_.clear();
    handles_.clear();
    locks_.clear();
    image_.drop_pins();
    crash_boundary_.reset();
    // What the callbacks own may still be on the stack.
    engine_.after_event([gone = std::move(gone)] {});
}

bool DiskDrive::power_loss(const CrashModel& model) {
    const auto report =
        image_.power_loss(model, [this](std::string_view what, const std::string& path) {
            return engine_.draws().next(what, node_, path);
        });
    for (const FileCrash& crash : report) {
        engine_.emit(node_,
                     trace::kinds::DiskCrashed{crash.path,
                                               static_cast<std::int64_t>(crash.written_bytes),
                                               static_cast<std::int64_t>(crash.kept_bytes),
                                               crash.is_torn});
    }
    std::erase_if(states_, [&](const auto& entry) { return !image_.exists(entry.first); });
    return !report.empty();
}

void DiskDrive::inject(ActiveFault& fault) {
    faults_.push_back(&fault);
    if (const auto* full = std::get_if<FullDisk>(&fault.fault)) {
        full_at_[fault.id] = image_.used_bytes() + full->free_bytes;
    }
    if (const auto* rot = std::get_if<BitRot>(&fault.fault)) {
        const auto inode = image_.find(rot->path);
        if (!inode || !image_.rot(*inode, rot->position, rot->bit)) std::erase(faults_, &fault);
    }
    engine_.emit(node_, trace::kinds::DiskState{kind_of(fault.fault)});
}

void DiskDrive::heal(ActiveFault& fault) {
    std::erase(faults_, &fault);
    full_at_.erase(fault.id);
    if (!held_.empty()) {
        engine_.plan(engine_.now(), lane_, Owner{}, [this] { run_held(); });
    }
    engine_.emit(node_, trace::kinds::DiskState{faults_.empty() ? "healthy" : "failing"});
}

}  // namespace glasslog::sim
