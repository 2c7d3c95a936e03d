#include "core/replication/replica_manager.hpp"

#include "core/base/random.hpp"
#include "core/replication/fetch_join.hpp"
#include "core/replication/fetch_waits.hpp"
#include "core/replication/replica.hpp"
#include "core/replication/replica_set.hpp"
#include "core/replication/upkeep.hpp"
#include "core/trace/event.hpp"

#include <utility>

namespace glasslog::replication {

ReactorId reactor_of(const PartitionId& partition, std::int32_t reactor_count) {
    CHECK(reactor_count > 0);
    const std::uint64_t hash = StableHash()
                                   .add(partition.topic.high)
                                   .add(partition.topic.low)
                                   .add(static_cast<std::uint64_t>(partition.index.value()))
                                   .value();
    return ReactorId(
        static_cast<std::int32_t>(below(hash, static_cast<std::uint64_t>(reactor_count))));
}

class ReplicaManager::Core final : public ReplicaListener {
public:
    Core(const runtime::Runtime& runtime, DirectoryHost& host, ReplicaOptions options)
        : runtime_(runtime),
          options_(std::move(options)),
          directory_(runtime, host),
          fetches_(runtime,
                   {[this](const PartitionId& id) { return replicas_.find(id); },
                    [this](const PartitionId& id) { return missing(id); }}),
          waits_(
              runtime,
              [this](const PartitionId& id) { return replicas_.find(id); },
              options_.parked_fetches_max),
          replicas_(runtime, *this, directory_, options_),
          upkeep_(runtime, directory_, replicas_, *this) {}

    void start(metadata::ImagePtr image, UniqueFunction<void()> done) {
        replicas_.start(std::move(image), [this, done = std::move(done)]() mutable {
            upkeep_.start();
            done();
        });
    }

    void apply(metadata::ImagePtr image) { replicas_.apply(std::move(image)); }

    void stop(UniqueFunction<void(bool is_clean)> done) {
        end_waits();
        upkeep_.stop();
        replicas_.close_all([this, done = std::move(done)]() mutable {
            upkeep_.write_all([this, done = std::move(done)](bool is_written) mutable {
                done(is_written && replicas_.is_clean());
            });
        });
    }

    void on_failure(UniqueFunction<void(IoError)> report) { failed_ = std::move(report); }

    void append(AppendRequest request, Answer<AppendResult> done) {
        const PartitionId id = request.partition;
        const auto refuse = [this](WireError error, Answer<AppendResult> answer) {
            AppendResult result;
            result.error = error;
            later([answer = std::move(answer), result]() mutable { answer(result); });
        };
        Replica* replica = replicas_.find(id);
        if (replica == nullptr) return refuse(missing(id), std::move(done));
        if (replica->is_open()) return replica->append(std::move(request), std::move(done));
        auto waiting =
            std::make_shared<std::pair<AppendRequest, Answer<AppendResult>>>(std::move(request),
                                                                             std::move(done));
        const bool is_parked = replica->when_open(gate_.wrap(
            [this, waiting] { append(std::move(waiting->first), std::move(waiting->second)); }));
        if (!is_parked) refuse(WireError::not_leader_or_follower, std::move(waiting->second));
    }

    void fetch(FetchRequest request, Answer<std::vector<ReadResult>> done) {
        fetches_.start(std::move(request), std::move(done));
    }

    void wait(WaitRequest request, Answer<WaitEnd> done) {
        waits_.start(std::move(request), std::move(done));
    }

    void cancel_wait(WaitId id) { waits_.cancel(id); }

    void end_waits() { waits_.end_all(); }

    void list_offset(const OffsetRequest& request, Answer<ListOffsetReply> done) {
        with_replica<ListOffsetReply>(request.partition,
                                      std::move(done),
                                      [request](Replica& replica, Answer<ListOffsetReply> answer) {
                                          replica.list_offset(
                                              {.timestamp = request.timestamp,
                                               .current_leader_epoch = request.current_leader_epoch,
                                               .replica = request.replica,
                                               .isolation = request.isolation},
                                              std::move(answer));
                                      });
    }

    void delete_records(const PartitionId& partition,
                        Offset offset,
                        Answer<DeleteRecordsReply> done) {
        with_replica<DeleteRecordsReply>(
            partition,
            std::move(done),
            [offset](Replica& replica, Answer<DeleteRecordsReply> answer) {
                answer(replica.delete_records(offset));
            });
    }

    void end_of_epoch(const EpochRequest& request, Answer<EndOfEpochReply> done) {
        with_replica<EndOfEpochReply>(request.partition,
                                      std::move(done),
                                      [request](Replica& replica, Answer<EndOfEpochReply> answer) {
                                          answer(replica.end_of_epoch(request));
                                      });
    }

    std::vector<LogSize> log_sizes() const {
        std::vector<LogSize> sizes;
        replicas_.for_each([&](const Replica& replica) {
            if (replica.state() == nullptr) return;
            sizes.push_back({replica.id(), replica.name(), replica.size_bytes()});
        });
        return sizes;
    }

    const State* find(const PartitionId& partition) const {
        const Replica* replica = replicas_.find(partition);
        return replica == nullptr ? nullptr : replica->state();
    }

    std::size_t partition_count() const { return replicas_.size(); }

    std::size_t parked_fetch_count() const { return waits_.count(); }

    void on_news(const News& news) override { waits_.on_news(news); }

    void on_failure(const IoError& error) override {
        if (!failed_) return;
        later([report = std::exchange(failed_, {}), error]() mutable { report(error); });
    }

private:
    // Callbacks never run inside the call that took them.
    template <typename F>
    void later(F call) {
        runtime_.executor.post(gate_.wrap(std::move(call)));
    }

    WireError missing(const PartitionId& id) const {
        const auto& image = replicas_.image();
        const bool is_known =
            image != nullptr && image->find_partition(id.topic, id.index) != nullptr;
        return is_known ? WireError::not_leader_or_follower : WireError::unknown_topic_or_partition;
    }

    // From a task of its own, when the replica's log is open.
    template <typename Reply, typename Call>
    void with_replica(const PartitionId& id, Answer<Reply> done, Call call) {
        Replica* present = replicas_.find(id);
        auto waiting = std::make_shared<Answer<Reply>>(std::move(done));
        auto go_on = [this, id, waiting, call] {
            Replica* replica = replicas_.find(id);
            if (replica == nullptr || !replica->is_open()) {
                return (*waiting)(Reply{.error = missing(id)});
            }
            call(*replica, std::move(*waiting));
        };
        if (present == nullptr || present->is_open()) return later(std::move(go_on));
        if (present->when_open(gate_.wrap(go_on))) return;
        later([waiting] { (*waiting)(Reply{.error = WireError::not_leader_or_follower}); });
    }

    const runtime::Runtime& runtime_;
    ReplicaOptions options_;
    DirectoryClient directory_;
    FetchJoin fetches_;
    FetchWaits waits_;
    ReplicaSet replicas_;
    Upkeep upkeep_;
    UniqueFunction<void(IoError)> failed_;
    runtime::Gate gate_;
};

ReplicaManager::ReplicaManager(const runtime::Runtime& runtime,
                               DirectoryHost& host,
                               ReplicaOptions options)
    : core_(std::make_unique<Core>(runtime, host, std::move(options))) {}

ReplicaManager::~ReplicaManager() = default;

void ReplicaManager::start(metadata::ImagePtr image, UniqueFunction<void()> done) {
    core_->start(std::move(image), std::move(done));
}

void ReplicaManager::apply(metadata::ImagePtr image) {
    core_->apply(std::move(image));
}

void ReplicaManager::stop(UniqueFunction<void(bool is_clean)> done) {
    core_->stop(std::move(done));
}

void ReplicaManager::append(AppendRequest request, Answer<AppendResult> done) {
    core_->append(std::move(request), std::move(done));
}

void ReplicaManager::on_failure(UniqueFunction<void(IoError)> report) {
    core_->on_failure(std::move(report));
}

void ReplicaManager::fetch(FetchRequest request, Answer<std::vector<ReadResult>> done) {
    core_->fetch(std::move(request), std::move(done));
}

void ReplicaManager::wait(WaitRequest request, Answer<WaitEnd> done) {
    core_->wait(std::move(request), std::move(done));
}

void ReplicaManager::cancel_wait(WaitId id) {
    core_->cancel_wait(id);
}

void ReplicaManager::end_waits() {
    core_->end_waits();
}

void ReplicaManager::list_offset(const OffsetRequest& request, Answer<ListOffsetReply> done) {
    core_->list_offset(request, std::move(done));
}

void ReplicaManager::delete_records(const PartitionId& partition,
                                    Offset offset,
                                    Answer<DeleteRecordsReply> done) {
    core_->delete_records(partition, offset, std::move(done));
}

void ReplicaManager::end_of_epoch(const EpochRequest& request, Answer<EndOfEpochReply> done) {
    core_->end_of_epoch(request, std::move(done));
}

std::vector<LogSize> ReplicaManager::log_sizes() const {
    return core_->log_sizes();
}

const State* ReplicaManager::find(const PartitionId& partition) const {
    return core_->find(partition);
}

std::size_t ReplicaManager::partition_count() const {
    return core_->partition_count();
}

std::size_t ReplicaManager::parked_fetch_count() const {
    return core_->parked_fetch_count();
}

}  // namespace glasslog::replication
