// Heartbeats of brokers: a broker is fenced, unfenced, in controlled shutdown, or told to go.
// Sources: KIP-631, KIP-858, KIP-1066.

#include "core/metadata/controller.hpp"
#include "core/metadata/directories.hpp"
#include "core/metadata/node_sets.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::BrokerHeartbeatRequest;
using protocol::WireError;

bool is_among(const std::vector<Uuid>& directories, const Uuid& directory) {
    return std::find(directories.begin(), directories.end(), directory) != directories.end();
}

bool has_news_of_offline(const Broker& broker, const BrokerHeartbeatRequest& request) {
    return std::any_of(broker.log_directories.begin(),
                       broker.log_directories.end(),
                       [&](const Uuid& one) { return is_among(request.offline_log_dirs, one); });
}

}  // namespace

Controller::BrokerStep Controller::next_step(const BrokerHeartbeatRequest& request,
                                             bool is_caught_up) const {
    const NodeId id = request.broker_id;
    const Broker& broker = *image_.find_broker(id);
    if (broker.is_fenced) {
        if (request.want_shut_down) return BrokerStep::shut_down_now;
        // Directories first: what lies in an offline one must not be led.
        const bool may = is_caught_up && !has_news_of_offline(broker, request);
        return may && !request.want_fence ? BrokerStep::unfence : BrokerStep::stay;
    }
    if (broker.is_in_controlled_shutdown) {
        if (leads_anything(id)) return BrokerStep::stay;
        const bool is_known = soft_.sessions.at(id).shutdown_offset <= lowest_active_offset();
        return is_known ? BrokerStep::shut_down_now : BrokerStep::stay;
    }
    if (request.want_fence) {
        return request.want_shut_down ? BrokerStep::shut_down_now : BrokerStep::fence;
    }
    if (!request.want_shut_down) return BrokerStep::stay;
    return leads_anything(id) ? BrokerStep::begin_shutdown : BrokerStep::shut_down_now;
}

bool Controller::leads_anything(NodeId broker) const {
    bool leads = false;
    image_.topics_by_id.for_each([&](const Uuid& /*id*/, const TopicPtr& topic) {
        if (leads) return;
        leads = std::any_of(topic->partitions.begin(),
                            topic->partitions.end(),
                            [&](const PartitionState& one) { return one.leader == broker; });
    });
    return leads;
}

// What every active broker has applied: all of them know the leaders that are in there.
Offset Controller::lowest_active_offset() const {
    Offset lowest(INT64_MAX);
    image_.brokers.for_each([&](NodeId id, const BrokerPtr& /*broker*/) {
        if (!is_active(image_, id)) return;
        const auto at = soft_.sessions.find(id);
        const Offset applied = at == soft_.sessions.end() ? no_offset : at->second.metadata_offset;
        lowest = std::min(lowest, applied);
    });
    return lowest;
}

// Partitions in directories that went offline lose this replica; what is online and what is
// cordoned is written down. Every step but `stay` takes the broker out of all its partitions, or
// waits.
void Controller::take_directories(const BrokerHeartbeatRequest& request,
                                  BrokerStep step,
                                  Records& records) const {
    const NodeId id = request.broker_id;
    const Broker& broker = *image_.find_broker(id);
    const auto is_offline = [&](const Uuid& directory) {
        return is_among(request.offline_log_dirs, directory);
    };
    const auto lies_offline = [&](const PartitionState& partition) {
        const auto at = std::find(partition.replicas.begin(), partition.replicas.end(), id);
        const auto index = static_cast<std::size_t>(at - partition.replicas.begin());
        return index < partition.directories.size() && is_offline(partition.directories[index]);
    };
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = id;
    change.broker_epoch = broker.epoch;
    if (has_news_of_offline(broker, request)) {
        if (step == BrokerStep::stay) update_leaders({.leaves = id}, lies_offline, records);
        change.log_dirs = broker.log_directories;
        std::erase_if(change.log_dirs, is_offline);
    }
    const bool is_told = request.cordoned_log_dirs.has_value();
    if (is_told && request.cordoned_log_dirs != broker.cordoned_directories) {
        change.cordoned_log_dirs = request.cordoned_log_dirs;
    }
    if (!change.log_dirs.empty() || change.cordoned_log_dirs) {
        records.emplace_back(std::move(change));
    }
}

void Controller::unfence(const Broker& broker, Records& records) const {
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = broker.id;
    change.broker_epoch = broker.epoch;
    change.fenced = -1;
    if (broker.is_in_controlled_shutdown) change.in_controlled_shutdown = -1;
    records.emplace_back(std::move(change));
    update_leaders(
        {.returns = broker.id},
        [&](const PartitionState& one) {
            return one.leader == no_node && contains(one.replicas, broker.id);
        },
        records);
}

void Controller::begin_shutdown(const Broker& broker, Records& records) const {
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = broker.id;
    change.broker_epoch = broker.epoch;
    change.in_controlled_shutdown = 1;
    records.emplace_back(std::move(change));
    update_leaders(
        {.leaves = broker.id},
        [&](const PartitionState& one) { return contains(one.isr, broker.id); },
        records);
}

Response Controller::decide(const BrokerHeartbeatRequest& request,
                            const Moment& at,
                            Records& records) {
    protocol::BrokerHeartbeatResponse response;
    const NodeId id = request.broker_id;
    if (is_stale(id, request.broker_epoch)) {
        response.error_code = WireError::stale_broker_epoch;
        return response;
    }
    const Broker& broker = *image_.find_broker(id);
    BrokerSession& session = soft_.sessions[id];
    session.deadline = at.now + options_.session_timeout;
    session.metadata_offset = request.current_metadata_offset;
    // A controller that took over does not know what its predecessor wrote for the shutdown.
    const bool is_leaving = broker.is_in_controlled_shutdown;
    if (is_leaving && session.shutdown_offset == no_offset) session.shutdown_offset = image_.offset;
    const Offset registered = std::max(session.registered_at, Offset(broker.epoch.value()));
    response.is_caught_up = request.current_metadata_offset >= registered;
    response.is_fenced = broker.is_fenced;

    const BrokerStep step = next_step(request, response.is_caught_up);
    take_directories(request, step, records);
    switch (step) {
        case BrokerStep::stay:
            break;
        case BrokerStep::fence:
            fence(broker, records);
            response.is_fenced = true;
            break;
        case BrokerStep::unfence:
            unfence(broker, records);
            response.is_fenced = false;
            break;
        case BrokerStep::begin_shutdown:
            begin_shutdown(broker, records);
            session.shutdown_offset =
                at.next_offset + static_cast<std::int64_t>(records.size()) - 1;
            break;
        case BrokerStep::shut_down_now:
            fence(broker, records);  // once more if it was fenced, as Kafka does
            response.is_fenced = true;
            response.should_shut_down = true;
            soft_.sessions.erase(id);
            break;
    }
    return response;
}

}  // namespace glasslog::metadata
