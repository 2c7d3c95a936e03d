#include "core/storage/log_directory.hpp"

#include "core/base/check.hpp"
#include "core/runtime/gate.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/job.hpp"
#include "core/trace/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

namespace glasslog::storage {

namespace {

constexpr std::string_view node_root = ".";  // as parent_of() calls it
constexpr std::string_view meta_file = "meta.properties";
constexpr std::string_view clean_file = ".kafka_cleanshutdown";
constexpr std::size_t small_file_bytes_max = 64U << 20;

std::string_view file_of(CheckpointKind kind) {
    switch (kind) {
        case CheckpointKind::recovery_point:
            return "recovery-point-offset-checkpoint";
        case CheckpointKind::log_start:
            return "log-start-offset-checkpoint";
        case CheckpointKind::high_watermark:
            return "replication-offset-checkpoint";
    }
    UNREACHABLE();
}

// The folder and its name in its parent. Of a relative path all that leads to it, up to the node's
// root; above an absolute one stands what an administrator made.
std::vector<DiskOp> make_durably(const std::string& path) {
    std::vector<DiskOp> operations;
    operations.emplace_back(MakeDirectory{path});
    std::string parent = parent_of(path);
    operations.emplace_back(SyncDirectory{parent});
    while (!path.starts_with('/') && parent != node_root) {
        parent = parent_of(parent);
        operations.emplace_back(SyncDirectory{parent});
    }
    return operations;
}

Bytes bytes_of(const std::string& text) {
    return Bytes::copy_of(as_bytes(text));
}

}  // namespace

class LogDirectory::State {
public:
    State(const runtime::Runtime& runtime, std::string path);

    void open(OpenDirectory how, runtime::IoDone<OpenedDirectory> done);
    void create_partition(const PartitionName& name,
                          const Uuid& topic_id,
                          runtime::IoDone<std::string> done);
    void delete_partition(const PartitionName& name, runtime::IoDone<void> done);
    void set_aside(const PartitionName& name, runtime::IoDone<void> done);
    void write_checkpoint(CheckpointKind kind,
                          const OffsetCheckpoint& offsets,
                          runtime::IoDone<void> done);
    void close_clean(BrokerEpoch epoch, runtime::IoDone<void> done);

    std::string in(std::string_view name) const { return path_ + "/" + std::string(name); }

    const std::string path_;

private:
    struct Opening {
        OpenDirectory how;
        runtime::IoDone<OpenedDirectory> done;
        OpenedDirectory result;
        std::vector<runtime::DirectoryEntry> entries;
        std::size_t next_partition = 0;
    };

    // The content, or nothing when there is no such file.
    using Content = std::optional<Bytes>;

    // A job of its own, behind those asked for before.
    struct Queued {
        Job job;
        runtime::IoDone<void> done;
    };

    void run(Job job, runtime::IoDone<void> done);
    void run_next();
    void read_file(const std::string& path, runtime::IoDone<Content> done);
    void list();
    void read_meta();
    void check_meta(const MetaProperties& meta);
    void write_meta();
    void read_clean_marker();
    void read_checkpoint(CheckpointKind kind);
    void sort_folders();
    void read_next_topic_id();
    void opened();
    void fail_open(IoError error);
    IoError unusable(std::string_view file, std::string detail) const;
    void remove_folder(const std::string& folder);
    void remove_listed(const std::string& folder, std::vector<runtime::DirectoryEntry> entries);
    void remove_later(const std::string& folder);
    void arm_remover();
    Uuid draw_unique();
    Job rename_folder(const PartitionName& name, const std::string& to) const;

    runtime::Runtime runtime_;
    Duration file_delete_delay_;
    std::unique_ptr<runtime::DirectoryLock> lock_;
    std::optional<Opening> opening_;
    JobRunner runner_;
    std::deque<Queued> queue_;
    std::array<std::unique_ptr<AtomicFile>, 3> checkpoints_;

    struct Doomed {
        Instant at;
        std::string folder;
    };

    std::deque<Doomed> doomed_;
    runtime::Timer remove_timer_;
    runtime::Gate gate_;
};

LogDirectory::State::State(const runtime::Runtime& runtime, std::string path)
    : path_(std::move(path)), runtime_(runtime), runner_(runtime.executor, runtime.disk) {
    for (const CheckpointKind kind : checkpoint_kinds) {
        checkpoints_[static_cast<std::size_t>(kind)] =
            std::make_unique<AtomicFile>(runtime.executor, runtime.disk, in(file_of(kind)));
    }
}

// `done` runs when nothing of this object follows: it may destroy it.
void LogDirectory::State::run(Job job, runtime::IoDone<void> done) {
    queue_.push_back({std::move(job), std::move(done)});
    if (!runner_.is_running()) run_next();
}

void LogDirectory::State::run_next() {
    if (queue_.empty()) return;
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    runner_.run(std::move(next.job),
                [this, done = std::move(next.done)](Expected<void, IoError> outcome) mutable {
                    run_next();
                    done(std::move(outcome));
                });
}

void LogDirectory::State::read_file(const std::string& path, runtime::IoDone<Content> done) {
    const auto content = std::make_shared<std::vector<std::uint8_t>>();
    run(read_whole({path, small_file_bytes_max}, content),
        [content, done = std::move(done)](Expected<void, IoError> outcome) mutable {
            if (outcome) return done(Content(Bytes::from(std::move(*content))));
            if (outcome.error().code == IoCode::not_found) return done(Content());
            done(Unexpected{outcome.error()});
        });
}

IoError LogDirectory::State::unusable(std::string_view file, std::string detail) const {
    return {.code = IoCode::failed,
            .subject = in(file),
            .errno_value = 0,
            .detail = std::move(detail)};
}

void LogDirectory::State::fail_open(IoError error) {
    Opening opening = *std::exchange(opening_, std::nullopt);
    lock_.reset();
    opening.done(Unexpected{std::move(error)});
}

void LogDirectory::State::open(OpenDirectory how, runtime::IoDone<OpenedDirectory> done) {
    CHECK(!opening_);
    file_delete_delay_ = how.file_delete_delay;
    opening_ = Opening{};
    opening_->how = std::move(how);
    opening_->done = std::move(done);
    run(run_in_order(make_durably(path_)), [this](Expected<void, IoError> made) {
        if (!made) return fail_open(made.error());
        runtime_.disk.lock(
            in(".lock"),
            gate_.wrap([this](Expected<std::unique_ptr<runtime::DirectoryLock>, IoError> lock) {
                if (!lock) return fail_open(lock.error());
                lock_ = std::move(*lock);
                list();
            }));
    });
}

void LogDirectory::State::list() {
    runtime_.disk.list(
        path_,
        gate_.wrap([this](Expected<std::vector<runtime::DirectoryEntry>, IoError> entries) {
            if (!entries) return fail_open(entries.error());
            opening_->entries = std::move(*entries);
            read_meta();
        }));
}

void LogDirectory::State::read_meta() {
    read_file(in(meta_file), [this](Expected<Content, IoError> content) {
        if (!content) return fail_open(content.error());
        if (!content->has_value()) return write_meta();
        const auto meta = decode_meta_properties((*content)->view());
        if (!meta) return fail_open(unusable(meta_file, meta.error().text()));
        check_meta(*meta);
    });
}

void LogDirectory::State::check_meta(const MetaProperties& meta) {
    const DirectoryOwner& owner = opening_->how.owner;
    if (owner.node_id != no_node && owner.node_id != meta.node_id) {
        return fail_open(unusable(
            meta_file,
            fmt::format("the directory is of node {}, this is node {}: give another directory or "
                        "node.id={}",
                        meta.node_id,
                        owner.node_id,
                        meta.node_id)));
    }
    if (owner.cluster_id && *owner.cluster_id != meta.cluster_id) {
        return fail_open(unusable(
            meta_file,
            fmt::format(
                "the directory is of cluster {}, this is cluster {}: give another directory",
                meta.cluster_id,
                *owner.cluster_id)));
    }
    opening_->result.meta = meta;
    read_clean_marker();
}

void LogDirectory::State::write_meta() {
    if (!opening_->how.format)
        return fail_open(unusable(meta_file,
                                  "the directory is not formatted: format it first, with "
                                  "glasslog storage format --config FILE --cluster-id ID"));
    const MetaProperties meta = *opening_->how.format;
    run(run_in_order(write_atomically(in(meta_file), bytes_of(encode_meta_properties(meta)))),
        [this, meta](Expected<void, IoError> written) {
            if (!written) return fail_open(written.error());
            check_meta(meta);
        });
}

// The marker is good for one start: it goes, durably, before anything is written.
void LogDirectory::State::read_clean_marker() {
    read_file(in(clean_file), [this](Expected<Content, IoError> content) {
        if (!content) return fail_open(content.error());
        if (!content->has_value()) return read_checkpoint(CheckpointKind::recovery_point);
        const auto epoch = decode_clean_shutdown((*content)->view());
        if (epoch) opening_->result.clean_shutdown = *epoch;
        std::vector<DiskOp> operations;
        operations.emplace_back(RemovePath{in(clean_file), IfMissing::fail});
        operations.emplace_back(SyncDirectory{path_});
        run(run_in_order(std::move(operations)), [this](Expected<void, IoError> removed) {
            if (!removed) return fail_open(removed.error());
            read_checkpoint(CheckpointKind::recovery_point);
        });
    });
}

// One that cannot be read counts as empty: recovery then scans more, and the log start is that of
// the first segment.
void LogDirectory::State::read_checkpoint(CheckpointKind kind) {
    read_file(in(file_of(kind)), [this, kind](Expected<Content, IoError> content) {
        if (!content) return fail_open(content.error());
        if (content->has_value()) {
            auto offsets = decode_offset_checkpoint((*content)->view());
            if (!offsets)
                trace::log(runtime_.trace,
                           trace::LogLevel::warning,
                           "storage",
                           fmt::format("{}: {}: taken as empty",
                                       in(file_of(kind)),
                                       offsets.error().text()));
            if (offsets)
                opening_->result.checkpoints[static_cast<std::size_t>(kind)] = std::move(*offsets);
        }
        if (kind == CheckpointKind::high_watermark) return sort_folders();
        read_checkpoint(kind == CheckpointKind::recovery_point ? CheckpointKind::log_start
                                                               : CheckpointKind::high_watermark);
    });
}

void LogDirectory::State::sort_folders() {
    const auto at = [&](CheckpointKind kind, const PartitionName& name) -> std::optional<Offset> {
        const OffsetCheckpoint& offsets =
            opening_->result.checkpoints[static_cast<std::size_t>(kind)];
        const auto found = offsets.find(name);
        return found == offsets.end() ? std::nullopt : std::optional(found->second);
    };
    for (const runtime::DirectoryEntry& entry : opening_->entries) {
        if (!entry.is_directory) continue;
        auto folder = parse_partition_directory_name(entry.name);
        if (!folder) {
            opening_->result.stray.push_back(in(entry.name));
        } else if (folder->kind == DirectoryKind::deleted) {
            remove_later(in(entry.name));
        } else if (folder->kind != DirectoryKind::partition) {
            opening_->result.stray.push_back(in(entry.name));
        } else {
            FoundPartition found{.name = folder->name,
                                 .path = in(entry.name),
                                 .topic_id = std::nullopt,
                                 .recovery_point = Offset(0),
                                 .log_start = Offset(0),
                                 .high_watermark = std::nullopt};
            found.recovery_point =
                at(CheckpointKind::recovery_point, found.name).value_or(Offset(0));
            found.log_start = at(CheckpointKind::log_start, found.name).value_or(Offset(0));
            found.high_watermark = at(CheckpointKind::high_watermark, found.name);
            opening_->result.partitions.push_back(std::move(found));
        }
    }
    std::sort(opening_->result.partitions.begin(),
              opening_->result.partitions.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    read_next_topic_id();
}

void LogDirectory::State::read_next_topic_id() {
    if (opening_->next_partition == opening_->result.partitions.size()) return opened();
    const FoundPartition& partition = opening_->result.partitions[opening_->next_partition];
    read_file(partition.path + "/partition.metadata", [this](Expected<Content, IoError> content) {
        if (!content) return fail_open(content.error());
        if (content->has_value()) {
            const auto id = decode_partition_metadata((*content)->view());
            auto& found = opening_->result.partitions[opening_->next_partition];
            if (id) found.topic_id = *id;
        }
        ++opening_->next_partition;
        read_next_topic_id();
    });
}

void LogDirectory::State::opened() {
    Opening opening = *std::exchange(opening_, std::nullopt);
    opening.done(std::move(opening.result));
}

void LogDirectory::State::create_partition(const PartitionName& name,
                                           const Uuid& topic_id,
                                           runtime::IoDone<std::string> done) {
    const std::string folder = in(partition_directory_name(name));
    std::vector<DiskOp> operations;
    operations.emplace_back(MakeDirectory{folder});
    for (DiskOp& operation : write_atomically(folder + "/partition.metadata",
                                              bytes_of(encode_partition_metadata(topic_id))))
        operations.push_back(std::move(operation));
    operations.emplace_back(SyncDirectory{path_});
    run(run_in_order(std::move(operations)),
        [folder, done = std::move(done)](Expected<void, IoError> made) mutable {
            if (!made) return done(Unexpected{made.error()});
            done(folder);
        });
}

Uuid LogDirectory::State::draw_unique() {
    const std::uint64_t high = runtime_.random.draw("storage.deleted", path_);
    const std::uint64_t low = runtime_.random.draw("storage.deleted", path_);
    return Uuid::version_4(high, low);
}

Job LogDirectory::State::rename_folder(const PartitionName& name, const std::string& to) const {
    std::vector<DiskOp> operations;
    operations.emplace_back(RenamePath{in(partition_directory_name(name)), to, IfMissing::go_on});
    operations.emplace_back(SyncDirectory{path_});
    return run_in_order(std::move(operations));
}

void LogDirectory::State::set_aside(const PartitionName& name, runtime::IoDone<void> done) {
    const std::string to = in(stray_directory_name(name, draw_unique()));
    trace::log(runtime_.trace,
               trace::LogLevel::warning,
               "storage",
               fmt::format("{} is of no topic that the metadata knows: it is kept as {}",
                           partition_directory_name(name),
                           to));
    run(rename_folder(name, to), std::move(done));
}

void LogDirectory::State::delete_partition(const PartitionName& name, runtime::IoDone<void> done) {
    const std::string to = in(deleted_directory_name(name, draw_unique()));
    run(rename_folder(name, to),
        [this, to, done = std::move(done)](Expected<void, IoError> renamed) mutable {
            if (renamed) remove_later(to);
            done(std::move(renamed));
        });
}

void LogDirectory::State::remove_later(const std::string& folder) {
    doomed_.push_back({runtime_.clock.now() + file_delete_delay_, folder});
    if (doomed_.size() == 1) arm_remover();
}

void LogDirectory::State::arm_remover() {
    if (doomed_.empty()) return;
    remove_timer_ = runtime_.executor.at(doomed_.front().at, gate_.wrap([this] {
        const std::string folder = doomed_.front().folder;
        doomed_.pop_front();
        remove_folder(folder);
        arm_remover();
    }));
}

// What cannot be removed stays under its "-delete" name and is tried again at the next start.
void LogDirectory::State::remove_folder(const std::string& folder) {
    runtime_.disk.list(
        folder,
        gate_.wrap([this, folder](Expected<std::vector<runtime::DirectoryEntry>, IoError> entries) {
            if (entries) remove_listed(folder, std::move(*entries));
        }));
}

void LogDirectory::State::remove_listed(const std::string& folder,
                                        std::vector<runtime::DirectoryEntry> entries) {
    std::vector<DiskOp> operations;
    for (const runtime::DirectoryEntry& entry : entries)
        operations.emplace_back(RemovePath{folder + "/" + entry.name, IfMissing::go_on});
    operations.emplace_back(RemovePath{folder, IfMissing::go_on});
    run(run_in_order(std::move(operations)),
        [this, folder](const Expected<void, IoError>& removed) {
            if (removed) return;
            trace::log(runtime_.trace,
                       trace::LogLevel::warning,
                       "storage",
                       fmt::format("{}: cannot be removed: {}", folder, removed.error().text()));
        });
}

void LogDirectory::State::write_checkpoint(CheckpointKind kind,
                                           const OffsetCheckpoint& offsets,
                                           runtime::IoDone<void> done) {
    checkpoints_[static_cast<std::size_t>(kind)]->write(bytes_of(encode_offset_checkpoint(offsets)),
                                                        gate_.wrap(std::move(done)));
}

void LogDirectory::State::close_clean(BrokerEpoch epoch, runtime::IoDone<void> done) {
    remove_timer_.cancel();
    run(run_in_order(write_atomically(in(clean_file), bytes_of(encode_clean_shutdown(epoch)))),
        [this, done = std::move(done)](Expected<void, IoError> written) mutable {
            lock_.reset();
            done(std::move(written));
        });
}

LogDirectory::LogDirectory(const runtime::Runtime& runtime, std::string path)
    : state_(std::make_unique<State>(runtime, std::move(path))) {}

LogDirectory::~LogDirectory() = default;

void LogDirectory::open(OpenDirectory how, runtime::IoDone<OpenedDirectory> done) {
    state_->open(std::move(how), std::move(done));
}

void LogDirectory::create_partition(const PartitionName& name,
                                    const Uuid& topic_id,
                                    runtime::IoDone<std::string> done) {
    state_->create_partition(name, topic_id, std::move(done));
}

void LogDirectory::delete_partition(const PartitionName& name, runtime::IoDone<void> done) {
    state_->delete_partition(name, std::move(done));
}

void LogDirectory::set_aside(const PartitionName& name, runtime::IoDone<void> done) {
    state_->set_aside(name, std::move(done));
}

void LogDirectory::write_checkpoint(CheckpointKind kind,
                                    const OffsetCheckpoint& offsets,
                                    runtime::IoDone<void> done) {
    state_->write_checkpoint(kind, offsets, std::move(done));
}

void LogDirectory::close_clean(BrokerEpoch epoch, runtime::IoDone<void> done) {
    state_->close_clean(epoch, std::move(done));
}

const std::string& LogDirectory::path() const {
    return state_->path_;
}

std::string LogDirectory::partition_path(const PartitionName& name) const {
    return state_->in(partition_directory_name(name));
}

}  // namespace glasslog::storage
