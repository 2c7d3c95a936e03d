#include "core/raft/snapshot_store.hpp"

#include "core/storage/atomic_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

using storage::DiskOp;
using storage::IfMissing;

constexpr storage::FileSlot slot{0};

IoError broken(const std::string& path, const std::string& why) {
    return {.code = IoCode::failed, .subject = path, .detail = why};
}

// Appends `bytes` to the file, which begins with them when position is 0.
std::vector<DiskOp> append_to(const std::string& path, std::int64_t position, Payload bytes) {
    std::vector<DiskOp> operations;
    if (position == 0) operations.emplace_back(storage::RemovePath{path, IfMissing::go_on});
    operations.emplace_back(
        storage::OpenFile{slot,
                          path,
                          position == 0 ? runtime::OpenMode::create : runtime::OpenMode::append,
                          IfMissing::fail});
    operations.emplace_back(storage::AppendFile{slot, std::move(bytes)});
    return operations;
}

storage::Job read_range(const std::string& path,
                        const SnapshotStore::Wanted& wanted,
                        std::shared_ptr<SnapshotStore::Range> range) {
    enum class At : std::uint8_t { begin, opened, read, closed };
    return [path, wanted, range = std::move(range), at = At::begin](
               const storage::Completion& completion) mutable -> storage::Step {
        if (completion.error) return storage::Finished{completion.error};
        switch (std::exchange(at, static_cast<At>(static_cast<int>(at) + 1))) {
            case At::begin:
                return storage::OpenFile{slot, path, runtime::OpenMode::read, IfMissing::fail};
            case At::opened:
                range->size = static_cast<std::int64_t>(completion.size);
                if (wanted.position < 0 || wanted.position >= range->size) {
                    range->error = protocol::WireError::position_out_of_range;
                    at = At::closed;
                    return storage::CloseFile{slot};
                }
                return storage::ReadFile{slot,
                                         static_cast<std::uint64_t>(wanted.position),
                                         wanted.bytes_max};
            case At::read:
                range->bytes = completion.bytes;
                return storage::CloseFile{slot};
            case At::closed:
                return storage::Finished{};
        }
        UNREACHABLE();
    };
}

}  // namespace

SnapshotStore::SnapshotStore(const runtime::Runtime& runtime,
                             std::string directory,
                             SnapshotLimits limits)
    : runtime_(runtime),
      directory_(std::move(directory)),
      limits_(limits),
      runner_(runtime.executor, runtime.disk) {}

std::string SnapshotStore::path_of(const SnapshotId& id, SnapshotFileKind kind) const {
    return fmt::format("{}/{}", directory_, snapshot_file_name({id, kind}));
}

void SnapshotStore::run(storage::Job job, runtime::IoDone<void> done) {
    queue_.push_back({std::move(job), std::move(done)});
    if (queue_.size() == 1) run_next();
}

void SnapshotStore::run_next() {
    runner_.run(std::move(queue_.front().job), gate_.wrap([this](Expected<void, IoError> outcome) {
        runtime::IoDone<void> done = std::move(queue_.front().done);
        queue_.pop_front();
        // Not from inside the end of a job: the next begins in a task of its own.
        if (!queue_.empty()) {
            runtime_.executor.post(gate_.wrap([this] { run_next(); }));
        }
        done(std::move(outcome));
    }));
}

void SnapshotStore::open(runtime::IoDone<std::vector<SnapshotId>> done) {
    runtime_.disk.list(
        directory_,
        gate_.wrap([this, done = std::move(done)](
                       Expected<std::vector<runtime::DirectoryEntry>, IoError> listed) mutable {
            if (!listed) return done(Unexpected{std::move(listed).error()});
            std::vector<DiskOp> removals;
            for (const runtime::DirectoryEntry& entry : *listed) {
                const auto name = parse_snapshot_file_name(entry.name);
                if (!name) continue;
                if (name->kind == SnapshotFileKind::whole) {
                    add(name->id);
                } else {
                    removals.emplace_back(
                        storage::RemovePath{directory_ + "/" + entry.name, IfMissing::go_on});
                }
            }
            if (removals.empty()) return done(all_);
            run(storage::run_in_order(std::move(removals)),
                [this, done = std::move(done)](Expected<void, IoError> removed) mutable {
                    if (!removed) return done(Unexpected{std::move(removed).error()});
                    done(all_);
                });
        }));
}

void SnapshotStore::add(SnapshotId id) {
    const auto at = std::lower_bound(all_.begin(), all_.end(), id);
    if (at == all_.end() || *at != id) all_.insert(at, id);
}

void SnapshotStore::name_finally(SnapshotId id, runtime::IoDone<void> done) {
    std::vector<DiskOp> operations;
    operations.emplace_back(
        storage::RenamePath{path_of(id, SnapshotFileKind::partial), path_of(id), IfMissing::fail});
    operations.emplace_back(storage::SyncDirectory{directory_});
    run(storage::run_in_order(std::move(operations)),
        [this, id, done = std::move(done)](Expected<void, IoError> renamed) mutable {
            if (renamed) add(id);
            done(std::move(renamed));
        });
}

void SnapshotStore::write(SnapshotId id,
                          const Snapshot& content,
                          runtime::IoDone<std::int64_t> done) {
    Payload bytes;
    const SnapshotWriting how{.epoch = id.epoch,
                              .written_at = runtime_.clock.wall().milliseconds()};
    for (Bytes& batch : encode_snapshot(content, how))
        bytes.append(std::move(batch));
    const auto size = static_cast<std::int64_t>(bytes.size());
    std::vector<DiskOp> operations =
        append_to(path_of(id, SnapshotFileKind::partial), 0, std::move(bytes));
    operations.emplace_back(storage::SyncFile{slot});
    operations.emplace_back(storage::CloseFile{slot});
    run(storage::run_in_order(std::move(operations)),
        [this, id, size, done = std::move(done)](Expected<void, IoError> written) mutable {
            if (!written) return done(Unexpected{std::move(written).error()});
            name_finally(id, [size, done = std::move(done)](Expected<void, IoError> named) mutable {
                if (!named) return done(Unexpected{std::move(named).error()});
                done(size);
            });
        });
}

void SnapshotStore::receive(Piece piece, runtime::IoDone<void> done) {
    const std::string path = path_of(piece.id, SnapshotFileKind::partial);
    if (piece.position == 0) {
        receiving_ = piece.id;
        received_bytes_ = 0;
    }
    if (piece.id != receiving_ || piece.position != received_bytes_) {
        runtime_.executor.post(gate_.wrap([path, done = std::move(done)]() mutable {
            done(Unexpected{broken(path, "a piece that does not follow the one before")});
        }));
        return;
    }
    received_bytes_ += static_cast<std::int64_t>(piece.bytes.size());
    std::vector<DiskOp> operations = append_to(path, piece.position, Payload(piece.bytes));
    operations.emplace_back(storage::CloseFile{slot});
    run(storage::run_in_order(std::move(operations)), std::move(done));
}

void SnapshotStore::accept(SnapshotId id, runtime::IoDone<Snapshot> done) {
    const std::string path = path_of(id, SnapshotFileKind::partial);
    std::vector<DiskOp> operations;
    operations.emplace_back(
        storage::OpenFile{slot, path, runtime::OpenMode::append, IfMissing::fail});
    operations.emplace_back(storage::SyncFile{slot});
    operations.emplace_back(storage::CloseFile{slot});
    auto named = [this, id, done = std::move(done)](Expected<Snapshot, IoError> read) mutable {
        if (!read) return done(std::move(read));
        name_finally(id,
                     [content = std::move(*read),
                      done = std::move(done)](Expected<void, IoError> renamed) mutable {
                         if (!renamed) return done(Unexpected{std::move(renamed).error()});
                         done(std::move(content));
                     });
    };
    run(storage::run_in_order(std::move(operations)),
        [this, id, path, named = std::move(named)](Expected<void, IoError> synced) mutable {
            if (!synced) return named(Unexpected{std::move(synced).error()});
            read(path, id.epoch, std::move(named));
        });
}

void SnapshotStore::load(SnapshotId id, runtime::IoDone<Snapshot> done) {
    read(path_of(id), id.epoch, std::move(done));
}

void SnapshotStore::read(std::string path, LeaderEpoch epoch, runtime::IoDone<Snapshot> done) {
    auto content = std::make_shared<std::vector<std::uint8_t>>();
    run(storage::read_whole({path, limits_.file_bytes_max}, content),
        [this, path, epoch, content, done = std::move(done)](
            Expected<void, IoError> whole) mutable {
            if (!whole) return done(Unexpected{std::move(whole).error()});
            auto snapshot = decode_snapshot(Bytes::from(std::move(*content)), epoch, limits_);
            if (!snapshot) return done(Unexpected{broken(path, snapshot.error().text())});
            done(std::move(*snapshot));
        });
}

void SnapshotStore::serve(const Wanted& wanted, UniqueFunction<void(Range)> done) {
    auto range = std::make_shared<Range>();
    run(read_range(path_of(wanted.id), wanted, range),
        [range, done = std::move(done)](const Expected<void, IoError>& read) mutable {
            if (!read) range->error = protocol::WireError::snapshot_not_found;
            done(std::move(*range));
        });
}

void SnapshotStore::remove_below(Offset end) {
    std::vector<DiskOp> operations;
    std::erase_if(all_, [&](const SnapshotId& id) {
        const bool is_old = id.end < end && id != bootstrap_snapshot;
        if (is_old) operations.emplace_back(storage::RemovePath{path_of(id), IfMissing::go_on});
        return is_old;
    });
    if (operations.empty()) return;
    // What a crash leaves is removed again after the next snapshot.
    run(storage::run_in_order(std::move(operations)), [](const Expected<void, IoError>&) {});
}

}  // namespace glasslog::raft
