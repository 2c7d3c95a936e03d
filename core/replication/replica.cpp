#include "core/replication/replica.hpp"

#include "core/protocol/batch_validation.hpp"
#include "core/replication/isr.hpp"
#include "core/trace/event.hpp"
#include "core/trace/log.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::replication {

namespace {

namespace kinds = trace::kinds;

constexpr std::size_t decompressed_bytes_max = 128U << 20;

AppendResult refused(WireError error, Offset log_start = no_offset) {
    AppendResult result;
    result.error = error;
    result.log_start = log_start;
    return result;
}

AppendResult refused(protocol::BatchRefusal refusal, Offset log_start) {
    AppendResult result = refused(refusal.code, refusal.tells_log_start ? log_start : no_offset);
    result.message = std::move(refusal.message);
    for (protocol::RecordRefusal& record : refusal.records)
        result.record_errors.push_back({record.index, std::move(record.message)});
    return result;
}

protocol::BatchRules batch_rules(const metadata::TopicSettings& settings, WallTime now) {
    return {.batch_bytes_max = static_cast<std::size_t>(settings.message_bytes_max),
            .decompressed_bytes_max = decompressed_bytes_max,
            .requires_keys = settings.is_compacting,
            .timestamp_type = settings.timestamp_type,
            .timestamp_before_ms_max = settings.timestamp_before_max_ms,
            .timestamp_after_ms_max = settings.timestamp_after_max_ms,
            .now_ms = now.milliseconds()};
}

// The codec that the topic wants of a batch that has `present`.
protocol::Compression wanted_codec(const metadata::TopicSettings& settings,
                                   protocol::Compression present) {
    if (settings.compression_type == "uncompressed") return protocol::Compression::none;
    return protocol::compression_named(settings.compression_type).value_or(present);
}

// Of the batch as it will be stored: another codec may have made it larger.
WireError size_error(std::size_t bytes, const metadata::TopicSettings& settings) {
    const auto size = static_cast<std::int64_t>(bytes);
    if (size > settings.message_bytes_max) return WireError::message_too_large;
    return size > settings.segment_bytes ? WireError::record_list_too_large : WireError::none;
}

Duration milliseconds_or_never(std::int64_t ms) {
    const bool is_never = ms < 0 || ms > Duration::max().milliseconds();
    return is_never ? Duration::max() : Duration::milliseconds(ms);
}

}  // namespace

storage::LogConfig log_config(const metadata::TopicSettings& settings,
                              Duration producer_expiration) {
    storage::LogConfig config;
    config.segment_bytes = static_cast<std::uint64_t>(settings.segment_bytes);
    config.segment_time = milliseconds_or_never(settings.segment_ms);
    config.segment_jitter = milliseconds_or_never(settings.segment_jitter_ms);
    config.indexes = {.interval_bytes = static_cast<std::uint32_t>(settings.index_interval_bytes),
                      .index_bytes_max = static_cast<std::uint32_t>(settings.segment_index_bytes)};
    config.retention.deletes_by_time_and_size = settings.is_deleting;
    if (settings.retention_ms >= 0) {
        config.retention.time = milliseconds_or_never(settings.retention_ms);
    }
    if (settings.retention_bytes >= 0) {
        config.retention.size_bytes = static_cast<std::uint64_t>(settings.retention_bytes);
    }
    config.file_delete_delay = milliseconds_or_never(settings.file_delete_delay_ms);
    config.producer_expiration = producer_expiration;
    // Above what a partition leaves uncommitted, plus one frame: an append never finds it full.
    config.waiting_bytes_max = 256U << 20;
    return config;
}

PartitionConfig partition_config(const metadata::TopicSettings& settings) {
    PartitionConfig config;
    config.min_insync_replicas = settings.min_insync_replicas;
    config.flush_messages = settings.flush_messages;
    config.flush_interval = milliseconds_or_never(settings.flush_ms);
    config.may_delete_records = settings.is_deleting;
    return config;
}

Replica::Replica(const runtime::Runtime& runtime, ReplicaListener& listener, ReplicaSetup setup)
    : runtime_(runtime),
      listener_(listener),
      setup_(std::move(setup)),
      log_(runtime,
           setup_.path,
           log_config(setup_.settings, setup_.options.producer_expiration),
           setup_.options.storage_rules) {}

// ----------------------------------------------------------------------------------------- opening

void Replica::open(UniqueFunction<void()> done) {
    opened_ = std::move(done);
    log_.open(setup_.how, gate_.wrap([this](Expected<storage::Loaded, IoError> loaded) {
        opened(std::move(loaded));
    }));
}

void Replica::opened(Expected<storage::Loaded, IoError> loaded) {
    if (!loaded) {
        fail(loaded.error());
    } else {
        const Offset start = loaded->log_start;
        OpenedLog log{.log_start = start,
                      .log_end = loaded->log_end,
                      .synced_end = log_.synced_end(),
                      .high_watermark = setup_.high_watermark.value_or(start),
                      .epochs = log_.epochs(),
                      .producers = log_.producers()};
        partition_.emplace(std::move(log), partition_config(setup_.settings), setup_.options.rules);
        if (due_lead_) run(*std::exchange(due_lead_, {}));
    }
    release_waiting();
    if (opened_) std::exchange(opened_, {})();
}

void Replica::fail(const IoError& error) {
    has_failed_ = true;
    trace::log(runtime_.trace,
               trace::LogLevel::error,
               "replication",
               setup_.path + " takes nothing any more: " + error.text());
    if (partition_) run(LogFailed{});
    listener_.on_failure(error);
}

void Replica::release_waiting() {
    for (auto& ready : std::exchange(waiting_for_log_, {}))
        ready();
}

void Replica::open_then(UniqueFunction<void()> next) {
    opened_ = [first = std::move(opened_), second = std::move(next)]() mutable {
        first();
        second();
    };
}

bool Replica::when_open(UniqueFunction<void()> ready) {
    if (waiting_for_log_.size() >= setup_.options.waiting_for_log_max) return false;
    waiting_for_log_.push_back(std::move(ready));
    return true;
}

void Replica::lead(Lead lead) {
    if (!partition_) {
        due_lead_ = std::move(lead);
        return;
    }
    run(lead);
}

void Replica::resign() {
    due_lead_.reset();
    if (partition_) run(Resign{});
}

void Replica::configure(const metadata::TopicSettings& settings) {
    if (settings == setup_.settings) return;
    setup_.settings = settings;
    log_.set_config(log_config(settings, setup_.options.producer_expiration));
    if (partition_) run(Configure{partition_config(settings)});
}

LeaderEpoch Replica::leader_epoch() const {
    return partition_ ? partition_->state().leader_epoch : no_leader_epoch;
}

// ----------------------------------------------------------------------------------------- produce

void Replica::append(AppendRequest request, Answer<AppendResult> done) {
    const Bytes records = request.records.flatten();
    const auto refuse = [&](AppendResult result) {
        result.leader_epoch = leader_epoch();
        runtime_.executor.post(
            gate_.wrap([done = std::move(done), result = std::move(result)]() mutable {
                done(std::move(result));
            }));
    };
    auto format = protocol::check_produced_format(records.view(), request.version);
    if (!format) return refuse(refused(std::move(format).error(), no_offset));
    if (const WireError error = error_before_batch(request); error != WireError::none) {
        return refuse(refused(error));
    }
    const WallTime now = runtime_.clock.wall();
    const Offset log_start = partition_->state().log_start;
    const protocol::BatchRules rules = batch_rules(setup_.settings, now);
    auto checked = protocol::check_produced_batch(*format, rules);
    if (!checked) return refuse(refused(std::move(checked).error(), log_start));

    Bytes batch = records.slice(0, format->size());
    const protocol::Compression present = *format->compression();
    const protocol::Compression wanted = wanted_codec(setup_.settings, present);
    if (checked->needs_rebuild || wanted != present) {
        auto fresh = protocol::rebuilt(*format, wanted, decompressed_bytes_max);
        if (!fresh) return refuse(refused(WireError::unknown_server_error, log_start));
        batch = *std::move(fresh);
    }
    if (const WireError error = size_error(batch.size(), setup_.settings); error != WireError::none)
        return refuse(refused(error));
    auto facts = log::read_facts(batch.view());
    if (!facts) return refuse(refused(WireError::corrupt_message));
    facts->max_timestamp = WallTime::from_milliseconds(checked->max_timestamp);

    const RequestToken token(++last_token_);
    const bool is_log_time = checked->timestamp_type == protocol::TimestampType::log_append_time;
    incoming_ = Incoming{.batch = std::move(batch),
                         .assignment = {.timestamp_type = checked->timestamp_type,
                                        .max_timestamp = checked->max_timestamp},
                         .facts = *facts};
    produces_.push_back({token, is_log_time ? now : WallTime(), std::move(done)});
    is_in_call_ = true;
    run(Produce{.token = token, .facts = *facts, .acks = request.acks, .timeout = request.timeout});
    is_in_call_ = false;
    incoming_.reset();
}

WireError Replica::error_before_batch(const AppendRequest& request) const {
    if (request.acks < -1 || request.acks > 1) return WireError::invalid_required_acks;
    if (!partition_ || has_failed_) return WireError::kafka_storage_error;
    const State& state = partition_->state();
    if (state.role != Role::leader) return WireError::not_leader_or_follower;
    if (request.acks == -1 && !has_enough_replicas(state)) return WireError::not_enough_replicas;
    return WireError::none;
}

void Replica::append_to_log(const Append& append) {
    CHECK(incoming_.has_value());
    protocol::BatchAssignment assignment = incoming_->assignment;
    assignment.base_offset = append.base_offset;
    assignment.leader_epoch = append.leader_epoch;
    // A copy: the bytes that came are shared, and stay no longer than their request.
    const Bytes batch =
        protocol::assigned_copy(*protocol::BatchView::read(incoming_->batch.view()), assignment);
    log::BatchFacts facts = incoming_->facts;
    facts.base_offset = append.base_offset;
    facts.last_offset = append.base_offset + incoming_->facts.last_offset.value();
    facts.leader_epoch = append.leader_epoch;
    const Offset upto = facts.last_offset + 1;
    log_.append({.batches = batch, .facts = {&facts, 1}},
                gate_.wrap([this, upto](Expected<void, IoError> written) {
                    if (!written) return fail(written.error());
                    run(Appended{upto});
                }));
}

void Replica::sync_log() {
    log_.sync(gate_.wrap([this](Expected<Offset, IoError> synced) {
        if (!synced) return fail(synced.error());
        run(Synced{*synced});
    }));
}

// ------------------------------------------------------------------------------------------- reads

// A question that the machine answers within the step.
template <typename T>
T Replica::ask(const Event& event) {
    if (!partition_) return T{.error = WireError::kafka_storage_error};
    run(event);
    CHECK(direct_reply_.has_value());
    return std::get<T>(*std::exchange(direct_reply_, {}));
}

FetchReply Replica::fetch(const Fetch& event) {
    return ask<FetchReply>(event);
}

void Replica::watch(const Watch& event) {
    if (partition_) return run(event);
    listener_.on_news({event.token, 0, true});
}

void Replica::unwatch(RequestToken token) {
    if (partition_) run(Unwatch{token});
}

DeleteRecordsReply Replica::delete_records(Offset offset) {
    return ask<DeleteRecordsReply>(DeleteRecords{RequestToken(++last_token_), offset});
}

EndOfEpochReply Replica::end_of_epoch(const EpochRequest& request) {
    return ask<EndOfEpochReply>(EndOfEpoch{.token = RequestToken(++last_token_),
                                           .current_leader_epoch = request.current_leader_epoch,
                                           .epoch = request.epoch});
}

void Replica::list_offset(ListOffset event, Answer<ListOffsetReply> done) {
    if (!partition_) return done({.error = WireError::kafka_storage_error});
    event.token = RequestToken(++last_token_);
    by_time_.emplace(event.token, std::move(done));
    run(event);
    if (!direct_reply_) return;  // the log is asked
    auto waiting = by_time_.extract(event.token);
    waiting.mapped()(std::get<ListOffsetReply>(*std::exchange(direct_reply_, {})));
}

void Replica::answer_by_time(const ReplyByTime& question) {
    using Found = std::optional<storage::RecordPosition>;
    auto done = gate_.wrap([this, question](Expected<Found, IoError> found) {
        ListOffsetReply reply;
        if (!found) {
            reply.error = WireError::kafka_storage_error;
        } else if (*found && (*found)->offset < question.upto) {
            reply.timestamp = (*found)->timestamp.milliseconds();
            reply.offset = (*found)->offset;
            reply.leader_epoch = (*found)->leader_epoch;
        }
        auto waiting = by_time_.extract(question.token);
        if (!waiting.empty()) waiting.mapped()(reply);
    });
    if (question.timestamp < 0) {
        log_.offset_of_max_timestamp(std::move(done));
    } else {
        log_.offset_for_timestamp(WallTime::from_milliseconds(question.timestamp), std::move(done));
    }
}

std::optional<storage::ReadResult> Replica::read_cached(const storage::ReadRequest& request) const {
    return log_.read_cached(request);
}

void Replica::read(const storage::ReadRequest& request, runtime::IoDone<storage::ReadResult> done) {
    const std::uint64_t ticket = ++last_token_;
    reads_.emplace(ticket, std::move(done));
    log_.read(request, gate_.wrap([this, ticket](Expected<storage::ReadResult, IoError> result) {
        auto waiting = reads_.extract(ticket);
        if (!waiting.empty()) waiting.mapped()(std::move(result));
    }));
}

// ----------------------------------------------------------------------------------------- effects

void Replica::run(const Event& event) {
    execute(partition_->step(runtime_.clock.now(), event));
}

void Replica::execute(Effects effects) {
    if (effects.assign_epoch) {
        log_.assign_epoch(effects.assign_epoch->epoch, effects.assign_epoch->start);
    }
    if (effects.append) append_to_log(*effects.append);
    if (effects.sync && !is_closing_) sync_log();  // close() syncs what is left
    if (effects.advance_log_start) log_.advance_log_start(*effects.advance_log_start);
    note(effects);
    for (const WakeAt& alarm : effects.wake_at)
        wake_at(alarm);
    if (effects.reply_by_time) answer_by_time(*effects.reply_by_time);
    for (const News& news : effects.news)
        listener_.on_news(news);
    for (const Reply& reply : effects.reply)
        answer(reply);
}

void Replica::answer(const Reply& reply) {
    const auto* produced = std::get_if<ProduceReply>(&reply.reply);
    if (produced == nullptr) {
        direct_reply_ = reply.reply;
        return;
    }
    const auto at = std::find_if(produces_.begin(), produces_.end(), [&](const auto& waiting) {
        return waiting.token == reply.token;
    });
    CHECK(at != produces_.end(), "produce {} was answered before", reply.token);
    WaitingProduce waiting = std::move(*at);
    produces_.erase(at);
    AppendResult result;
    result.error = produced->error;
    result.base_offset = produced->base_offset;
    result.log_start = produced->log_start;
    result.leader_epoch = leader_epoch();
    // Of a duplicate the time that the first one got; of a refusal none.
    const bool is_fresh = produced->append_time == WallTime();
    result.log_append_time = is_fresh ? waiting.append_time : produced->append_time;
    if (produced->error != WireError::none) result.log_append_time = WallTime();
    if (!is_in_call_) return waiting.done(std::move(result));
    runtime_.executor.post(
        gate_.wrap([done = std::move(waiting.done), result = std::move(result)]() mutable {
            done(std::move(result));
        }));
}

void Replica::wake_at(const WakeAt& alarm) {
    if (is_closing_) return;
    const Timer timer = alarm.timer;
    timers_.at(static_cast<std::size_t>(timer)) =
        runtime_.executor.at(alarm.when, gate_.wrap([this, timer] { run(TimerFired{timer}); }));
}

void Replica::note(const Effects& effects) {
    const auto& [topic, index] = setup_.name;
    if (!runtime_.trace.wants(runtime::TraceLevel::state)) return;
    if (effects.leads) {
        trace::emit(runtime_.trace,
                    kinds::LeaderChanged{topic, index, setup_.options.node, *effects.leads});
    }
    if (effects.high_watermark_moved) {
        trace::emit(runtime_.trace,
                    kinds::HighWatermarkMoved{topic, index, *effects.high_watermark_moved});
    }
    // What moves the log start is told by the log.
}

// --------------------------------------------------------------------------------------- upkeep

void Replica::apply_retention(UniqueFunction<void()> done) {
    if (!partition_ || has_failed_) return done();
    log_.apply_retention(
        runtime_.clock.wall(),
        partition_->state().high_watermark,
        gate_.wrap([this, done = std::move(done)](
                       Expected<storage::RetentionResult, IoError> result) mutable {
            if (!result) {
                fail(result.error());
            } else {
                run(LogStartMoved{result->log_start});
            }
            done();
        }));
}

void Replica::expire_producers() {
    if (!partition_) return;
    const WallTime now = runtime_.clock.wall();
    ignore(log_.expire_producers(now), "the machine's own count is the same");
    run(ExpireProducers{now, setup_.options.producer_expiration});
}

void Replica::close(UniqueFunction<void(bool is_clean)> done) {
    is_closing_ = true;
    for (runtime::Timer& timer : timers_)
        timer.cancel();
    resign();
    release_waiting();
    for (auto& [token, answer] : std::exchange(by_time_, {}))
        answer({.error = WireError::not_leader_or_follower});
    for (auto& [ticket, answer] : std::exchange(reads_, {}))
        answer(Unexpected{IoError{.code = IoCode::closed, .subject = setup_.path}});
    if (!partition_) {  // it could not be opened
        runtime_.executor.post(gate_.wrap([done = std::move(done)]() mutable { done(false); }));
        return;
    }
    const Offset end = log_.log_end();
    log_.close(
        gate_.wrap([this, end, done = std::move(done)](Expected<void, IoError> closed) mutable {
            if (closed) recovery_point_ = end;
            done(closed && !has_failed_);
        }));
}

}  // namespace glasslog::replication
