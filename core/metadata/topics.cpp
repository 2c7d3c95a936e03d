// Topics of the controller: creating, deleting, growing. The order of checks is Kafka's.

#include "core/metadata/controller.hpp"
#include "core/metadata/directories.hpp"
#include "core/metadata/placement.hpp"
#include "core/metadata/topic_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::WireError;

struct Refusal {
    WireError error = WireError::none;
    std::string message;
};

std::optional<Refusal> name_refusal(std::string_view name) {
    auto complaint = topic_name_complaint(name);
    if (!complaint) return std::nullopt;
    return Refusal{WireError::invalid_topic_exception, std::move(*complaint)};
}

std::string with_underscores(std::string_view name) {
    std::string changed(name);
    std::replace(changed.begin(), changed.end(), '.', '_');
    return changed;
}

// Metrics cannot tell '.' from '_', so two names that differ in these alone collide.
const Topic* find_collision(const Image& image, std::string_view name) {
    if (name.find_first_of("._") == std::string_view::npos) return nullptr;
    const std::string wanted = with_underscores(name);
    const Topic* found = nullptr;
    const std::size_t same = name.find_first_of("._");
    // Names that collide share what stands before the first of these characters.
    const std::string prefix(name.substr(0, same));
    image.topics.for_each_from(prefix, [&](const std::string& other, const TopicPtr& topic) {
        if (!other.starts_with(prefix)) return false;
        if (other != name && with_underscores(other) == wanted) found = topic.get();
        return found == nullptr;
    });
    return found;
}

// Every directory of it takes no new replicas.
bool is_cordoned(const Broker& broker) {
    if (!broker.cordoned_directories || broker.log_directories.empty()) return false;
    const auto& cordoned = *broker.cordoned_directories;
    return std::all_of(broker.log_directories.begin(),
                       broker.log_directories.end(),
                       [&](const Uuid& one) {
                           return std::find(cordoned.begin(), cordoned.end(), one) !=
                                  cordoned.end();
                       });
}

std::vector<UsableBroker> usable_brokers(const Image& image) {
    std::vector<UsableBroker> usable;
    image.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        if (broker->is_in_controlled_shutdown || is_cordoned(*broker)) return;
        usable.push_back({id, broker->rack, broker->is_fenced});
    });
    return usable;
}

protocol::PartitionRecord partition_record(const Image& image,
                                           PartitionIndex index,
                                           const std::vector<NodeId>& replicas) {
    protocol::PartitionRecord record;
    record.partition_id = index;
    record.replicas = replicas;
    for (const NodeId replica : replicas) {
        if (is_active(image, replica)) record.isr.push_back(replica);
        record.directories.push_back(default_directory(image, replica));
    }
    record.leader = record.isr.empty() ? no_node : record.isr.front();
    record.leader_epoch = LeaderEpoch(0);
    record.partition_epoch = 0;
    return record;
}

std::optional<Refusal> replicas_refusal(const Image& image, const std::vector<NodeId>& replicas) {
    const auto refuse = [](std::string message) {
        return Refusal{WireError::invalid_replica_assignment, std::move(message)};
    };
    if (replicas.empty()) return refuse("a partition is assigned to no broker");
    std::set<NodeId> seen;
    for (const NodeId replica : replicas) {
        if (!seen.insert(replica).second) {
            return refuse(fmt::format("a partition is assigned to broker {} twice", replica));
        }
        if (image.find_broker(replica) == nullptr) {
            return refuse(
                fmt::format("a partition is assigned to broker {}, which is unknown", replica));
        }
    }
    const bool has_active = std::any_of(replicas.begin(), replicas.end(), [&](NodeId id) {
        return is_active(image, id);
    });
    if (has_active) return std::nullopt;
    return refuse("all brokers that a partition is assigned to are fenced or shutting down");
}

std::int64_t default_number(const ConfigLayers& layers, std::string_view key) {
    const auto at = layers.file.find(std::string(key));
    const ConfigDefinition* definition = find_broker_config(key);
    const std::string text =
        at == layers.file.end() ? std::string(definition->default_value.value_or("1")) : at->second;
    std::int64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9' || value > INT32_MAX) return 1;
        value = value * 10 + (c - '0');
    }
    return value;
}

// TopicIdentity::name: whoever is called the same is the same.
Uuid id_of_name(std::string_view name) {
    const std::uint64_t hash = StableHash().add(name).value();
    return Uuid::version_4(hash, ~hash);
}

// Decides one topic of a CreateTopics: its partitions, then its records and its answer.
class TopicCreation {
public:
    using Wanted = protocol::CreateTopicsRequest::Topic;

    TopicCreation(const ConfigLayers& layers, const Wanted& wanted, const Uuid& id)
        : layers_(layers), wanted_(wanted), id_(id) {}

    // How many partitions it asks for; what nonsense asks for counts as none.
    static std::int64_t partition_count(const ConfigLayers& layers, const Wanted& wanted) {
        if (!wanted.assignments.empty()) {
            return static_cast<std::int64_t>(wanted.assignments.size());
        }
        if (wanted.num_partitions == -1) return default_number(layers, "num.partitions");
        return std::max(wanted.num_partitions, 0);
    }

    std::optional<Refusal> decide(std::uint64_t draw) {
        if (auto refusal = name_refusal(wanted_.name)) return refusal;
        if (layers_.image.find_topic(wanted_.name) != nullptr) {
            return Refusal{WireError::topic_already_exists,
                           fmt::format("topic '{}' exists", wanted_.name)};
        }
        if (const Topic* other = find_collision(layers_.image, wanted_.name)) {
            return Refusal{WireError::invalid_topic_exception,
                           fmt::format("topic '{}' collides with '{}': metrics cannot tell '.' "
                                       "from '_'",
                                       wanted_.name,
                                       other->name)};
        }
        if (auto refusal = take_configs()) return refusal;
        return wanted_.assignments.empty() ? place_partitions(draw) : take_assignments();
    }

    // Once decided: whether this node can replicate that often.
    std::optional<Refusal> factor_refusal(std::int32_t factor_max) const {
        const std::size_t factor = replicas_.front().size();
        if (factor <= static_cast<std::size_t>(factor_max)) return std::nullopt;
        return Refusal{
            WireError::invalid_replication_factor,
            fmt::format("{} replicas are wanted; this node makes at most {}", factor, factor_max)};
    }

    void add_records(std::vector<Record>& records) const {
        records.emplace_back(protocol::TopicRecord{wanted_.name, id_});
        for (const auto& [name, value] : configs_) {
            records.emplace_back(
                protocol::ConfigRecord{ConfigResourceType::topic, wanted_.name, name, value});
        }
        for (std::size_t at = 0; at < replicas_.size(); ++at) {
            const PartitionIndex index(static_cast<std::int32_t>(at));
            protocol::PartitionRecord record =
                partition_record(layers_.image, index, replicas_[at]);
            record.topic_id = id_;
            records.emplace_back(std::move(record));
        }
    }

    protocol::CreateTopicsResponse::Topic answer() const {
        protocol::CreateTopicsResponse::Topic topic;
        topic.name = wanted_.name;
        topic.topic_id = id_;
        topic.error_message.reset();
        topic.num_partitions = static_cast<std::int32_t>(replicas_.size());
        topic.replication_factor = static_cast<std::int16_t>(replicas_.front().size());
        auto& configs = topic.configs.emplace();
        for (ConfigEntry& entry : describe_topic(layers_, configs_)) {
            configs.push_back({std::move(entry.name),
                               std::move(entry.value),
                               entry.is_read_only,
                               entry.source,
                               entry.is_sensitive});
        }
        return topic;
    }

private:
    std::optional<Refusal> take_configs() {
        for (const auto& config : wanted_.configs) {
            if (!config.value) {
                return Refusal{WireError::invalid_config,
                               fmt::format("{}: a new topic's key needs a value", config.name)};
            }
            configs_[config.name] = *config.value;
        }
        if (auto sentence = topic_config_complaint(configs_)) {
            return Refusal{WireError::invalid_config, std::move(*sentence)};
        }
        return std::nullopt;
    }

    std::optional<Refusal> take_assignments() {
        if (wanted_.replication_factor != -1) {
            return Refusal{WireError::invalid_request,
                           "a replication factor is given beside an assignment"};
        }
        if (wanted_.num_partitions != -1) {
            return Refusal{WireError::invalid_request,
                           "a number of partitions is given beside an assignment"};
        }
        replicas_.resize(wanted_.assignments.size());
        for (const auto& assignment : wanted_.assignments) {
            const auto at = static_cast<std::size_t>(assignment.partition_index.value());
            if (assignment.partition_index.value() < 0 || at >= replicas_.size() ||
                !replicas_[at].empty()) {
                return Refusal{WireError::invalid_replica_assignment,
                               "an assignment must name the partitions 0, 1, 2, … once each"};
            }
            if (auto refusal = replicas_refusal(layers_.image, assignment.broker_ids)) {
                return refusal;
            }
            replicas_[at] = assignment.broker_ids;
        }
        const std::size_t factor = replicas_.front().size();
        const bool is_even = std::all_of(replicas_.begin(), replicas_.end(), [&](const auto& one) {
            return one.size() == factor;
        });
        if (is_even) return std::nullopt;
        return Refusal{WireError::invalid_replica_assignment,
                       "all partitions of a topic have the same number of replicas"};
    }

    std::optional<Refusal> place_partitions(std::uint64_t draw) {
        if (wanted_.replication_factor < -1 || wanted_.replication_factor == 0) {
            return Refusal{WireError::invalid_replication_factor,
                           "a replication factor is at least 1, or -1 for the default"};
        }
        if (wanted_.num_partitions < -1 || wanted_.num_partitions == 0) {
            return Refusal{WireError::invalid_partitions,
                           "a topic has at least 1 partition, or -1 for the default"};
        }
        const std::int64_t factor = wanted_.replication_factor == -1
                                        ? default_number(layers_, "default.replication.factor")
                                        : wanted_.replication_factor;
        const std::int64_t count = partition_count(layers_, wanted_);
        const std::vector<UsableBroker> brokers = usable_brokers(layers_.image);
        replicas_ = place(brokers,
                          {.partition_count = static_cast<std::int32_t>(count),
                           .replication_factor = static_cast<std::int32_t>(factor),
                           .draw = draw});
        if (!replicas_.empty()) return std::nullopt;
        return Refusal{
            WireError::invalid_replication_factor,
            fmt::format("{} replicas are wanted and {} brokers known", factor, brokers.size())};
    }

    ConfigLayers layers_;
    const Wanted& wanted_;
    Uuid id_;
    ConfigValues configs_;
    std::vector<std::vector<NodeId>> replicas_;
};

protocol::CreateTopicsResponse::Topic refused_topic(const std::string& name, Refusal refusal) {
    protocol::CreateTopicsResponse::Topic topic;
    topic.name = name;
    topic.error_code = refusal.error;
    topic.error_message = std::move(refusal.message);
    return topic;
}

// Names that stand in the list more than once.
template <typename Items>
std::set<std::string> repeated_names(const Items& items) {
    std::set<std::string> seen;
    std::set<std::string> repeated;
    for (const auto& item : items) {
        if (!seen.insert(item.name).second) repeated.insert(item.name);
    }
    return repeated;
}

constexpr std::string_view timed_out = "the request's time was over before it was looked at";

}  // namespace

Response Controller::decide(const CreateTopics& request, const Moment& /*at*/, Records& records) {
    const auto& topics = request.body.topics;
    const ConfigLayers all = layers();
    std::set<std::string> repeated = repeated_names(topics);
    const std::set<std::string> twice = repeated;
    std::int64_t partition_count = 0;
    for (const auto& topic : topics)
        partition_count += TopicCreation::partition_count(all, topic);

    protocol::CreateTopicsResponse response;
    const auto refuse = [&](const std::string& name, WireError error, std::string_view message) {
        response.topics.push_back(refused_topic(name, {error, std::string(message)}));
    };
    for (std::size_t at = 0; at < topics.size(); ++at) {
        const std::string& name = topics[at].name;
        if (twice.contains(name)) {
            // One answer for all of its entries.
            if (repeated.erase(name) == 0) continue;
            refuse(name, WireError::invalid_request, "the topic is named twice");
        } else if (name == metadata_topic) {
            refuse(name, WireError::invalid_request, "the metadata log is no topic to create");
        } else if (request.body.timeout_ms <= 0) {
            refuse(name, WireError::request_timed_out, timed_out);
        } else if (partition_count > options_.partitions_per_request_max) {
            refuse(name,
                   WireError::policy_violation,
                   fmt::format("one request makes at most {} partitions",
                               options_.partitions_per_request_max));
        } else {
            const bool by_id = options_.rules.topic_identity == TopicIdentity::id;
            TopicCreation creation(all,
                                   topics[at],
                                   by_id ? request.topic_ids[at] : id_of_name(name));
            std::optional<Refusal> refusal = creation.decide(request.draw + at);
            if (!refusal) refusal = creation.factor_refusal(options_.max_replication_factor);
            if (refusal) {
                response.topics.push_back(refused_topic(name, std::move(*refusal)));
                continue;
            }
            response.topics.push_back(creation.answer());
            creation.add_records(records);
        }
    }
    return response;
}

namespace {

using Deleted = protocol::DeleteTopicsResponse::Topic;

// A topic to delete as the request names it, in either way.
struct DeletionTarget {
    std::optional<std::string> name;
    Uuid id;

    friend auto operator<=>(const DeletionTarget&, const DeletionTarget&) = default;
};

std::vector<DeletionTarget> deletion_targets(const DeleteTopics& request) {
    std::vector<DeletionTarget> targets;
    for (const std::string& name : request.body.topic_names)
        targets.push_back({name, {}});
    for (const auto& topic : request.body.topics)
        targets.push_back({topic.name, topic.topic_id});
    return targets;
}

Deleted deletion_answer(const DeletionTarget& target, WireError error, std::string_view message) {
    Deleted answer;
    answer.name = target.name;
    answer.topic_id = target.id;
    answer.error_code = error;
    if (error != WireError::none) answer.error_message = std::string(message);
    return answer;
}

// Why a target cannot be looked up at all; none when it can.
std::optional<Deleted> malformed_target(const DeletionTarget& target) {
    if (target.name && !target.id.is_zero()) {
        return deletion_answer(target,
                               WireError::invalid_request,
                               "a topic is named by name or by id, not by both");
    }
    if (!target.name && target.id.is_zero()) {
        return deletion_answer(target,
                               WireError::invalid_request,
                               "a topic is named neither by name nor by id");
    }
    return std::nullopt;
}

// Looks a well-formed target up; completes its other half.
std::optional<Deleted> unknown_target(const Image& image, DeletionTarget& target) {
    const Topic* topic = target.name ? image.find_topic(*target.name) : image.find_topic(target.id);
    if (topic != nullptr) {
        target = {topic->name, topic->id};
        return std::nullopt;
    }
    return deletion_answer(
        target,
        target.name ? WireError::unknown_topic_or_partition : WireError::unknown_topic_id,
        "there is no such topic");
}

}  // namespace

Response Controller::decide(const DeleteTopics& request, const Moment& /*at*/, Records& records) {
    std::vector<DeletionTarget> targets = deletion_targets(request);
    std::map<DeletionTarget, int> times;
    for (const DeletionTarget& target : targets)
        ++times[target];
    // A topic that is named and also meant by an id: the name gets the error, the id no answer.
    std::set<Uuid> by_id;
    std::set<Uuid> by_both;
    for (const DeletionTarget& target : targets)
        by_id.insert(target.id);
    for (const DeletionTarget& target : targets) {
        const Topic* topic = target.name ? image_.find_topic(*target.name) : nullptr;
        if (topic != nullptr && by_id.contains(topic->id)) by_both.insert(topic->id);
    }

    protocol::DeleteTopicsResponse response;
    for (DeletionTarget& target : targets) {
        if (auto answer = malformed_target(target)) {
            response.responses.push_back(std::move(*answer));
            continue;
        }
        if (int& count = times[target]; count != 1) {
            if (count > 1) {
                response.responses.push_back(deletion_answer(target,
                                                             WireError::invalid_request,
                                                             "the topic is named twice"));
            }
            count = 0;
            continue;
        }
        if (!target.name && by_both.contains(target.id)) continue;
        if (request.body.timeout_ms <= 0) {
            response.responses.push_back(
                deletion_answer(target, WireError::request_timed_out, timed_out));
            continue;
        }
        if (auto answer = unknown_target(image_, target)) {
            response.responses.push_back(std::move(*answer));
            continue;
        }
        if (by_both.contains(target.id)) {
            response.responses.push_back(
                deletion_answer(target,
                                WireError::invalid_request,
                                "the topic is named by its name and by its id"));
            continue;
        }
        records.emplace_back(protocol::RemoveTopicRecord{target.id});
        response.responses.push_back(deletion_answer(target, WireError::none, ""));
    }
    return response;
}

namespace {

using Grown = protocol::CreatePartitionsRequest::Topic;

// The replicas of the partitions to add, or why not.
Expected<std::vector<std::vector<NodeId>>, Refusal> grown_replicas(const Image& image,
                                                                   const Grown& wanted,
                                                                   const Topic& topic,
                                                                   std::uint64_t draw) {
    const std::int64_t added = wanted.count - static_cast<std::int64_t>(topic.partitions.size());
    const std::size_t factor = topic.partitions.front().replicas.size();
    if (!wanted.assignments) {
        auto placed = place(usable_brokers(image),
                            {.partition_count = static_cast<std::int32_t>(added),
                             .replication_factor = static_cast<std::int32_t>(factor),
                             .draw = draw});
        if (!placed.empty()) return placed;
        return Unexpected{Refusal{WireError::invalid_replication_factor,
                                  "there are fewer brokers than replicas"}};
    }
    if (static_cast<std::int64_t>(wanted.assignments->size()) != added) {
        return Unexpected{Refusal{WireError::invalid_replica_assignment,
                                  fmt::format("{} partitions are added and {} assigned",
                                              added,
                                              wanted.assignments->size())}};
    }
    std::vector<std::vector<NodeId>> replicas;
    for (const auto& assignment : *wanted.assignments) {
        if (auto refusal = replicas_refusal(image, assignment.broker_ids)) {
            return Unexpected{std::move(*refusal)};
        }
        if (assignment.broker_ids.size() != factor) {
            return Unexpected{
                Refusal{WireError::invalid_replica_assignment,
                        fmt::format("the topic's partitions have {} replicas each", factor)}};
        }
        replicas.push_back(assignment.broker_ids);
    }
    return replicas;
}

std::optional<Refusal> growth_refusal(const Topic* topic, std::int32_t count) {
    if (topic == nullptr || topic->partitions.empty()) {
        return Refusal{WireError::unknown_topic_or_partition, "there is no such topic"};
    }
    const std::size_t present = topic->partitions.size();
    if (count > static_cast<std::int64_t>(present)) return std::nullopt;
    return Refusal{WireError::invalid_partitions,
                   fmt::format("the topic has {} partitions; {} is no more", present, count)};
}

}  // namespace

Response Controller::decide(const CreatePartitions& request,
                            const Moment& /*at*/,
                            Records& records) {
    protocol::CreatePartitionsResponse response;
    const auto answer = [&](const std::string& name, Refusal refusal) {
        protocol::CreatePartitionsResponse::Topic result;
        result.name = name;
        result.error_code = refusal.error;
        if (refusal.error != WireError::none) result.error_message = std::move(refusal.message);
        response.results.push_back(std::move(result));
    };
    std::set<std::string> repeated = repeated_names(request.body.topics);
    const std::set<std::string> twice = repeated;
    std::int64_t left = options_.partitions_per_request_max;
    for (const Grown& wanted : request.body.topics) {
        if (twice.contains(wanted.name)) {
            if (repeated.erase(wanted.name) == 0) continue;
            answer(wanted.name, {WireError::invalid_request, "the topic is named twice"});
            continue;
        }
        if (request.body.timeout_ms <= 0) {
            answer(wanted.name, {WireError::request_timed_out, std::string(timed_out)});
            continue;
        }
        const Topic* topic = image_.find_topic(wanted.name);
        if (auto refusal = growth_refusal(topic, wanted.count)) {
            answer(wanted.name, std::move(*refusal));
            continue;
        }
        const auto present = static_cast<std::int32_t>(topic->partitions.size());
        left -= wanted.count - present;
        if (left < 0) {
            answer(wanted.name, {WireError::policy_violation, "too many partitions at once"});
            continue;
        }
        auto replicas = grown_replicas(image_, wanted, *topic, request.draw);
        if (!replicas) {
            answer(wanted.name, std::move(replicas).error());
            continue;
        }
        answer(wanted.name, {});
        for (std::size_t at = 0; at < replicas->size(); ++at) {
            const PartitionIndex index(present + static_cast<std::int32_t>(at));
            protocol::PartitionRecord record = partition_record(image_, index, (*replicas)[at]);
            record.topic_id = topic->id;
            records.emplace_back(std::move(record));
        }
    }
    return response;
}

}  // namespace glasslog::metadata
