#include "core/metadata/controller.hpp"

#include "core/base/overloaded.hpp"
#include "core/metadata/features.hpp"
#include "core/metadata/image_delta.hpp"
#include "core/metadata/node_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::WireError;

// It asks what would be answered.
bool is_validation(const Request& request) {
    return std::visit(
        [](const auto& one) {
            if constexpr (requires { one.body.validate_only; }) return one.body.validate_only;
            return false;
        },
        request);
}

}  // namespace

Controller::Controller(ControllerOptions options, Image image)
    : options_(std::move(options)), image_(std::move(image)) {}

ConfigLayers Controller::layers() const {
    return {image_, options_.file, options_.node};
}

ConfigLayers Controller::cluster_layers() const {
    return {image_, options_.file, no_node};
}

Decision Controller::begin(Instant now) {
    soft_ = {};
    // A fenced broker is likely to be away, and its id must be free for its next incarnation.
    image_.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        if (!broker->is_fenced) soft_.sessions[id].deadline = now + options_.session_timeout;
    });
    soft_.balance_at = now + options_.balance_interval;
    soft_.unclean_at = now + options_.unclean_interval;
    soft_.no_op_at = now + options_.no_op_interval;
    return {{}, {}, soft_.next_deadline()};
}

Decision Controller::handle(const Request& request, RequestToken token, const Moment& at) {
    Decision decision;
    Response response =
        std::visit([&](const auto& one) { return decide(one, at, decision.records); }, request);
    if (is_user_operation(request) && decision.records.size() > options_.records_per_request_max) {
        decision.records.clear();
        response =
            refuse_all(request,
                       WireError::policy_violation,
                       fmt::format("one request writes at most {} records, and this one more",
                                   options_.records_per_request_max));
    }
    if (is_validation(request)) decision.records.clear();
    decision.replies.push_back({token, std::move(response)});
    if (!decision.records.empty()) soft_.no_op_at = at.now + options_.no_op_interval;
    decision.wake_at = soft_.next_deadline();
    return decision;
}

Decision Controller::on_timer(const Moment& at) {
    Decision decision;
    if (fence_expired(at.now, decision.records)) {
        // The next one has its turn when this one's records are replayed.
    } else if (soft_.balance_at <= at.now) {
        move_leaders_back(decision.records);
        const bool is_capped = decision.records.size() >= options_.elections_per_pass_max;
        soft_.balance_at = is_capped ? at.now : at.now + options_.balance_interval;
    } else if (soft_.unclean_at <= at.now) {
        elect_uncleanly(decision.records);
        const bool is_capped = decision.records.size() >= options_.elections_per_pass_max;
        soft_.unclean_at = is_capped ? at.now : at.now + options_.unclean_interval;
    } else if (soft_.no_op_at <= at.now) {
        decision.records.emplace_back(protocol::NoOpRecord{});
    }
    if (!decision.records.empty()) soft_.no_op_at = at.now + options_.no_op_interval;
    decision.wake_at = soft_.next_deadline();
    return decision;
}

std::vector<Record> Controller::bootstrap() const {
    std::vector<Record> records;
    const auto add = [&](const SupportedFeature& feature) {
        records.emplace_back(
            protocol::FeatureLevelRecord{std::string(feature.name), feature.levels.last});
    };
    // Which records there may be stands before all others.
    for (const SupportedFeature& feature : supported_features()) {
        if (feature.name == metadata_version) add(feature);
    }
    for (const SupportedFeature& feature : supported_features()) {
        if (feature.name != metadata_version && feature.name != kraft_version) add(feature);
    }
    add_elr_records(records);
    return records;
}

void Controller::replay(std::span<const Record> records, Offset base, LeaderEpoch epoch) {
    ImageDelta delta(std::move(image_));
    for (const Record& record : records)
        delta.apply(record);
    image_ = delta.finish();
    image_.offset = base + static_cast<std::int64_t>(records.size()) - 1;
    image_.epoch = epoch;
    image_.controller = options_.node;
}

void Controller::replay_kraft_version(std::int16_t level) {
    image_.features[std::string(kraft_version)] = level;
}

Response Controller::decide(const protocol::AllocateProducerIdsRequest& request,
                            const Moment& /*at*/,
                            Records& records) {
    protocol::AllocateProducerIdsResponse response;
    const ProducerId first = image_.next_producer_id;
    if (is_stale(request.broker_id, request.broker_epoch)) {
        response.error_code = WireError::stale_broker_epoch;
    } else if (first.value() > INT64_MAX - producer_id_block_size) {
        response.error_code = WireError::unknown_server_error;
    } else {
        if (options_.rules.producer_ids == ProducerIdRule::logged) {
            records.emplace_back(protocol::ProducerIdsRecord{request.broker_id,
                                                             request.broker_epoch,
                                                             first + producer_id_block_size});
        }
        response.producer_id_start = first;
        response.producer_id_len = producer_id_block_size;
    }
    return response;
}

}  // namespace glasslog::metadata
