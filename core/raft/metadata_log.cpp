#include "core/raft/metadata_log.hpp"

#include "core/log/batch_facts.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/raft/log_batches.hpp"
#include "core/raft/quorum_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

constexpr std::size_t read_bytes_max = 1 << 20;
constexpr std::size_t quorum_bytes_max = 64U << 10;

storage::PartitionName partition_name() {
    return {std::string(log_topic), log_partition};
}

storage::LogConfig log_config(const MetadataLogOptions& options) {
    storage::LogConfig config;
    // What is committed is the cluster: only snapshots let it go.
    config.retention.deletes_by_time_and_size = false;
    config.tail_bytes_max = options.tail_bytes_max;
    return config;
}

}  // namespace

MetadataLog::MetadataLog(const runtime::Runtime& runtime,
                         storage::LogDirectory& directory,
                         MetadataLogOptions options)
    : runtime_(runtime),
      directory_(directory),
      options_(std::move(options)),
      path_(directory.partition_path(partition_name())),
      log_(runtime, path_, log_config(options_)),
      quorum_path_(fmt::format("{}/{}", path_, quorum_state_file_name)),
      quorum_file_(runtime.executor, runtime.disk, quorum_path_),
      snapshots_(runtime, path_),
      reader_(runtime.executor, runtime.disk) {}

// --------------------------------------------------------------------------------------- opening

void MetadataLog::open(runtime::IoDone<Opened> done) {
    opening_ = std::move(done);
    found_.voters = {options_.configured};
    if (!options_.is_new) return list_snapshots();
    directory_.create_partition(partition_name(),
                                metadata_topic_id,
                                open_gate_.wrap([this](Expected<std::string, IoError> made) {
                                    const bool is_there =
                                        made || made.error().code == IoCode::exists;
                                    if (!is_there) return fail_open(made.error());
                                    list_snapshots();
                                }));
}

void MetadataLog::list_snapshots() {
    snapshots_.open(open_gate_.wrap([this](Expected<std::vector<SnapshotId>, IoError> listed) {
        if (!listed) return fail_open(std::move(listed).error());
        load_newest();
    }));
}

void MetadataLog::load_newest() {
    if (snapshots_.all().empty()) return read_quorum_state();
    const SnapshotId id = snapshots_.all().back();
    snapshots_.load(id, open_gate_.wrap([this, id](Expected<Snapshot, IoError> loaded) {
        if (!loaded) return fail_open(std::move(loaded).error());
        const bool is_bootstrap = id == bootstrap_snapshot;
        if (!is_bootstrap) found_.snapshot = id;
        if (loaded->kraft_version >= 1) {
            found_.voters = {{is_bootstrap ? no_offset : id.end - 1,
                              VoterSet(std::move(loaded->voters.voters)),
                              loaded->kraft_version}};
        }
        read_quorum_state();
    }));
}

void MetadataLog::read_quorum_state() {
    auto content = std::make_shared<std::vector<std::uint8_t>>();
    reader_.run(storage::read_whole({quorum_path_, quorum_bytes_max}, content),
                open_gate_.wrap([this, content](Expected<void, IoError> read) {
                    const bool is_missing = !read && read.error().code == IoCode::not_found;
                    if (!read && !is_missing) return fail_open(std::move(read).error());
                    take_quorum_state(is_missing ? ByteView() : ByteView(*content));
                }));
}

// Empty bytes: the file is missing.
void MetadataLog::take_quorum_state(ByteView text) {
    if (!text.empty()) {
        const auto state = decode_quorum_state(as_text(text));
        if (!state) return fail_open({.subject = quorum_path_, .detail = state.error().text()});
        found_.quorum = *state;
    }
    open_log();
}

void MetadataLog::open_log() {
    log_.open({.shutdown = options_.shutdown},
              open_gate_.wrap([this](Expected<storage::Loaded, IoError> loaded) {
                  opened(std::move(loaded));
              }));
}

void MetadataLog::opened(Expected<storage::Loaded, IoError> loaded) {
    if (!loaded) return fail_open(std::move(loaded).error());
    is_open_ = true;
    const SnapshotId newest = found_.snapshot.value_or(SnapshotId{});
    if (newest.end < loaded->log_start) {
        return fail_open({.subject = path_,
                          .detail = fmt::format("the log begins at offset {}, and no snapshot "
                                                "holds what was before",
                                                loaded->log_start)});
    }
    // The power went after a snapshot of the leader was whole and before the log began anew with
    // it: the log ends before it, or is another one.
    const bool is_inside = newest.end > loaded->log_start && newest.end <= loaded->log_end;
    const bool is_other = is_inside && log_.epochs().epoch_at(newest.end - 1) != newest.epoch;
    if (newest.end > loaded->log_end || is_other) {
        return restart_at(newest, open_gate_.wrap([this](Expected<void, IoError> done) {
            if (!done) return fail_open(std::move(done).error());
            finish_open();
        }));
    }
    log_.advance_log_start(newest.end);
    scan(log_.log_start());
}

// Control records say who votes.
void MetadataLog::scan(Offset from) {
    if (from >= log_.log_end()) return finish_open();
    read({from, log_.log_end(), read_bytes_max},
         open_gate_.wrap([this](Expected<storage::ReadResult, IoError> result) {
             if (!result) return fail_open(std::move(result).error());
             const Bytes bytes = result->batches.flatten();
             if (bytes.empty()) {
                 return fail_open({.subject = path_, .detail = "the log has a hole"});
             }
             for (ByteView left = bytes.view(); !left.empty();) {
                 const auto batch = protocol::BatchView::read(left);
                 if (!batch) {
                     return fail_open(
                         {.subject = path_, .detail = "the log holds what is no batch"});
                 }
                 if (!take_voters(*batch)) {
                     return fail_open({.subject = path_, .detail = "a broken control batch"});
                 }
                 left = left.subspan(batch->size());
             }
             scan(result->next);
         }));
}

bool MetadataLog::take_voters(const protocol::BatchView& view) {
    if (!view.is_control()) return true;
    const auto batch = describe_batch(view);
    if (!batch) return false;
    const VotersAt before = found_.voters.back();
    const bool is_news = batch->voters || batch->kraft_version;
    if (!is_news || batch->end - 1 <= before.offset) return true;
    found_.voters.push_back({batch->end - 1,
                             batch->voters.value_or(before.voters),
                             batch->kraft_version.value_or(before.kraft_version)});
    return true;
}

void MetadataLog::finish_open() {
    found_.log_start = log_.log_start();
    found_.log_end = log_.log_end();
    found_.epochs = log_.epochs();
    asked_end_ = found_.log_end;
    synced_count_ = change_count_;
    std::exchange(opening_, {})(std::move(found_));
}

void MetadataLog::fail_open(IoError error) {
    if (opening_) std::exchange(opening_, {})(Unexpected{std::move(error)});
}

// --------------------------------------------------------------------------------------- changes

void MetadataLog::append(Bytes batch) {
    if (has_failed_ || is_closing_) return;
    auto facts = log::read_facts(batch.view());
    CHECK(facts.has_value(), "a batch that was looked at is none");
    CHECK(facts->base_offset == asked_end_, "{} {}", facts->base_offset, asked_end_);
    asked_end_ = facts->last_offset + 1;
    ++change_count_;
    log_.append({.batches = std::move(batch), .facts = {&*facts, 1}},
                gate_.wrap([this](Expected<void, IoError> written) {
                    if (!written) fail(std::move(written).error());
                }));
}

void MetadataLog::truncate(Offset end) {
    if (has_failed_ || is_closing_) return;
    asked_end_ = std::min(asked_end_, end);
    ++change_count_;
    if (round_) round_->upto = std::min(round_->upto, end);
    log_.truncate_to(end, gate_.wrap([this](Expected<void, IoError> done) {
        if (!done) fail(std::move(done).error());
    }));
}

void MetadataLog::save(const QuorumState& state, const VotersAt& voters) {
    if (has_failed_ || is_closing_) return;
    std::vector<NodeId> ids;
    for (const Voter& voter : voters.voters.all())
        ids.push_back(voter.voter_id);
    const std::string text = voters.kraft_version >= 1
                                 ? encode_quorum_state(state)
                                 : encode_quorum_state_with_voters(state, ids);
    ++saves_asked_;
    quorum_file_.write(Bytes::copy_of(as_bytes(text)),
                       gate_.wrap([this, number = saves_asked_](Expected<void, IoError> written) {
                           if (!written) return fail(std::move(written).error());
                           saves_done_ = std::max(saves_done_, number);
                           check_round();
                       }));
}

void MetadataLog::sync(UniqueFunction<void(Offset)> done) {
    CHECK(!round_, "one at a time");
    if (has_failed_ || is_closing_) return;
    round_ = Round{.is_log_done = false,
                   .upto = asked_end_,
                   .saves = saves_asked_,
                   .done = std::move(done)};
    const std::uint64_t covered = change_count_;
    auto log_done = [this, covered](const Expected<Offset, IoError>& synced) {
        if (!synced) return fail(synced.error());
        synced_count_ = covered;
        round_->is_log_done = true;
        check_round();
    };
    if (synced_count_ < change_count_) {
        log_.sync(gate_.wrap(std::move(log_done)));
    } else {
        runtime_.executor.post(gate_.wrap(
            [log_done = std::move(log_done), end = asked_end_]() mutable { log_done(end); }));
    }
}

void MetadataLog::check_round() {
    if (!round_ || !round_->is_log_done || saves_done_ < round_->saves) return;
    Round over = *std::exchange(round_, std::nullopt);
    over.done(over.upto);
}

void MetadataLog::restart_at(SnapshotId snapshot, runtime::IoDone<void> done) {
    if (has_failed_ || is_closing_) return;
    asked_end_ = snapshot.end;
    ++change_count_;
    if (round_) round_->upto = std::min(round_->upto, snapshot.end);
    log_.restart_at(snapshot.end, gate_.wrap(std::move(done)));
    log_.assign_epoch(snapshot.epoch, snapshot.end);
}

void MetadataLog::advance_start(Offset start, Offset high_watermark) {
    if (has_failed_ || is_closing_) return;
    log_.advance_log_start(std::min(start, log_.log_end()));
    snapshots_.remove_below(start);
    log_.apply_retention(runtime_.clock.wall(),
                         high_watermark,
                         gate_.wrap([this](Expected<storage::RetentionResult, IoError> applied) {
                             if (!applied) fail(std::move(applied).error());
                         }));
}

std::optional<storage::ReadResult> MetadataLog::read_cached(const Wanted& wanted) const {
    auto cached = log_.read_cached({.from = wanted.from,
                                    .upto = wanted.upto,
                                    .max_bytes = wanted.bytes_max,
                                    .min_one_batch = true});
    // Behind a truncation appends wait: what was asked for is not there yet.
    if (cached && cached->batches.empty()) return std::nullopt;
    return cached;
}

void MetadataLog::read(const Wanted& wanted, runtime::IoDone<storage::ReadResult> done) {
    log_.read({.from = wanted.from,
               .upto = wanted.upto,
               .max_bytes = wanted.bytes_max,
               .min_one_batch = true},
              std::move(done));
}

void MetadataLog::fail(IoError error) {
    if (std::exchange(has_failed_, true)) return;
    if (failed_) failed_(std::move(error));
}

void MetadataLog::close(runtime::IoDone<void> done) {
    open_gate_.close();
    is_closing_ = true;
    if (is_open_) return log_.close(std::move(done));
    runtime_.executor.post(gate_.wrap([this, done = std::move(done)]() mutable {
        done(Unexpected{IoError{.code = IoCode::closed, .subject = path_}});
    }));
}

}  // namespace glasslog::raft
