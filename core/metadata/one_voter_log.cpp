#include "core/metadata/one_voter_log.hpp"

#include "core/protocol/batch_builder.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/protocol/record_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace glasslog::metadata {

namespace {

constexpr std::size_t read_bytes_max = 1 << 20;
constexpr std::size_t quorum_bytes_max = 64U << 10;
constexpr std::size_t batch_content_bytes_max = 64U << 20;

// Types of control records, in the key behind its version.
constexpr std::int16_t leader_change_type = 2;
constexpr std::int16_t kraft_version_type = 5;
constexpr std::int16_t kraft_voters_type = 6;

constexpr std::int16_t kraft_version_level = 1;  // voters stand in the log (KIP-853)

const storage::PartitionName partition_name() {
    return {std::string(metadata_topic), PartitionIndex(0)};
}

std::optional<std::int64_t> json_number(std::string_view text, std::string_view key) {
    const std::string quoted = fmt::format("\"{}\":", key);
    const std::size_t at = text.find(quoted);
    if (at == std::string_view::npos) return std::nullopt;
    const char* begin = text.data() + at + quoted.size();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

Bytes control_key(std::int16_t type) {
    std::vector<std::uint8_t> key;
    append_be(key, std::int16_t{0});
    append_be(key, type);
    return Bytes::from(std::move(key));
}

template <typename Message>
Bytes control_value(const Message& message) {
    return protocol::encode(message, protocol::Version(0)).flatten();
}

Expected<std::vector<LogEntry>, DecodeError> read_control(const protocol::BatchView& batch,
                                                          protocol::RecordIterator records) {
    std::vector<LogEntry> entries;
    while (records.next()) {
        const protocol::RecordView& record = records.record();
        if (!record.key || record.key->size() < 4 || !record.value) continue;
        if (load_be<std::int16_t>(record.key->data() + 2) != kraft_version_type) continue;
        const auto message =
            TRY(protocol::decode<protocol::KRaftVersionRecord>(Bytes::copy_of(*record.value),
                                                               protocol::Version(0)));
        entries.emplace_back(ReplayedKraftVersion{batch.base_offset() + record.offset_delta,
                                                  batch.leader_epoch(),
                                                  message.kraft_version});
    }
    if (records.error()) return Unexpected{*records.error()};
    return entries;
}

Expected<std::vector<LogEntry>, DecodeError> read_data(const protocol::BatchView& batch,
                                                       protocol::RecordIterator records) {
    ReplayedBatch replayed{batch.base_offset(), batch.leader_epoch(), {}};
    while (records.next()) {
        if (!records.record().value) {
            return Unexpected{DecodeError{"metadata record: no value", 0}};
        }
        replayed.records.push_back(
            TRY(protocol::decode_metadata_record(Bytes::copy_of(*records.record().value))).record);
    }
    if (records.error()) return Unexpected{*records.error()};
    return std::vector<LogEntry>{std::move(replayed)};
}

log::BatchFacts facts_of(const Bytes& batch) {
    auto facts = log::read_facts(batch.view());
    CHECK(facts.has_value(), "a batch of our own is none");
    return *std::move(facts);
}

}  // namespace

std::string encode_quorum_state(const QuorumState& state) {
    return fmt::format(R"({{"leaderId":{},"leaderEpoch":{},"votedId":-1,"votedDirectoryId":"{}",)"
                       R"("data_version":1}})",
                       state.leader,
                       state.epoch,
                       Uuid{});
}

Expected<QuorumState, DecodeError> decode_quorum_state(std::string_view text) {
    const auto leader = json_number(text, "leaderId");
    const auto epoch = json_number(text, "leaderEpoch");
    const bool is_right = leader && epoch && *leader >= -1 && *leader <= INT32_MAX && *epoch >= 0 &&
                          *epoch < INT32_MAX;
    if (!is_right) return Unexpected{DecodeError{"quorum-state: no leaderId and leaderEpoch", 0}};
    return QuorumState{NodeId(static_cast<std::int32_t>(*leader)),
                       LeaderEpoch(static_cast<std::int32_t>(*epoch))};
}

Expected<std::vector<LogEntry>, DecodeError> read_entries(const protocol::BatchView& batch) {
    const auto section = protocol::RecordSection::open(batch, batch_content_bytes_max);
    if (!section) return Unexpected{DecodeError{"metadata batch: broken compression", 0}};
    return batch.is_control() ? read_control(batch, section->records())
                              : read_data(batch, section->records());
}

OneVoterLog::OneVoterLog(const runtime::Runtime& runtime,
                         storage::LogDirectory& directory,
                         OneVoterOptions options)
    : runtime_(runtime),
      directory_(directory),
      options_(std::move(options)),
      path_(directory.partition_path(partition_name())),
      // No retention: what is committed is the cluster.
      log_(runtime, path_, storage::LogConfig{.retention = {.deletes_by_time_and_size = false}}),
      quorum_path_(path_ + "/quorum-state"),
      quorum_file_(runtime.executor, runtime.disk, quorum_path_),
      reader_(runtime.executor, runtime.disk) {}

void OneVoterLog::start(UniqueFunction<void(LogEntry)> on_entry, runtime::IoDone<LogStarted> done) {
    on_entry_ = std::move(on_entry);
    started_ = std::move(done);
    if (!options_.is_new) {
        open_log();
        return;
    }
    directory_.create_partition(partition_name(),
                                metadata_topic_id,
                                start_gate_.wrap([this](Expected<std::string, IoError> made) {
                                    const bool is_there =
                                        made || made.error().code == IoCode::exists;
                                    if (!is_there) return fail(made.error());
                                    open_log();
                                }));
}

void OneVoterLog::on_progress(UniqueFunction<void(Expected<Offset, IoError>)> report) {
    report_ = std::move(report);
}

void OneVoterLog::open_log() {
    log_.open({.shutdown = options_.shutdown},
              start_gate_.wrap([this](Expected<storage::Loaded, IoError> loaded) {
                  opened(std::move(loaded));
              }));
}

void OneVoterLog::opened(Expected<storage::Loaded, IoError> loaded) {
    if (!loaded) return fail(std::move(loaded).error());
    if (loaded->log_start != Offset(0)) {
        return fail({.subject = path_,
                     .detail = "the log begins with a snapshot, which this release cannot load"});
    }
    is_open_ = true;
    was_empty_ = loaded->log_end == Offset(0);
    read_quorum_state();
}

void OneVoterLog::read_quorum_state() {
    auto content = std::make_shared<std::vector<std::uint8_t>>();
    reader_.run(storage::read_whole({quorum_path_, quorum_bytes_max}, content),
                start_gate_.wrap([this, content](Expected<void, IoError> read) {
                    const bool is_missing = !read && read.error().code == IoCode::not_found;
                    if (!read && !is_missing) return fail(std::move(read).error());
                    take_quorum_state(is_missing ? ByteView() : ByteView(*content));
                }));
}

// Empty bytes: the file is missing.
void OneVoterLog::take_quorum_state(ByteView text) {
    LeaderEpoch last = log_.epochs().latest().value_or(LeaderEpoch(0));
    if (!text.empty()) {
        const auto state = decode_quorum_state(as_text(text));
        if (!state) return fail({.subject = quorum_path_, .detail = state.error().text()});
        last = std::max(last, state->epoch);
    }
    epoch_ = last + 1;
    read_from(log_.log_start());
}

void OneVoterLog::read_from(Offset from) {
    if (from >= log_.log_end()) {
        begin_epoch();
        return;
    }
    log_.read(
        {.from = from, .upto = log_.log_end(), .max_bytes = read_bytes_max, .min_one_batch = true},
        start_gate_.wrap([this](Expected<storage::ReadResult, IoError> result) {
            if (!result) return fail(std::move(result).error());
            take(*result);
        }));
}

void OneVoterLog::take(const storage::ReadResult& result) {
    const Bytes bytes = result.batches.flatten();
    if (bytes.empty()) return fail({.subject = path_, .detail = "the log has a hole"});
    for (ByteView left = bytes.view(); !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        if (!batch) return fail({.subject = path_, .detail = "the log holds what is no batch"});
        auto entries = read_entries(*batch);
        if (!entries) {
            return fail({.subject = fmt::format("{}, offset {}", path_, batch->base_offset()),
                         .detail = entries.error().text()});
        }
        for (LogEntry& entry : *entries)
            on_entry_(std::move(entry));
        left = left.subspan(batch->size());
    }
    read_from(result.next);
}

void OneVoterLog::begin_epoch() {
    const std::string text = encode_quorum_state({options_.node, epoch_});
    quorum_file_.write(Bytes::copy_of(as_bytes(text)),
                       start_gate_.wrap([this](Expected<void, IoError> written) {
                           if (!written) return fail(std::move(written).error());
                           const Bytes batch = leader_change_batch(was_empty_);
                           const auto entries =
                               read_entries(*protocol::BatchView::read(batch.view()));
                           for (const LogEntry& entry : *entries)
                               on_entry_(entry);
                           append_bytes(batch);
                           // Whoever started us adds what it must, and waits for its commit.
                           auto done = std::move(started_);
                           done(LogStarted{epoch_, was_empty_});
                       }));
}

Bytes OneVoterLog::leader_change_batch(bool is_first) const {
    protocol::BatchBuilder builder(
        {.base_offset = end(), .leader_epoch = epoch_, .is_control = true});
    const std::int64_t now = runtime_.clock.wall().milliseconds();
    const auto add = [&](std::int16_t type, const Bytes& value) {
        const Bytes key = control_key(type);
        builder.append({.timestamp = now, .key = key.view(), .value = value.view()});
    };
    protocol::LeaderChangeMessage change;
    change.leader_id = options_.node;
    change.voters.push_back({options_.node, {}});
    change.granting_voters = change.voters;
    add(leader_change_type, control_value(change));
    if (!is_first) return builder.build();

    protocol::KRaftVersionRecord level;
    level.kraft_version = kraft_version_level;
    add(kraft_version_type, control_value(level));
    protocol::VotersRecord voters;
    voters.voters.emplace_back();
    auto& voter = voters.voters.back();
    voter.voter_id = options_.node;
    voter.voter_directory_id = options_.directory_id;
    for (const ListenerEndpoint& endpoint : options_.endpoints)
        voter.endpoints.push_back({endpoint.name, endpoint.host, endpoint.port});
    voter.kraft_version_feature.max_supported_version = kraft_version_level;
    add(kraft_voters_type, control_value(voters));
    return builder.build();
}

void OneVoterLog::append(std::span<const Record> records) {
    CHECK(!records.empty());
    protocol::BatchBuilder builder({.base_offset = end(), .leader_epoch = epoch_});
    const std::int64_t now = runtime_.clock.wall().milliseconds();
    for (const Record& record : records) {
        const Bytes value = encode_record(record);
        builder.append({.timestamp = now, .value = value.view()});
    }
    append_bytes(builder.build());
}

void OneVoterLog::append_bytes(Bytes batch) {
    if (has_failed_ || is_closing_) return;
    const log::BatchFacts facts = facts_of(batch);
    log_.append({.batches = std::move(batch), .facts = {&facts, 1}},
                gate_.wrap([this](Expected<void, IoError> written) {
                    if (!written) fail(std::move(written).error());
                }));
    sync();
}

void OneVoterLog::sync() {
    if (is_syncing_ || has_failed_ || is_closing_) return;
    is_syncing_ = true;
    log_.sync(gate_.wrap([this](Expected<Offset, IoError> synced) {
        is_syncing_ = false;
        if (!synced) return fail(std::move(synced).error());
        committed_end_ = *synced;
        if (committed_end_ < end()) sync();
        if (report_) report_(committed_end_);
    }));
}

void OneVoterLog::fail(IoError error) {
    if (std::exchange(has_failed_, true)) return;
    if (started_) {
        auto done = std::move(started_);
        done(Unexpected{std::move(error)});
    } else if (report_) {
        report_(Unexpected{std::move(error)});
    }
}

Offset OneVoterLog::end() const {
    return log_.log_end();
}

void OneVoterLog::close(runtime::IoDone<void> done) {
    start_gate_.close();
    is_closing_ = true;
    if (is_open_) return log_.close(std::move(done));
    runtime_.executor.post(gate_.wrap([this, done = std::move(done)]() mutable {
        done(Unexpected{IoError{.code = IoCode::closed, .subject = path_}});
    }));
}

}  // namespace glasslog::metadata
