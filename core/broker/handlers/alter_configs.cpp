// IncrementalAlterConfigs: a broker judges first what only it can, for it knows its own file and
// values; the controller decides the rest. As Kafka: a client sends what is for one broker to it.

#include "core/broker/handlers/forward.hpp"
#include "core/broker/handlers/handlers.hpp"
#include "core/broker/reactor.hpp"
#include "core/metadata/pools.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

namespace glasslog::broker {
namespace {

using protocol::ConfigResourceType;
using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;
using protocol::WireError;
using Answer = IncrementalAlterConfigsResponse::Resource;
using Resource = IncrementalAlterConfigsRequest::Resource;
using ResourceKey = std::pair<ConfigResourceType, std::string>;

std::optional<std::string> complaint_of(const metadata::ConfigLayers& layers,
                                        const Resource& resource) {
    if (resource.resource_type != ConfigResourceType::broker) return std::nullopt;
    const bool is_this = resource.resource_name == std::to_string(layers.broker.value());
    if (!is_this && !resource.resource_name.empty()) {
        return fmt::format("this is broker {}, which takes nothing for broker '{}': ask that one",
                           layers.broker,
                           resource.resource_name);
    }
    for (const auto& change : resource.configs) {
        if (change.config_operation == protocol::ConfigOperation::remove || !change.value) continue;
        if (auto sentence = metadata::pool_complaint(layers, change.name, *change.value))
            return sentence;
    }
    return std::nullopt;
}

Answer answer_to(const Resource& resource, WireError error, std::optional<std::string> message) {
    return {.error_code = error,
            .error_message = std::move(message),
            .resource_type = resource.resource_type,
            .resource_name = resource.resource_name};
}

// A request whose answers come from two sides.
class SplitRequest {
public:
    SplitRequest(const metadata::ConfigLayers& layers, IncrementalAlterConfigsRequest request)
        : whole_(std::move(request)) {
        std::map<ResourceKey, int> times;
        for (const Resource& resource : whole_.resources)
            ++times[key_of(resource)];
        for (const Resource& resource : whole_.resources) {
            // The controller must see that a resource is named twice to refuse both.
            if (times[key_of(resource)] > 1) continue;
            if (auto sentence = complaint_of(layers, resource)) {
                answers_.emplace(
                    key_of(resource),
                    answer_to(resource, WireError::invalid_request, std::move(*sentence)));
            }
        }
    }

    // What is left for the controller; empty: nothing is.
    std::optional<IncrementalAlterConfigsRequest> left() const {
        IncrementalAlterConfigsRequest left;
        left.validate_only = whole_.validate_only;
        for (const Resource& resource : whole_.resources) {
            if (!answers_.contains(key_of(resource))) left.resources.push_back(resource);
        }
        const bool is_all_answered = left.resources.empty() && !whole_.resources.empty();
        return is_all_answered ? std::nullopt : std::optional(std::move(left));
    }

    // All answers, in the order of the request.
    IncrementalAlterConfigsResponse joined(IncrementalAlterConfigsResponse decided) {
        for (Answer& answer : decided.responses) {
            ResourceKey key{answer.resource_type, answer.resource_name};
            answers_.emplace(std::move(key), std::move(answer));
        }
        decided.responses.clear();
        for (const Resource& resource : whole_.resources) {
            const auto at = answers_.find(key_of(resource));
            decided.responses.push_back(
                at != answers_.end() ? at->second
                                     : answer_to(resource,
                                                 WireError::unknown_server_error,
                                                 "the controller said nothing of it"));
        }
        return decided;
    }

private:
    static ResourceKey key_of(const Resource& resource) {
        return {resource.resource_type, resource.resource_name};
    }

    IncrementalAlterConfigsRequest whole_;
    std::map<ResourceKey, Answer> answers_;
};

}  // namespace

void handle_alter_configs(Reactor& reactor, Call<IncrementalAlterConfigsRequest> call) {
    const metadata::ConfigLayers layers{reactor.image(),
                                        reactor.config().properties,
                                        reactor.config().node_id};
    SplitRequest split(layers, std::move(call.body));
    auto left = split.left();
    if (!left) return call.answer(split.joined({}));
    const protocol::Version version = call.version;
    ask_controller<IncrementalAlterConfigsResponse>(
        reactor,
        std::move(*left),
        version,
        [split = std::move(split),
         call = std::move(call)](IncrementalAlterConfigsResponse decided) mutable {
            call.answer(split.joined(std::move(decided)));
        });
}

}  // namespace glasslog::broker
