// IncrementalAlterConfigs of the controller, for topics and brokers. The order of checks is
// Kafka's.

#include "core/metadata/controller.hpp"
#include "core/metadata/features.hpp"
#include "core/protocol/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::ConfigOperation;
using protocol::WireError;
using Resource = protocol::IncrementalAlterConfigsRequest::Resource;
using Change = protocol::IncrementalAlterConfigsRequest::Config;

struct Refusal {
    WireError error = WireError::none;
    std::string message;
};

std::vector<std::string> split_list(std::string_view list) {
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        words.emplace_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

// The list with the words of `value` added, where they are missing, or taken away.
std::string changed_list(const std::string& present, const Change& change) {
    std::vector<std::string> words = split_list(present);
    const std::vector<std::string> changes = split_list(*change.value);
    if (change.config_operation == ConfigOperation::append) {
        std::set<std::string> known(words.begin(), words.end());
        for (const std::string& word : changes) {
            if (known.insert(word).second) words.push_back(word);
        }
    } else if (change.config_operation == ConfigOperation::subtract) {
        std::multiset<std::string> away(changes.begin(), changes.end());
        std::erase_if(words, [&](const std::string& word) {
            const auto at = away.find(word);
            if (at == away.end()) return false;
            away.erase(at);
            return true;
        });
    }
    return fmt::format("{}", fmt::join(words, ","));
}

bool is_operation(ConfigOperation operation) {
    return operation >= ConfigOperation::set && operation <= ConfigOperation::subtract;
}

// What is wrong with the request itself, whatever the resource holds.
std::optional<Refusal> shape_refusal(const Resource& resource) {
    std::set<std::string> names;
    for (const Change& change : resource.configs) {
        if (!names.insert(change.name).second) {
            return Refusal{WireError::invalid_request,
                           fmt::format("{} is changed twice", change.name)};
        }
        if (!change.value && change.config_operation != ConfigOperation::remove) {
            return Refusal{WireError::invalid_request,
                           fmt::format("{} is set to nothing; remove it instead", change.name)};
        }
    }
    return std::nullopt;
}

const std::string* find_value(const ConfigValues& values, const std::string& name) {
    const auto at = values.find(name);
    return at == values.end() ? nullptr : &at->second;
}

// Applies the operations of one resource to its values. definition_of: nullptr for keys that are
// not in the table.
template <typename DefinitionOf>
std::optional<Refusal> apply_changes(const Resource& resource,
                                     DefinitionOf definition_of,
                                     ConfigValues& values) {
    for (const Change& change : resource.configs) {
        if (!is_operation(change.config_operation)) {
            return Refusal{
                WireError::unknown_server_error,
                fmt::format("operation {} is unknown", static_cast<int>(change.config_operation))};
        }
        const ConfigDefinition* definition = definition_of(change.name);
        if (change.config_operation == ConfigOperation::remove) {
            values.erase(change.name);
        } else if (change.config_operation == ConfigOperation::set) {
            values[change.name] = *change.value;
        } else if (definition == nullptr || definition->type != ConfigType::list) {
            return Refusal{WireError::invalid_config,
                           fmt::format("{} is no list to add to or take from", change.name)};
        } else {
            const std::string* present = find_value(values, change.name);
            const std::string before =
                present != nullptr ? *present : std::string(definition->default_value.value_or(""));
            std::string after = changed_list(before, change);
            if (after.size() > protocol::string_bytes_max) {
                return Refusal{WireError::invalid_config,
                               fmt::format("{} would have {} bytes; a value has at most {}",
                                           change.name,
                                           after.size(),
                                           protocol::string_bytes_max)};
            }
            values[change.name] = std::move(after);
        }
    }
    return std::nullopt;
}

std::optional<NodeId> parse_node(const std::string& name) {
    std::int32_t id = -1;
    std::from_chars(name.data(), name.data() + name.size(), id);
    // One spelling only: the broker 2 does not look for what stands under 02.
    if (id < 0 || std::to_string(id) != name) return std::nullopt;
    return NodeId(id);
}

// Any node of the cluster may have values of its own, this controller being one of them.
std::optional<Refusal> broker_name_refusal(const ConfigLayers& layers, const std::string& name) {
    if (name.empty()) return std::nullopt;
    const std::optional<NodeId> id = parse_node(name);
    if (!id) {
        return Refusal{WireError::invalid_request, fmt::format("'{}' is no id of a broker", name)};
    }
    const bool is_known = layers.image.find_broker(*id) != nullptr ||
                          layers.image.controllers.contains(*id) || *id == layers.broker;
    if (is_known) return std::nullopt;
    return Refusal{WireError::broker_id_not_registered,
                   fmt::format("no broker {} is registered", *id)};
}

// What can be judged without the file and the machine of the broker; the rest was judged by the
// broker that passed the request on (core/broker/handlers/alter_configs.cpp).
std::optional<Refusal> broker_key_refusal(const Resource& resource, const Change& change) {
    const auto refuse = [](std::string message) {
        return Refusal{WireError::invalid_request, std::move(message)};
    };
    // What this release does not know may belong to a plug-in: Kafka takes it, too.
    const ConfigDefinition* definition = find_broker_config(change.name);
    if (definition == nullptr) return std::nullopt;
    const bool is_for_all = resource.resource_name.empty();
    if (definition->scope == ConfigScope::read_only) {
        return refuse(fmt::format("{} is read when a broker starts", change.name));
    }
    if (definition->scope == ConfigScope::per_broker && is_for_all) {
        return refuse(fmt::format("{} is set for one broker at a time", change.name));
    }
    const bool removes = change.config_operation == ConfigOperation::remove;
    if (change.name == "min.insync.replicas" && is_for_all == removes) {
        return refuse("min.insync.replicas has one value, and that for all brokers");
    }
    if (change.config_operation == ConfigOperation::set && change.value) {
        if (auto sentence = complaint(*definition, *change.value)) return refuse(*sentence);
    }
    return std::nullopt;
}

// Decides one resource: what it may become, or why not.
class Alteration {
public:
    Alteration(const ConfigLayers& layers, const Resource& resource)
        : layers_(layers),
          resource_(resource),
          before_(layers.image.configs_of({resource.resource_type, resource.resource_name})),
          after_(before_) {}

    std::optional<Refusal> decide() {
        if (auto refusal = shape_refusal(resource_)) return refusal;
        switch (resource_.resource_type) {
            case ConfigResourceType::topic:
                return decide_topic();
            case ConfigResourceType::broker:
                return decide_broker();
            case ConfigResourceType::broker_logger:
                return Refusal{WireError::invalid_config, "this broker has no such logger"};
            case ConfigResourceType::unknown:
            case ConfigResourceType::client_metrics:
            case ConfigResourceType::group:
                break;
        }
        return Refusal{WireError::invalid_request,
                       fmt::format("resources of type {} have no configuration here",
                                   static_cast<int>(resource_.resource_type))};
    }

    // What differs, as records.
    void add_records(std::vector<Record>& records) const {
        const std::size_t count = records.size();
        add_changes(records);
        if (!layers_.image.features.contains(std::string(elr_version))) return;
        // Who is eligible was counted by the other minimum.
        const auto is_min_isr = [](const Record& record) {
            const auto* config = std::get_if<protocol::ConfigRecord>(&record);
            return config != nullptr && config->name == "min.insync.replicas";
        };
        const auto first = records.begin() + static_cast<std::ptrdiff_t>(count);
        if (std::none_of(first, records.end(), is_min_isr)) return;
        const bool is_topic = resource_.resource_type == ConfigResourceType::topic;
        records.emplace_back(
            protocol::ClearElrRecord{is_topic ? resource_.resource_name : std::string()});
    }

private:
    void add_changes(std::vector<Record>& records) const {
        for (const auto& [name, value] : before_) {
            if (!after_.contains(name)) add(records, name, std::nullopt);
        }
        for (const auto& [name, value] : after_) {
            const std::string* present = find_value(before_, name);
            if (present == nullptr || *present != value) add(records, name, value);
        }
    }

    std::optional<Refusal> decide_topic() {
        if (layers_.image.find_topic(resource_.resource_name) == nullptr) {
            return Refusal{WireError::unknown_topic_or_partition, "there is no such topic"};
        }
        if (auto refusal = apply_changes(resource_, find_topic_config, after_)) return refusal;
        if (auto sentence = topic_config_complaint(after_)) {
            return Refusal{WireError::invalid_config, std::move(*sentence)};
        }
        return std::nullopt;
    }

    std::optional<Refusal> decide_broker() {
        if (auto refusal = broker_name_refusal(layers_, resource_.resource_name)) return refusal;
        for (const Change& change : resource_.configs) {
            if (auto refusal = broker_key_refusal(resource_, change)) return refusal;
        }
        return apply_changes(resource_, find_broker_config, after_);
    }

    void add(std::vector<Record>& records,
             const std::string& name,
             std::optional<std::string> value) const {
        records.emplace_back(protocol::ConfigRecord{resource_.resource_type,
                                                    resource_.resource_name,
                                                    name,
                                                    std::move(value)});
    }

    ConfigLayers layers_;
    const Resource& resource_;
    const ConfigValues& before_;
    ConfigValues after_;
};

}  // namespace

Response Controller::decide(const AlterConfigs& request, const Moment& /*at*/, Records& records) {
    std::map<std::pair<ConfigResourceType, std::string>, int> times;
    for (const Resource& resource : request.body.resources)
        ++times[{resource.resource_type, resource.resource_name}];

    protocol::IncrementalAlterConfigsResponse response;
    const ConfigLayers all = layers();
    for (const Resource& resource : request.body.resources) {
        Alteration alteration(all, resource);
        const int count = times[{resource.resource_type, resource.resource_name}];
        const std::optional<Refusal> refusal =
            count == 1 ? alteration.decide()
                       : Refusal{WireError::invalid_request, "the resource is named twice"};
        protocol::IncrementalAlterConfigsResponse::Resource answer;
        answer.resource_type = resource.resource_type;
        answer.resource_name = resource.resource_name;
        answer.error_message.reset();
        if (refusal) {
            answer.error_code = refusal->error;
            answer.error_message = refusal->message;
        } else {
            alteration.add_records(records);
        }
        response.responses.push_back(std::move(answer));
    }
    return response;
}

}  // namespace glasslog::metadata
