#include "core/metadata/service.hpp"

#include "core/base/overloaded.hpp"
#include "core/metadata/bootstrap.hpp"
#include "core/metadata/features.hpp"
#include "core/metadata/one_voter_log.hpp"
#include "core/runtime/gate.hpp"
#include "core/trace/event.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace glasslog::metadata {

namespace {

namespace kinds = trace::kinds;

// Of one batch; a longer decision becomes several, in order.
constexpr std::size_t records_per_batch_max = 10'000;

const Duration mailbox_retry = Duration::milliseconds(1);

storage::PartitionName log_name() {
    return {std::string(metadata_topic), PartitionIndex(0)};
}

OneVoterOptions log_options(const ServiceOptions& options) {
    const auto& found = options.opened.partitions;
    const bool is_there = std::any_of(found.begin(), found.end(), [](const auto& one) {
        return one.name == log_name();
    });
    return {.node = options.node,
            .directory_id = options.opened.meta.directory_id,
            .endpoints = options.controller_endpoints,
            .shutdown = options.opened.clean_shutdown ? storage::Shutdown::clean
                                                      : storage::Shutdown::unclean,
            .is_new = !is_there};
}

// Tells the trace what a committed image has that the one before had not.
void trace_change(runtime::Trace& trace, const Image& before, const Image& after) {
    PersistentMap<Uuid, TopicPtr>::for_each_change(
        before.topics_by_id,
        after.topics_by_id,
        [&](const Uuid& id, const TopicPtr* old_topic, const TopicPtr* new_topic) {
            if (new_topic == nullptr) {
                trace::emit(trace, kinds::TopicDeleted{(*old_topic)->name});
            } else if (old_topic == nullptr) {
                const auto count = static_cast<std::int32_t>((*new_topic)->partitions.size());
                trace::emit(trace, kinds::TopicCreated{(*new_topic)->name, id.text(), count});
            }
        });
    PersistentMap<NodeId, BrokerPtr>::for_each_change(
        before.brokers,
        after.brokers,
        [&](NodeId id, const BrokerPtr* old_broker, const BrokerPtr* new_broker) {
            if (new_broker == nullptr) return;
            if (old_broker != nullptr && (*old_broker)->epoch == (*new_broker)->epoch) return;
            trace::emit(trace, kinds::BrokerRegistered{id, (*new_broker)->epoch.value()});
        });
}

}  // namespace

class Service::Core {
public:
    Core(const runtime::Runtime& runtime, storage::LogDirectory& directory, ServiceOptions options)
        : runtime_(runtime),
          options_(std::move(options)),
          directory_(directory.path()),
          reader_(runtime.executor, runtime.disk),
          log_(runtime, directory, log_options(options_)),
          controller_({.node = options_.node,
                       .cluster_id = options_.opened.meta.cluster_id,
                       .file = options_.file},
                      {}),
          published_(std::make_shared<const Image>()) {}

    void start(UniqueFunction<void(Expected<void, IoError>)> done) {
        started_ = std::move(done);
        log_.on_progress([this](Expected<Offset, IoError> progress) {
            if (!progress) return fail(std::move(progress).error());
            committed(*progress);
        });
        log_.start([this](LogEntry entry) { replay(std::move(entry)); },
                   [this](Expected<LogStarted, IoError> started) {
                       if (!started) return fail(std::move(started).error());
                       begin();
                   });
    }

    void stop(UniqueFunction<void(bool is_clean)> done) {
        is_stopped_ = true;
        log_.close([this, done = std::move(done)](Expected<void, IoError> closed) mutable {
            done(closed && !has_failed_);
        });
    }

    void on_failure(UniqueFunction<void(IoError)> report) { failed_ = std::move(report); }

    ImagePtr image() const { return published_; }

    void subscribe(ReactorId reactor, MetadataFeed feed) {
        subscribers_.push_back(std::make_unique<Subscriber>(
            Subscriber{reactor, std::make_shared<MetadataFeed>(std::move(feed)), published_, {}}));
        deliver(*subscribers_.back());
    }

    template <typename T>
    void ask(Request request, Answer<T> done) {
        const RequestToken token(++last_token_);
        answers_.emplace(token, [done = std::move(done)](Response response) mutable {
            done(std::get<T>(std::move(response)));
        });
        if (is_stopped_ || answers_.size() > options_.waiting_requests_max) {
            park({}, {{token, refuse_all(request, protocol::WireError::request_timed_out)}});
            return;
        }
        Decision decision = controller_.handle(request, token, {runtime_.clock.now(), log_.end()});
        append(decision.records);
        park(controller_.state(), std::move(decision.replies));
    }

    Uuid draw_id(const std::string& entity) {
        const std::uint64_t high = runtime_.random.draw("topic-id", entity);
        const std::uint64_t low = runtime_.random.draw("topic-id", entity);
        return Uuid::version_4(high, low);
    }

    std::uint64_t draw_placement() { return runtime_.random.draw("placement", ""); }

private:
    // Answers that wait until everything below `end` is committed, and the image that they saw.
    struct Waiting {
        Offset end;
        Image image;
        std::vector<Reply> replies;
    };

    struct Subscriber {
        ReactorId reactor;
        // Called on `reactor` only; a message on its way shares it with this list.
        std::shared_ptr<MetadataFeed> feed;
        ImagePtr due;  // empty: it has the newest
        runtime::Timer retry;
    };

    void replay(LogEntry entry) {
        std::visit(overloaded{[this](const ReplayedBatch& batch) {
                                  controller_.replay(batch.records, batch.base, batch.epoch);
                              },
                              [this](const ReplayedKraftVersion& change) {
                                  controller_.replay_kraft_version(change.level,
                                                                   change.offset,
                                                                   change.epoch);
                              }},
                   entry);
    }

    void begin() {
        if (controller_.state().features.contains(std::string(metadata_version))) {
            return park(controller_.state(), {});
        }
        bootstrap_records(
            reader_,
            directory_,
            gate_.wrap([this](Expected<std::optional<std::vector<Record>>, IoError> found) {
                if (!found) return fail(std::move(found).error());
                append(*found ? **found : controller_.bootstrap());
                park(controller_.state(), {});
            }));
    }

    void append(std::span<const Record> records) {
        while (!records.empty()) {
            const auto batch = records.first(std::min(records.size(), records_per_batch_max));
            const Offset base = log_.end();
            log_.append(batch);
            controller_.replay(batch, base, log_.epoch());
            records = records.subspan(batch.size());
        }
    }

    void park(const Image& image, std::vector<Reply> replies) {
        waiting_.push_back({log_.end(), image, std::move(replies)});
        if (waiting_.back().end > log_.committed_end() || waiting_.size() > 1) return;
        // Nothing to wait for, but the caller must not be called back from inside its call.
        runtime_.executor.post(gate_.wrap([this] { committed(log_.committed_end()); }));
    }

    void committed(Offset end) {
        if (has_failed_) return;
        std::vector<Reply> replies;
        std::optional<Image> newest;
        while (!waiting_.empty() && waiting_.front().end <= end) {
            newest = std::move(waiting_.front().image);
            std::move(waiting_.front().replies.begin(),
                      waiting_.front().replies.end(),
                      std::back_inserter(replies));
            waiting_.pop_front();
        }
        if (newest) publish(std::move(*newest));
        for (Reply& reply : replies)
            answer(std::move(reply));
        if (newest && started_) std::exchange(started_, {})({});
    }

    void publish(Image image) {
        if (image.offset <= published_->offset) return;
        const ImagePtr before =
            std::exchange(published_, std::make_shared<const Image>(std::move(image)));
        // What a start replays was decided, and told, by an earlier one.
        if (!started_) trace_change(runtime_.trace, *before, *published_);
        trace::emit(runtime_.trace, kinds::MetadataCommitted{published_->offset});
        for (const auto& subscriber : subscribers_) {
            subscriber->due = published_;
            deliver(*subscriber);
        }
    }

    void deliver(Subscriber& subscriber) {
        if (subscriber.due == nullptr) return;
        runtime::Task message = [feed = subscriber.feed, image = subscriber.due] {
            (*feed)(image);
        };
        if (subscriber.reactor == runtime_.reactor) {
            runtime_.executor.post(std::move(message));
        } else if (!runtime_.mailbox.post_to(subscriber.reactor, std::move(message))) {
            subscriber.retry =
                runtime_.executor.at(runtime_.clock.now() + mailbox_retry,
                                     [this, waiting = &subscriber] { deliver(*waiting); });
            return;
        }
        subscriber.due.reset();
    }

    void answer(Reply reply) {
        const auto at = answers_.find(reply.token);
        CHECK(at != answers_.end(), "request {} was answered before", reply.token);
        auto done = std::move(at->second);
        answers_.erase(at);
        done(std::move(reply.response));
    }

    void fail(IoError error) {
        if (std::exchange(has_failed_, true)) return;
        if (started_) {
            std::exchange(started_, {})(Unexpected{std::move(error)});
        } else if (failed_) {
            failed_(std::move(error));
        }
    }

    const runtime::Runtime& runtime_;
    ServiceOptions options_;
    std::string directory_;
    storage::JobRunner reader_;
    OneVoterLog log_;
    Controller controller_;  // sees what was appended
    ImagePtr published_;     // what was committed

    UniqueFunction<void(Expected<void, IoError>)> started_;
    UniqueFunction<void(IoError)> failed_;
    std::uint64_t last_token_ = 0;
    std::map<RequestToken, UniqueFunction<void(Response)>> answers_;
    std::deque<Waiting> waiting_;  // by end
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
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

ImagePtr Service::image() const {
    return core_->image();
}

void Service::subscribe(ReactorId reactor, MetadataFeed feed) {
    core_->subscribe(reactor, std::move(feed));
}

void Service::create_topics(protocol::CreateTopicsRequest request,
                            Answer<protocol::CreateTopicsResponse> done) {
    CreateTopics decided{std::move(request), {}, core_->draw_placement()};
    for (const auto& topic : decided.body.topics)
        decided.topic_ids.push_back(core_->draw_id(topic.name));
    core_->ask(std::move(decided), std::move(done));
}

void Service::delete_topics(protocol::DeleteTopicsRequest request,
                            protocol::Version version,
                            Answer<protocol::DeleteTopicsResponse> done) {
    core_->ask(DeleteTopics{std::move(request), version}, std::move(done));
}

void Service::create_partitions(protocol::CreatePartitionsRequest request,
                                Answer<protocol::CreatePartitionsResponse> done) {
    const std::uint64_t draw = core_->draw_placement();
    core_->ask(CreatePartitions{std::move(request), draw}, std::move(done));
}

void Service::alter_configs(protocol::IncrementalAlterConfigsRequest request,
                            Answer<protocol::IncrementalAlterConfigsResponse> done) {
    core_->ask(AlterConfigs{std::move(request)}, std::move(done));
}

void Service::register_broker(BrokerRegistration registration,
                              Answer<Expected<BrokerEpoch, protocol::WireError>> done) {
    core_->ask(RegisterBroker{std::move(registration)}, std::move(done));
}

void Service::allocate_producer_ids(NodeId broker,
                                    BrokerEpoch epoch,
                                    Answer<Expected<ProducerIdBlock, protocol::WireError>> done) {
    core_->ask(AllocateProducerIds{broker, epoch}, std::move(done));
}

}  // namespace glasslog::metadata
