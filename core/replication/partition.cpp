#include "core/replication/partition.hpp"

#include "core/base/overloaded.hpp"
#include "core/replication/isr.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace glasslog::replication {

namespace {

// Timestamps of ListOffsets that are questions.
constexpr std::int64_t latest = -1;
constexpr std::int64_t earliest = -2;
constexpr std::int64_t of_max_timestamp = -3;
constexpr std::int64_t earliest_local = -4;
constexpr std::int64_t latest_tiered = -5;
constexpr std::int64_t earliest_pending_upload = -6;

// Of a partition that a simulation ordered to make that mistake.
constexpr std::size_t forgetful_producers_max = 20'000;

std::int64_t record_count(const log::BatchFacts& facts) {
    return facts.last_offset - facts.base_offset + 1;
}

}  // namespace

Offset State::last_stable_offset() const {
    return std::min(high_watermark, producers.first_open_transaction().value_or(high_watermark));
}

// One step: the state that it changes and the effects that it collects.
struct Partition::Stepper {
    State& state;
    const Rules& rules;
    Instant now;
    Effects effects;

    void on(const Lead& event) {
        state.isr = event.isr;
        state.replicas = event.replicas;
        if (state.role == Role::leader && event.epoch == state.leader_epoch) {
            advance_high_watermark();
            return;
        }
        state.role = Role::leader;
        state.leader_epoch = event.epoch;
        state.epoch_start = state.log_end;
        state.epochs.assign(event.epoch, state.log_end);
        effects.assign_epoch = log::EpochStart{event.epoch, state.log_end};
        effects.leads = event.epoch;
        // What others wait for, they look for again under the new epoch.
        alarm_watchers();
        advance_high_watermark();
    }

    void on(const Resign&) {
        state.role = Role::none;
        refuse_produces(WireError::not_leader_or_follower);
        alarm_watchers();
    }

    void on(const Configure& event) {
        state.config = event.config;
        if (!is_flush_due()) {
            arm_flush();
            return;
        }
        request_sync();
    }

    // ---------------------------------------------------------------------------------- produce

    void on(const Produce& event) {
        if (const WireError error = produce_error(event); error != WireError::none) {
            reply_produce(event.token, {.error = error});
            return;
        }
        log::BatchFacts facts = event.facts;
        const std::int64_t count = record_count(facts);
        facts.base_offset = state.log_end;
        facts.last_offset = state.log_end + (count - 1);
        facts.leader_epoch = state.leader_epoch;
        std::visit(overloaded{
                       [&](const log::AppendIt&) { append(event, facts); },
                       [&](const log::Duplicate& duplicate) { answer_again(event, duplicate); },
                       [&](WireError error) {
                           reply_produce(event.token,
                                         {.error = error, .log_start = state.log_start});
                       },
                   },
                   state.producers.check(facts));
    }

    WireError produce_error(const Produce& event) const {
        if (state.role != Role::leader) return WireError::not_leader_or_follower;
        if (state.is_failed) return WireError::kafka_storage_error;
        if (event.acks == -1 && !has_enough_replicas(state)) {
            return WireError::not_enough_replicas;
        }
        if (is_overloaded()) return WireError::request_timed_out;
        return WireError::none;
    }

    bool is_overloaded() const {
        return state.produces.size() >= state.config.parked_max ||
               state.uncommitted_bytes >= state.config.uncommitted_bytes_max;
    }

    void append(const Produce& event, const log::BatchFacts& facts) {
        const std::int64_t count = record_count(facts);
        state.producers.apply(facts);
        state.epochs.assign(state.leader_epoch, facts.base_offset);
        state.log_end = facts.last_offset + 1;
        if (state.unsynced_records == 0) state.oldest_unsynced = now;
        // Saturates: flush_messages of INT64_MAX never comes.
        const std::int64_t room = std::numeric_limits<std::int64_t>::max() - count;
        state.unsynced_records = std::min(state.unsynced_records, room) + count;
        const bool must_sync = is_flush_due();
        state.uncommitted.push_back({state.log_end, facts.size_bytes, must_sync});
        state.uncommitted_bytes += facts.size_bytes;
        effects.append = Append{event.token, facts.base_offset, state.leader_epoch};
        park({.token = event.token,
              .end = state.log_end,
              .base_offset = facts.base_offset,
              .append_time = {},
              .acks = event.acks,
              .timeout = event.timeout});
        if (must_sync) {
            request_sync();
        } else {
            arm_flush();
        }
        if (rules.high_watermark == HighWatermarkRule::ahead_of_log_end) {
            state.local_end = state.log_end;
            advance_high_watermark();
        }
    }

    void answer_again(const Produce& event, const log::Duplicate& duplicate) {
        park({.token = event.token,
              .end = duplicate.last_offset + 1,
              .base_offset = duplicate.base_offset,
              .append_time = duplicate.timestamp,
              .acks = event.acks,
              .timeout = event.timeout});
        finish_produces();
    }

    void park(ParkedProduce produce) {
        const auto at = std::upper_bound(
            state.produces.begin(),
            state.produces.end(),
            produce.end,
            [](Offset end, const ParkedProduce& other) { return end < other.end; });
        state.produces.insert(at, std::move(produce));
    }

    void on(const Appended& event) {
        state.written_end = std::max(state.written_end, event.upto);
        advance_local_end();
    }

    void on(const Synced& event) {
        state.synced_end = std::max(state.synced_end, event.upto);
        state.written_end = std::max(state.written_end, event.upto);
        state.is_syncing = false;
        if (state.synced_end >= state.log_end) {
            state.unsynced_records = 0;
            state.oldest_unsynced = Instant::never();
        } else {
            // What came meanwhile; a bound, for the exact count is not kept per batch.
            state.unsynced_records =
                std::min(state.unsynced_records, state.log_end - state.synced_end);
            state.oldest_unsynced = now;
        }
        if (std::exchange(state.wants_sync, false)) request_sync();
        arm_flush();
        advance_local_end();
    }

    void on(const LogFailed&) {
        state.is_failed = true;
        state.is_syncing = false;
        refuse_produces(WireError::kafka_storage_error);
        alarm_watchers();
    }

    // Batches count for this replica in order: written, and synced where one must be.
    void advance_local_end() {
        for (const Uncommitted& batch : state.uncommitted) {
            const bool is_safe = !batch.must_sync || batch.end <= state.synced_end;
            if (batch.end > state.written_end || !is_safe) break;
            state.local_end = std::max(state.local_end, batch.end);
        }
        begin_deadlines();
        advance_high_watermark();
    }

    void advance_high_watermark() {
        const Offset before = state.high_watermark;
        if (state.role == Role::leader && commits_alone(state)) {
            state.high_watermark = std::max(before, state.local_end);
        }
        std::uint64_t bytes = 0;
        while (!state.uncommitted.empty() &&
               state.uncommitted.front().end <= state.high_watermark) {
            bytes += state.uncommitted.front().size_bytes;
            state.uncommitted.pop_front();
        }
        state.uncommitted_bytes -= bytes;
        state.committed_bytes += bytes;
        if (state.high_watermark != before) {
            effects.high_watermark_moved = state.high_watermark;
            for (const Watcher& watcher : state.watchers)
                effects.news.push_back({watcher.token, bytes, false});
        }
        finish_produces();
    }

    // The time of a produce with acks -1 runs while other replicas fetch, not while this one
    // writes.
    void begin_deadlines() {
        for (ParkedProduce& produce : state.produces) {
            if (produce.end > state.local_end) break;
            if (produce.deadline != Instant::never()) continue;
            produce.deadline = now + produce.timeout;
        }
    }

    void finish_produces() {
        const auto is_done = [&](const ParkedProduce& produce) {
            return produce.end <= (produce.acks == -1 ? state.high_watermark : state.local_end);
        };
        // By end, and the high watermark is not above the local end: what is done for acks -1 is
        // done for all before it, but an acks 1 may be done behind an acks -1 that is not.
        for (auto at = state.produces.begin();
             at != state.produces.end() && at->end <= state.local_end;) {
            if (!is_done(*at)) {
                ++at;
                continue;
            }
            const bool is_short = at->acks == -1 && !has_enough_replicas(state);
            reply_produce(
                at->token,
                {.error = is_short ? WireError::not_enough_replicas_after_append : WireError::none,
                 .base_offset = at->base_offset,
                 .log_start = state.log_start,
                 .append_time = at->append_time});
            at = state.produces.erase(at);
        }
        arm_produce_timer();
    }

    void refuse_produces(WireError error) {
        for (const ParkedProduce& produce : state.produces)
            reply_produce(produce.token, {.error = error});
        state.produces.clear();
    }

    void reply_produce(RequestToken token, ProduceReply reply) {
        effects.reply.push_back({token, reply});
    }

    // ------------------------------------------------------------------------------------ syncs

    bool is_flush_due() const {
        if (state.unsynced_records == 0) return false;
        return state.unsynced_records >= state.config.flush_messages ||
               (state.oldest_unsynced != Instant::never() &&
                now - state.oldest_unsynced >= state.config.flush_interval);
    }

    // One at a time: what is appended while one runs shares the next.
    void request_sync() {
        if (state.is_failed) return;
        if (state.is_syncing) {
            state.wants_sync = true;
            return;
        }
        state.is_syncing = true;
        effects.sync = true;
    }

    // While a sync runs its end arms the next alarm.
    void arm_flush() {
        if (state.is_syncing || state.is_failed) return;
        if (state.config.flush_interval == Duration::max() || state.unsynced_records == 0) return;
        arm(Timer::flush, state.flush_timer, state.oldest_unsynced + state.config.flush_interval);
    }

    // ------------------------------------------------------------------------------------ timers

    // An earlier alarm that is already set will do: it arms the later one.
    void arm(Timer timer, Instant& armed, Instant when) {
        if (when == Instant::never() || armed <= when) return;
        armed = when;
        effects.wake_at.push_back({timer, when});
    }

    void arm_produce_timer() {
        Instant first = Instant::never();
        for (const ParkedProduce& produce : state.produces) {
            if (produce.end > state.local_end) break;
            first = std::min(first, produce.deadline);
        }
        arm(Timer::produce_timeout, state.produce_timer, first);
    }

    void on(const TimerFired& event) {
        if (event.timer == Timer::flush) {
            state.flush_timer = Instant::never();
            if (is_flush_due()) request_sync();
            arm_flush();
            return;
        }
        state.produce_timer = Instant::never();
        for (auto at = state.produces.begin(); at != state.produces.end();) {
            if (at->deadline > now) {
                ++at;
                continue;
            }
            reply_produce(at->token, {.error = WireError::request_timed_out});
            at = state.produces.erase(at);
        }
        arm_produce_timer();
    }

    // ------------------------------------------------------------------------------------- reads

    WireError epoch_error(LeaderEpoch current) const {
        if (current.value() < 0) return WireError::none;
        if (current < state.leader_epoch) return WireError::fenced_leader_epoch;
        if (current > state.leader_epoch) return WireError::unknown_leader_epoch;
        return WireError::none;
    }

    // What refuses every read: leadership, epochs, a failed log.
    WireError read_error(LeaderEpoch current) const {
        if (state.role != Role::leader) return WireError::not_leader_or_follower;
        if (state.is_failed) return WireError::kafka_storage_error;
        return epoch_error(current);
    }

    Offset readable_end(NodeId replica, IsolationLevel isolation) const {
        if (replica.value() >= 0) return state.local_end;
        return isolation == IsolationLevel::read_committed ? state.last_stable_offset()
                                                           : state.high_watermark;
    }

    // Brokers may read only what is assigned to them.
    WireError replica_error(const Fetch& event) const {
        if (event.replica.value() < 0) return WireError::none;
        const bool is_assigned =
            std::find(state.replicas.begin(), state.replicas.end(), event.replica) !=
            state.replicas.end();
        if (is_assigned) return WireError::none;
        return event.current_leader_epoch.value() >= 0 ? WireError::unknown_leader_epoch
                                                       : WireError::not_leader_or_follower;
    }

    void on(const Fetch& event) {
        WireError error = read_error(event.current_leader_epoch);
        if (error == WireError::none) error = replica_error(event);
        if (error == WireError::none && event.offset < state.log_start) {
            error = WireError::offset_out_of_range;
        }
        if (error != WireError::none) {
            effects.reply.push_back({event.token, FetchReply{.error = error}});
            return;
        }
        FetchReply reply{.offset = event.offset,
                         .upto = readable_end(event.replica, event.isolation),
                         .high_watermark = state.high_watermark,
                         .last_stable_offset = state.last_stable_offset(),
                         .log_start = state.log_start,
                         .committed_bytes = state.committed_bytes};
        if (event.last_fetched_epoch.value() >= 0) {
            const log::EpochEnd end =
                state.epochs.end_offset_for(event.last_fetched_epoch, state.local_end);
            if (end.epoch == no_leader_epoch) {
                reply = {.error = WireError::offset_out_of_range};
            } else if (end.epoch < event.last_fetched_epoch || end.end < event.offset) {
                reply.diverging = end;
                reply.upto = reply.offset;
            }
        }
        const bool is_beyond = !reply.diverging && event.offset > state.local_end;
        if (is_beyond) reply = {.error = WireError::offset_out_of_range};
        effects.reply.push_back({event.token, reply});
    }

    void on(const Watch& event) {
        const bool is_refused = read_error(no_leader_epoch) != WireError::none ||
                                state.watchers.size() >= state.config.parked_max ||
                                event.committed_bytes > state.committed_bytes;
        if (is_refused) {
            effects.news.push_back({event.token, 0, true});
            return;
        }
        // Something came between the read and the watch.
        if (readable_end(no_node, event.isolation) > event.seen) {
            const std::uint64_t bytes = state.committed_bytes - event.committed_bytes;
            effects.news.push_back({event.token, std::max<std::uint64_t>(bytes, 1), false});
        }
        state.watchers.push_back({event.token, event.isolation});
    }

    void on(const Unwatch& event) {
        const auto at =
            std::find_if(state.watchers.begin(), state.watchers.end(), [&](const Watcher& watcher) {
                return watcher.token == event.token;
            });
        if (at != state.watchers.end()) state.watchers.erase(at);
    }

    void alarm_watchers() {
        for (const Watcher& watcher : state.watchers)
            effects.news.push_back({watcher.token, 0, true});
    }

    void on(const ListOffset& event) {
        const WireError error = read_error(event.current_leader_epoch);
        if (error != WireError::none) {
            effects.reply.push_back({event.token, ListOffsetReply{.error = error}});
            return;
        }
        const Offset upto = readable_end(event.replica, event.isolation);
        const bool is_by_time = event.timestamp >= 0 || event.timestamp == of_max_timestamp;
        if (is_by_time) {
            effects.reply_by_time = ReplyByTime{event.token, event.timestamp, upto};
            return;
        }
        effects.reply.push_back({event.token, list_offset(event.timestamp, upto)});
    }

    ListOffsetReply list_offset(std::int64_t timestamp, Offset upto) const {
        switch (timestamp) {
            case latest:
                return {.offset = upto, .leader_epoch = state.leader_epoch};
            case earliest:
            case earliest_local:
                return {.offset = state.log_start,
                        .leader_epoch =
                            state.epochs.epoch_at(state.log_start).value_or(no_leader_epoch)};
            // Nothing is tiered here.
            case latest_tiered:
            case earliest_pending_upload:
                return {};
            default:
                return {.error = WireError::unsupported_version};
        }
    }

    void on(const EndOfEpoch& event) {
        EndOfEpochReply reply{.error = read_error(event.current_leader_epoch), .end = {}};
        if (reply.error == WireError::none) {
            reply.end = state.epochs.end_offset_for(event.epoch, state.local_end);
        }
        effects.reply.push_back({event.token, reply});
    }

    // ------------------------------------------------------------------------------- log start

    void on(const DeleteRecords& event) {
        const WireError error = delete_error(event);
        if (error != WireError::none) {
            effects.reply.push_back({event.token, DeleteRecordsReply{.error = error}});
            return;
        }
        const Offset wanted = event.offset == no_offset ? state.high_watermark : event.offset;
        if (wanted > state.log_start) {
            effects.advance_log_start = wanted;
            move_log_start(wanted);
        }
        effects.reply.push_back(
            {event.token, DeleteRecordsReply{.low_watermark = state.log_start}});
    }

    WireError delete_error(const DeleteRecords& event) const {
        if (const WireError error = read_error(no_leader_epoch); error != WireError::none) {
            return error;
        }
        if (!state.config.may_delete_records) return WireError::policy_violation;
        const bool is_inside = event.offset == no_offset ||
                               (event.offset >= Offset(0) && event.offset <= state.high_watermark);
        return is_inside ? WireError::none : WireError::offset_out_of_range;
    }

    void on(const LogStartMoved& event) {
        if (event.to > state.log_start) move_log_start(event.to);
    }

    void move_log_start(Offset to) {
        state.log_start = to;
        state.epochs.truncate_from_start(to);
    }

    void on(const ExpireProducers& event) { state.producers.expire(event.now, event.after); }
};

Partition::Partition(OpenedLog log, PartitionConfig config, Rules rules) : rules_(rules) {
    state_.config = config;
    state_.log_start = log.log_start;
    state_.high_watermark = std::clamp(log.high_watermark, log.log_start, log.log_end);
    state_.written_end = log.log_end;
    state_.synced_end = log.synced_end;
    state_.local_end = log.log_end;
    state_.log_end = log.log_end;
    state_.unsynced_records = log.log_end - log.synced_end;
    state_.epochs = std::move(log.epochs);
    state_.producers = std::move(log.producers);
    if (rules.duplicates == log::DuplicateRule::answer_again) return;
    log::ProducerState forgetful(forgetful_producers_max, rules.duplicates);
    for (const auto& [id, producer] : state_.producers.producers())
        forgetful.insert(id, producer);
    state_.producers = std::move(forgetful);
}

Effects Partition::step(Instant now, const Event& event) {
    Stepper stepper{state_, rules_, now, {}};
    std::visit([&](const auto& one) { stepper.on(one); }, event);
    return std::move(stepper.effects);
}

}  // namespace glasslog::replication
