// Brokers and controllers of the cluster: who is registered, who is fenced. The order of checks is
// Kafka's. Sources: KIP-631, KIP-841, KIP-858, KIP-966.

#include "core/metadata/controller.hpp"
#include "core/metadata/directories.hpp"
#include "core/metadata/node_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::BrokerRegistrationRequest;
using protocol::WireError;

// Each directory is there once, names one, and lies on no other broker.
bool are_directories_right(const Image& image, const BrokerRegistrationRequest& request) {
    const std::set<Uuid> different(request.log_dirs.begin(), request.log_dirs.end());
    if (different.empty() || different.size() != request.log_dirs.size()) return false;
    if (std::any_of(different.begin(), different.end(), is_reserved_directory)) return false;
    bool is_free = true;
    image.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        if (id == request.broker_id) return;
        for (const Uuid& directory : broker->log_directories) {
            if (different.contains(directory)) is_free = false;
        }
    });
    return is_free;
}

protocol::RegisterBrokerRecord registration_record(const BrokerRegistrationRequest& request) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = request.broker_id;
    record.incarnation_id = request.incarnation_id;
    for (const auto& listener : request.listeners) {
        record.endpoints.push_back(
            {listener.name, listener.host, listener.port, listener.security_protocol});
    }
    for (const auto& feature : request.features) {
        record.features.push_back(
            {feature.name, feature.min_supported_version, feature.max_supported_version});
    }
    record.rack = request.rack;
    record.fenced = true;
    record.log_dirs = request.log_dirs;
    return record;
}

}  // namespace

bool Controller::is_stale(NodeId broker, BrokerEpoch epoch) const {
    const Broker* registered = image_.find_broker(broker);
    if (registered == nullptr) return true;
    if (options_.rules.broker_epoch == BrokerEpochRule::ignored) return false;
    return registered->epoch != epoch;
}

// Every finalized level lies in the range of the node; a feature that it does not name it does not
// have.
std::optional<WireError> Controller::feature_refusal(
    const std::vector<protocol::RegisteredFeature>& features) const {
    for (const auto& [name, level] : image_.features) {
        const auto at = std::find_if(features.begin(), features.end(), [&](const auto& one) {
            return one.name == name;
        });
        const bool is_supported = at != features.end() && at->min_supported_version <= level &&
                                  level <= at->max_supported_version;
        if (!is_supported) return WireError::unsupported_version;
    }
    return std::nullopt;
}

std::optional<WireError> Controller::registration_refusal(const BrokerRegistrationRequest& request,
                                                          Instant now) const {
    if (request.cluster_id != options_.cluster_id) return WireError::inconsistent_cluster_id;
    const Broker* before = image_.find_broker(request.broker_id);
    const bool is_other = before != nullptr && before->incarnation_id != request.incarnation_id;
    if (is_other && soft_.is_alive(request.broker_id, now) && !before->is_in_controlled_shutdown) {
        return WireError::duplicate_broker_registration;
    }
    if (request.is_migrating_zk_broker) return WireError::broker_id_not_registered;
    if (!are_directories_right(image_, request)) return WireError::invalid_registration;
    return feature_refusal(request.features);
}

Response Controller::decide(const BrokerRegistrationRequest& request,
                            const Moment& at,
                            Records& records) {
    protocol::BrokerRegistrationResponse response;
    if (const auto error = registration_refusal(request, at.now)) {
        response.error_code = *error;
        return response;
    }
    const NodeId id = request.broker_id;
    const Broker* before = image_.find_broker(id);
    protocol::RegisterBrokerRecord record = registration_record(request);
    if (before != nullptr && before->incarnation_id == request.incarnation_id) {
        record.broker_epoch = before->epoch;
        record.fenced = before->is_fenced;
        record.in_controlled_shutdown = before->is_in_controlled_shutdown;
        record.cordoned_log_dirs = before->cordoned_directories;
    } else {
        // The broker proves by the epoch in its clean-shutdown file that its logs are whole.
        const bool is_clean = before != nullptr && before->epoch == request.previous_broker_epoch;
        record.broker_epoch = BrokerEpoch(at.next_offset.value());
        update_leaders(
            is_clean ? Presence{.leaves = id} : Presence{.unclean = id},
            [&](const PartitionState& partition) {
                return contains(partition.isr, id) ||
                       (!is_clean && contains(partition.eligible_leader_replicas, id));
            },
            records);
        soft_.sessions.erase(id);
    }
    response.broker_epoch = record.broker_epoch;
    records.emplace_back(std::move(record));
    BrokerSession& session = soft_.sessions[id];
    session.deadline = at.now + options_.session_timeout;
    session.registered_at = at.next_offset + static_cast<std::int64_t>(records.size()) - 1;
    return response;
}

void Controller::fence(const Broker& broker, Records& records) const {
    const NodeId id = broker.id;
    update_leaders(
        {.leaves = id},
        [&](const PartitionState& partition) { return contains(partition.isr, id); },
        records);
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = id;
    change.broker_epoch = broker.epoch;
    change.fenced = 1;
    records.emplace_back(std::move(change));
}

// One broker whose session is over; the session of one that is fenced already just ends.
bool Controller::fence_expired(Instant now, Records& records) {
    for (auto at = soft_.sessions.begin(); at != soft_.sessions.end();) {
        const Broker* broker = image_.find_broker(at->first);
        if (now < at->second.deadline) {
            ++at;
        } else if (broker == nullptr || broker->is_fenced) {
            at = soft_.sessions.erase(at);
        } else {
            fence(*broker, records);
            soft_.sessions.erase(at);
            return true;
        }
    }
    return false;
}

Response Controller::decide(const FenceBroker& request, const Moment& /*at*/, Records& records) {
    if (is_stale(request.id, request.epoch))
        return FenceBrokerResponse{WireError::stale_broker_epoch};
    const Broker& broker = *image_.find_broker(request.id);
    if (!broker.is_fenced) fence(broker, records);
    soft_.sessions.erase(request.id);
    return FenceBrokerResponse{};
}

// What it holds does not count any more, nor does it when the same id comes back.
Response Controller::decide(const protocol::UnregisterBrokerRequest& request,
                            const Moment& /*at*/,
                            Records& records) {
    protocol::UnregisterBrokerResponse response;
    const NodeId id = request.broker_id;
    const Broker* broker = image_.find_broker(id);
    if (broker == nullptr) {
        response.error_code = WireError::broker_id_not_registered;
        response.error_message = fmt::format("broker {} is not registered", id);
        return response;
    }
    update_leaders(
        {.unclean = id},
        [&](const PartitionState& partition) {
            return contains(partition.isr, id) || contains(partition.eligible_leader_replicas, id);
        },
        records);
    records.emplace_back(protocol::UnregisterBrokerRecord{id, broker->epoch});
    soft_.sessions.erase(id);
    return response;
}

Response Controller::decide(const protocol::ControllerRegistrationRequest& request,
                            const Moment& /*at*/,
                            Records& records) {
    protocol::ControllerRegistrationResponse response;
    if (const auto error = feature_refusal(request.features)) {
        response.error_code = *error;
        response.error_message =
            fmt::format("controller {} does not support a finalized feature level",
                        request.controller_id);
        return response;
    }
    protocol::RegisterControllerRecord record;
    record.controller_id = request.controller_id;
    record.incarnation_id = request.incarnation_id;
    record.zk_migration_ready = request.zk_migration_ready;
    record.endpoints = request.listeners;
    record.features = request.features;
    records.emplace_back(std::move(record));
    return response;
}

}  // namespace glasslog::metadata
