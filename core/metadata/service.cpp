#include "core/metadata/service.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"
#include "core/metadata/bootstrap.hpp"
#include "core/metadata/decision_batches.hpp"
#include "core/metadata/features.hpp"
#include "core/metadata/image_records.hpp"
#include "core/metadata/log_entries.hpp"
#include "core/runtime/gate.hpp"
#include "core/storage/job.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace glasslog::metadata {

namespace {

using protocol::WireError;

// An image without one is of a log that begins: with the level that its first records say.
std::int16_t level_of(const Image& image, std::span<const Record> records) {
    const auto at = image.features.find(std::string(metadata_version));
    if (at != image.features.end()) return at->second;
    for (const Record& record : records) {
        const auto* level = std::get_if<protocol::FeatureLevelRecord>(&record);
        if (level != nullptr && level->name == metadata_version) return level->feature_level;
    }
    for (const SupportedFeature& feature : supported_features()) {
        if (feature.name == metadata_version) return feature.levels.last;
    }
    UNREACHABLE("{} is supported", metadata_version);
}

// The level of kraft.version that is asked for, if one is; named twice, the last one counts.
std::optional<std::int16_t> kraft_version_asked(const Request& request) {
    std::optional<std::int16_t> level;
    const auto* features = std::get_if<UpdateFeatures>(&request);
    if (features == nullptr) return level;
    for (const auto& update : features->body.feature_updates) {
        if (update.feature == kraft_version) level = update.max_version_level;
    }
    return level;
}

std::string cause_of(const raft::UpgradeReply& why) {
    switch (why.lack) {
        case raft::VoterLack::does_not_fetch:
            return fmt::format("voter {} does not follow; start it, and try again", why.voter);
        case raft::VoterLack::unknown:
            return fmt::format(
                "voter {} has not told the leader its directory and endpoints yet; "
                "try again",
                why.voter);
        case raft::VoterLack::too_old:
            return fmt::format("voter {} does not support it", why.voter);
        case raft::VoterLack::nothing:
            break;
    }
    if (why.error == WireError::request_timed_out) {
        return "the quorum is busy with another change, or a majority of its voters is away; try "
               "again";
    }
    return "another node leads the quorum, or it is higher by now";
}

// Why the quorum does not raise it.
protocol::UpdateFeaturesResponse refused_by_quorum(std::int16_t level,
                                                   const raft::UpgradeReply& why) {
    protocol::UpdateFeaturesResponse response;
    const bool is_elsewhere = why.error == WireError::not_leader_or_follower;
    response.error_code = is_elsewhere ? WireError::not_controller : why.error;
    const std::string wanted = fmt::format("{} at level {}", kraft_version, level);
    response.error_message =
        why.is_written
            ? fmt::format("{} is written, and may yet be committed: see what is finalized", wanted)
            : fmt::format("nothing was changed: {}: {}", wanted, cause_of(why));
    return response;
}

// What else was asked is decided anew when that is done, and may be refused then.
Answer<Response> after_upgrade(std::int16_t level, Answer<Response> done) {
    return [level, done = std::move(done)](Response response) mutable {
        auto& answer = std::get<protocol::UpdateFeaturesResponse>(response);
        if (answer.error_message) {
            answer.error_message = fmt::format("{} is at level {} now; of the rest {}",
                                               kraft_version,
                                               level,
                                               *answer.error_message);
        }
        done(std::move(response));
    };
}

}  // namespace

class Service::Core {
public:
    Core(const runtime::Runtime& runtime, storage::LogDirectory& directory, ServiceOptions options)
        : runtime_(runtime),
          options_(std::move(options)),
          directory_(directory.path()),
          reader_(runtime.executor, runtime.disk),
          log_(runtime, directory, options_.quorum),
          publisher_(runtime),
          fold_(Image()),
          last_snapshot_(runtime.clock.now()) {
        // What a user asks is one batch, also where there are no transactions.
        CHECK(options_.controller.records_per_request_max <= options_.batch.records_max);
    }

    void start(UniqueFunction<void(Expected<void, IoError>)> done) {
        raft::LogListener listener;
        listener.on_snapshot = [this](raft::LoadedSnapshot snapshot) { load(std::move(snapshot)); };
        listener.on_batch = [this](const raft::CommittedBatch& batch) { apply(batch); };
        listener.on_leadership = [this](LeaderEpoch epoch) { gain(epoch); };
        listener.on_leadership_lost = [this](LeaderEpoch) { lose(); };
        listener.on_failure = [this](IoError error) { fail(std::move(error)); };
        log_.start(std::move(listener),
                   [this, done = std::move(done)](Expected<void, IoError> started) mutable {
                       // What stands in the log already was told by an earlier life.
                       told_end_ = log_.end();
                       done(std::move(started));
                   });
    }

    void stop(UniqueFunction<void(bool is_clean)> done) {
        is_stopped_ = true;
        log_.stop([this, done = std::move(done)](bool is_clean) mutable {
            done(is_clean && !has_failed_);
        });
    }

    void on_failure(UniqueFunction<void(IoError)> report) { failed_ = std::move(report); }

    void on_controller_change(UniqueFunction<void()> report) {
        controller_changed_ = std::move(report);
    }

    Publisher& publisher() { return publisher_; }

    raft::ReplicatedLog& log() { return log_; }

    bool is_active() const { return controller_.has_value() && log_.is_active(); }

    void ask(Request request, Answer<Response> done) {
        const bool is_full = is_stopped_ || answers_.size() >= options_.waiting_requests_max;
        if (is_full || !is_active()) {
            const WireError why =
                is_full ? WireError::request_timed_out : WireError::not_controller;
            // Never from inside the call.
            runtime_.executor.post(
                gate_.wrap([done = std::move(done), response = refuse_all(request, why)]() mutable {
                    done(std::move(response));
                }));
            return;
        }
        const auto level = kraft_version_asked(request);
        if (level && *level != kraft_version_now()) {
            return ask_quorum(*level, std::move(request), std::move(done));
        }
        decide(std::move(request), std::move(done));
    }

    Uuid draw_id(const std::string& entity) {
        const std::uint64_t high = runtime_.random.draw("topic-id", entity);
        const std::uint64_t low = runtime_.random.draw("topic-id", entity);
        return Uuid::version_4(high, low);
    }

    std::uint64_t draw_placement() { return runtime_.random.draw("placement", ""); }

private:
    struct Waiting {
        Request request;
        Answer<Response> done;
    };

    // Answers that wait until everything below `end` is committed.
    struct Parked {
        Offset end;
        std::vector<Reply> replies;
    };

    Moment moment() const { return {runtime_.clock.now(), log_.end()}; }

    std::int16_t kraft_version_now() const {
        const auto& features = controller_->state().features;
        const auto at = features.find(std::string(kraft_version));
        return at == features.end() ? std::int16_t{0} : at->second;
    }

    void decide(Request request, Answer<Response> done) {
        const RequestToken token(++last_token_);
        Decision decision = controller_->handle(request, token, moment());
        std::vector<DecisionBatch> batches = batches_for(std::move(decision.records));
        if (is_user_operation(request) && batches.size() > 1) {
            // Not too many records, so too many bytes.
            batches.clear();
            decision.replies = {{token, refuse_all(request, WireError::record_list_too_large)}};
        }
        answers_.emplace(token, Waiting{std::move(request), std::move(done)});
        take(std::move(decision), batches);
    }

    // The quorum raises kraft.version, when nothing is wrong with all that the request asks; what
    // else is in it is decided afterwards.
    void ask_quorum(std::int16_t level, Request request, Answer<Response> done) {
        const bool is_only_checked = std::get<UpdateFeatures>(request).body.validate_only;
        const RequestToken token(++last_token_);
        Decision tried = controller_->handle(request, token, moment());
        const auto& verdict =
            std::get<protocol::UpdateFeaturesResponse>(tried.replies.at(0).response);
        const bool is_possible = verdict.error_code == WireError::none &&
                                 batches_for(std::move(tried.records)).size() <= 1;
        if (!is_possible) return decide(std::move(request), std::move(done));
        auto raised = [this, level, request = std::move(request), done = std::move(done)](
                          const raft::UpgradeReply& reply) mutable {
            if (reply.error != WireError::none) return done(refused_by_quorum(level, reply));
            if (!is_active()) return done(refuse_all(request, WireError::not_controller));
            const bool is_raised = reply.is_written;
            decide(std::move(request),
                   is_raised ? after_upgrade(level, std::move(done)) : std::move(done));
        };
        log_.upgrade_kraft_version(level, is_only_checked, gate_.wrap(std::move(raised)));
    }

    // ------------------------------------------------------------------- what is committed

    void load(raft::LoadedSnapshot snapshot) {
        auto image =
            image_of_snapshot(snapshot.values,
                              {snapshot.id.end, snapshot.id.epoch, snapshot.kraft_version});
        if (!image) {
            return fail({.subject = fmt::format("metadata snapshot {}", snapshot.id.end),
                         .detail = image.error().text()});
        }
        fold_ = ImageFold(std::move(*image));
        applied_end_ = snapshot.id.end;
        bytes_since_snapshot_ = 0;
        settle_soon();
    }

    void apply(const raft::CommittedBatch& batch) {
        const auto view = protocol::BatchView::read(batch.bytes.view());
        auto entries = view ? read_entries(*view)
                            : Expected<std::vector<LogEntry>, DecodeError>(
                                  Unexpected{DecodeError{"no batch", 0}});
        if (!entries) {
            return fail({.subject = fmt::format("metadata log, offset {}", batch.base),
                         .detail = entries.error().text()});
        }
        for (const LogEntry& entry : *entries) {
            std::visit(overloaded{[this](const ReplayedBatch& one) {
                                      fold_.apply(one.records, one.base, one.epoch);
                                  },
                                  [this](const ReplayedKraftVersion& one) {
                                      fold_.apply_kraft_version(one.level, one.offset, one.epoch);
                                      if (controller_) controller_->replay_kraft_version(one.level);
                                  }},
                       entry);
        }
        applied_end_ = batch.end;
        applied_epoch_ = batch.epoch;
        applied_time_ = view->max_timestamp();
        bytes_since_snapshot_ += static_cast<std::int64_t>(batch.bytes.size());
        settle_soon();
    }

    // One image for all that one turn of the executor brings.
    void settle_soon() {
        if (std::exchange(is_settling_, true)) return;
        runtime_.executor.post(gate_.wrap([this] { settle(); }));
    }

    void settle() {
        is_settling_ = false;
        if (has_failed_) return;
        Image image = fold_.image();
        image.controller = log_.state().leader;
        const bool is_another = image.controller != publisher_.image()->controller;
        if (image.offset > publisher_.image()->offset || is_another) {
            publisher_.publish(std::move(image), applied_end_ <= told_end_);
        }
        if (is_another && controller_changed_) controller_changed_();
        while (!parked_.empty() && parked_.front().end <= applied_end_) {
            std::vector<Reply> replies = std::move(parked_.front().replies);
            parked_.pop_front();
            for (Reply& reply : replies)
                answer(std::move(reply));
        }
        snapshot_if_due();
    }

    void snapshot_if_due() {
        const Instant now = runtime_.clock.now();
        const bool is_old =
            options_.snapshot_after > Duration() && now - last_snapshot_ >= options_.snapshot_after;
        const bool is_due = bytes_since_snapshot_ >= options_.snapshot_after_bytes ||
                            (is_old && bytes_since_snapshot_ > 0);
        if (!is_due || is_snapshotting_ || is_stopped_ || fold_.is_in_transaction()) return;
        is_snapshotting_ = true;
        last_snapshot_ = now;
        bytes_since_snapshot_ = 0;
        log_.take_snapshot({.id = {applied_end_, applied_epoch_},
                            .time = applied_time_,
                            .values = snapshot_values(fold_.image())},
                           gate_.wrap([this](Expected<void, IoError> taken) {
                               is_snapshotting_ = false;
                               if (!taken) fail(std::move(taken).error());
                           }));
    }

    // ------------------------------------------------------------------- what is decided

    void gain(LeaderEpoch epoch) {
        if (fold_.image().features.contains(std::string(metadata_version))) return lead({});
        bootstrap_records(
            reader_,
            directory_,
            gate_.wrap([this, epoch](Expected<std::optional<std::vector<Record>>, IoError> found) {
                if (!found) return fail(std::move(found).error());
                const bool is_leading = log_.is_active() && log_.state().epoch == epoch;
                if (!is_leading || controller_) return;
                lead(*found ? std::move(**found)
                            : Controller(options_.controller, Image()).bootstrap());
            }));
    }

    void lead(std::vector<Record> first) {
        controller_.emplace(options_.controller, fold_.image());
        if (controller_changed_) controller_changed_();
        // What the controller before began to say counts as not said (KIP-868).
        if (fold_.is_in_transaction() &&
            !append(batches_for({protocol::AbortTransactionRecord{"another controller leads"}}))) {
            return;
        }
        if (append(batches_for(std::move(first)))) take(controller_->begin(runtime_.clock.now()));
    }

    // Whoever waits is told: another controller may have done it, or will.
    void lose() {
        controller_.reset();
        parked_.clear();
        timer_.cancel();
        auto answers = std::exchange(answers_, {});
        for (auto& [token, waiting] : answers)
            waiting.done(refuse_all(waiting.request, WireError::not_controller));
        settle_soon();
        if (controller_changed_) controller_changed_();
    }

    void take(Decision decision) {
        const std::vector<DecisionBatch> batches = batches_for(std::move(decision.records));
        take(std::move(decision), batches);
    }

    // batches: of the decision's records.
    void take(Decision decision, std::span<const DecisionBatch> batches) {
        if (!append(batches)) return refuse(std::move(decision.replies));
        if (!decision.replies.empty()) {
            parked_.push_back({log_.end(), std::move(decision.replies)});
            if (parked_.front().end <= applied_end_) settle_soon();
        }
        arm(decision.wake_at);
    }

    // What was decided is not in the log: nobody may be told that it is done.
    void refuse(std::vector<Reply> replies) {
        for (Reply& reply : replies) {
            reply.response =
                refuse_all(answers_.at(reply.token).request, WireError::not_controller);
            runtime_.executor.post(gate_.wrap([this, reply = std::move(reply)]() mutable {
                if (answers_.contains(reply.token)) answer(std::move(reply));
            }));
        }
    }

    void arm(Instant when) {
        if (when == Instant::never()) return timer_.cancel();
        timer_ = runtime_.executor.at(when, gate_.wrap([this] {
            if (!is_active() || is_stopped_) return;
            take(controller_->on_timer(moment()));
        }));
    }

    std::vector<DecisionBatch> batches_for(std::vector<Record> records) const {
        const std::int16_t level = level_of(controller_->state(), records);
        return batches_of(std::move(records), level, options_.batch);
    }

    // All batches of a decision. False: this node leads no more, or its log failed; which of them
    // is told next, and a transaction that was begun is aborted by whoever leads then.
    bool append(std::span<const DecisionBatch> batches) {
        for (const DecisionBatch& batch : batches) {
            const auto proposal = log_.propose(batch.values);
            if (!proposal) return false;
            controller_->replay(batch.records, proposal->base, proposal->epoch);
        }
        return true;
    }

    void answer(Reply reply) {
        const auto at = answers_.find(reply.token);
        CHECK(at != answers_.end(), "request {} was answered before", reply.token);
        auto done = std::move(at->second.done);
        answers_.erase(at);
        done(std::move(reply.response));
    }

    void fail(IoError error) {
        if (std::exchange(has_failed_, true)) return;
        if (failed_) failed_(std::move(error));
    }

    const runtime::Runtime& runtime_;
    ServiceOptions options_;
    std::string directory_;
    storage::JobRunner reader_;
    raft::ReplicatedLog log_;
    Publisher publisher_;
    ImageFold fold_;  // what was committed
    Offset applied_end_{0};
    LeaderEpoch applied_epoch_{0};
    std::int64_t applied_time_ = 0;  // of the newest batch, milliseconds since 1970
    Offset told_end_{0};

    Instant last_snapshot_;
    std::int64_t bytes_since_snapshot_ = 0;
    bool is_snapshotting_ = false;

    std::optional<Controller> controller_;  // while active; sees what was appended
    runtime::Timer timer_;
    std::uint64_t last_token_ = 0;
    std::map<RequestToken, Waiting> answers_;
    std::deque<Parked> parked_;  // by end

    UniqueFunction<void(IoError)> failed_;
    UniqueFunction<void()> controller_changed_;
    bool is_settling_ = false;
    bool is_stopped_ = false;
    bool has_failed_ = false;
    runtime::Gate gate_;
};

Service::Service(const runtime::Runtime& runtime,
                 storage::LogDirectory& directory,
                 ServiceOptions options)
    : core_(std::make_unique<Core>(runtime, directory, std::move(options))) {}

Service::~Service() = default;

void Service::start(UniqueFunction<void(Expected<void, IoError>)> done) {
    core_->start(std::move(done));
}

void Service::stop(UniqueFunction<void(bool is_clean)> done) {
    core_->stop(std::move(done));
}

void Service::on_failure(UniqueFunction<void(IoError)> report) {
    core_->on_failure(std::move(report));
}

void Service::on_controller_change(UniqueFunction<void()> report) {
    core_->on_controller_change(std::move(report));
}

ImagePtr Service::image() const {
    return core_->publisher().image();
}

void Service::subscribe(ReactorId reactor, MetadataFeed feed) {
    core_->publisher().subscribe(reactor, std::move(feed));
}

bool Service::is_active() const {
    return core_->is_active();
}

raft::ReplicatedLog& Service::log() {
    return core_->log();
}

void Service::ask(Request request, Answer<Response> done) {
    core_->ask(std::move(request), std::move(done));
}

Request Service::request_of(protocol::CreateTopicsRequest body, protocol::Version) {
    CreateTopics decided{std::move(body), {}, core_->draw_placement()};
    for (const auto& topic : decided.body.topics)
        decided.topic_ids.push_back(core_->draw_id(topic.name));
    return decided;
}

Request Service::request_of(protocol::DeleteTopicsRequest body, protocol::Version version) {
    return DeleteTopics{std::move(body), version};
}

Request Service::request_of(protocol::CreatePartitionsRequest body, protocol::Version) {
    const std::uint64_t draw = core_->draw_placement();
    return CreatePartitions{std::move(body), draw};
}

Request Service::request_of(protocol::IncrementalAlterConfigsRequest body, protocol::Version) {
    return AlterConfigs{std::move(body)};
}

Request Service::request_of(protocol::UpdateFeaturesRequest body, protocol::Version version) {
    return UpdateFeatures{std::move(body), version};
}

}  // namespace glasslog::metadata
