#include "core/replication/directory_host.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::replication {

namespace {

// Stands behind every reactor in the order of reports.
constexpr ReactorId at_start{INT32_MAX};

}  // namespace

DirectoryHost::DirectoryHost(const runtime::Runtime& runtime,
                             storage::LogDirectory& directory,
                             const storage::OpenedDirectory& opened)
    : directory_(directory), path_(directory.path()), outbox_(runtime) {
    for (const storage::FoundPartition& found : opened.partitions) {
        folders_[found.name].topic_id = found.topic_id;
        // Until its reactor reports, a partition keeps what the files said.
        of(storage::CheckpointKind::recovery_point)[at_start][found.name] = found.recovery_point;
        of(storage::CheckpointKind::log_start)[at_start][found.name] = found.log_start;
        if (!found.high_watermark) continue;
        of(storage::CheckpointKind::high_watermark)[at_start][found.name] = *found.high_watermark;
    }
    for (const storage::CheckpointKind kind : storage::checkpoint_kinds) {
        const auto at = static_cast<std::size_t>(kind);
        in_files_.at(at).push_back(opened.checkpoints.at(at));
    }
}

DirectoryHost::ByReactor& DirectoryHost::of(storage::CheckpointKind kind) {
    return reported_.at(static_cast<std::size_t>(kind));
}

void DirectoryHost::create(const storage::PartitionName& name,
                           const Uuid& topic_id,
                           runtime::IoDone<void> done) {
    if (is_cleaning_) {
        held_.emplace_back([this, name, topic_id, done = std::move(done)]() mutable {
            create(name, topic_id, std::move(done));
        });
        return;
    }
    if (failure_) return done(Unexpected{*failure_});
    if (!folders_.contains(name) && is_in_files(name)) {
        forget(name);
        held_.emplace_back([this, name, topic_id, done = std::move(done)]() mutable {
            create(name, topic_id, std::move(done));
        });
        is_cleaning_ = true;
        return clean_files(0);
    }
    Folder& folder = folders_[name];
    if (folder.topic_id && folder.topic_id != topic_id) {
        folder.waiting.push_back({topic_id, std::move(done)});
        return;
    }
    folder.topic_id = topic_id;
    directory_.create_partition(
        name,
        topic_id,
        gate_.wrap([done = std::move(done)](Expected<std::string, IoError> made) mutable {
            if (made || made.error().code == IoCode::exists) return done({});
            done(Unexpected{std::move(made).error()});
        }));
}

// One file after another, then what waited goes on.
void DirectoryHost::clean_files(std::size_t kind) {
    if (kind < storage::checkpoint_kinds.size()) {
        return write(storage::checkpoint_kinds.at(kind),
                     gate_.wrap([this, kind](Expected<void, IoError> written) {
                         if (!written) failure_ = written.error();
                         clean_files(kind + 1);
                     }));
    }
    is_cleaning_ = false;
    for (auto& call : std::exchange(held_, {}))
        call();
}

bool DirectoryHost::is_in_files(const storage::PartitionName& name) const {
    return std::any_of(in_files_.begin(), in_files_.end(), [&](const auto& contents) {
        return std::any_of(contents.begin(), contents.end(), [&](const auto& content) {
            return content.contains(name);
        });
    });
}

void DirectoryHost::remove(const storage::PartitionName& name, runtime::IoDone<void> done) {
    if (is_cleaning_) {
        held_.emplace_back(
            [this, name, done = std::move(done)]() mutable { remove(name, std::move(done)); });
        return;
    }
    directory_.delete_partition(
        name,
        gate_.wrap([this, name, done = std::move(done)](Expected<void, IoError> gone) mutable {
            removed(name);
            done(std::move(gone));
        }));
}

void DirectoryHost::set_aside(const storage::PartitionName& name, runtime::IoDone<void> done) {
    directory_.set_aside(
        name,
        gate_.wrap([this, name, done = std::move(done)](Expected<void, IoError> moved) mutable {
            removed(name);
            done(std::move(moved));
        }));
}

void DirectoryHost::forget(const storage::PartitionName& name) {
    for (ByReactor& reported : reported_) {
        for (auto& [reactor, offsets] : reported)
            offsets.erase(name);
    }
}

void DirectoryHost::removed(const storage::PartitionName& name) {
    forget(name);
    auto folder = folders_.extract(name);
    if (folder.empty()) return;
    for (Waiting& waiting : folder.mapped().waiting)
        create(name, waiting.topic_id, std::move(waiting.done));
}

void DirectoryHost::checkpoint(ReactorId reactor,
                               storage::CheckpointKind kind,
                               storage::OffsetCheckpoint offsets,
                               runtime::IoDone<void> done) {
    of(kind)[reactor] = std::move(offsets);
    write(kind, std::move(done));
}

void DirectoryHost::write(storage::CheckpointKind kind, runtime::IoDone<void> done) {
    storage::OffsetCheckpoint all;
    for (const auto& [reporter, part] : of(kind))
        all.insert(part.begin(), part.end());
    auto& contents = in_files_.at(static_cast<std::size_t>(kind));
    contents.push_back(all);
    // Writes of one file end in the order of their beginning.
    directory_.write_checkpoint(
        kind,
        all,
        gate_.wrap([&contents, done = std::move(done)](Expected<void, IoError> written) mutable {
            if (written) contents.erase(contents.begin());
            done(std::move(written));
        }));
}

std::string DirectoryHost::partition_path(const storage::PartitionName& name) const {
    return path_ + "/" + storage::partition_directory_name(name);
}

void DirectoryClient::create(const storage::PartitionName& name,
                             const Uuid& topic_id,
                             runtime::IoDone<void> done) {
    ask(
        [name, topic_id](DirectoryHost& host, runtime::IoDone<void> answer) {
            host.create(name, topic_id, std::move(answer));
        },
        std::move(done));
}

void DirectoryClient::remove(const storage::PartitionName& name, runtime::IoDone<void> done) {
    ask([name](DirectoryHost& host,
               runtime::IoDone<void> answer) { host.remove(name, std::move(answer)); },
        std::move(done));
}

void DirectoryClient::set_aside(const storage::PartitionName& name, runtime::IoDone<void> done) {
    ask([name](DirectoryHost& host,
               runtime::IoDone<void> answer) { host.set_aside(name, std::move(answer)); },
        std::move(done));
}

void DirectoryClient::checkpoint(storage::CheckpointKind kind,
                                 storage::OffsetCheckpoint offsets,
                                 runtime::IoDone<void> done) {
    const ReactorId reactor = runtime_.reactor;
    ask(
        [reactor, kind, offsets = std::move(offsets)](DirectoryHost& host,
                                                      runtime::IoDone<void> answer) mutable {
            host.checkpoint(reactor, kind, std::move(offsets), std::move(answer));
        },
        std::move(done));
}

void DirectoryClient::ask(Call call, runtime::IoDone<void> done) {
    const std::uint64_t ticket = ++last_ticket_;
    waiting_.emplace(ticket, std::move(done));
    // What crosses the reactors holds a ticket and a gate, and nothing that lives here.
    auto answer = gate_.wrap([this, ticket](Expected<void, IoError> result) {
        auto waiting = waiting_.extract(ticket);
        waiting.mapped()(std::move(result));
    });
    const ReactorId home = runtime_.reactor;
    outbox_.send(
        ReactorId(0),
        [&host = host_, home, call = std::move(call), answer = std::move(answer)]() mutable {
            call(host, [&host, home, answer = std::move(answer)](Expected<void, IoError> result) {
                host.outbox().send(home, [answer, result = std::move(result)]() mutable {
                    answer(std::move(result));
                });
            });
        });
}

}  // namespace glasslog::replication
