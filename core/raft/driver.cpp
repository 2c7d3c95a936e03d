#include "core/raft/driver.hpp"

#include "core/base/overloaded.hpp"
#include "core/raft/log_batches.hpp"
#include "core/trace/event.hpp"
#include "core/trace/log.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

namespace kinds = trace::kinds;

MetadataLogOptions log_options(const QuorumOptions& options) {
    return {.shutdown = options.shutdown,
            .is_new = options.is_new,
            .configured = options.configured};
}

WireContext wire_context(const QuorumOptions& options) {
    return {.cluster_id = options.cluster_id,
            .listener = options.listener,
            .fetch_bytes_max = options.fetch_bytes_max,
            .snapshot_bytes_max = options.snapshot_bytes_max};
}

PeerPatience patience(const Timing& timing) {
    return {.request_timeout = timing.request_timeout, .retry_backoff = timing.retry_backoff};
}

std::string ids_of(const VoterSet& voters) {
    std::string text;
    for (const Voter& voter : voters.all())
        text += fmt::format("{}{}", text.empty() ? "" : ",", voter.voter_id);
    return text;
}

}  // namespace

ReplicatedLog::Driver::Driver(const runtime::Runtime& runtime,
                              storage::LogDirectory& directory,
                              QuorumOptions options)
    : runtime_(runtime),
      options_(std::move(options)),
      context_(wire_context(options_)),
      log_(runtime, directory, log_options(options_)),
      applier_(runtime, log_),
      peers_(runtime, options_.machine.self.id, patience(options_.machine.timing)) {
    not_open_.self = options_.machine.self;
    not_open_.voter_history = {options_.configured};
    log_.on_failure([this](IoError error) { fail(std::move(error)); });
    applier_.on_failure([this](IoError error) { fail(std::move(error)); });
    applier_.on_progress([this] { settle_reads(); });
}

// ------------------------------------------------------------------------------ beginning, ending

void ReplicatedLog::Driver::start(LogListener listener, runtime::IoDone<void> done) {
    listener_ = std::move(listener);
    started_ = std::move(done);
    log_.open(gate_.wrap([this](Expected<Opened, IoError> found) {
        if (is_stopping_) return;
        if (!found) return fail(std::move(found).error());
        opened(std::move(*found));
    }));
}

void ReplicatedLog::Driver::opened(Opened found) {
    Options options = options_.machine;
    options.bootstrap_server_count = options_.bootstrap_servers.size();
    options.seed = runtime_.random.draw("raft", std::string(log_topic));
    raft_.emplace(std::move(options), std::move(found));
    warn_of_voters();
    applier_.start(std::move(listener_));
    std::exchange(started_, {})({});
    step({Start{}});
}

// What the configuration file says of the voters, beside the log.
void ReplicatedLog::Driver::warn_of_voters() {
    if (!options_.machine.can_vote) return;
    const auto warn = [this](std::string_view text) {
        trace::log(runtime_.trace, trace::LogLevel::warning, "raft", std::string(text));
    };
    const bool names_voters =
        options_.configured.kraft_version < dynamic_voters && options_.configured.voters.size() > 0;
    if (names_voters && state().kraft_version() >= dynamic_voters) {
        warn(
            "controller.quorum.voters counts no more: the voters stand in the log "
            "(kraft.version 1); name controller.quorum.bootstrap.servers in its place");
    }
    if (state().voters().size() == 0 && state().log_end > Offset(0)) {
        warn(
            "this node knows no voters and cannot vote: its log names none (kraft.version 0), nor "
            "does its file; if controller.quorum.voters was taken out, put it back until the "
            "quorum is upgraded");
    }
}

void ReplicatedLog::Driver::stop(UniqueFunction<void(bool is_clean)> done) {
    stopped_ = std::move(done);
    is_stopping_ = true;
    applier_.stop();
    if (!raft_ || has_failed_) return close();
    step({Resign{}});
    if (farewell_count_ == 0) return close();
    stop_timer_ = runtime_.executor.at(runtime_.clock.now() + options_.stop_wait_max,
                                       gate_.wrap([this] { close(); }));
}

void ReplicatedLog::Driver::finish_stop() {
    if (is_stopping_ && farewell_count_ == 0 && stop_timer_.is_armed()) close();
}

void ReplicatedLog::Driver::close() {
    stop_timer_.cancel();
    tick_.cancel();
    peers_.close();
    owed_.clear();
    is_closed_ = true;
    log_.close([this](const Expected<void, IoError>& closed) {
        std::exchange(stopped_, {})(closed.has_value() && !has_failed_);
    });
}

void ReplicatedLog::Driver::fail(IoError error) {
    if (std::exchange(has_failed_, true)) return;
    tick_.cancel();
    peers_.close();
    if (started_) {
        std::exchange(started_, {})(Unexpected{std::move(error)});
    } else {
        applier_.fail(error);
    }
}

// ---------------------------------------------------------------------------------------- steps

// What comes while a step is carried out waits for its end.
void ReplicatedLog::Driver::step(Input input) {
    inputs_.push_back(std::move(input));
    if (is_stepping_) return;
    is_stepping_ = true;
    while (!inputs_.empty() && is_alive()) {
        const Input next = std::move(inputs_.front());
        inputs_.pop_front();
        execute(raft_->step(runtime_.clock.now(), next.event), next);
        tell_trace();
    }
    inputs_.clear();
    is_stepping_ = false;
}

void ReplicatedLog::Driver::execute(Effects fx, const Input& input) {
    if (fx.fatal) {
        return fail({.subject = log_.path(),
                     .detail = "the leader says that what is committed here never was"});
    }
    write(fx, input);
    hold(fx);
    for (Send& one : fx.send)
        send(std::move(one));
    for (Reply& one : fx.reply)
        reply(std::move(one));
    for (ReplyFromLog& one : fx.reply_from_log)
        reply_from_log(std::move(one));
    for (ReplyFromSnapshot& one : fx.reply_from_snapshot)
        reply_from_snapshot(std::move(one));
    if (fx.write_snapshot) write_snapshot(*fx.write_snapshot, input);
    if (fx.log_start) log_.advance_start(*fx.log_start, state().high_watermark);
    if (fx.apply_upto) applier_.commit(*fx.apply_upto);
    if (fx.wake_at) wake_at(*fx.wake_at);
    if (fx.is_role_new) {
        const bool leads = state().role == Role::leader;
        applier_.lead(
            leads ? std::optional(Applier::Leadership{state().epoch, state().leading.epoch_start})
                  : std::nullopt);
    }
}

void ReplicatedLog::Driver::write(const Effects& fx, const Input& input) {
    if (fx.truncate) {
        drop_held_above(*fx.truncate);
        log_.truncate(*fx.truncate);
    }
    for (const Append& append : fx.append)
        log_.append(bytes_of(append, input));
    if (fx.save) log_.save(*fx.save, state().voter_history.back());
}

Bytes ReplicatedLog::Driver::bytes_of(const Append& append, const Input& input) const {
    const BatchStamp stamp{append.base, append.epoch, runtime_.clock.wall().milliseconds()};
    return std::visit(
        overloaded{[&](const LeaderChange& change) {
                       return leader_change_batch(change, state().self.id, stamp);
                   },
                   [&](const Barrier&) { return barrier_batch(stamp); },
                   [&](const Proposed&) { return value_batch(input.bytes, stamp); },
                   [&](const VotersChange& change) { return voters_batch(change, stamp); },
                   [&](const Fetched& fetched) { return input.bytes.at(fetched.index); }},
        append.content);
}

// A step that asks for no sync (a mistake on purpose: rules.hpp) does not wait for one.
void ReplicatedLog::Driver::hold(Effects& fx) {
    if (!fx.sync) {
        std::move(fx.send_after_sync.begin(),
                  fx.send_after_sync.end(),
                  std::back_inserter(fx.send));
        std::move(fx.reply_after_sync.begin(),
                  fx.reply_after_sync.end(),
                  std::back_inserter(fx.reply));
        return;
    }
    held_.push_back({.round = rounds_begun_ + 1,
                     .cause_end = fx.append.empty() ? Offset(0) : fx.append.back().end,
                     .sends = std::move(fx.send_after_sync),
                     .replies = std::move(fx.reply_after_sync)});
    if (!is_syncing_) begin_round();
}

// What the disk would have held is gone: who waits for it is not answered.
void ReplicatedLog::Driver::drop_held_above(Offset end) {
    std::erase_if(held_, [&](const Held& held) {
        if (held.cause_end <= end) return false;
        for (const Reply& one : held.replies)
            owed_.erase(one.token);
        return true;
    });
}

void ReplicatedLog::Driver::begin_round() {
    ++rounds_begun_;
    is_syncing_ = true;
    log_.sync(gate_.wrap([this](Offset upto) { end_round(upto); }));
}

void ReplicatedLog::Driver::end_round(Offset upto) {
    is_syncing_ = false;
    if (!is_alive()) return;
    while (!held_.empty() && held_.front().round <= rounds_begun_) {
        Held held = std::move(held_.front());
        held_.pop_front();
        for (Send& one : held.sends)
            send(std::move(one));
        for (Reply& one : held.replies)
            reply(std::move(one));
    }
    step({Synced{upto}});
    if (!held_.empty() && !is_syncing_ && is_alive()) begin_round();
}

void ReplicatedLog::Driver::wake_at(Instant when) {
    tick_.cancel();
    if (when == Instant::never()) return;
    tick_ = runtime_.executor.at(when, gate_.wrap([this] { step({Tick{}}); }));
}

// ------------------------------------------------------------------------------------ snapshots

void ReplicatedLog::Driver::write_snapshot(const WriteSnapshot& what, const Input& input) {
    SnapshotStore::Piece piece{what.id, what.position, input.bytes.at(0)};
    auto written = [this, id = what.id, is_last = what.is_last](Expected<void, IoError> done) {
        if (!done) return snapshot_failed(id);
        if (is_last) install_snapshot(id);
    };
    log_.snapshots().receive(std::move(piece), gate_.wrap(std::move(written)));
}

void ReplicatedLog::Driver::snapshot_failed(SnapshotId id) {
    step({SnapshotRefused{id}});
}

// The machine is told before the log has begun anew: the snapshot is durable, and whoever opens
// this log finds that it must begin there.
void ReplicatedLog::Driver::install_snapshot(SnapshotId id) {
    auto accepted = [this, id](Expected<Snapshot, IoError> snapshot) {
        if (!snapshot) return snapshot_failed(id);
        const auto& fetching = state().fetching;
        if (!is_alive() || !fetching || fetching->id != id || !fetching->is_installing) return;
        VotersAt voters = options_.configured;
        if (snapshot->kraft_version >= 1) {
            voters = {id.end - 1,
                      VoterSet(std::move(snapshot->voters.voters)),
                      snapshot->kraft_version};
        }
        trace::emit(runtime_.trace, kinds::QuorumSnapshot{id.end, id.epoch, 0, true});
        drop_held_above(Offset(0));
        log_.restart_at(id, gate_.wrap([this](const Expected<void, IoError>& done) {
            if (!done) fail(done.error());
        }));
        step({SnapshotInstalled{id, std::move(voters)}});
        applier_.snapshot_came();
    };
    log_.snapshots().accept(id, gate_.wrap(std::move(accepted)));
}

void ReplicatedLog::Driver::take_snapshot(NewSnapshot snapshot, runtime::IoDone<void> done) {
    const SnapshotId id = snapshot.id;
    CHECK(id.end <= applier_.applied(), "{} {}", id.end, applier_.applied());
    Snapshot content{.last_contained_time = snapshot.time, .records = std::move(snapshot.values)};
    for (const VotersAt& voters : state().voter_history) {
        if (voters.offset >= id.end) break;
        content.kraft_version = voters.kraft_version;
        content.voters.voters.assign(voters.voters.all().begin(), voters.voters.all().end());
    }
    auto written =
        [this, id, done = std::move(done)](Expected<std::int64_t, IoError> size) mutable {
            if (!size) return done(Unexpected{std::move(size).error()});
            trace::emit(runtime_.trace, kinds::QuorumSnapshot{id.end, id.epoch, *size, false});
            step({SnapshotTaken{id}});
            done({});
        };
    log_.snapshots().write(id, content, gate_.wrap(std::move(written)));
}

// ---------------------------------------------------------------------------------------- trace

void ReplicatedLog::Driver::tell_trace() {
    const State& now = raft_->state();
    const std::string_view role = role_name(now);
    // A leader that commits its own removal goes with that: it commits as the leader.
    if (told_.role == "leader") tell_commit();
    if (role != told_.role || now.epoch != told_.epoch || now.leader != told_.leader ||
        now.voted.id != told_.voted) {
        told_.role = role;
        told_.epoch = now.epoch;
        told_.leader = now.leader;
        told_.voted = now.voted.id;
        trace::emit(runtime_.trace,
                    kinds::QuorumRoleChanged{told_.role, now.epoch, now.leader, now.voted.id});
    }
    tell_commit();
    const VotersAt& voters = now.voter_history.back();
    if (!told_.voters || !(*told_.voters == voters)) {
        const bool is_news = told_.voters && (told_.voters->voters != voters.voters ||
                                              told_.voters->kraft_version != voters.kraft_version);
        if (is_news) {
            trace::log(runtime_.trace,
                       trace::LogLevel::info,
                       "raft",
                       fmt::format("the voters are {} (kraft.version {})",
                                   ids_of(voters.voters),
                                   voters.kraft_version));
        }
        told_.voters = voters;
        trace::emit(runtime_.trace,
                    kinds::QuorumVotersChanged{voters.offset, ids_of(voters.voters)});
    }
}

void ReplicatedLog::Driver::tell_commit() {
    const Offset upto = raft_->state().high_watermark;
    if (upto == told_.high_watermark) return;
    told_.high_watermark = upto;
    trace::emit(runtime_.trace, kinds::QuorumCommitted{upto});
}

}  // namespace glasslog::raft
