#include "core/storage/job.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"

#include <fmt/format.h>

#include <utility>

namespace glasslog::storage {

JobRunner::JobRunner(runtime::Executor& executor, runtime::Disk& disk)
    : executor_(executor), disk_(disk) {}

void JobRunner::run(Job job, runtime::IoDone<void> done) {
    CHECK(!is_running());
    job_ = std::move(job);
    done_ = std::move(done);
    executor_.post(gate_.wrap([this] { step({}); }));
}

void JobRunner::lend(FileSlot slot, std::shared_ptr<runtime::File> file) {
    files_[slot] = std::move(file);
}

std::shared_ptr<runtime::File> JobRunner::keep(FileSlot slot) {
    const auto found = finished_files_.find(slot);
    if (found == finished_files_.end()) return nullptr;
    std::shared_ptr<runtime::File> file = std::move(found->second);
    finished_files_.erase(found);
    return file;
}

void JobRunner::step(Completion completion) {
    Step next = job_(std::move(completion));
    if (auto* finished = std::get_if<Finished>(&next)) return finish(std::move(*finished));
    issue(std::get<DiskOp>(next));
}

// `done` may destroy this object, and may run the next job.
void JobRunner::finish(Finished finished) {
    job_ = Job();
    finished_files_ = std::exchange(files_, {});
    auto close_rest = gate_.wrap([this] { finished_files_.clear(); });
    runtime::IoDone<void> done = std::exchange(done_, {});
    if (finished.error) {
        done(Unexpected{std::move(*finished.error)});
    } else {
        done({});
    }
    close_rest();
}

void JobRunner::issue(DiskOp& operation) {
    std::visit(overloaded{
                   [&](OpenFile& open_file) { open(open_file); },
                   [&](CloseFile& close) {
                       files_.erase(close.slot);
                       executor_.post(gate_.wrap([this] { step({}); }));
                   },
                   [&](AppendFile&) { on_file(operation); },
                   [&](ReadFile&) { on_file(operation); },
                   [&](SyncFile&) { on_file(operation); },
                   [&](TruncateFile&) { on_file(operation); },
                   [&](RenamePath&) { on_path(operation); },
                   [&](RemovePath&) { on_path(operation); },
                   [&](MakeDirectory&) { on_path(operation); },
                   [&](SyncDirectory&) { on_path(operation); },
                   [&](ListDirectory&) { on_path(operation); },
                   [&](ModifiedAt&) { on_path(operation); },
               },
               operation);
}

runtime::IoDone<void> JobRunner::plain(IfMissing if_missing) {
    return gate_.wrap([this, if_missing](Expected<void, IoError> outcome) {
        Completion completion;
        if (!outcome) {
            const bool is_missing = outcome.error().code == IoCode::not_found;
            completion.is_missing = is_missing && if_missing == IfMissing::go_on;
            if (!completion.is_missing) completion.error = std::move(outcome).error();
        }
        step(std::move(completion));
    });
}

void JobRunner::open(OpenFile& operation) {
    disk_.open(
        operation.path,
        operation.mode,
        gate_.wrap([this, slot = operation.slot, if_missing = operation.if_missing](
                       Expected<std::unique_ptr<runtime::File>, IoError> opened) {
            Completion completion;
            if (opened) {
                completion.size = (*opened)->size();
                files_[slot] = std::move(*opened);
            } else if (opened.error().code == IoCode::not_found && if_missing == IfMissing::go_on) {
                completion.is_missing = true;
            } else {
                completion.error = std::move(opened).error();
            }
            step(std::move(completion));
        }));
}

runtime::File& JobRunner::file_of(FileSlot slot) {
    const auto found = files_.find(slot);
    CHECK(found != files_.end(), "slot {}", slot);
    return *found->second;
}

void JobRunner::on_file(DiskOp& operation) {
    if (auto* append = std::get_if<AppendFile>(&operation)) {
        file_of(append->slot).append(std::move(append->payload), plain());
    } else if (auto* read = std::get_if<ReadFile>(&operation)) {
        file_of(read->slot)
            .read_at(read->position,
                     read->max_bytes,
                     gate_.wrap([this](Expected<Bytes, IoError> bytes) {
                         Completion completion;
                         if (bytes) {
                             completion.bytes = std::move(*bytes);
                         } else {
                             completion.error = std::move(bytes).error();
                         }
                         step(std::move(completion));
                     }));
    } else if (auto* sync = std::get_if<SyncFile>(&operation)) {
        file_of(sync->slot).sync(plain());
    } else if (auto* truncate = std::get_if<TruncateFile>(&operation)) {
        file_of(truncate->slot).truncate(truncate->size, plain());
    }
}

void JobRunner::on_path(DiskOp& operation) {
    if (auto* rename = std::get_if<RenamePath>(&operation)) {
        disk_.rename(rename->from, rename->to, plain(rename->if_missing));
    } else if (auto* remove = std::get_if<RemovePath>(&operation)) {
        disk_.remove(remove->path, plain(remove->if_missing));
    } else if (auto* make = std::get_if<MakeDirectory>(&operation)) {
        disk_.make_directory(make->path, plain());
    } else if (auto* sync = std::get_if<SyncDirectory>(&operation)) {
        disk_.sync_directory(sync->path, plain());
    } else if (auto* list = std::get_if<ListDirectory>(&operation)) {
        disk_.list(
            list->path,
            gate_.wrap([this](Expected<std::vector<runtime::DirectoryEntry>, IoError> found) {
                Completion completion;
                if (found) {
                    completion.entries = std::move(*found);
                } else {
                    completion.error = std::move(found).error();
                }
                step(std::move(completion));
            }));
    } else if (auto* modified = std::get_if<ModifiedAt>(&operation)) {
        disk_.modified_at(modified->path, gate_.wrap([this](Expected<WallTime, IoError> when) {
            Completion completion;
            if (when) {
                completion.modified_at = *when;
            } else {
                completion.error = std::move(when).error();
            }
            step(std::move(completion));
        }));
    }
}

Job run_in_order(std::vector<DiskOp> operations) {
    return [operations = std::move(operations),
            next = std::size_t{0}](const Completion& completion) mutable -> Step {
        if (completion.error) return Finished{completion.error};
        if (next == operations.size()) return Finished{};
        return std::move(operations[next++]);
    };
}

std::string describe(const DiskOp& operation) {
    return std::visit(
        overloaded{
            [](const OpenFile& op) { return fmt::format("open {}", op.path); },
            [](const CloseFile& op) { return fmt::format("close #{}", op.slot); },
            [](const AppendFile& op) {
                return fmt::format("append {} bytes to #{}", op.payload.size(), op.slot);
            },
            [](const ReadFile& op) {
                return fmt::format("read {} bytes of #{} at {}",
                                   op.max_bytes,
                                   op.slot,
                                   op.position);
            },
            [](const SyncFile& op) { return fmt::format("sync #{}", op.slot); },
            [](const TruncateFile& op) {
                return fmt::format("truncate #{} to {}", op.slot, op.size);
            },
            [](const RenamePath& op) { return fmt::format("rename {} to {}", op.from, op.to); },
            [](const RemovePath& op) { return fmt::format("remove {}", op.path); },
            [](const MakeDirectory& op) { return fmt::format("make directory {}", op.path); },
            [](const SyncDirectory& op) { return fmt::format("sync directory {}", op.path); },
            [](const ListDirectory& op) { return fmt::format("list {}", op.path); },
            [](const ModifiedAt& op) { return fmt::format("time of {}", op.path); },
        },
        operation);
}

}  // namespace glasslog::storage
