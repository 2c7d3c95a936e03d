#include "sim/workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace glasslog::sim {

// --- broker -------------------------------------------------------------------------------------

BrokerProgram::BrokerProgram(std::vector<runtime::Runtime> reactors,
                             broker::Config config,
                             const broker::BrokerRules& rules,
                             Ended ended)
    : broker_(std::move(reactors), std::move(config), rules), ended_(std::move(ended)) {}

void BrokerProgram::start() {
    broker_.on_failure(gate_.wrap([this](const IoError& error) {
        const bool was_ready = std::exchange(is_ready_, false);
        ended_(was_ready ? BrokerEnd::failed_later : BrokerEnd::never_ready, error);
    }));
    broker_.start(gate_.wrap([this](Expected<broker::Started, IoError> started) {
        is_ready_ = started.has_value();
        if (!started) ended_(BrokerEnd::never_ready, started.error());
    }));
}

// --- admin --------------------------------------------------------------------------------------

AdminProgram::AdminProgram(const runtime::Runtime& runtime,
                           const client::ClusterConfig& cluster,
                           std::vector<TopicSpec> topics,
                           Ready ready)
    : runtime_(runtime),
      admin_(runtime, cluster),
      topics_(std::move(topics)),
      ready_(std::move(ready)) {}

void AdminProgram::create_next() {
    if (created_ == topics_.size()) {
        ready_(std::nullopt);
        return;
    }
    const TopicSpec& topic = topics_[created_];
    client::NewTopic wanted;
    wanted.name = topic.name;
    wanted.partition_count = topic.partitions;
    wanted.replication_factor = 1;
    wanted.configs = std::map<std::string, std::string>(topic.configs.begin(), topic.configs.end());
    admin_.create_topic(
        std::move(wanted),
        gate_.wrap([this](Expected<client::CreatedTopic, client::ClientError> created) {
            const bool is_there =
                created || created.error().code == protocol::WireError::topic_already_exists;
            if (is_there) {
                ++created_;
                create_next();
                return;
            }
            if (created.error().cause == client::Cause::refused &&
                !client::is_retriable(created.error())) {
                ready_(topics_[created_].name + ": " + created.error().text());
                return;
            }
            const Instant later = runtime_.clock.now() + Duration::milliseconds(100);
            retry_ = runtime_.executor.at(later, [this] { create_next(); });
        }));
}

// --- topics -------------------------------------------------------------------------------------

TopicsProgram::TopicsProgram(const runtime::Runtime& runtime,
                             const client::ClusterConfig& cluster,
                             const LoadSpec& load,
                             History& history)
    : runtime_(runtime),
      load_(load),
      work_(std::get<TopicsLoad>(load.work)),
      history_(history),
      admin_(runtime, cluster) {}

void TopicsProgram::start() {
    next_ = runtime_.clock.now();
    tick();
}

void TopicsProgram::tick() {
    const Duration gap = Duration::nanoseconds(1'000'000'000 / work_.rate_per_second);
    while (!is_finished_ && next_ <= runtime_.clock.now()) {
        const auto mine = history_.creators().find(load_.client);
        const auto so_far = mine == history_.creators().end() ? 0 : std::ssize(mine->second.topics);
        if (work_.count && so_far >= *work_.count) return;
        create_one();
        next_ = next_ + gap;
    }
    if (!is_finished_) timer_ = runtime_.executor.at(next_, [this] { tick(); });
}

void TopicsProgram::create_one() {
    const std::int64_t number = history_.asked_topic(load_.client);
    client::NewTopic wanted;
    wanted.name = topic_name(load_.client, number);
    wanted.partition_count = static_cast<std::int32_t>(work_.partitions);
    wanted.replication_factor = 1;
    ++outstanding_;
    admin_.create_topic(
        std::move(wanted),
        gate_.wrap([this, number](Expected<client::CreatedTopic, client::ClientError> created) {
            --outstanding_;
            if (created) return history_.created_topic(load_.client, number, created->id);
            // A try whose answer was lost may have created it.
            const bool is_known = created.error().cause == client::Cause::refused &&
                                  !client::is_retriable(created.error()) &&
                                  created.error().code != protocol::WireError::topic_already_exists;
            if (is_known) history_.failed_topic(load_.client, number);
        }));
}

// --- voters -------------------------------------------------------------------------------------

VotersProgram::VotersProgram(const runtime::Runtime& runtime,
                             const client::ClusterConfig& cluster,
                             std::vector<Member> members,
                             const LoadSpec& load,
                             History& history)
    : runtime_(runtime),
      members_(std::move(members)),
      load_(load),
      history_(history),
      quorum_(runtime, cluster, client::BootstrapKind::controllers) {}

void VotersProgram::start() {
    later();
}

void VotersProgram::later() {
    const Duration every = std::get<VotersLoad>(load_.work).every;
    timer_ = runtime_.executor.at(runtime_.clock.now() + every, [this] { ask(); });
}

void VotersProgram::ask() {
    if (is_finished_) return;
    is_asking_ = true;
    quorum_.describe(gate_.wrap([this](Expected<client::QuorumView, client::ClientError> view) {
        if (!view || is_finished_) return end(false);
        change(*view);
    }));
}

void VotersProgram::change(const client::QuorumView& view) {
    const auto done = [this](Expected<void, client::ClientError> changed) {
        end(changed.has_value());
    };
    for (const Member& member : members_) {
        if (view.find_voter(member.node) != nullptr) continue;
        const client::QuorumReplica* const replica = view.find_observer(member.node);
        if (replica == nullptr) return end(false);  // it does not fetch: down, or cut off
        return quorum_.add_voter({member.node, replica->directory_id, {member.listener}},
                                 gate_.wrap(done));
    }
    if (view.voters.size() < 2) return end(false);
    const std::uint64_t chance = runtime_.random.draw("voters", load_.client);
    const client::QuorumReplica& voter = view.voters[chance % view.voters.size()];
    quorum_.remove_voter(voter.id, voter.directory_id, gate_.wrap(done));
}

void VotersProgram::end(bool is_changed) {
    is_asking_ = false;
    if (is_changed) history_.changed_voters(load_.client);
    later();
}

// --- producer -----------------------------------------------------------------------------------

namespace {

client::ProducerConfig producer_config(const ProduceLoad& work) {
    client::ProducerConfig config;
    config.acks = client::Acks::all;
    if (work.acks == "0") config.acks = client::Acks::none;
    if (work.acks == "1") config.acks = client::Acks::leader;
    config.idempotence = work.is_idempotent ? client::Idempotence::on : client::Idempotence::off;
    config.linger = work.linger;
    return config;
}

}  // namespace

ProducerProgram::ProducerProgram(const runtime::Runtime& runtime,
                                 const client::ClusterConfig& cluster,
                                 const LoadSpec& load,
                                 History& history)
    : runtime_(runtime),
      load_(load),
      work_(std::get<ProduceLoad>(load.work)),
      history_(history),
      producer_(runtime, cluster, producer_config(work_)) {
    ProducerHistory& mine = history_.producer(load_.client);
    mine.is_idempotent = work_.is_idempotent;
    mine.is_acked_by_offset = work_.acks != "0";
}

void ProducerProgram::start() {
    next_ = runtime_.clock.now();
    tick();
}

void ProducerProgram::tick() {
    const Duration gap = Duration::nanoseconds(1'000'000'000 / work_.rate_per_second);
    const Instant now = runtime_.clock.now();
    while (!is_finished_ && next_ <= now) {
        const auto so_far = std::ssize(history_.producer(load_.client).records);
        if (work_.count && so_far >= *work_.count) return;
        produce_one();
        next_ = next_ + gap;
    }
    if (is_finished_) return;
    // Not more often than each millisecond: a high rate comes in handfuls.
    const Instant wake = std::max(next_, now + Duration::milliseconds(1));
    timer_ = runtime_.executor.at(wake, [this] { tick(); });
}

void ProducerProgram::produce_one() {
    const std::int64_t number = history_.produced(load_.client);
    client::NewRecord record;
    record.topic = load_.topic;
    record.value = record_value(load_.client, number, static_cast<std::size_t>(work_.size_bytes));
    ++outstanding_;
    const auto taken = producer_.produce(
        std::move(record),
        gate_.wrap([this, number](Expected<client::RecordPlace, client::ClientError> place) {
            --outstanding_;
            if (place) {
                history_.acked(load_.client, number, *place);
            } else {
                history_.failed(load_.client, number);
            }
        }));
    if (taken) return;
    --outstanding_;
    history_.failed(load_.client, number);
}

// --- consumer -----------------------------------------------------------------------------------

namespace {

constexpr std::size_t poll_records_max = 1000;
constexpr Duration poll_timeout = Duration::milliseconds(1000);

client::ConsumerConfig consumer_config() {
    client::ConsumerConfig config;
    config.fetch_wait_max = Duration::milliseconds(200);
    return config;
}

}  // namespace

ConsumerProgram::ConsumerProgram(const runtime::Runtime& runtime,
                                 const client::ClusterConfig& cluster,
                                 const LoadSpec& load,
                                 std::int32_t partitions,
                                 History& history)
    : runtime_(runtime),
      load_(load),
      partitions_(partitions),
      history_(history),
      consumer_(runtime, cluster, consumer_config()) {}

void ConsumerProgram::start() {
    const ConsumerHistory& mine = history_.consumer(load_.client);
    const bool is_repeating = std::get<ConsumeLoad>(load_.work).is_repeating;
    std::vector<client::Assignment> assignments;
    for (std::int32_t i = 0; i < partitions_; ++i) {
        const TopicPartition partition{load_.topic, PartitionIndex(i)};
        const auto next = mine.next.find(partition);
        client::StartAt begin = client::Earliest{};
        if (next != mine.next.end() && !is_repeating) begin = next->second;
        assignments.push_back({partition, begin});
    }
    consumer_.assign(std::move(assignments));
    poll();
}

void ConsumerProgram::poll() {
    consumer_.poll(
        poll_records_max,
        poll_timeout,
        gate_.wrap([this](Expected<std::vector<client::ConsumedRecord>, client::ClientError> got) {
            if (!got) {
                const Instant later = runtime_.clock.now() + Duration::milliseconds(100);
                retry_ = runtime_.executor.at(later, [this] { poll(); });
                return;
            }
            for (const client::ConsumedRecord& record : *got)
                history_.consumed(load_.client, record);
            poll();
        }));
}

// --- audit --------------------------------------------------------------------------------------

AuditProgram::AuditProgram(const runtime::Runtime& runtime,
                           const client::ClusterConfig& cluster,
                           std::vector<TopicPartition> partitions,
                           History& history,
                           Done done)
    : admin_(runtime, cluster),
      consumer_(runtime, cluster, consumer_config()),
      partitions_(std::move(partitions)),
      history_(history),
      done_(std::move(done)) {}

void AuditProgram::start() {
    admin_.list_offsets(
        partitions_,
        client::latest_timestamp,
        gate_.wrap([this](Expected<std::vector<client::ListedOffset>, client::ClientError> ends) {
            if (!ends) {
                finish("the ends of the logs cannot be read: " + ends.error().text());
                return;
            }
            ends_ = *std::move(ends);
            std::vector<client::Assignment> assignments;
            for (const client::ListedOffset& end : ends_)
                assignments.push_back({end.partition, client::Earliest{}});
            consumer_.assign(std::move(assignments));
            read();
        }));
}

bool AuditProgram::is_complete() const {
    return std::ranges::all_of(ends_, [this](const client::ListedOffset& end) {
        const auto position = consumer_.position(end.partition);
        return position && *position >= end.offset;
    });
}

std::string AuditProgram::progress() const {
    if (ends_.empty()) return "no broker told where the logs end";
    for (const client::ListedOffset& end : ends_) {
        const auto position = consumer_.position(end.partition);
        if (!position)
            return fmt::format("{}: no broker told where it begins", end.partition.text());
        if (*position >= end.offset) continue;
        const auto& refusal = consumer_.last_refusal();
        return fmt::format("{} stands at offset {} of {}{}",
                           end.partition.text(),
                           *position,
                           end.offset,
                           refusal ? "; the last answer: " + refusal->text() : "");
    }
    return "all logs were read";
}

void AuditProgram::read() {
    if (is_complete()) {
        finish(std::nullopt);
        return;
    }
    consumer_.poll(
        poll_records_max,
        poll_timeout,
        gate_.wrap([this](Expected<std::vector<client::ConsumedRecord>, client::ClientError> got) {
            if (!got) {
                finish("the log cannot be read: " + got.error().text());
                return;
            }
            for (const client::ConsumedRecord& record : *got)
                history_.audited(record);
            read();
        }));
}

void AuditProgram::finish(std::optional<std::string> problem) {
    if (!problem) history_.audit_is_complete();
    done_(std::move(problem));
}

}  // namespace glasslog::sim
