// DescribeConfigs from this reactor's image.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/reactor.hpp"
#include "core/metadata/topic_name.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace glasslog::broker {
namespace {

using metadata::ConfigEntry;
using protocol::ConfigResourceType;
using protocol::DescribeConfigsRequest;
using protocol::DescribeConfigsResponse;
using protocol::WireError;

struct Refusal {
    WireError error;
    std::string message;
};

using Entries = Expected<std::vector<ConfigEntry>, Refusal>;

Entries topic_entries(const metadata::ConfigLayers& layers, const std::string& name) {
    if (layers.image.find_topic(name) != nullptr) return metadata::describe_topic(layers, name);
    if (auto complaint = metadata::topic_name_complaint(name)) {
        return Unexpected{Refusal{WireError::invalid_topic_exception, std::move(*complaint)}};
    }
    return Unexpected{Refusal{WireError::unknown_topic_or_partition,
                              fmt::format("there is no topic '{}'", name)}};
}

Entries broker_entries(const metadata::ConfigLayers& layers, const std::string& name) {
    if (name.empty()) return metadata::describe_default_broker(layers);
    // One spelling only, so that there is one answer: 01 is not the broker 1.
    const bool is_this = name == std::to_string(layers.broker.value());
    if (is_this) return metadata::describe_broker(layers);
    return Unexpected{
        Refusal{WireError::invalid_request,
                fmt::format("this is broker {}, which cannot describe broker '{}': ask that one",
                            layers.broker,
                            name)}};
}

// Groups and client metrics have no configuration here; a name is all that they need.
Entries named_entries(const std::string& name, std::string_view kind) {
    if (!name.empty()) return std::vector<ConfigEntry>();
    return Unexpected{Refusal{WireError::invalid_request, fmt::format("a {} needs a name", kind)}};
}

Entries entries_of(const metadata::ConfigLayers& layers,
                   const DescribeConfigsRequest::Resource& resource) {
    switch (resource.resource_type) {
        case ConfigResourceType::topic:
            return topic_entries(layers, resource.resource_name);
        case ConfigResourceType::broker:
            return broker_entries(layers, resource.resource_name);
        case ConfigResourceType::group:
            return named_entries(resource.resource_name, "group");
        case ConfigResourceType::client_metrics:
            return named_entries(resource.resource_name, "client metrics resource");
        case ConfigResourceType::broker_logger:
        case ConfigResourceType::unknown:
            break;
    }
    return Unexpected{Refusal{WireError::invalid_request,
                              fmt::format("resource type {} cannot be described",
                                          static_cast<int>(resource.resource_type))}};
}

// The keys of a resource that are asked for. An absent list asks for all, an empty one too.
class WantedKeys {
public:
    explicit WantedKeys(const DescribeConfigsRequest::Resource& resource) {
        if (resource.configuration_keys) keys_ = *resource.configuration_keys;
        std::ranges::sort(keys_);
    }

    bool contains(const std::string& name) const {
        return keys_.empty() || std::ranges::binary_search(keys_, name);
    }

private:
    std::vector<std::string> keys_;
};

DescribeConfigsResponse::Config describe(ConfigEntry&& entry, bool with_synonyms) {
    DescribeConfigsResponse::Config out;
    out.name = std::move(entry.name);
    out.value = std::move(entry.value);
    out.read_only = entry.is_read_only;
    out.config_source = entry.source;
    out.is_sensitive = entry.is_sensitive;
    out.config_type = entry.type;
    if (!with_synonyms) return out;
    for (metadata::ConfigSynonym& synonym : entry.synonyms) {
        out.synonyms.push_back({std::move(synonym.name), std::move(synonym.value), synonym.source});
    }
    return out;
}

}  // namespace

void handle_describe_configs(Reactor& reactor, Call<DescribeConfigsRequest> call) {
    const metadata::ConfigLayers layers{reactor.image(),
                                        reactor.config().properties,
                                        reactor.config().node_id};
    DescribeConfigsResponse response;
    std::set<std::pair<ConfigResourceType, std::string_view>> answered;
    for (const DescribeConfigsRequest::Resource& resource : call.body.resources) {
        // Once each: five bytes that ask for a broker bring 60 KB.
        if (!answered.insert({resource.resource_type, resource.resource_name}).second) continue;
        DescribeConfigsResponse::Resource& out = response.results.emplace_back();
        out.resource_type = resource.resource_type;
        out.resource_name = resource.resource_name;
        Entries entries = entries_of(layers, resource);
        if (!entries) {
            out.error_code = entries.error().error;
            out.error_message = std::move(entries.error().message);
            continue;
        }
        const WantedKeys wanted(resource);
        for (ConfigEntry& entry : *entries) {
            if (!wanted.contains(entry.name)) continue;
            out.configs.push_back(describe(std::move(entry), call.body.include_synonyms));
        }
    }
    call.answer(response);
}

}  // namespace glasslog::broker
